package packet_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rstlab/internal/pcapng"
)

// notByTshark are frames that tshark does not decode to TCP: link types and
// devices that it does not know, and what it must be told of by a setting.
var notByTshark = map[string]bool{
	"SLL, 802.11 monitor":                         true,
	"null, Linux's IPv6":                          true,
	"802.11, decrypted by the driver":             true,
	"802.11, decrypted, the IV left":              true,
	"802.11, decrypted, the long IV left":         true,
	"MPLS link":                                   true,
	"MPLS pseudowire with a control word":         true,
	"MPLS pseudowire without":                     true,
	"MPLS pseudowire without, to a MAC like IPv4": true,
	"ERSPAN III of IP":                            true,
	"VXLAN at Linux's old port, 802.1Q inside":    true,
	"GUE, IPv4":                                   true,
	"GUE, IPv6, optional fields":                  true,
	"GUE, GRE":                                    true,
	"GUE without a header":                        true,
	"LISP, Ethernet":                              true,
	"L2TPv3":                                      true,
	"L2TPv3, cookie":                              true,
	"L2TPv3, cookie and sublayer":                 true,
	"L2TPv3, PPP":                                 true,
	"L2TPv3 in UDP":                               true,
	"CAPWAP, 802.11":                              true,
	"switch chip of Broadcom":                     true,
	"switch chip of Broadcom, in front":           true,
	"switch chip of Marvell":                      true,
	"switch chip of Marvell, EtherType":           true,
}

// TestDecodeAsTshark compares what tshark says of random segments in every link
// and tunnel, where it is installed.
func TestDecodeAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	var frames []wrapping
	r := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		frames = append(frames, wrap(randomSegment(r))...)
	}
	file := filepath.Join(t.TempDir(), "all.pcapng")
	if err := os.WriteFile(file, capture(t, frames), 0o600); err != nil {
		t.Fatal(err)
	}
	fields := []string{"ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.urgent_pointer", "tcp.len", "tcp.options"}
	args := []string{"-r", file, "-n", "-T", "fields", "-E", "occurrence=l", "-E", "separator=|",
		"-o", "ip.check_checksum:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command(tshark, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(frames) {
		t.Fatalf("tshark gives %d lines for %d frames", len(lines), len(frames))
	}
	for i, w := range frames {
		if notByTshark[w.name] {
			continue
		}
		info := decode(w.link, w.frame)
		flags := uint16(info.Flags) | uint16(info.Reserved)<<9
		if info.AE {
			flags |= 1 << 8
		}
		ports := fmt.Sprintf("%d|%d|%d|%d|0x%04x|%d|%d|%d|%x", info.SrcPort, info.DstPort, info.Seq, info.Ack, flags, info.Window, info.Urgent, info.PayloadLen, info.Options())
		addresses := fmt.Sprintf("%v|%v", info.Source().Addr(), info.Destination().Addr())
		if !strings.HasSuffix(lines[i], "|"+ports) || !strings.Contains("|"+lines[i], "|"+addresses+"|") {
			t.Errorf("%s:\n  ours %s %s\ntshark %s", w.name, addresses, ports, lines[i])
		}
	}
}

// capture writes frames to a capture, with an interface for each link type.
func capture(t *testing.T, frames []wrapping) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	ifaces := map[uint16]int{}
	for i, f := range frames {
		id, ok := ifaces[f.link]
		if !ok {
			var err error
			if id, err = w.AddInterface(pcapng.Interface{LinkType: f.link}); err != nil {
				t.Fatal(err)
			}
			ifaces[f.link] = id
		}
		if err := w.WritePacket(&pcapng.Packet{Time: int64(i) * 1e9, Interface: id, Data: f.frame, OrigLen: len(f.frame)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
