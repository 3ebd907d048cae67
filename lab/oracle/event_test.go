//go:build linux

package oracle

import (
	"encoding/binary"
	"testing"
	"unsafe"
)

var kernelForTests = &kernel{reasons: map[uint32]string{1: "NO_SOCKET"}}

// The programs write a record by Go's offsets, and Event reads it without
// padding: the two must be the same.
func TestRecordHasNoPadding(t *testing.T) {
	if got, want := binary.Size(record{}), int(unsafe.Sizeof(record{})); got != want || want%8 != 0 {
		t.Errorf("got %d bytes without padding, want %d, a multiple of 8", got, want)
	}
}

// A record's numbers follow RFC 9293, section 3.10.7.1, for every kind of
// segment.
func TestNumbersOfAnAnswer(t *testing.T) {
	for _, test := range []struct {
		name     string
		flags    byte
		length   uint32
		seq, ack uint32
	}{
		{"SYN", 0x02, 40, 0, 1001},
		{"SYN, Fast Open data", 0x02, 40 + 5, 0, 1006},
		{"FIN", 0x01, 40, 0, 1001},
		{"no flag, data", 0, 40 + 5, 0, 1005},
		{"ACK", 0x10, 40, 2000, 0},
		{"SYN, ACK", 0x12, 40, 2000, 0},
		{"FIN, ACK, data", 0x11, 40 + 5, 2000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record{HasSegment: 1, Reason: 1, Length: test.length}
			binary.BigEndian.PutUint32(r.TCP[4:], 1000)
			binary.BigEndian.PutUint32(r.TCP[8:], 2000)
			r.TCP[12], r.TCP[13] = 10<<4, test.flags
			e, accepted, err := kernelForTests.event(bytesOf(t, r))
			if err != nil || accepted || e.Seq != test.seq || e.Ack != test.ack || e.Reason != "NO_SOCKET" {
				t.Errorf("got %+v, accepted %t, error %v, want seq %d ack %d", e, accepted, err, test.seq, test.ack)
			}
		})
	}
}

// A socket of both families has its IPv4 peer's address in IPv4's form.
func TestMappedAddresses(t *testing.T) {
	r := record{Family: familyIPv6, LocalPort: [2]byte{0, 80}, RemotePort: [2]byte{0x9c, 0x40}}
	copy(r.Local6[10:], "\xff\xff\xc0\x00\x02\x01")
	copy(r.Remote6[10:], "\xff\xff\xc6\x33\x64\x02")
	e, _, err := kernelForTests.event(bytesOf(t, r))
	if got, want := e.Src.String()+" "+e.Dst.String(), "192.0.2.1:80 198.51.100.2:40000"; got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestUnknownReasonAndState(t *testing.T) {
	e, _, err := kernelForTests.event(bytesOf(t, record{Reason: 99, HasSocket: 1, State: 200}))
	if err != nil || e.Reason != "REASON_99" || e.State != "" {
		t.Errorf("got %+v, %v, want reason REASON_99 and no state", e, err)
	}
}

func TestShortRecord(t *testing.T) {
	if _, _, err := kernelForTests.event(make([]byte, 3)); err == nil {
		t.Error("got no error, want one that tells the record's size")
	}
}

func bytesOf(t *testing.T, r record) []byte {
	t.Helper()
	b, err := binary.Append(nil, binary.NativeEndian, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzEvent(f *testing.F) {
	f.Add(make([]byte, recordSize))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := kernelForTests.event(raw); err == nil && len(raw) < int(recordSize) {
			t.Errorf("a record of %d bytes was read, want an error below %d", len(raw), recordSize)
		}
	})
}
