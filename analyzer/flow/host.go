package flow

// A Host is an address and what its packets, resets aside, look like at this
// capture point, over all its connections.
type Host struct {
	addr     [16]byte
	TTLs     [4]TTLCount
	RTT      int64 // the least time to it and back, 0: not known
	RTTs     uint32
	Tries    uint32 // the last attempt by it, and on it; for the judge's use
	Tried    uint32
	Sums     uint8 // packets whose checksum was looked at
	GoodSums bool  // one of them was right
	HasDirs  uint8 // as a Side's
	Echoes   bool  // a reset of it bore the DSCP, not 0, of the SYN that drew it
}

// countTTL counts a TTL among those seen; one that finds no room is not kept.
func countTTL(seen *[4]TTLCount, ttl uint8) {
	for i := range seen {
		switch t := &seen[i]; {
		case t.N == 0:
			t.TTL = ttl
			fallthrough
		case t.TTL == ttl:
			t.N++
			return
		}
	}
}

func (h *Host) countRTT(d int64) {
	if d <= 0 {
		return
	}
	if h.RTTs == 0 || d < h.RTT {
		h.RTT = d
	}
	h.RTTs++
}

// InitialTTL is the value that a TTL must have started from: the next of 32,
// 64, 128 and 255 (causes.md, 2.1); its distance in hops is the difference.
func InitialTTL(ttl uint8) uint8 {
	for _, i := range [...]uint8{32, 64, 128} {
		if ttl <= i {
			return i
		}
	}
	return 255
}
