package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"
)

// sniffLen is how much of an unknown file is looked at to name it.
const sniffLen = 4 << 10

// convert is what turns most foreign captures into one that is read here.
const convert = "convert it with: editcap -F pcapng IN OUT"

// twice is for what holds another compressed file.
const twice = "decompress it: zcat FILE | rstlab analyze - (zstdcat for zstd, bzcat for bzip2)"

// Foreign formats, told by fixed bytes at a fixed place.
var formats = []struct {
	at    int
	magic string
	name  string
	hint  string
}{
	{0, "GMBU", "a Microsoft Network Monitor 2 capture", convert},
	{0, "RTSS", "a Microsoft Network Monitor 1 capture", convert},
	{0, "snoop\x00\x00\x00", "a snoop capture (Solaris, fw monitor)", convert},
	{0, "btsnoop\x00", "a Bluetooth HCI log", "it holds no TCP"},
	{0, "TRSNIFF data    \x1a", "a Sniffer capture", convert},
	{0, "XCP\x00", "a NetXRay or Sniffer for Windows capture", convert},
	{0, "+---------+---------------+----------+", "a K12 text capture (Tektronix)", convert},
	{0, "\x7fver", "an OmniPeek or EtherPeek capture", convert},
	{0, "ObserverPktBuffe", "a Network Instruments Observer capture", convert},
	{0, "iptrace 1.0", "an AIX iptrace capture", convert},
	{0, "iptrace 2.0", "an AIX iptrace capture", convert},
	{0, "TR\x00d\x00", "an HP-UX nettl trace", convert},
	{0, "\x05VNF", "a Visual Networks capture", convert},
	{0, "\xaa\xaa\xaa\xaa", "an Infovista 5View capture", convert},
	{0, "\x01\x10\x4c\x00", "a Novell LANalyzer capture", convert},
	{0, "\xac\x01\x00\x1c", "an IXIA lcap capture", convert},
	{0, "\xab\x01\x00\x1c", "an IXIA lcap capture", convert},
	{0, "\x1c\x00\x01\xac", "an IXIA lcap capture", convert},
	{0, "\x1c\x00\x01\xab", "an IXIA lcap capture", convert},
	{0, "\x1f\x8b", "compressed twice", twice},
	{0, "\x28\xb5\x2f\xfd", "compressed twice", twice},
	{0, "BZh", "compressed twice", twice},
	{0, "\xfd7zXZ\x00", "compressed by xz", "decompress it: xz -dc FILE | rstlab analyze -"},
	{0, "\x04\x22\x4d\x18", "compressed by lz4", "decompress it: lz4 -dc FILE | rstlab analyze -"},
	{0, "\x1f\x9d", "compressed by compress", "decompress it: uncompress -c FILE | rstlab analyze -"},
	{0, "PK\x03\x04", "a zip archive", "unpack it, and give the captures in it"},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it, and give the captures in it"},
	{0, "Rar!\x1a\x07", "a RAR archive", "unpack it, and give the captures in it"},
	{257, "ustar", "a tar archive", "unpack it, and give the captures in it"},
	// A Windows event trace: behind the buffer's header of 72 bytes stands the
	// system trace header, version 2, of a 32- or 64-bit system.
	{72, "\x02\x00\x01\xc0", "a Windows event trace (.etl)", convertETL},
	{72, "\x02\x00\x02\xc0", "a Windows event trace (.etl)", convertETL},
}

const convertETL = "convert it with: pktmon etl2pcap IN -o OUT (of pktmon), or etl2pcapng IN OUT (of netsh trace)"

// foreign names what in holds, if it is a known thing but no capture that is
// read here.
func foreign(in *bufio.Reader) error {
	head, _ := in.Peek(4)
	if len(head) < 4 || isCapture(head) {
		return nil
	}
	head, _ = in.Peek(sniffLen)
	for _, f := range formats {
		if len(head) >= f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return fmt.Errorf("read file header: it is %s; %s", f.name, f.hint)
		}
	}
	for _, sign := range []string{"NetScaler Performance Data", "NetScaler V20 Performance Data", "Netscaler V30 Performance Data", "Netscaler V35 Performance Data"} {
		if bytes.Contains(head[:min(len(head), 64)], []byte(sign)) {
			return fmt.Errorf("read file header: it is a NetScaler trace; %s", convert)
		}
	}
	switch {
	case len(bytes.Trim(head, "\x00")) == 0:
		return errors.New("read file header: it begins with nothing but zeros: what was captured was not written before the system or the disk failed")
	case isText(head):
		return fmt.Errorf("read file header: it is %s", textOf(head))
	case isERF(head):
		return fmt.Errorf("read file header: it is an ERF capture (Endace); %s", convert)
	}
	return nil // pcapng's reader says what it begins with
}

// isCapture tells the magic numbers of pcap and pcapng, in both byte orders.
func isCapture(head []byte) bool {
	switch binary.BigEndian.Uint32(head) {
	case 0x0a0d0d0a, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0xa1b2cd34, 0x34cdb2a1:
		return true
	}
	return false
}

// isText tells printable text, in UTF-8 or UTF-16.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return true
	}
	for len(head) >= utf8.UTFMax { // the last character may be cut
		c, n := utf8.DecodeRune(head)
		if c == utf8.RuneError && n == 1 || c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			return false
		}
		head = head[n:]
	}
	return true
}

// textOf says what a text is, and what to do with it.
func textOf(head []byte) string {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case xxdLine.Match(line):
		return "a hex dump of a capture; make that again with: xxd -r IN OUT"
	case hexLine.Match(line):
		return "a hex dump; of packets text2pcap makes a capture: text2pcap IN OUT"
	}
	return "text; give the capture itself, as tcpdump -w or Wireshark writes it"
}

var (
	xxdLine = regexp.MustCompile(`(?i)^0+: (d4c3 b2a1|a1b2 c3d4|4d3c b2a1|a1b2 3c4d|0a0d 0d0a) `)
	hexLine = regexp.MustCompile(`(?i)^0000+:?\s+([0-9a-f]{2} ){4}`)
)

// isERF tells an Extensible Record Format file, which has no magic: all records
// that are seen have a stamp of this age, a known type, no reserved flag and a length
// that holds their header and no more than a jumbo frame. Metadata, with which some
// begin, need not have a stamp.
func isERF(head []byte) bool {
	const headerLen, lastType, metadata, reserved, longest = 16, 49, 27, 0xc0, 10_000
	records := 0
	for ; len(head) >= headerLen; records++ {
		stamp := binary.LittleEndian.Uint64(head) // seconds since 1970 in the high half
		year := time.Unix(int64(stamp>>32), 0).Year()
		kind, recordLen := head[8]&0x7f, int(binary.BigEndian.Uint16(head[10:]))
		if (year < 1995 || year >= 2100) && (stamp != 0 || kind != metadata) || kind == 0 || kind > lastType || head[9]&reserved != 0 || recordLen < headerLen || recordLen > longest {
			return false
		}
		head = head[min(recordLen, len(head)):]
	}
	return records > 0
}
