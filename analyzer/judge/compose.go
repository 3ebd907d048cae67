package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// begin fills what does not depend on the cause.
func (k *Case) begin() *Verdict {
	c := &k.conn
	r := raw{from: k.from, to: c.Key.Addr(1 - k.from), form: k.form, trigger: k.trigger}
	_, r.here = k.madeHere()
	idle, _ := k.idle()
	if k.form == provoked && k.j.Log != nil {
		r.lost = k.lostTogether().n
	}
	if _, two := k.twoHosts(); two {
		r.other = link(k.mac)
	}
	if t := k.answers(); t != nil {
		r.answers = *t
	} else if k.phase == synOnly {
		r.answers = k.P.SYN
		r.answers.Frame, r.answers.Time = k.P.LastSYN.Frame, k.P.LastSYN.Time
	}
	if t := k.lastOfPeer(); t != nil {
		r.lastPeer = *t
	}
	if n := k.run(); n != nil {
		r.run = n.Frames()
	}
	r.shutFirst = k.shutFirst()
	r.unacked, r.otherWay, r.refusedBefore = k.unackedPayload(), k.tookOtherWay(), k.refusedBefore()
	r.against = against(k.signList)
	r.own = k.nextID() || k.inChain() || k.inClock()
	return &Verdict{
		raw:   r,
		Frame: k.R.Frame, Time: k.R.Time, Tap: k.R.Tap, Copies: k.copies,
		Conn: Connection{
			ID: c.ID, Originator: c.Key.Addr(c.Orig), Responder: c.Key.Addr(1 - c.Orig), Seen: c.Seen,
			FirstFrame: c.FirstFrame, State: k.state(1 - k.from), Tunnel: c.Tunnel.String(),
		},
		From: c.Key.Addr(k.from),
		Idle: idle, Survived: k.survived(), Empty: payload(k) == 0,
		Effect:  k.effectOf(),
		Details: map[string]any{},
	}
}

// survived is the longest pause of the connection that did no harm.
func (k *Case) survived() int64 {
	p := &k.conn.Pause
	if _, until := k.idle(); until != 0 && p.After == until {
		return k.conn.Longest
	}
	return max(k.conn.Longest, p.To-p.From)
}

// decide writes the verdict for candidate i.
func (k *Case) decide(v *Verdict, open []candidate, i int) {
	c := open[i]
	v.Cause, v.Strength = c.cause, c.strength
	v.Sender, v.SenderStrength = k.senderOf(c)
	v.Evidence = append(c.facts, k.positionFacts(v)...)
	if c.by == anEnd && c.cause != cause.BackendSwitch { // which has them
		v.Evidence = append(v.Evidence, k.signFacts()...)
	}
	v.raw.base = c.base
	for n, o := range open {
		if n == i {
			continue
		}
		s, _ := k.senderOf(o)
		v.Alternatives = append(v.Alternatives, Alternative{o.cause, s, max(min(o.strength, cause.Possible), cause.Possible), o.open})
	}
}

// senderOf gives the sender that a candidate stands for, and how sure it is,
// apart from the cause.
func (k *Case) senderOf(c candidate) (Sender, cause.Strength) {
	if c.by == aDevice {
		s := max(c.strength, against(k.signList)) // what speaks against the address says who it is not, whatever the cause
		if k.fallsShort() && k.livesOnSign() != nil {
			s = min(s, cause.Possible) // the end itself may have meant it for devices on the path alone
		}
		return Middlebox, s
	}
	s := k.senderStrength()
	if c.cause == cause.EvasionReset && k.form == neither && !k.nextID() && !k.inClock() {
		s = min(s, cause.Possible) // the distance alone says little for a number that the sender never used
	}
	return k.who(k.from), s
}

// senderStrength is how sure it is that the address which the reset bears sent
// it: proven only where the capture shows it leave that host, likely where the
// socket's own chain goes on or nothing speaks against the address.
func (k *Case) senderStrength() cause.Strength {
	s := cause.Possible
	switch against(k.signList) {
	case cause.Undetermined:
		if k.compared() || k.inChain() || k.inClock() {
			s = cause.Likely
		}
		if k.position == atSender {
			s = cause.Proven
		}
	}
	return s
}

// positionFacts say what makes the sender proven.
func (k *Case) positionFacts(v *Verdict) []Fact {
	switch {
	case v.Sender == Middlebox || v.SenderStrength < cause.Proven:
		return nil
	case k.j.At.IsValid():
		return []Fact{fact(&k.R, "captured at %v, as was told: it left that host", k.j.At)}
	}
	return []Fact{fact(&k.R, "captured as it left the host of %v: its packets go out there, and none comes in", k.conn.Key.Addr(k.from).Addr())}
}

// undecided writes a verdict without a cause.
func (k *Case) undecided(v *Verdict, open []candidate) {
	v.Cause, v.Strength = cause.NoCauseDecided, cause.Undetermined
	v.Why = k.why()
	v.Sender = NoSender
	if k.phase != alone {
		switch {
		case against(k.signList) == cause.Likely:
			v.Sender, v.SenderStrength = Middlebox, cause.Likely
		case k.inChain(), k.inClock(), k.position == atSender:
			v.Sender, v.SenderStrength = k.who(k.from), k.senderStrength()
		case k.compared(), k.form != neither:
			v.Sender, v.SenderStrength = k.who(k.from), cause.Possible
		}
	}
	v.Evidence = append(v.Evidence, k.plainFacts()...)
	for _, o := range open {
		s, _ := k.senderOf(o)
		v.Alternatives = append(v.Alternatives, Alternative{o.cause, s, cause.Possible, o.open})
	}
}

// plainFacts describe a reset that nothing explains.
func (k *Case) plainFacts() []Fact {
	what := "RST"
	if k.R.Is(segment.ACK) {
		what = fmt.Sprintf("RST+ACK, ack %d", k.rel(1-k.from, k.R.Ack))
	}
	facts := []Fact{fact(&k.R, "%s, number %d", what, k.rel(k.from, k.R.Seq))}
	if t := &k.trigger; t.Exists() {
		facts = append(facts, fact(t, "the %s's %s, from which it takes its number", k.receiver(), k.brief(1-k.from, t)))
	}
	if l := lastOf(k.S); l != nil && k.S.Knows(flow.KnowsNxt) {
		facts = append(facts, fact(l, "the %s's next number is %d", k.sender(), k.rel(k.from, k.S.Nxt)))
	}
	return append(facts, k.signFacts()...)
}

// why says why no cause could be decided.
func (k *Case) why() string {
	switch {
	case k.R.Flags&(segment.SYN|segment.FIN) != 0, k.badSum():
		return Corrupt
	case k.phase == alone:
		return NoHandshake
	case k.P.Packets == 0 || k.S.Packets == 0 && (k.phase == established || k.P.FirstACK.Exists() && k.P.SYNs > 0):
		return OneDirection
	case k.conn.Missing > 0 || k.drops:
		return CaptureDrops
	case k.conn.Cuts > 0 && k.R.Has(flow.Cut):
		return Snaplen
	case k.conn.Past.Exists() && k.phase&(synOnly|synAnswered|synWaiting) != 0:
		return TupleReused
	case k.phase == noSYN || !k.conn.Seen || k.P.SYNs == 0 || k.S.SYNs == 0:
		return NoHandshake
	}
	return NoMatch
}

// repeat writes the verdict on a reset that repeats an earlier one.
func (k *Case) repeat(v *Verdict, first *Verdict) *Verdict {
	for first.Repeats && first.After != nil {
		root := k.verdictOn(first.After.Frame)
		if root == nil {
			break
		}
		first = root
	}
	v.Repeats = true
	v.Sender, v.SenderStrength = first.Sender, first.SenderStrength
	v.Cause, v.Strength, v.Why = first.Cause, first.Strength, first.Why
	v.Evidence = k.repeatFacts(first)
	for _, f := range first.Evidence {
		if f.Frame != first.Frame && f.Frame != k.R.Frame {
			v.Evidence = append(v.Evidence, f)
		}
	}
	v.Excluded, v.Alternatives = first.Excluded, first.Alternatives
	v.After = &After{Frame: first.Frame, Cause: first.Cause}
	for key, d := range first.Details {
		v.Details[key] = d
	}
	k.describe(v)
	return v
}

// describe adds details and what follows from the verdict.
func (k *Case) describe(v *Verdict) {
	k.detail(v)
	describe(v)
}

// describe adds what follows from a verdict, and puts its evidence in order.
func describe(v *Verdict) {
	row, _ := cause.Lookup(v.Cause)
	v.Benign = row.Benign && (v.Cause != cause.CloseThenAbort || !v.raw.unacked && !v.raw.shutFirst)
	// What one point or row refutes and another leaves open is not excluded.
	if slices.ContainsFunc(v.Excluded, v.leavesOpen) {
		v.Excluded = slices.DeleteFunc(slices.Clone(v.Excluded), v.leavesOpen)
	}
	// What a connection did before it left the table and came back has no frame.
	v.Evidence = slices.DeleteFunc(v.Evidence, func(f Fact) bool { return f.Frame == 0 })
	slices.SortStableFunc(v.Evidence, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Frame, b.Frame))
	})
}

// leavesOpen tells whether what is excluded is the verdict or an alternative to it.
func (v *Verdict) leavesOpen(x Exclusion) bool {
	return x.Cause == v.Cause || slices.ContainsFunc(v.Alternatives, func(a Alternative) bool { return a.Cause == x.Cause })
}

// detail adds what belongs to the cause, and what the reset itself claims.
func (k *Case) detail(v *Verdict) {
	d := v.Details
	if k.text != "" {
		d["payload"] = k.text // a claim of whoever sent it
	}
	if text := k.windowCode(); text != "" {
		d["window_code"] = text
	}
	if k.mptcp.Has(packet.MPTCPReset) {
		d["mptcp_reason"] = fmt.Sprintf("%d (%s)", k.mptcp.ResetReason, resetReason(k.mptcp.ResetReason))
	}
	if s := k.stage(); s != "" {
		d["stage"] = s
	}
	if k.R.Flags&(segment.SYN|segment.FIN) != 0 {
		d["flags"] = fmt.Sprintf("%v: crafted, no stack sends these together", k.R.Flags)
	}
	if k.badSum() {
		d["checksum"] = "wrong"
	}
	if idle, _ := k.idle(); idle > 0 {
		d["idle_before"] = duration(idle)
	}
	switch v.Cause {
	case cause.RetransmissionTimeout:
		d["copies"] = k.run().N - 1
		d["gave_up"] = k.gaveUp()
	case cause.KeepaliveTimeout, cause.UserTimeout, cause.ZeroWindowTimeout:
		d["probes"] = k.S.Probes.N
	case cause.CloseUnreadData:
		if n := k.unreadBytes(); n > 0 {
			d["unread_at_least"] = n
		}
		if k.S.LastData.Exists() {
			d["response_before"] = k.S.LastData.Frame
		}
	case cause.DataAfterClose:
		d["trigger"] = k.crossing()
	case cause.ParallelConnectLoser:
		if a, _ := k.winner(); a != nil && smbPair(a.rport, k.conn.Key.Port(1-k.conn.Orig)) {
			d["kind"] = "smb-445-139"
		}
	case cause.InjectedReset, cause.BlindReset:
		if fp := k.fingerprint(); fp != "" {
			d["fingerprint"] = fp
		}
	}
}

// stage names the moment of the reset as Cloudflare's public figures do, by
// what the originator had sent.
func (k *Case) stage() string {
	o := k.conn.O()
	switch {
	case o.SYNs == 0:
		return ""
	case !o.FirstACK.Exists() && o.Payload == 0:
		return "post-syn"
	case o.Payload == 0:
		return "post-ack"
	case o.FirstData.Frame == o.LastData.Frame:
		return "post-psh"
	}
	return "later"
}

// gaveUp says who stopped waiting: a Linux stack never resets when its
// retransmissions run out (causes.md, 0.2), and others do so at the next one.
func (k *Case) gaveUp() string {
	switch r := k.run(); {
	case k.linux():
		return "application"
	case !k.onSchedule(r):
		return "application"
	case r.N == 6 || r.N == 13:
		return "stack"
	}
	return "unknown"
}

// crossing says whether data after a FIN was sent before that could arrive.
func (k *Case) crossing() string {
	d := k.lateData()
	if d == nil {
		return "unknown"
	}
	switch {
	case d.Ack.After(k.S.FinSeq):
		return "sent after the FIN had arrived"
	case d.Frame < k.S.FIN.Frame, d.Time-k.S.FIN.Time <= max(k.P.RTT.Min, ms):
		return "crossed the FIN"
	}
	return "unknown"
}

// Summary is the verdict in one sentence, fit for a ticket.
func (v *Verdict) Summary() string {
	row, _ := cause.Lookup(v.Cause)
	var who string
	switch v.Sender {
	case Middlebox:
		who = fmt.Sprintf("a device that is neither end, in the name of %v,", v.From)
		if v.SenderStrength < cause.Likely {
			who = "as it seems " + who
		}
	case NoSender:
		who = fmt.Sprintf("somebody in the name of %v", v.From)
	default:
		role := "responder"
		if v.Sender == Originator {
			role = "originator"
		}
		who = fmt.Sprintf("the %s %v", role, v.From)
		if v.SenderStrength < cause.Likely {
			who = fmt.Sprintf("as it seems %s", who)
		}
	}
	if v.Cause == cause.NoCauseDecided {
		return fmt.Sprintf("%s reset %v, and the capture does not tell why (%s)", who, v.raw.to, v.Why)
	}
	why := row.Summary
	if v.Strength == cause.Possible {
		why = "possibly because " + why
	} else {
		why = v.Strength.String() + " because " + why
	}
	return fmt.Sprintf("%s reset %v, %s", who, v.raw.to, why)
}

// Next is what to do: mend it where it is sure enough, else settle it.
func (v *Verdict) Next() string {
	row, _ := cause.Lookup(v.Cause)
	var steps []string
	open := v.Strength < cause.Proven && (len(v.Alternatives) > 0 || v.Strength < cause.Likely)
	if v.Sender == NoSender || v.SenderStrength < cause.Likely && v.Sender != Middlebox && v.Cause != cause.PortClosed {
		steps = append(steps, fmt.Sprintf("capture at %v at the same time: what did not leave it came from between", v.From.Addr()))
	}
	if v.Why == NATUnresolved {
		steps = append(steps, "capture from before the connection's first packet at both points: by its first numbers it is found again under other addresses")
	}
	if v.raw.other != "" && v.Sender != Middlebox {
		steps = append(steps, fmt.Sprintf("find out who has %v at link address %s (arping, the switch's table)", v.From.Addr(), v.raw.other))
	}
	if v.Cause == cause.CloseThenAbort && v.raw.unacked {
		return strings.Join(append(steps, "not all data had been acknowledged: ask the owner of the program that reset whether the rest may be lost"), "; then ")
	}
	if v.Cause == cause.CloseThenAbort && v.raw.shutFirst {
		return strings.Join(append(steps, "if the program that reset had not read all (its host's nstat counts that as TcpExtTCPAbortOnClose), the peer may lose the answer: let it read to the end, or until the peer closes, before it closes; else none needed"), "; then ")
	}
	if open {
		steps = append(steps, row.Settle)
	}
	fix := row.Fix
	if v.Cause == cause.DataAfterClose && v.Sender == Originator {
		fix = "the client closed while the server still sent: harmless where that was a goodbye, as TLS has it; else let the client read to the end before it closes"
	}
	if (!open || v.Strength >= cause.Likely) && fix != "none" {
		steps = append(steps, fix)
	}
	return strings.Join(steps, "; then ")
}

// fingerprint names a known device whose habits the reset shows (causes.md,
// 3.5). A hint: versions drift.
func (k *Case) fingerprint() string {
	switch {
	case k.text == henan && k.R.Is(segment.ACK):
		return "cn-henan"
	case k.R.Win >= 3293 && k.R.Win <= 3295 && k.R.Is(segment.ACK), k.R.Win >= 1980 && k.R.Win <= 1982 && k.R.Is(segment.ACK):
		return "gfw-2025-08"
	}
	var steps []int32
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) {
			steps = append(steps, s.Seq.Minus(k.R.Seq))
		}
		return len(steps) < 4
	})
	switch {
	case len(steps) >= 2 && steps[0] == 1460 && steps[1] == 4380 && k.R.Is(segment.ACK):
		return "gfw-type2"
	case len(steps) >= 2 && steps[0] == 1460 && steps[1] == 4380:
		return "gfw-2006"
	}
	if t := k.dependsOn(); t != nil && k.R.Is(segment.ACK) && t.Win == k.R.Win && !k.R.Has(flow.DF) && k.R.ID == 0 && t.Win != 0 {
		return "suricata"
	}
	return ""
}
