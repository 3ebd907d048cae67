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
	Summary  string

	results results
	makes   bool // it makes the socket where there is none
	args    func(*line, *Action) *segment.Error
}

// Results says what may stand behind "=", "" where nothing may.
func (v Verb) Results() string { return v.results.String() }

// Verbs gives the vocabulary in the order in which the reference tells it.
func Verbs() []Verb { return slices.Clone(verbs) }

var verbs []Verb

// The argument readers look verbs up, so the table is filled at start.
func init() {
	host, box := []ActorKind{Host}, []ActorKind{Middlebox}
	verbs = []Verb{
		{"listen", host, true, "[backlog=N] [ip=A]", "listens on the actor's port, on all addresses of the host or on this one; backlog 128", okOrErrno, true, attrArgs("listen", listenAttrs, 0)},
		{"connect", host, true, "DST [isn=N] [fastopen=N]", "connects from the actor's port, or one that the kernel picks; N bytes of Fast Open data", okOrErrno, true, connectArgs},
		{"socket", host, true, `mptcp|md5="KEY" …`, "says what kind the next listen or connect on it makes", okOrErrno, true, socketArgs},
		{"accept", host, true, "[as NAME]", "takes one connection; HOST.NAME then means it, HOST.PORT the latest one", okOrErrno, false, noArgs},
		{"send", host, true, `N|"text"`, "sends N bytes of a pattern, or these bytes", okOrErrno | aNumber, false, sendArgs},
		{"recv", host, true, "[N]", "reads once, at most N bytes; 65536", okOrErrno | aNumber | theEnd, false, recvArgs},
		{"set", host, true, "OPTION=VALUE …", "sets options of the socket, in units as in C: " + strings.Join(keys(setAttrs), " "), okOrErrno, true, attrArgs("set", setAttrs, 1)},
		{"close", host, true, "", "close(2)", okOrErrno, false, noArgs},
		{"shutdown", host, true, "read|write|both", "shutdown(2)", okOrErrno, false, wordArg("read", "write", "both")},
		{"disconnect", host, true, "", "connect(2) to AF_UNSPEC", okOrErrno, false, noArgs},
		{"destroy", host, true, "", "an administrator's ss -K", okOrErrno, false, noArgs},
		{"forget", host, true, "", "the kernel loses this connection and sends nothing", okOrErrno, false, noArgs},
		{"state", host, true, "", "waits for a state of RFC 9293: state = TIME-WAIT", aState, false, noArgs},

		{"exec", host, false, `"PROG ARG…" [as NAME]`, "runs the user's own program inside; host names resolve; only with --allow-exec in files that are not of the catalogue", anExit, false, execArgs},
		{"kill", host, false, "[NAME]", "SIGKILL to the process that holds the host's sockets, or to that program", 0, false, killArgs},
		{"sysctl", host, false, "KEY=VALUE …", "sets keys of the host's namespace, without net.ipv4. or whole", 0, false, sysctlArgs},
		{"nft", host, false, `"RULE"`, "adds a rule to table rstlab, which the lab makes", 0, false, nftArgs},
		{"route", host, false, "DST [via HOST] [rto_min=D] [quickack=0|1]", "changes the host's route to a host, address or net", 0, false, routeArgs},
		{"conntrack", host, false, "flush", "the host's NAT and firewall state is forgotten", 0, false, wordArg("flush")},
		{"down", host, false, "", "takes the host's interfaces down", 0, false, noArgs},
		{"up", host, false, "", "takes them up again", 0, false, noArgs},
		{"reboot", host, false, "", "same addresses, all connections forgotten, nothing sent", 0, false, noArgs},

		{"drop", box, false, "MATCH", "drops such packets from now on; with xN only the first N", 0, false, matchArgs},
		{"hold", box, false, "MATCH", "keeps such packets until pass", 0, false, matchArgs},
		{"delay", box, false, "MATCH D", "passes such packets on D later", 0, false, delayArgs},
		{"rewrite", box, false, "MATCH to FIELD…", "changes such packets and mends their checksums: " + strings.Join(keys(rewriteAttrs), " ") + ` <options> payload "text"`, 0, false, rewriteArgs},
		{"inject", box, false, "SEGMENT", "sends one forged segment towards its destination", 0, false, injectArgs},
		{"forget", box, false, "A B [then=drop|reset|pass]", "loses the connection's state; what follows without a SYN is dropped, reset or passed", 0, false, forgetArgs},
		{"pass", box, false, "[MATCH]", "ends the box's rules, or those with that match; held packets go, in order", 0, false, passArgs},
	}
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
