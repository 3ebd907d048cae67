package script

import (
	"slices"

	"rstlab/internal/segment"
)

// A verbKind is a row of the table of verbs.
type verbKind struct {
	name     string
	actor    ActorKind // who can do it
	onSocket bool      // it acts on one of the host's sockets
	operands string    // how an error writes what stands behind it, "" for nothing
	named    bool      // "as NAME" may end its line
	results  results
	makes    bool // it makes the socket where there is none
	args     func(*line, *Action) *segment.Error
}

var verbs = slices.Concat(
	of(Host, true, []verbKind{
		{name: "listen", operands: "[backlog=N] [ip=A]", args: attrArgs("listen", listenAttrs, 0), makes: true, results: okOrErrno},
		{name: "connect", operands: "DST [isn=N] [fastopen=N]", args: connectArgs, makes: true, results: okOrErrno},
		{name: "socket", operands: `mptcp|md5="KEY" …`, args: socketArgs, makes: true, results: okOrErrno},
		{name: "accept", named: true, args: noArgs, results: okOrErrno},
		{name: "send", operands: `N|"text"`, args: sendArgs, results: okOrErrno | aNumber},
		{name: "recv", operands: "[N]", args: recvArgs, results: okOrErrno | aNumber | theEnd},
		{name: "set", operands: "OPTION=VALUE …", args: attrArgs("set", setAttrs, 1), makes: true, results: okOrErrno},
		{name: "close", args: noArgs, results: okOrErrno},
		{name: "shutdown", operands: "read|write|both", args: wordArg("read", "write", "both"), results: okOrErrno},
		{name: "disconnect", args: noArgs, results: okOrErrno},
		{name: "destroy", args: noArgs, results: okOrErrno},
		{name: "forget", args: noArgs, results: okOrErrno},
		{name: "state", args: noArgs, results: aState},
	}),
	of(Host, false, []verbKind{
		{name: "exec", operands: `"PROG ARG…"`, named: true, args: execArgs, results: anExit},
		{name: "kill", operands: "[NAME]", args: killArgs},
		{name: "sysctl", operands: "KEY=VALUE …", args: sysctlArgs},
		{name: "nft", operands: `"RULE"`, args: nftArgs},
		{name: "route", operands: "DST [via HOST] [rto_min=D] [quickack=0|1]", args: routeArgs},
		{name: "conntrack", operands: "flush", args: wordArg("flush")},
		{name: "down", args: noArgs},
		{name: "up", args: noArgs},
		{name: "reboot", args: noArgs},
	}),
	of(Middlebox, false, []verbKind{
		{name: "drop", operands: "MATCH", args: matchArgs},
		{name: "hold", operands: "MATCH", args: matchArgs},
		{name: "delay", operands: "MATCH D", args: delayArgs},
		{name: "rewrite", operands: "MATCH to FIELD…", args: rewriteArgs},
		{name: "inject", operands: "SEGMENT", named: true, args: injectArgs},
		{name: "forget", operands: "A B [then=drop|reset|pass]", args: forgetArgs},
		{name: "pass", operands: "[MATCH]", args: passArgs},
	}),
)

// of gives rows their actor.
func of(kind ActorKind, onSocket bool, rows []verbKind) []verbKind {
	for i := range rows {
		rows[i].actor, rows[i].onSocket = kind, onSocket
	}
	return rows
}

// findVerb gives the verb that such an actor has.
func findVerb(kind ActorKind, name string) *verbKind {
	i := slices.IndexFunc(verbs, func(v verbKind) bool { return v.name == name && v.actor == kind })
	if i < 0 {
		return nil
	}
	return &verbs[i]
}

// verbNames gives the verbs of an actor.
func verbNames(kind ActorKind) []string {
	var names []string
	for _, v := range verbs {
		if v.actor == kind {
			names = append(names, v.name)
		}
	}
	return names
}
