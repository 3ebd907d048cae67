//go:build linux

package oracle

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Counters are the kernel's counters of one network namespace, by the name that
// nstat gives them: "TcpOutRsts", "TcpExtTCPAbortOnClose", "MPTcpExtMPRstTx".
// The kernel counts TcpOutRsts once for each reset that its TCP sends.
type Counters map[string]uint64

// ReadCounters reads the counters of the calling thread's namespace. It needs
// no privilege.
func ReadCounters() (Counters, error) {
	c := Counters{}
	for _, name := range []string{"snmp", "netstat"} {
		path := "/proc/thread-self/net/" + name
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read counters: %w", err)
		}
		if err := c.parse(b); err != nil {
			return nil, fmt.Errorf("read counters: %s: %w", path, err)
		}
	}
	return c, nil
}

// levels are the values among them that go up and down or stand still.
var levels = map[string]bool{
	"IpForwarding": true, "IpDefaultTTL": true,
	"TcpRtoAlgorithm": true, "TcpRtoMin": true, "TcpRtoMax": true, "TcpMaxConn": true, "TcpCurrEstab": true,
	"MPTcpExtMPCurrEstab": true,
}

// parse adds a file's counters: pairs of lines, names above and values below,
// each pair under a prefix. What is a level rather than a count is left out.
func (c Counters) parse(b []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	for n := 1; lines.Scan(); n += 2 {
		names := strings.Fields(lines.Text())
		lines.Scan()
		values := strings.Fields(lines.Text())
		if len(names) == 0 || len(values) != len(names) || values[0] != names[0] {
			return fmt.Errorf("line %d: found %d names and %d values, expected pairs of lines with as many of each",
				n, len(names), len(values))
		}
		prefix := strings.TrimSuffix(names[0], ":")
		for i, name := range names[1:] {
			if levels[prefix+name] {
				continue
			}
			value, err := strconv.ParseUint(values[i+1], 10, 64)
			if err != nil {
				return fmt.Errorf("line %d: %s: %w", n+1, name, err)
			}
			c[prefix+name] = value
		}
	}
	return nil
}

// Since gives by how much counters have grown; what has not grown is left out.
func (c Counters) Since(earlier Counters) Counters {
	grown := Counters{}
	for name, now := range c {
		if before := earlier[name]; now > before {
			grown[name] = now - before
		}
	}
	return grown
}
