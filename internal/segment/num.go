package segment

// A Num is a sequence number as it stands in a TCP header. It is ordered
// modulo 2^32 (RFC 9293, section 3.4): never compare two with <.
type Num uint32

// Add returns the number n bytes after s.
func (s Num) Add(n uint32) Num { return s + Num(n) }

// Sub returns how far s lies after t: negative where it lies before.
func (s Num) Sub(t Num) int32 { return int32(s - t) }

// Before reports whether s comes before t.
func (s Num) Before(t Num) bool { return s.Sub(t) < 0 }

// After reports whether s comes after t.
func (s Num) After(t Num) bool { return t.Before(s) }

// In reports whether s lies in the size bytes that begin at start.
func (s Num) In(start Num, size uint32) bool { return uint32(s-start) < size }
