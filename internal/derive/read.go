package derive

import (
	"cmp"
	"context"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/capture"
	"rstlab/analyzer/cause"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// A frameRef names a frame of a file.
type frameRef struct {
	file  string
	frame int
}

// A pair is a connection's ends in whichever order, and the tunnel they are in.
type pair struct {
	a, b   netip.AddrPort
	tunnel uint64
}

// anyTunnel is for what the analyzer found in no connection of its own tunnel: then
// it took all for one network.
const anyTunnel = 1

func pairOf(in *packet.Info) pair {
	p := pair{in.Source(), in.Destination(), in.Tunnel.Key()}
	if p.b.Compare(p.a) < 0 {
		p.a, p.b = p.b, p.a
	}
	return p
}

// A sight is one TCP segment, or ICMP error about one, as it passes.
type sight struct {
	point  int
	frame  frameRef
	record *analyzer.Connection // the connection that it belongs to
	in     *pcapng.Packet
	info   *packet.Info
}

// each reads the captures again and shows every segment of a connection that
// the analyzer knows.
func (s *survey) each(ctx context.Context, inputs []Input, visit func(sight)) error {
	starts := map[frameRef]*analyzer.Connection{}
	for _, c := range s.conns {
		starts[frameRef{c.File, c.Ref.FirstFrame}] = c
	}
	set, opened, err := openSet(inputs)
	defer opened.Close()
	if err != nil {
		return err
	}
	frames := make([]int, len(inputs))
	decoders := map[int]*packet.Decoder{}
	current := map[int]map[pair]*analyzer.Connection{}
	var p pcapng.Packet
	var info packet.Info
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i, err := set.Next(&p)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			continue // the survey has told of it; the other captures go on
		}
		frames[i]++
		point := set.Point(i)
		if decoders[point] == nil {
			decoders[point], current[point] = &packet.Decoder{}, map[pair]*analyzer.Connection{}
		}
		kind := decoders[point].Decode(&p, &info)
		if kind != packet.TCP && kind != packet.ICMPError {
			continue
		}
		at := frameRef{inputs[i].Name, frames[i]}
		ends := pairOf(&info)
		bare := ends
		bare.tunnel = anyTunnel
		if c := starts[at]; c != nil {
			current[point][ends], current[point][bare] = c, c
		}
		if c := cmp.Or(current[point][ends], current[point][bare]); c != nil {
			visit(sight{point, at, c, &p, &info})
		}
	}
}

// openSet opens the captures to be read together. What it has opened is to be
// closed, also with an error.
func openSet(inputs []Input) (*capture.Set, closers, error) {
	var opened closers
	var readers []*capture.Reader
	for _, i := range inputs {
		f, err := i.Open()
		if err != nil {
			return nil, opened, err
		}
		opened = append(opened, f)
		r, err := capture.NewReader(i.Name, f)
		if err != nil {
			return nil, opened, err
		}
		readers = append(readers, r)
	}
	return capture.NewSet(readers), opened, nil
}

// closers are readers to be closed.
type closers []io.Closer

func (c closers) Close() {
	for _, each := range c {
		each.Close()
	}
}

// group finds the connections that a reset's story is told by: its own, and
// those that the evidence for its verdicts names.
func (s *survey) group(ctx context.Context, inputs []Input, chosen *Choice) ([]*analyzer.Connection, error) {
	named := map[frameRef]bool{}
	for _, v := range chosen.Verdicts {
		named[frameRef{v.File, v.Frame}] = true
		for _, seen := range v.Seen {
			named[frameRef{seen.File, seen.Frame}] = true
		}
		for _, e := range v.Evidence {
			file := e.File
			if file == "" {
				file = v.File
			}
			named[frameRef{file, e.Frame}] = true
		}
	}
	var group []*analyzer.Connection
	err := s.each(ctx, inputs, func(at sight) {
		if named[at.frame] && !slices.Contains(group, at.record) {
			group = append(group, at.record)
		}
	})
	if err != nil {
		return nil, err
	}
	return s.elsewhere(s.company(group, chosen)), nil
}

// elsewhere adds what other captures have of the same connections.
func (s *survey) elsewhere(group []*analyzer.Connection) []*analyzer.Connection {
	for _, c := range s.conns {
		if slices.Contains(group, c) {
			continue
		}
		if slices.ContainsFunc(group, func(g *analyzer.Connection) bool {
			return g.File != c.File && g.Ref.Originator == c.Ref.Originator && g.Ref.Responder == c.Ref.Responder && (together(c, g, 0) || together(c, g, s.ahead(c.File, g.File)))
		}) {
			group = append(group, c)
		}
	}
	return group
}

// together tells whether two captures' connections overlap in time, where c's clock
// is ahead of g's.
func together(c, g *analyzer.Connection, ahead time.Duration) bool {
	return !c.Last.Add(-ahead).Before(g.First) && !g.Last.Before(c.First.Add(-ahead))
}

// ahead tells how much the clock of a capture is ahead of another one's, by the
// connections that each saw once on their ends: these are the same, whatever the
// clocks say.
func (s *survey) ahead(file, other string) time.Duration {
	once := map[string][2]*analyzer.Connection{}
	again := map[string]bool{}
	for _, c := range s.conns {
		for i, f := range []string{file, other} {
			if c.File != f {
				continue
			}
			ends := c.Ref.Originator + " " + c.Ref.Responder
			pair := once[ends]
			again[ends] = again[ends] || pair[i] != nil
			pair[i] = c
			once[ends] = pair
		}
	}
	var all []time.Duration
	for ends, pair := range once {
		if pair[0] != nil && pair[1] != nil && !again[ends] {
			all = append(all, pair[0].First.Sub(pair[1].First), pair[0].Last.Sub(pair[1].Last))
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// company adds the connections without which the chosen one can't be told: the
// one before it on the same ends, where that one's state made the answer; and,
// where there are nothing but SYNs that were refused, one before it to the same
// host, for what a reset looks like is judged by the host's other packets. Of
// the latter only the handshake is told, if it was to another port.
func (s *survey) company(group []*analyzer.Connection, chosen *Choice) []*analyzer.Connection {
	v := chosen.Verdicts[0]
	switch v.Cause {
	case cause.SynScan, cause.StealthScan, cause.ResourceAbort, cause.MiddleboxStateLoss, cause.MiddleboxIdleTimeout:
		return s.crowd(group, v)
	case cause.SynackBadACK, cause.TimeWaitReuse, cause.HalfOpen, cause.SynOnHalfOpen, cause.SynInWindow:
		old := s.nearest(v, group, func(c *analyzer.Connection) bool {
			return c.Ref.Originator == v.Connection.Originator && c.Ref.Responder == v.Connection.Responder
		})
		if old != nil {
			group = append(group, old)
		}
	case cause.PortClosed, cause.FirewallRejectSyn:
		for _, c := range group {
			if c.Packets[1] > c.Resets {
				return group
			}
		}
		sameHosts := func(c *analyzer.Connection) bool {
			return hostOf(c.Ref.Responder) == hostOf(v.Connection.Responder) && hostOf(c.Ref.Originator) == hostOf(v.Connection.Originator) && c.Ref.Roles == "seen"
		}
		other := s.nearest(v, group, func(c *analyzer.Connection) bool { return sameHosts(c) && c.Packets[1] > c.Resets })
		if other == nil {
			other = s.nearest(v, group, sameHosts)
		}
		if other != nil {
			group = append(group, other)
			if other.Ref.Responder != v.Connection.Responder {
				s.brief = other
			}
		}
	}
	return group
}

// most connections that are told where their number is the evidence.
const mostOfCrowd = 30

// crowd adds the connections with the same verdict that are nearest in time:
// how many there are is what it rests upon.
func (s *survey) crowd(group []*analyzer.Connection, v *analyzer.Verdict) []*analyzer.Connection {
	of := map[int]*analyzer.Connection{}
	for _, c := range s.conns {
		if c.File == v.File {
			of[c.Ref.ID] = c
		}
	}
	like := slices.DeleteFunc(slices.Clone(s.verdicts), func(w *analyzer.Verdict) bool { return w.File != v.File || w.Cause != v.Cause })
	slices.SortStableFunc(like, func(a, b *analyzer.Verdict) int {
		return cmp.Compare(a.Time.Sub(v.Time).Abs(), b.Time.Sub(v.Time).Abs())
	})
	for _, w := range like {
		if c := of[w.Connection.ID]; c != nil && !slices.Contains(group, c) && len(group) < mostOfCrowd {
			group = append(group, c)
		}
	}
	return group
}

// nearest is the last connection of a kind that began before a reset's.
func (s *survey) nearest(v *analyzer.Verdict, group []*analyzer.Connection, kind func(*analyzer.Connection) bool) *analyzer.Connection {
	var nearest *analyzer.Connection
	for _, c := range s.conns {
		if c.File == v.File && kind(c) && !slices.Contains(group, c) && c.Ref.FirstFrame < v.Frame && c.Ref.ID != v.Connection.ID &&
			(nearest == nil || c.Ref.FirstFrame > nearest.Ref.FirstFrame) {
			nearest = c
		}
	}
	return nearest
}

// hostOf is the address without its port.
func hostOf(addrPort string) string { return addrPort[:strings.LastIndex(addrPort, ":")] }

// A rawPacket is a segment of a chosen connection as it was captured.
type rawPacket struct {
	point   int
	frame   frameRef
	time    int64 // nanoseconds since 1970
	src     netip.AddrPort
	dst     netip.AddrPort
	seg     segment.Segment // raw numbers; a payload where it is kept
	payload []byte

	afterGap bool // others before it were not kept
}

// A recording is what one point saw of one connection.
type recording struct {
	*analyzer.Connection
	point   int
	packets []*rawPacket
	size    int // of the packets, in segments as they go over a wire
	skipped int // in the middle, for want of room
}

// most segments of a connection that are kept at its beginning and at its end.
// What lies between is a transfer, of which the scenario shows little.
const (
	keptAtBegin = 4000
	keptAtEnd   = 4000
)

// segments is how many an Ethernet makes of p, which may have been captured
// before it was cut.
func (p *rawPacket) segments() int { return 1 + int(*p.seg.Length)/1460 }

// add keeps a packet, and leaves out the middle where there are too many.
func (r *recording) add(p *rawPacket) {
	r.packets = append(r.packets, p)
	r.size += p.segments()
	if r.size < keptAtBegin+2*keptAtEnd {
		return
	}
	begin, end := 0, len(r.packets)
	size := 0
	for ; size < keptAtBegin; begin++ {
		size += r.packets[begin].segments()
	}
	r.size = size
	for size = 0; size < keptAtEnd; {
		end--
		size += r.packets[end].segments()
	}
	r.size += size
	r.packets = slices.Delete(r.packets, begin, end)
	r.packets[begin].afterGap = true
	r.skipped += end - begin
}

// handshake is how many packets are told of a connection that only keeps
// another company.
const handshake = 3

// record keeps the packets of the connections.
func (s *survey) record(ctx context.Context, inputs []Input, group []*analyzer.Connection, o Options) ([]*recording, error) {
	of := map[*analyzer.Connection]*recording{}
	var all []*recording
	clocks := map[int]*clock{}
	err := s.each(ctx, inputs, func(at sight) {
		if !slices.Contains(group, at.record) || at.record == s.brief && of[at.record] != nil && len(of[at.record].packets) == handshake {
			return
		}
		r := of[at.record]
		if r == nil {
			r = &recording{Connection: at.record, point: at.point}
			of[at.record] = r
			all = append(all, r)
		}
		p := keep(at, o)
		if clocks[p.point] == nil {
			clocks[p.point] = &clock{}
		}
		p.time = clocks[p.point].read(p.time)
		r.add(p)
	})
	return all, err
}

// A clock is a point's. It may be so coarse that packets bear one stamp, or be
// missing: they passed one after the other all the same, as the capture has them.
type clock struct{ stamp, last int64 }

// read gives the moment of the next packet, in nanoseconds, by its stamp.
func (c *clock) read(stamp int64) int64 {
	at := stamp
	if stamp >= c.stamp && stamp <= c.last {
		at = c.last + int64(time.Microsecond)
	}
	c.stamp, c.last = stamp, at
	return at
}

// keep copies what is needed of a segment, and not what shall not be known of it.
func keep(at sight, o Options) *rawPacket {
	in := at.info
	p := &rawPacket{
		point: at.point, frame: at.frame, time: at.in.Time, src: in.Source(), dst: in.Destination(),
	}
	s := &p.seg
	if in.Kind == packet.ICMPError {
		s.ICMP = segment.ICMPName(in.V6, in.ICMP.Type, in.ICMP.Code)
		s.Src.Addr = in.Reporter()
	}
	s.Flags = in.Flags
	s.Seq = &segment.Seq{Start: in.Seq, End: in.Seq + in.PayloadLen, HasEnd: in.PayloadLen > 0, Raw: true}
	s.Ack = &segment.Ack{N: in.Ack, Raw: true}
	s.Win = ptr(uint32(in.Window))
	s.Length = ptr(in.PayloadLen)
	s.Options = segment.DecodeOptions(in.Options())
	s.TTL, s.TOS = ptr(in.TTL), ptr(in.TOS)
	if in.V6 {
		s.Flow = ptr(in.FlowLabel)
	} else {
		s.ID, s.DF = ptr(uint16(in.ID)), ptr(in.DF)
	}
	s.BadSum = in.Checksum() == packet.SumBad
	if !o.KeepAddresses {
		withoutAddresses(s.Options)
	}
	if o.KeepPayload {
		p.payload = slices.Clone(in.Payload)
	}
	return p
}

// withoutAddresses puts zeros for the bytes of options that hold an address, or
// may: MPTCP's ADD_ADDR, and those that proxies and balancers add, by which the
// server shall know the client. They have no number that all agree on.
func withoutAddresses(options []segment.Option) {
	for _, o := range options {
		if !strings.HasPrefix(o.Kind, "unknown-") && !(o.Kind == "mptcp" && len(o.Args) > 0 && o.Args[0] == "add-addr") {
			continue
		}
		for i, arg := range o.Args {
			if hex, err := strconv.Unquote(arg); err == nil {
				o.Args[i] = strconv.Quote(strings.Repeat("0", len(hex)))
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }
