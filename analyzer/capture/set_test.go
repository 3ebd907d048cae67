package capture_test

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"testing"

	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// named is a file of a set.
type named struct {
	name string
	b    []byte
}

// readSet reads a set and gives each packet as "file:data", errors as
// "file: error", and the point of each file.
func readSet(t *testing.T, files ...named) (packets []string, points []int) {
	t.Helper()
	var readers []*capture.Reader
	for _, f := range files {
		r, err := capture.NewReader(f.name, bytes.NewReader(f.b))
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	s := capture.NewSet(readers)
	for {
		var p pcapng.Packet
		i, err := s.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			packets = append(packets, fmt.Sprintf("%d: error", i))
			continue
		}
		packets = append(packets, fmt.Sprintf("%d:%s", i, p.Data))
	}
	for i := range files {
		points = append(points, s.Point(i))
	}
	return packets, points
}

func TestSet(t *testing.T) {
	ng := func(name string, p ...one) []byte { return ngFile(t, name, p...) }
	for _, c := range []struct {
		name    string
		files   []named
		packets []string
		points  []int
	}{
		{
			"two points",
			[]named{{"client.pcap", pcapFile(one{1000, "a"}, one{3000, "c"})}, {"server.pcap", pcapFile(one{2000, "b"}, one{4000, "d"})}},
			[]string{"0:a", "1:b", "0:c", "1:d"}, []int{0, 1},
		},
		{
			"rotated, given in the wrong order",
			[]named{{"x2.pcap", pcapFile(one{5000, "c"}, one{6000, "d"})}, {"x0.pcap", pcapFile(one{1000, "a"})}, {"x1.pcap", pcapFile(one{2000, "b"})}},
			[]string{"1:a", "2:b", "0:c", "0:d"}, []int{0, 0, 0},
		},
		{
			"rotated, the older parts compressed",
			[]named{{"x.pcap2", pcapFile(one{5000, "c"}, one{6000, "d"})}, {"x.pcap.gz", gz(pcapFile(one{1000, "a"}))}, {"x.pcap1.zst", zst(pcapFile(one{2000, "b"}))}},
			[]string{"1:a", "2:b", "0:c", "0:d"}, []int{0, 0, 0},
		},
		{
			"rotated, the stamps of two queues overlapping",
			[]named{{"x0.pcap", pcapFile(one{1000, "a"}, one{2005, "b"})}, {"x1.pcap", pcapFile(one{2000, "c"}, one{2010, "d"})}},
			[]string{"0:a", "0:b", "1:c", "1:d"}, []int{0, 0},
		},
		{
			"overlapping by more: two points",
			[]named{{"x0.pcap", pcapFile(one{1000, "a"}, one{2500, "b"})}, {"x1.pcap", pcapFile(one{2000, "c"}, one{3000, "d"})}},
			[]string{"0:a", "1:c", "0:b", "1:d"}, []int{0, 1},
		},
		{
			"two points, one rotated",
			[]named{{"c.pcap", pcapFile(one{1000, "a"}, one{9000, "f"})}, {"s0.pcap", pcapFile(one{2000, "b"}, one{3000, "c"})}, {"s1.pcap", pcapFile(one{4000, "d"}, one{5000, "e"})}},
			[]string{"0:a", "1:b", "1:c", "2:d", "2:e", "0:f"}, []int{0, 1, 1},
		},
		{
			"two points, both rotated at once: names tell",
			[]named{{"a0.pcap", pcapFile(one{1000, "a"}, one{2000, "c"})}, {"b0.pcap", pcapFile(one{1500, "b"}, one{2500, "d"})}, {"b1.pcap", pcapFile(one{3000, "e"})}, {"a1.pcap", pcapFile(one{3100, "f"})}},
			[]string{"0:a", "1:b", "0:c", "1:d", "2:e", "3:f"}, []int{0, 1, 1, 0},
		},
		{
			"one after the other, of other names: two points, whose clocks may be apart",
			[]named{{"client.pcap", pcapFile(one{1000, "a"}, one{2000, "b"})}, {"server.pcap", pcapFile(one{900000, "a"}, one{901000, "b"})}},
			[]string{"0:a", "0:b", "1:a", "1:b"}, []int{0, 1},
		},
		{
			"one after the other, in directories of their own: two points",
			[]named{{"host1/x.pcap", pcapFile(one{1000, "a"})}, {"host2/x.pcap", pcapFile(one{2000, "b"})}},
			[]string{"0:a", "1:b"}, []int{0, 1},
		},
		{
			"one after the other, of interfaces with other names: two points",
			[]named{{"x0.pcapng", ng("eth0", one{1000, "a"})}, {"x1.pcapng", ng("eth1", one{2000, "b"})}},
			[]string{"0:a", "1:b"}, []int{0, 1},
		},
		{
			"pcapng, rotated",
			[]named{{"x0.pcapng", ng("eth0", one{1000, "a"})}, {"x1.pcapng", ng("eth0", one{2000, "b"})}},
			[]string{"0:a", "1:b"}, []int{0, 0},
		},
		{
			"empty, cut and damaged among others",
			[]named{{"empty", pcapFile()}, {"cut", pcapFile(one{1000, "a"}, one{2000, "cut"})[:58]}, {"none", pcapFile(one{1000, "cut"})[:30]}, {"whole", pcapFile(one{1500, "b"}, one{3000, "d"})}},
			[]string{"2: error", "1:a", "1: error", "3:b", "3:d"}, []int{-1, 0, -1, 1},
		},
		{"nothing", nil, nil, nil},
	} {
		packets, points := readSet(t, c.files...)
		if !reflect.DeepEqual(packets, c.packets) || !reflect.DeepEqual(points, c.points) {
			t.Errorf("%s:\n got %v at %v\nwant %v at %v", c.name, packets, points, c.packets, c.points)
		}
	}
}
