package flow

// A Seq is a TCP sequence number. Compare two only by these methods: they
// count modulo 2^32 (RFC 9293, 3.4), so numbers up to 2^31 apart are ordered
// across the wrap.
type Seq uint32

// Before tells whether s lies before t.
func (s Seq) Before(t Seq) bool { return int32(s-t) < 0 }

// After tells whether s lies after t.
func (s Seq) After(t Seq) bool { return int32(s-t) > 0 }

// Minus is the distance from t to s, negative when s lies before t.
func (s Seq) Minus(t Seq) int32 { return int32(s - t) }

// In tells whether s lies in [from, to].
func (s Seq) In(from, to Seq) bool { return !s.Before(from) && !s.After(to) }
