//go:build linux

package lab

// These types stand here only until their own files do.
type (
	Peer      struct{}
	Middlebox struct{}
)
