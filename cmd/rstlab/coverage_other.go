//go:build !linux

package main

// kernelReasons: only Linux gives reasons.
func kernelReasons() []string { return nil }
