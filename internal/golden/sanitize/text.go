package sanitize

import (
	"fmt"
	"io"
)

// Kept and Changed say what a sanitized capture has of the one it was made of,
// each as a list of lines.
const (
	Changed = `  addresses and link addresses are others, those of one net before of one net after
  payloads are zeros; long ones begin with a mark that is the same for the same payload
  TCP timestamps are moved, for each host by a number of its own
  MPTCP keys and tokens, Fast Open cookies are others; signatures and unknown options are empty
  what is not TCP, nor a header around it, is zeros; names, comments and secrets are gone`

	Kept = `  times, lengths, ports, sequence numbers, flags, windows, TTL, TOS, IP identifications, flow labels
  MSS, window scale, SACK, the order of options; that checksums are right or wrong
  VLAN, tunnel and label numbers; the direction of packets and how many were lost`
)

// Write tells a person what became of the captures.
func (r Report) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d packets, %d addresses and %d link addresses mapped, %d bytes of payload zeroed, %d frames emptied\n\nchanged:\n%s\n\nkept:\n%s\n",
		r.Packets, r.Addresses, r.LinkAddrs, r.PayloadBytes, r.Emptied, Changed, Kept)
	if err == nil && r.Renumbered {
		_, err = fmt.Fprintln(w, "\nblocks that Wireshark counts as frames were left out: frame numbers are lower behind them")
	}
	return err
}
