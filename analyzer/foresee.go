package analyzer

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// How far a capture is read ahead, where it takes that much to see whether its
// interfaces are points of their own.
const (
	maxAhead      = 4096    // packets
	maxAheadBytes = 8 << 20 // of them
)

// A packet takes no longer than that, in nanoseconds, from one interface to
// another of the same capture, clocks that differ included; where nothing but
// its numbers tells it from a retransmission of it, it must be faster.
const (
	sameWithin  = int64(2e9)
	alikeWithin = int64(100e6)
)

// A foresight is what the first packets of a capture tell of all of it.
type foresight struct {
	// Its interfaces are points of their own: the same packet came by at more than
	// one. Two uplinks, or the links of a bond, share none; a mirror that doubles
	// packets does so on one interface.
	apart bool
	// It is one network, whatever tunnels its packets are in: the same packet was
	// in more than one, or each direction in another.
	one bool
}

// foresee reads ahead in a capture, no further than it takes: it may be one that is
// still being made.
func foresee(r *capture.Reader) foresight {
	var (
		decoder packet.Decoder
		info    packet.Info
	)
	taps, nets, ways := twice{seen: map[identity]sighting{}}, twice{seen: map[identity]sighting{}}, bothWays{seen: map[flow.Key]*[2][]uint64{}}
	single := false // the capture has one interface
	r.Ahead(maxAhead, maxAheadBytes, func(p *pcapng.Packet) bool {
		single = single || len(r.Interfaces()) < 2
		if decoder.Decode(p, &info); info.Kind == packet.TCP {
			if !single {
				taps.look(p.Time, &info, uint64(p.Interface))
			}
			nets.look(p.Time, &info, info.Tunnel.Key())
			ways.look(p.Time, &info)
		}
		return !single && !taps.found || !nets.found && !ways.done
	})
	return foresight{apart: taps.found, one: nets.found || ways.crossed()}
}

// twice finds the same packet in two places, with the same IP identification or
// timestamp.
type twice struct {
	seen  map[identity]sighting
	found bool
}

type identity struct {
	seq, ack, ts, len uint32
	id                uint16
	flags             segment.Flags
}

type sighting struct {
	at    int64
	where uint64
}

func (t *twice) look(at int64, in *packet.Info, where uint64) {
	if t.found {
		return
	}
	key := identity{seq: in.Seq, ack: in.Ack, ts: in.TSVal, len: in.PayloadLen, id: uint16(in.ID), flags: in.Flags}
	within := sameWithin
	if key.id == 0 && !in.HasTS {
		within = alikeWithin
	}
	was, ok := t.seen[key]
	d := at - was.at
	t.found = ok && was.where != where && d <= within && d >= -within
	if !ok || was.where == where {
		t.seen[key] = sighting{at, where}
	}
}

// How far bothWays looks: for less time than verdicts wait (causes.md, 4.1), so that
// nobody waits longer for those of a capture that is still being made; further for
// both directions of a connection; and never for more segments than that.
const (
	lookFor   = int64(2e9)
	oneWay    = 64
	maxLooked = 512
)

// bothWays finds out whether the directions of connections are in different
// tunnels. Many a mirror has it so: tags for what leaves a switch and none for what
// enters, or a tag for each of its ports; routed traffic has it, too, mirrored
// where it enters.
type bothWays struct {
	seen   map[flow.Key]*[2][]uint64 // the tunnels of each direction; keys are of no tunnel
	looked int
	since  int64 // the first stamp
	both   bool  // directions of a connection were seen
	done   bool
}

func (b *bothWays) look(at int64, info *packet.Info) {
	if b.done {
		return
	}
	if b.looked == 0 {
		b.since = at
	}
	b.looked++
	key, from := flow.Ends(info)
	ways := b.seen[key]
	if ways == nil {
		ways = new([2][]uint64)
		b.seen[key] = ways
	}
	if tunnel := info.Tunnel.Key(); !slices.Contains(ways[from], tunnel) {
		ways[from] = append(ways[from], tunnel)
	}
	b.both = b.both || len(ways[1-from]) > 0
	b.done = b.looked == maxLooked || at-b.since > lookFor && (b.both || b.looked >= oneWay)
}

// crossed tells whether most connections have no tunnel in which both directions
// are.
func (b *bothWays) crossed() bool {
	n := 0
	for _, ways := range b.seen {
		switch there, back := ways[0], ways[1]; {
		case len(there) == 0 || len(back) == 0:
		case slices.ContainsFunc(there, func(tunnel uint64) bool { return slices.Contains(back, tunnel) }):
			n--
		default:
			n++
		}
	}
	return n > 0
}

// A place is where a packet was captured: a point of the set, and the interface
// where each is a point of its own.
type place struct {
	point int
	tap   string
}

// pointOf gives the point of a file's packet.
func (a *analysis) pointOf(f *file, set int, in *pcapng.Packet) *point {
	at := place{point: set}
	if f.apart {
		at.tap = tapName(f.reader.Interfaces(), in.Interface)
	}
	p := a.places[at]
	if p == nil {
		p = a.newPoint(f)
		p.iface = at.tap
		if a.places == nil {
			a.places = map[place]*point{}
		}
		a.places[at] = p
	}
	return p
}

// tapName is an interface's name, its number where it has none or shares it.
func tapName(all []pcapng.Interface, i int) string {
	same := 0
	for _, x := range all {
		if i < len(all) && x.Name == all[i].Name {
			same++
		}
	}
	if i >= len(all) || all[i].Name == "" || same > 1 {
		return fmt.Sprintf("interface %d", i)
	}
	return all[i].Name
}

// foreseen says what captures were taken for.
func (a *analysis) foreseen() []string {
	var notes []string
	for _, f := range a.files {
		if f.one {
			notes = append(notes, f.in.Name+": a connection's packets are in more than one VLAN or tunnel: all are taken as one network")
		}
		if !f.apart {
			continue
		}
		var taps []string
		for _, p := range a.points {
			if len(p.spans) > 0 && p.spans[0].file == f {
				taps = append(taps, p.iface)
			}
		}
		slices.Sort(taps)
		notes = append(notes, fmt.Sprintf("%s: the same packets came by at several interfaces, each is judged as a point of its own: %s", f.in.Name, strings.Join(taps, ", ")))
	}
	return notes
}
