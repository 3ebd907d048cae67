//go:build linux

// Package ns is the one place that knows operating-system threads, processes
// and Linux namespaces (namespaces(7)): network namespaces held by descriptors,
// groups of processes that die with this one, and the user namespace of a
// program that is not root.
package ns

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// onThread runs f in a goroutine that has a thread to itself. The thread ends
// with f: whatever namespaces it entered, no other goroutine ever runs there.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		// The runtime can't end the main thread, it would stay where f left
		// it. While it is held here, f gets another.
		started := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(started)
			f()
		}()
		<-started
		runtime.UnlockOSThread()
	}()
}

// runOnThread is onThread, and waits for f.
func runOnThread(f func() error) error {
	err := errors.New("the function ended its goroutine")
	done := make(chan struct{})
	onThread(func() {
		defer close(done)
		err = f()
	})
	<-done
	return err
}
