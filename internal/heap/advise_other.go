//go:build !linux

package heap

// advise does nothing on this system.
func advise([]byte) {}
