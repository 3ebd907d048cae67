package derive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// Whatever two ends say to each other: a scenario that parses, or an error that
// says why there is none.
func FuzzDerive(f *testing.F) {
	syn, synack, ack, data, fin, rst := byte(segment.SYN), byte(segment.SYN|segment.ACK), byte(segment.ACK), byte(segment.PSH|segment.ACK), byte(segment.FIN|segment.ACK), byte(segment.RST)
	handshake := []byte{0, syn, 0, 0, 0, 1, 1, synack, 0, 1, 0, 1, 0, ack, 1, 1, 0, 1}
	for _, story := range [][]byte{
		{0, syn, 0, 0, 0, 1, 1, rst | ack, 0, 1, 0, 1},
		append(bytes.Clone(handshake), 0, data, 1, 1, 100, 1, 1, rst|ack, 1, 101, 0, 9),
		append(bytes.Clone(handshake), 1, fin, 1, 1, 0, 1, 0, data, 1, 2, 10, 1, 1, rst, 2, 0, 0, 1),
		append(bytes.Clone(handshake), 0, data, 1, 1, 100, 1, 0, data, 1, 1, 100, 30, 0, data, 1, 1, 100, 60, 0, rst|ack, 101, 1, 0, 120),
		{0, data, 1, 1, 100, 1, 1, rst, 1, 0, 0, 1},
		{0, syn, 0, 0, 0, 1, 1, ack, 0, 77, 0, 1, 0, rst, 77, 0, 0, 1, 0, syn, 0, 0, 0, 1},
	} {
		f.Add(story)
	}
	f.Fuzz(func(t *testing.T, story []byte) {
		in := []Input{input(t, "x", listOf(story))}
		trouble, err := Read(t.Context(), in, Options{})
		var choice *ChoiceError
		if errors.As(err, &choice) && len(choice.Choices) > 0 {
			trouble, err = Read(t.Context(), in, Options{Stream: choice.Choices[0].Stream + 1})
		}
		if err != nil {
			return
		}
		for _, v := range []variant{{}, {scripted: [2]string{"so", "so"}}} {
			_, err = trouble.derive("x", v)
			var mistakes script.Errors
			if errors.As(err, &mistakes) {
				t.Fatalf("%v\n%s", err, listOf(story))
			}
		}
	})
}

// listOf reads six bytes as a packet: its end and port, flags, seq, ack, length
// and the time before it.
func listOf(story []byte) string {
	var b strings.Builder
	for n := 0; len(story) >= 6 && n < 40; n++ {
		end, flags, seq, ack, length, gap := story[0], segment.Flags(story[1]), story[2], story[3], int(story[4]), story[5]
		story = story[6:]
		client, server := fmt.Sprintf("client.%d", 40001+int(end>>1&1)), fmt.Sprintf("server.%d", 80+int(end>>2&1))
		from, to := client, server
		if end&1 == 1 {
			from, to = server, client
		}
		if end&8 != 0 {
			length *= 100
		}
		fmt.Fprintf(&b, "+%dms %s > %s: %v seq %d:%d ack %d\n", int(gap)*(1+int(end>>4)), from, to, flags, seq, int(seq)+length, ack)
	}
	return b.String()
}

// What is no capture, or a cut one, is an error and no panic.
func FuzzRead(f *testing.F) {
	f.Add(packets(f, handshakeList+"client.40001 > server.80: P. seq 1:101 ack 1\nserver.80 > client.40001: R. seq 1 ack 101"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := []Input{{Name: "x", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}}
		if trouble, err := Read(t.Context(), in, Options{}); err == nil {
			trouble.Scenario("x")
		}
	})
}
