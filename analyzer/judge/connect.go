package judge

import (
	"fmt"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// payload is all that a connection carried.
func payload(k *Case) uint64 { return k.conn.Sides[0].Payload + k.conn.Sides[1].Payload }

func abs(d int64) int64 {
	if d < 0 {
		return -d
	}
	return d
}

func smbPair(a, b uint16) bool { return a == 445 && b == 139 || a == 139 && b == 445 }

// refusalFacts are the SYN and the reset that answers it.
func (k *Case) refusalFacts() []Fact {
	t := &k.trigger
	facts := []Fact{fact(t, "the SYN"), fact(&k.R, "RST+ACK %s later acknowledges the SYN, number %d", duration(k.since(t)), uint32(k.R.Seq))}
	if k.R.Seq != 0 {
		facts = append(facts, fact(&k.R, "a stack without a connection writes number 0 (RFC 9293, 3.5.2): a device on the way rewrites numbers, or answered itself"))
	}
	if k.copiesDSCP() {
		facts = append(facts, fact(&k.R, "it copies the SYN's DSCP, %d, as a host's stack does and a packet filter does not", k.R.TOS>>2))
	}
	if k.likeHost() {
		facts = append(facts, fact(&k.R, "TTL %d and delay are those of other packets of that address", k.R.TTL))
	}
	return facts
}

// copiesDSCP tells whether the reset bears the DSCP, not 0, of the segment that
// drew it, as a stack writes it and a packet filter does not (causes.md, 0.1), but
// for the one that BSD's filters write themselves (pf_send_tcp()).
func (k *Case) copiesDSCP() bool {
	const lowDelay = 4 // RFC 1349, which interactive programs ask for
	dscp := k.trigger.TOS >> 2
	return dscp != 0 && dscp != lowDelay && k.R.TOS>>2 == dscp
}

// dropsDSCP tells whether the refusal has DSCP 0 where the SYN had another, and
// nothing on the way could take that off: no router lies between the capture and the
// sender, whose header is Linux's. Its stack copies it, its filter does not
// (nf_send_reset()).
func (k *Case) dropsDSCP() bool {
	return k.trigger.Is(segment.SYN) && k.trigger.TOS>>2 != 0 && k.R.TOS>>2 == 0 && k.R.ID == 0 && k.R.Win == 0 && (k.R.Has(flow.DF) || k.conn.V6) && initial(k.R.TTL)
}

// refusesUnseen tells whether the reset, of whose connection nothing else was
// captured, is what answers a segment without ACK.
func (k *Case) refusesUnseen() bool {
	return k.R.Is(segment.ACK) && k.R.Seq == 0 && k.R.Win == 0 && !k.R.Has(flow.HasTS)
}

// likeHost tells whether the refusal agrees with other packets of its address
// in TTL and delay.
func (k *Case) likeHost() bool {
	h := k.S.Host
	if h.RTTs == 0 {
		return false
	}
	same := false
	for _, t := range h.TTLs {
		same = same || t.N > 0 && t.TTL == k.R.TTL
	}
	// as fast as a stack can: causes.md, 2.2
	d := k.since(&k.trigger)
	return same && d >= h.RTT*8/10-ms/10 && d <= h.RTT*2+50*ms
}

// handshakeFacts are the three segments of the handshake.
func (k *Case) handshakeFacts() []Fact {
	var facts []Fact
	o, r := k.conn.O(), k.conn.R()
	for _, x := range []struct {
		at   flow.Stamp
		what string
	}{{o.SYN.Stamp(), "SYN"}, {r.SYN.Stamp(), "SYN-ACK"}, {o.FirstACK, "the originator's first ACK"}} {
		if x.at.Exists() {
			facts = append(facts, factIn(x.at.Frame, "%s", x.what))
		}
	}
	if r.Payload == 0 {
		facts = append(facts, fact(&k.R, "no byte of the responder before the reset"))
	}
	return facts
}

// lateHandshake says why the responder may have forgotten its SYN-ACK when the
// rejected segment came: it was sent again, or a second had passed (RFC 6298,
// 2.1), or the number is wrong.
func (k *Case) lateHandshake() string {
	r := k.conn.R()
	switch {
	case !r.SYN.Exists():
		return ""
	case r.SYNs > 1:
		return fmt.Sprintf("the SYN-ACK had been sent %d times", r.SYNs)
	case k.trigger.Ack != r.ISN+1:
		return fmt.Sprintf("it acknowledges %d, the SYN-ACK's number plus one is 1", k.rel(k.from, k.trigger.Ack))
	case k.trigger.Time-r.SYN.Time >= 1e9:
		return fmt.Sprintf("it came %s after the SYN-ACK", duration(k.trigger.Time-r.SYN.Time))
	}
	return ""
}

// listenerGone are what shows that the listener closed: other connections to
// the port that were reset in the same moment with nothing of the responder,
// and SYNs refused afterwards.
func (k *Case) listenerGone() []Fact {
	var facts []Fact
	me := k.conn.Key.Addr(k.from)
	k.around(atOneMoment, func(x *recent) {
		if x.from == me && x.id != k.conn.ID && x.form == spontaneous && x.silent && len(facts) < 3 {
			facts = append(facts, factIn(x.frame, "another connection to that port, reset in the same moment"))
		}
	})
	if len(facts) == 0 {
		return nil
	}
	n, open := len(facts), k.acceptedSince()
	k.around(3e9, func(x *recent) {
		if x.from == me && x.phase == synOnly && x.form == provoked && x.time > k.R.Time && (open == 0 || x.time < open) && len(facts) == n {
			facts = append(facts, factIn(x.frame, "a SYN to that port refused afterwards"))
		}
	})
	if len(facts) == n {
		return nil
	}
	return facts
}

// likeWindows tells whether the reset's TTL is one of a Windows host, whose stack
// alone refuses a SYN at a full backlog: Linux and BSD drop it, or refuse the ACK
// behind it (causes.md, listener-backlog-full).
func (k *Case) likeWindows() bool { return flow.InitialTTL(k.R.TTL) == windowsTTL }

// atOneMoment is how far apart, in nanoseconds, the resets are seen that a
// listener which closes sends one after the other (inet_csk_listen_stop()).
const atOneMoment = int64(10e6)

// acceptedSince is when the first SYN to the sender's port came after the reset
// that was accepted, 0 where none was.
func (k *Case) acceptedSince() int64 {
	var first int64
	port := k.conn.Key.Port(k.from)
	k.targets(k.from, 10e9, func(a *attempt, out outcome) {
		if a.rport == port && a.time > k.R.Time && out.Answered() && (first == 0 || a.time < first) {
			first = a.time
		}
	})
	return first
}

// wrongAnswer tells whether the sender's SYN was answered with a number that
// it had not sent, and the reset takes that number. Behind a SYN-ACK with the
// right one the number is that of data which was not captured.
func (k *Case) wrongAnswer() bool {
	t := &k.trigger
	if a := &k.P.SYN; a.Is(segment.SYN|segment.ACK) && a.Ack == k.S.ISN+1 && !t.Is(segment.SYN) {
		return false
	}
	return k.phase == synAnswered && k.form == provoked && !k.R.Is(segment.ACK) && !t.Ack.In(k.S.ISN+1, k.S.Nxt) && !k.sentBehind(t.Ack)
}

// wrongFacts are a SYN and an answer to it with a wrong number.
func (k *Case) wrongFacts() []Fact {
	var facts []Fact
	if was := &k.conn.Past.Sides[k.from]; was.SYN.Exists() && k.trigger.Ack == was.ISN+1 && k.trigger.Is(segment.SYN) {
		facts = append(facts, factIn(was.SYN.Frame, "an earlier SYN on the ports: the answer, which comes late, is to this one"))
	}
	return append(facts,
		fact(&k.S.SYN, "the SYN, whose acknowledgment would be %d", k.rel(k.from, k.S.Nxt)),
		fact(&k.trigger, "the answer acknowledges %d instead", k.rel(k.from, k.trigger.Ack)),
		fact(&k.R, "the reset takes its number from that answer"))
}

// answersBefore tells whether a lone ACK answers the SYN, and nothing of a
// connection before on the ports was captured: then it lies before the capture,
// since a stack without one does not answer a SYN like that.
func (k *Case) answersBefore() bool {
	return k.wrongAnswer() && k.trigger.Pure() && !k.conn.Past.Exists()
}

// mayRefuseSecond tells whether the stack may be one that refuses a second SYN where the
// first is half open still, as Linux does (tcp_check_req()). BSD repeats its SYN-ACK
// (FreeBSD syncache_add()), and a listener should listen on (RFC 9293, 3.10.7.4).
func (k *Case) mayRefuseSecond() bool {
	return k.conn.Past.Sides[k.from].Layout != flow.LayoutBSD && !k.likeWindows()
}

// answeredLate tells whether the originator had to wait for the first answer to its
// SYN: for a second or longer (RFC 6298, 2.1), or until it sent the SYN again, and no
// scanner's copies right behind one another.
func (k *Case) answeredLate() bool {
	wait := k.P.SYN.Time - k.S.SYN.Time
	return wait >= 1e9 || k.S.SYNs > 1 && wait >= 200*ms
}

// rawSYN tells whether the originator's SYN is one as raw sockets write it: with
// nothing but an MSS.
func (k *Case) rawSYN() bool { return k.S.Layout == flow.LayoutMSS && !k.S.SYN.Has(flow.Cut) }

// endsPast tells whether a reset behind a new SYN ends the connection before on the
// ports, which was not closed: it bears that one's next number.
func (k *Case) endsPast() bool {
	p := &k.conn.Past
	old, peer := &p.Sides[k.from], &p.Sides[1-k.from]
	if k.phase != synOnly || !p.Exists() || p.Closed() || p.Resets > 0 || old.Packets == 0 || k.R.Seq != old.Nxt {
		return false
	}
	if o := &p.Sides[p.Orig]; o.SYN.Exists() && o.Handshake == 0 {
		return false
	}
	return !k.R.Is(segment.ACK) || k.R.Ack == peer.Nxt || k.R.Ack == old.Ack || k.R.Ack == k.P.SYN.End()
}

// abortsForSYN tells whether such a reset answers the SYN: a stack does so at once, and
// Linux, which it may be where its own SYN was not captured, by an ACK (RFC 5961, 4.2).
func (k *Case) abortsForSYN() bool {
	old := &k.conn.Past.Sides[k.from]
	return k.R.Time-k.P.LastSYN.Time <= 1e9 && old.SYN.Exists() && old.Layout != flow.LayoutLinux
}

// endsPastFacts say so.
func (k *Case) endsPastFacts() []Fact {
	p := &k.conn.Past
	return []Fact{
		factIn(p.LastFrame, "the last packet of the living connection on these ports"),
		factIn(k.P.LastSYN.Frame, "a SYN on them, its number %+d from the connection's next", int32(k.P.ISN-p.Sides[1-k.from].Nxt)),
		fact(&k.R, "%s later the reset bears the connection's next number, where a closed port would answer with 0", duration(k.R.Time-k.P.LastSYN.Time)),
	}
}

// notClosed says of the connection before on the ports why the peer still has it.
func (k *Case) notClosed() string {
	if k.conn.Past.Closed() {
		return fmt.Sprintf("the %s closed last: as long as it has not got the ACK of its FIN, it keeps it", k.receiver())
	}
	return "was not closed"
}

// unseenSYNACK tells whether a bare reset behind nothing but SYNs bears the
// number that the answer to them acknowledges: then that was not captured. An
// abort before the answer bears an ACK or the SYN's own number.
func (k *Case) unseenSYNACK() bool {
	return k.phase == synWaiting && !k.R.Is(segment.ACK) && k.R.Seq == k.S.Nxt
}

// unseenSYN tells whether a bare reset answers a SYN-ACK, and nothing else of its
// sender was captured.
func (k *Case) unseenSYN() bool {
	return k.form == provoked && !k.R.Is(segment.ACK) && k.trigger.Is(segment.SYN|segment.ACK) && k.S.SYNs == 0 && k.S.Packets == 0
}

// unseenFacts are the SYN and the reset that answers what was not captured.
func (k *Case) unseenFacts() []Fact {
	return []Fact{
		factIn(k.S.LastSYN.Frame, "the SYN"),
		fact(&k.R, "the reset bears the number that the SYN-ACK acknowledges, which was not captured"),
	}
}

// answersPast tells whether the answer is the one that the connection before
// on the ports would give.
func (k *Case) answersPast() bool {
	p := &k.conn.Past
	return k.trigger.Ack == p.Sides[k.from].Nxt || p.Sides[1-k.from].Known&flow.KnowsAck != 0 && k.trigger.Ack == p.Sides[1-k.from].Ack
}

// stranger tells whether the SYN comes from another host than the connection
// before on the ports: sooner than a host can begin anew its clock is another
// one. Linux has one clock for each pair of addresses, or, newer ones, for each
// pair of endpoints (secure_tcp_ts_off()), which here are the same.
func (k *Case) stranger() bool {
	p := &k.conn.Past
	was := &p.Sides[k.from]
	gap := k.S.SYN.Time - was.LastTSAt
	if k.S.Layout != flow.LayoutLinux || was.Layout != flow.LayoutLinux || was.LastTSAt == 0 || k.S.FirstTSAt == 0 || gap >= flow.MinPause {
		return false
	}
	d := int32(k.S.FirstTS - was.LastTS)
	return d < -1000 || int64(d) > gap/1e6+1000
}

// pastFrames are the last frame of the connection before.
func (k *Case) pastFrames() []uint32 {
	if f := k.conn.Past.LastFrame; f != 0 {
		return []uint32{f}
	}
	return nil
}

// refusesSYNACK tells whether the originator answers a proper SYN-ACK by a
// bare RST, having acknowledged nothing.
func (k *Case) refusesSYNACK() bool {
	t := &k.trigger
	return k.byOriginator() && k.form == provoked && !k.R.Is(segment.ACK) && t.Is(segment.SYN|segment.ACK) && t.Ack.In(k.S.ISN+1, k.S.Nxt)
}

// asksAgain finds the SYN that the originator sends again, a retransmission timer
// after the reset in its name had refused the SYN-ACK: a host that has no socket
// does not (RFC 6298, 2.1, and 2.4 for how short the timer may be).
func (k *Case) asksAgain() *flow.Segment {
	if !k.refusesSYNACK() {
		return nil
	}
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.SYN) && !s.Is(segment.ACK) && !s.Has(flow.Copy) && s.Time-k.R.Time >= 200*ms {
			found = s
		}
		return found == nil
	})
	return found
}

// afterAnother tells whether an earlier reset is no refusal of the SYN-ACK by the
// same stack, and so may have ended what that would have met.
func (k *Case) afterAnother() bool {
	e := k.earlier()
	return e != nil && (e.From != k.from || e.Is(segment.ACK))
}

// synackFacts are the SYN, the SYN-ACK and the reset.
func (k *Case) synackFacts() []Fact {
	facts := []Fact{fact(&k.S.SYN, "the SYN")}
	if k.S.SYNs > 1 {
		facts = append(facts, factIn(k.S.LastSYN.Frame, "the SYN for the %d. time", k.S.SYNs))
	}
	after := duration(k.trigger.Time-k.S.SYN.Time) + " after the first SYN"
	if last := k.S.LastSYN; k.S.SYNs > 1 && last.Frame < k.trigger.Frame {
		after += fmt.Sprintf(" and %s after the last", duration(k.trigger.Time-last.Time))
	}
	return append(facts,
		fact(&k.trigger, "the SYN-ACK, %s", after),
		fact(&k.R, "the reset takes its number from it, %s later; the originator never acknowledged", duration(k.since(&k.trigger))))
}
