package judge_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/judge"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// FuzzJudge feeds the judge segments of a few connections with any numbers,
// flags, stamps and fields: every reset that is no copy gets one verdict, in
// order, within the caps of the vocabulary, and nothing panics.
func FuzzJudge(f *testing.F) {
	// one step is 14 bytes: connection and direction, flags, stamps, numbers
	step := func(conn, flags, dt byte, seq, ack int16, length, mark byte) []byte {
		b := []byte{conn, flags, dt}
		b = binary.BigEndian.AppendUint16(b, uint16(seq))
		b = binary.BigEndian.AppendUint16(b, uint16(ack))
		return append(b, length, mark)
	}
	s, sa, a, r, ra, fa := byte(segment.SYN), byte(segment.SYN|segment.ACK), byte(segment.ACK), byte(segment.RST), byte(segment.RST|segment.ACK), byte(segment.FIN|segment.ACK)
	seed := func(steps ...[]byte) {
		var all []byte
		for _, x := range steps {
			all = append(all, x...)
		}
		f.Add(all)
	}
	seed(step(0, s, 1, 0, 0, 0, 0), step(1, ra, 1, 0, 1, 0, 0))
	seed(step(0, s, 1, 0, 0, 0, 0), step(1, sa, 1, 0, 1, 0, 0), step(0, a, 1, 1, 1, 0, 0), step(0, a, 1, 1, 1, 100, 0), step(1, ra, 1, 1, 101, 0, 0), step(1, r, 1, 1, 0, 0, 0))
	seed(step(0, s, 1, 0, 0, 0, 0), step(1, sa, 1, 0, 1, 0, 0), step(0, a, 1, 1, 1, 0, 0), step(0, fa, 1, 1, 1, 0, 0), step(1, fa, 1, 1, 2, 0, 0), step(0, a, 1, 2, 2, 0, 0), step(1, a, 9, 1, 2, 5, 0), step(0, r, 1, 2, 0, 0, 1), step(0, s, 20, 500, 0, 0, 0), step(1, a, 1, 2, 2, 0, 0), step(0, r, 1, 2, 0, 0, 0))
	seed(step(3, a, 1, 1, 1, 100, 3), step(3, a, 50, 1, 1, 100, 3), step(3, a, 90, 1, 1, 100, 3), step(3, a, 120, 1, 1, 100, 3), step(3, ra, 200, 101, 1, 0, 7), step(2, a, 1, 1, 90, 0, 9), step(3, r, 1, 90, 0, 0, 2), step(3, r, 0, 1550, 0, 0, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		var verdicts []*judge.Verdict
		j := judge.Judge{Emit: func(v *judge.Verdict, _ *judge.Case) error { verdicts = append(verdicts, v); return nil }}
		j.Flows.MaxConns = 2 // so that connections leave and come back
		j.Log = new(judge.Log)
		var beyond []*judge.Verdict // of a point that sees the same a little later
		far := judge.Judge{Emit: func(v *judge.Verdict, _ *judge.Case) error { beyond = append(beyond, v); return nil }}
		far.Flows.MaxConns = 2
		far.Log = new(judge.Log)
		now, resets := int64(1e18), 0
		for frame := uint32(1); len(b) >= 9; frame++ {
			in := packet.Info{Kind: packet.TCP, TCPOptions: packet.TCPOptions{WScale: -1}, TTL: 64, Window: 1000, HasID: true, DF: true}
			conn, mark := b[0]>>1&3, b[8]
			in.Src, in.Dst = [16]byte{15: 1}, [16]byte{15: 2}
			in.SrcPort, in.DstPort = 1000+uint16(conn), 80
			if b[0]&1 != 0 {
				in.Src, in.Dst, in.SrcPort, in.DstPort = in.Dst, in.Src, in.DstPort, in.SrcPort
			}
			in.Flags = segment.Flags(b[1])
			now += int64(b[2]) * int64(b[2]) * 1e6
			if b[2] == 255 {
				now -= 5e9
			}
			in.Seq = uint32(int32(int16(binary.BigEndian.Uint16(b[3:]))))
			in.Ack = uint32(int32(int16(binary.BigEndian.Uint16(b[5:]))))
			in.PayloadLen = uint32(b[7])
			in.ID = uint32(mark) * 7
			if mark&1 != 0 {
				in.TTL = 255 - mark
			}
			if mark&2 != 0 {
				in.Window = 0
			}
			if mark&4 != 0 {
				in.HasTS, in.TSVal, in.TSEcr = true, uint32(now/1e6), uint32(mark)
			}
			if in.Flags&segment.RST != 0 {
				resets++
			}
			if err := errors.Join(j.Packet(frame, now, &in), far.Packet(frame, now+5e6, &in)); err != nil {
				t.Fatal(err)
			}
			b = b[9:]
		}
		if err := errors.Join(j.Close(), far.Close()); err != nil {
			t.Fatal(err)
		}
		said := 0
		for i, v := range verdicts {
			said += 1 + len(v.Copies)
			row, ok := cause.Lookup(v.Cause)
			if !ok || v.Strength > row.Caps.AtSender || (v.Cause == cause.NoCauseDecided) != (v.Strength == cause.Undetermined) || (v.Why != "") != (v.Cause == cause.NoCauseDecided) {
				t.Errorf("verdict out of bounds: %+v", v)
			}
			if i > 0 && v.Frame <= verdicts[i-1].Frame {
				t.Errorf("frame %d after %d", v.Frame, verdicts[i-1].Frame)
			}
			if len(v.Evidence) == 0 || v.Summary() == "" || v.After != nil && v.After.Frame >= v.Frame {
				t.Errorf("verdict %+v", v)
			}
			for _, e := range v.Evidence {
				if e.Frame == 0 || e.Text() == "" {
					t.Errorf("frame %d: evidence %+v", v.Frame, e)
				}
			}
		}
		if said > resets || len(verdicts) == 0 && resets > 0 {
			t.Errorf("%d verdicts and copies on %d resets", said, resets)
		}
		judge.Correlate([]judge.Point{{Judge: &j, Verdicts: verdicts, Name: "a"}, {Judge: &far, Verdicts: beyond, Name: "b"}})
		judge.Correlate([]judge.Point{{Judge: &j, Verdicts: verdicts, Name: "a"}, {Judge: &j, Verdicts: verdicts, Name: "a copy of it"}})
	})
}
