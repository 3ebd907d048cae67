package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

// Captures that lost packets, or show them twice: what is missing makes no cause
// likely, and what came twice no other reset.
func TestDegraded(t *testing.T) {
	var scan, probes strings.Builder
	var scanned, probed []string
	for i := range 3 {
		fmt.Fprintf(&scan, `
			scanner.50000 > server.%[1]d: S rawseq 7777
			server.%[1]d > scanner.50000: S. rawseq 5000 rawack 7778
			scanner.50000 > server.%[1]d: R rawseq 7778 win 0 id=0`, 8001+i)
		scanned = append(scanned, fmt.Sprintf("%d possible syn-scan by likely originator or syn-sent-abort", 3*i+3))
	}
	scan.WriteString("\nscanner.50000 > server.9000: S rawseq 7777")
	for n, seq := range []uint32{1000, 3_000_000_000} {
		for i := range 3 {
			for range 2 {
				fmt.Fprintf(&probes, `
					scanner.61000 > server.%[1]d: . rawseq %[2]d rawack %[2]d win 1024 id=0
					server.%[1]d > scanner.61000: R rawseq %[2]d win 0 id=0`, 8001+i, seq)
			}
			first := 12*n + 4*i + 2
			probed = append(probed, fmt.Sprintf("%d likely stealth-scan by possible responder", first), fmt.Sprintf("%d likely stealth-scan by possible responder", first+2))
		}
	}
	runRules(t, []ruleTest{{
		name: "a scanner gives one number to many from one port: where the capture lost a SYN nothing escaped translation",
		text: scan.String() + `
			server.8004 > scanner.50000: S. rawseq 5000 rawack 7778
			scanner.50000 > server.8004: R rawseq 7778 win 0 id=0`,
		wants: append(scanned, "12 undetermined undetermined (no-handshake) by possible originator or unsolicited-synack"),
	}, {
		name:  "a mirror shows probes twice, which bear no identification; they come again with other numbers",
		text:  probes.String(),
		wants: probed,
	}, {
		name: "a mirror shows a reset twice: the ACK long before the data that drew it drew none",
		text: hand + `
			server.80 > client.1000: F. seq 1
			client.1000 > server.80: . ack 2
			+300ms client.1000 > server.80: P. seq 1:51 ack 2
			server.80 > client.1000: R seq 2 win 0 id=0
			server.80 > client.1000: R seq 2 win 0 id=0`,
		wants: []string{"7 likely data-after-close by likely responder"},
	}, {
		name: "a Linux stack without timestamps: what was lost drew a bare reset behind its FIN",
		text: `
			client: linux id=100
			server: linux id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: P. seq 1:101 ack 101
			client.1000 > server.80: . ack 101
			server.80 > client.1000: F. seq 101
			client.1000 > server.80: . ack 102
			+300ms server.80 > client.1000: R seq 102 win 0 id=0`,
		wants: []string{"9 possible close-then-abort by likely responder or data-after-close"},
	}})
}
