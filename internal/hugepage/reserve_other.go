//go:build !linux

package hugepage

// Reserve does nothing on this system.
func Reserve(int) {}
