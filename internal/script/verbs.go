package script

import (
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// A Verb is a word of the vocabulary: who can do it, what stands behind it,
// what it does and gives.
type Verb struct {
	Name     string
	Actors   []ActorKind
	OnSocket bool   // it acts on one of the host's sockets
	Args     string // what stands behind it, "" for nothing
	Named    bool   // "as NAME" may end its line
	Summary  string

	results results
	makes   bool // it makes the socket where there is none
	args    func(*line, *Action) *segment.Error
}

// Results says what may stand behind "=", "" where nothing may.
func (v Verb) Results() string { return v.results.String() }

// Verbs gives the vocabulary in the order in which the reference tells it.
func Verbs() []Verb { return slices.Clone(verbs) }

var verbs = slices.Concat(
	of(Host, true,
		Verb{Name: "listen", Args: "[backlog=N] [ip=A]", args: attrArgs("listen", listenAttrs, 0), makes: true, results: okOrErrno,
			Summary: "listens on the actor's port, on all addresses of the host or on this one; backlog 128"},
		Verb{Name: "connect", Args: "DST [isn=N] [fastopen=N]", args: connectArgs, makes: true, results: okOrErrno,
			Summary: "connects from the actor's port, or one that the kernel picks; N bytes of Fast Open data"},
		Verb{Name: "socket", Args: `mptcp|md5="KEY" …`, args: socketArgs, makes: true, results: okOrErrno,
			Summary: "says what kind the next listen or connect on it makes"},
		Verb{Name: "accept", Named: true, args: noArgs, results: okOrErrno,
			Summary: "takes one connection; HOST.NAME then means it, HOST.PORT the latest one"},
		Verb{Name: "send", Args: `N|"text"`, args: sendArgs, results: okOrErrno | aNumber,
			Summary: "sends N bytes of a pattern, or these bytes"},
		Verb{Name: "recv", Args: "[N]", args: recvArgs, results: okOrErrno | aNumber | theEnd,
			Summary: "reads once, at most N bytes; 65536"},
		Verb{Name: "set", Args: "OPTION=VALUE …", args: attrArgs("set", setAttrs, 1), makes: true, results: okOrErrno,
			Summary: "sets options of the socket, in units as in C: " + strings.Join(keys(setAttrs), " ")},
		Verb{Name: "close", args: noArgs, results: okOrErrno,
			Summary: "close(2)"},
		Verb{Name: "shutdown", Args: "read|write|both", args: wordArg("read", "write", "both"), results: okOrErrno,
			Summary: "shutdown(2)"},
		Verb{Name: "disconnect", args: noArgs, results: okOrErrno,
			Summary: "connect(2) to AF_UNSPEC"},
		Verb{Name: "destroy", args: noArgs, results: okOrErrno,
			Summary: "an administrator's ss -K"},
		Verb{Name: "forget", args: noArgs, results: okOrErrno,
			Summary: "the kernel loses this connection and sends nothing"},
		Verb{Name: "state", args: noArgs, results: aState,
			Summary: "waits for a state of RFC 9293: state = TIME-WAIT"},
	),
	of(Host, false,
		Verb{Name: "exec", Args: `"PROG ARG…"`, Named: true, args: execArgs, results: anExit,
			Summary: "runs the user's own program inside; host names resolve; only with --allow-exec in files that are not of the catalogue"},
		Verb{Name: "kill", Args: "[NAME]", args: killArgs,
			Summary: "SIGKILL to the process that holds the host's sockets, or to that program"},
		Verb{Name: "sysctl", Args: "KEY=VALUE …", args: sysctlArgs,
			Summary: "sets keys of the host's namespace, without net.ipv4. or whole"},
		Verb{Name: "nft", Args: `"RULE"`, args: nftArgs,
			Summary: "adds a rule to table rstlab, which the lab makes"},
		Verb{Name: "route", Args: "DST [via HOST] [rto_min=D] [quickack=0|1]", args: routeArgs,
			Summary: "changes the host's route to a host, address or net"},
		Verb{Name: "conntrack", Args: "flush", args: wordArg("flush"),
			Summary: "the host's NAT and firewall state is forgotten"},
		Verb{Name: "down", args: noArgs,
			Summary: "takes the host's interfaces down"},
		Verb{Name: "up", args: noArgs,
			Summary: "takes them up again"},
		Verb{Name: "reboot", args: noArgs,
			Summary: "same addresses, all connections forgotten, nothing sent"},
	),
	of(Middlebox, false,
		Verb{Name: "drop", Args: "MATCH", args: matchArgs,
			Summary: "drops such packets from now on; with xN only the first N"},
		Verb{Name: "hold", Args: "MATCH", args: matchArgs,
			Summary: "keeps such packets until pass"},
		Verb{Name: "delay", Args: "MATCH D", args: delayArgs,
			Summary: "passes such packets on D later"},
		Verb{Name: "rewrite", Args: "MATCH to FIELD…", args: rewriteArgs,
			Summary: "changes such packets and mends their checksums: " + strings.Join(keys(rewriteAttrs), " ") + ` <options> payload "text"`},
		Verb{Name: "inject", Args: "SEGMENT", Named: true, args: injectArgs,
			Summary: "sends one forged segment towards its destination"},
		Verb{Name: "forget", Args: "A B [then=drop|reset|pass]", args: forgetArgs,
			Summary: "loses the connection's state; what follows without a SYN is dropped, reset or passed"},
		Verb{Name: "pass", Args: "[MATCH]", args: passArgs,
			Summary: "ends the box's rules, or those with that match; held packets go, in order"},
	),
)

// of gives rows their actor.
func of(kind ActorKind, onSocket bool, rows ...Verb) []Verb {
	for i := range rows {
		rows[i].Actors, rows[i].OnSocket = []ActorKind{kind}, onSocket
	}
	return rows
}

// findVerb gives the verb that such an actor has.
func findVerb(kind ActorKind, name string) *Verb {
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == name && slices.Contains(v.Actors, kind) })
	if i < 0 {
		return nil
	}
	return &verbs[i]
}

// verbNames gives the verbs of an actor.
func verbNames(kind ActorKind) []string {
	var names []string
	for _, v := range verbs {
		if slices.Contains(v.Actors, kind) {
			names = append(names, v.Name)
		}
	}
	return names
}
