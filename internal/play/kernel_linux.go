package play

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/lab/oracle"
)

// A kernelStory is the second witness: what the kernels say of the resets.
type kernelStory struct {
	p       *player
	claimed []bool         // events that a reset has claimed
	sent    map[string]int // resets that each host's kernel must have counted
}

func (p *player) kernelStory() *kernelStory {
	return &kernelStory{p: p, claimed: make([]bool, len(p.events)), sent: map[string]int{}}
}

// hear compares one frame of a reset with its sender's kernel. It returns what
// the kernel said, nil where no kernel has a say.
func (k *kernelStory) hear(head *script.EventHead, f *lab.Frame) *KernelReset {
	truth := head.Truth
	row, _ := cause.Lookup(cause.ID(truth.Cause))
	actor := k.p.file.Actor(truth.By)
	byKernel := actor.Kind == script.Host && len(row.KernelReasons) > 0
	if byKernel {
		k.sent[truth.By]++
	}
	if k.p.watch == nil {
		return nil
	}
	event := k.event(f, truth.By)
	switch {
	case event == nil && byKernel:
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s reports no such reset; %s wants one of %v",
			truth.By, truth.Cause, row.KernelReasons)))
		return nil
	case event == nil:
		return nil
	}
	host := k.p.hosts[event.NetNS]
	said := &KernelReset{Reason: event.Reason, Host: host}
	switch {
	case host != truth.By || !byKernel:
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s sent this reset (%s), not %s", host, event.Reason, truth.By)))
	case !row.Agrees(event.Reason):
		k.p.fail(k.p.mismatch(head, fmt.Sprintf("the kernel of %s says %s; %s wants one of %v",
			host, event.Reason, truth.Cause, row.KernelReasons)))
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

// count compares each host's counter of sent resets with the resets that the
// script blames on its kernel. Kernel events whose packet never reached the
// wire (a filter ate it) are the difference that the trace explains.
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
		counted := int(k.p.counters[a.Name]["TcpOutRsts"])
		if want := k.sent[a.Name] + unseen; counted != want {
			k.p.fail(mismatch{text: fmt.Sprintf("the kernel of %s counted %d resets sent (TcpOutRsts), the script has %d by it",
				a.Name, counted, want)})
		}
	}
}
