package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
	"rstlab/lab/oracle"
)

// A kernelStory is the second witness: what the kernels say of the resets.
type kernelStory struct {
	p       *player
	claimed []bool                      // events that a reset has claimed
	sent    map[string]map[cause.ID]int // resets that each host's kernel must have counted
}

func (p *player) kernelStory() *kernelStory {
	return &kernelStory{p: p, claimed: make([]bool, len(p.events)), sent: map[string]map[cause.ID]int{}}
}

// hear compares the resets with their senders' kernels. It returns what the
// kernels said, by frame. Those that a kernel must have sent claim its events
// first: a device's reset has none, and may look like a later one that has.
func (k *kernelStory) hear(resets []reset) map[*lab.Frame]*KernelReset {
	said := map[*lab.Frame]*KernelReset{}
	for _, kernels := range []bool{true, false} {
		for _, r := range resets {
			for n, f := range r.sent() {
				own := k.own(r, n)
				switch {
				case kernels && own != nil:
					said[f] = k.sentBy(r.head, own)
				case !kernels && own == nil:
					said[f] = k.notSent(r.head, f)
				}
			}
		}
	}
	return said
}

// own is the n-th packet of a reset with an address of its sender's own, as it
// left the sender's stack, before a translator had it. It is nil where no
// kernel's stack sent it: by a peer, a box, or the filter of a host that
// resets in another's name.
func (k *kernelStory) own(r reset, n int) *lab.Frame {
	truth := r.head.Truth
	row, _ := cause.Lookup(cause.ID(truth.Cause))
	if k.p.file.Actor(truth.By).Kind != script.Host || len(row.KernelReasons) == 0 {
		return nil
	}
	taps := r.taps()
	slices.SortStableFunc(taps, func(a, b string) int { return k.isOf(b, truth.By) - k.isOf(a, truth.By) })
	for _, tap := range taps {
		if f := r.frames[tap]; n < len(f) && slices.Contains(k.p.names[f[n].Src.Addr()], truth.By) {
			return f[n]
		}
	}
	return nil
}

// isOf is 1 for a tap of the actor's own, else 0.
func (k *kernelStory) isOf(tap, actor string) int {
	if tap == actor || strings.HasPrefix(tap, actor+"/") {
		return 1
	}
	return 0
}

// sentBy compares a frame with the kernel that must have sent it.
func (k *kernelStory) sentBy(head *script.EventHead, f *lab.Frame) *KernelReset {
	truth := head.Truth
	if k.sent[truth.By] == nil {
		k.sent[truth.By] = map[cause.ID]int{}
	}
	k.sent[truth.By][cause.ID(truth.Cause)]++
	if k.p.watch == nil {
		return nil
	}
	row, _ := cause.Lookup(cause.ID(truth.Cause))
	event := k.event(f, truth.By)
	if event == nil && k.p.watch.Missed() {
		return nil // the counters tell of it
	}
	if event == nil && k.p.counters[truth.By][outRsts] > 0 {
		// The trace was seen to lack a reset, mostly a timer's, once in some twenty runs of the
		// catalogue. The counters, which count compares, are the kernel's word as well.
		return &KernelReset{Reason: cmp.Or(counters[row.ID], outRsts), Host: truth.By, Counted: true}
	}
	if event == nil {
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s reports no such reset; %s wants one of %v",
			truth.By, truth.Cause, row.KernelReasons)))
		return nil
	}
	said := &KernelReset{Reason: event.Reason, Host: k.p.hosts[event.NetNS]}
	switch {
	case said.Host != truth.By:
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s sent this reset (%s), not %s", said.Host, said.Reason, truth.By)))
	case !row.Agrees(said.Reason):
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s says %s; %s wants one of %v",
			said.Host, said.Reason, truth.Cause, row.KernelReasons)))
	}
	return said
}

// notSent checks that no kernel says that it sent a frame.
func (k *kernelStory) notSent(head *script.EventHead, f *lab.Frame) *KernelReset {
	event := k.event(f, head.Truth.By)
	if event == nil {
		return nil
	}
	said := &KernelReset{Reason: event.Reason, Host: k.p.hosts[event.NetNS]}
	if said.Host == head.Truth.By {
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s says %s, so its stack sent this reset; with %s no stack does",
			said.Host, said.Reason, head.Truth.Cause)))
	} else {
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s sent this reset (%s), not %s", said.Host, said.Reason, head.Truth.By)))
	}
	return said
}

// event finds the unclaimed event of a frame: first the one with its very
// sequence number, in the namespace of its supposed sender before others.
func (k *kernelStory) event(f *lab.Frame, by string) *oracle.Event {
	best, bestRank := -1, 0
	for i, e := range k.p.events {
		if k.claimed[i] || e.Src != f.Src || e.Dst != f.Dst {
			continue
		}
		// An answer has the ACK flag or not as the segment that drew it demands: with
		// another one it is not this reset's, of which the trace may have no event.
		if e.Provoked && (e.Ack != 0) != (f.Segment.Flags&segment.ACK != 0) {
			continue
		}
		rank := 1
		if k.p.hosts[e.NetNS] == by {
			rank += 2
		}
		if e.Seq == f.Segment.Seq.Start {
			rank++
		}
		if rank > bestRank {
			best, bestRank = i, rank
		}
	}
	if best < 0 {
		return nil
	}
	k.claimed[best] = true
	return &k.p.events[best]
}

// counters are those in which a kernel tells the causes that it counts apart
// (Linux, include/uapi/linux/snmp.h). They are what a run without the trace has
// of the kernel's own reasons.
var counters = map[cause.ID]string{
	cause.ListenerBacklogFull: "TcpExtListenOverflows",
	cause.CloseUnreadData:     "TcpExtTCPAbortOnClose",
	cause.KeepaliveTimeout:    "TcpExtTCPAbortOnTimeout",
	cause.UserTimeout:         "TcpExtTCPAbortOnTimeout",
	cause.ResourceAbort:       "TcpExtTCPAbortOnMemory",
	cause.SynackBadTimestamp:  "TcpExtPAWSActive",
}

// outRsts counts the resets that a host's kernel sent (RFC 4022).
const outRsts = "TcpOutRsts"

// count compares each host's counters with the resets that the script blames
// on its kernel. Kernel events whose packet never reached the wire (a filter
// ate it) are the difference that the trace explains.
func (k *kernelStory) count() {
	for _, a := range k.p.file.Actors {
		if a.Kind != script.Host {
			continue
		}
		unseen := 0
		for i, e := range k.p.events {
			if !k.claimed[i] && k.p.hosts[e.NetNS] == a.Name {
				unseen++
			}
		}
		total := unseen
		for id, n := range k.sent[a.Name] {
			total += n
			if name := counters[id]; name != "" && k.p.counters[a.Name][name] < uint64(n) {
				k.p.fail(mismatch{text: fmt.Sprintf("the kernel of %s counted %d of %s, the script has %d %s by it",
					a.Name, k.p.counters[a.Name][name], name, n, id)})
			}
		}
		if counted := int(k.p.counters[a.Name][outRsts]); counted != total {
			k.p.fail(mismatch{text: fmt.Sprintf("the kernel of %s counted %d of %s (resets sent), the script has %d by it",
				a.Name, counted, outRsts, total)})
		}
	}
}
