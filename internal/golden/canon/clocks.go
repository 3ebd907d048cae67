package canon

import (
	"fmt"
	"time"

	"rstlab/internal/script"
)

// stampStep is the distance between the canonical timestamp clocks of flows.
const stampStep = 1_000_000

// ticks is a time on a timestamp clock, which counts milliseconds on Linux.
func ticks(d time.Duration) uint32 { return uint32(d / time.Millisecond) }

// A ticker is who has a timestamp clock: a flow of a host, or all of them.
type ticker struct {
	node *node
	flow flow
}

// stamp gives all segments with timestamps canonical ones: a clock for each
// flow, but for hosts that have one for all, and echoes of what the sender had
// then received.
func (s *scene) stamp() error {
	bases := map[ticker]uint32{}
	anchors := map[flow]*sighting{} // the latest with a timestamp that a peer sent
	for _, x := range s.origins() {
		if !x.isTCP() || !x.info.HasTS {
			continue
		}
		f := x.flow()
		switch {
		case stamped(x):
			x.tsVal = x.info.TSVal
			anchors[f] = x
		case x.tap.node.kind == script.Host:
			t := ticker{x.tap.node, f}
			if x.tap.node.oneClock {
				t.flow = flow{}
			}
			if bases[t] == 0 {
				bases[t] = uint32(len(bases)+1) * stampStep
			}
			x.tsVal = bases[t] + ticks(x.waits)
		default:
			if a := anchors[f]; a != nil {
				x.tsVal = a.tsVal + ticks(x.waits-a.waits)
			}
			anchors[f] = x
		}
	}
	for _, x := range s.origins() {
		if !x.isTCP() || !x.info.HasTS {
			continue
		}
		x.tsEcr = x.info.TSEcr
		if stamped(x) || x.info.TSEcr == 0 {
			continue
		}
		y := x.echoed()
		if y == nil {
			return fmt.Errorf("%v echoes timestamp %d, which nobody sent before", x, x.info.TSEcr)
		}
		x.tsEcr = y.stampHere()
	}
	return nil
}

// stampHere is a sighting's canonical timestamp: that of its origin, unless it
// was rewritten on the way.
func (x *sighting) stampHere() uint32 {
	if x.info.TSVal != x.origin.info.TSVal {
		return x.info.TSVal
	}
	return x.origin.tsVal
}

// echoHere is the same for the echo.
func (x *sighting) echoHere() uint32 {
	if x.info.TSEcr != x.origin.info.TSEcr {
		return x.info.TSEcr
	}
	return x.origin.tsEcr
}

// echoed finds a segment whose timestamp a segment echoes: one that its sender
// had received. Several of one tick have one canonical stamp.
func (x *sighting) echoed() *sighting {
	for _, t := range x.tap.node.taps {
		for _, y := range t.frames {
			if y.isTCP() && y.in && y.info.HasTS && y.info.TSVal == x.info.TSEcr && y.flow() == x.flow().reverse() && !y.raw.After(x.raw) {
				return y
			}
		}
	}
	return nil
}
