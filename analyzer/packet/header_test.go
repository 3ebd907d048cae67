package packet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// onlyHeaders is a frame of which nothing is left but the headers that the
// decoder passed.
func onlyHeaders(link uint16, frame []byte) (packet.Info, []byte) {
	kept := make([]byte, len(frame))
	d := packet.Decoder{Passed: func(_ packet.Header, at, n int) { copy(kept[at:at+n], frame[at:]) }}
	var info packet.Info
	d.Decode(&pcapng.Packet{LinkType: link, Data: frame, OrigLen: len(frame)}, &info)
	return info, kept
}

func TestHeadersHoldAllThatIsRead(t *testing.T) {
	for _, w := range wrappings() {
		want, kept := onlyHeaders(w.link, w.frame)
		if diff := sameHeaders(want, decode(w.link, kept)); diff != "" {
			t.Errorf("%s: with all but the headers zeroed (-frame +zeroed):\n%s", w.name, diff)
		}
	}
}

func sameHeaders(a, b packet.Info) string {
	return cmp.Diff(a, b, cmpopts.IgnoreFields(packet.Info{}, "Payload"), cmpopts.IgnoreUnexported(packet.Info{}, packet.TCPOptions{}))
}
