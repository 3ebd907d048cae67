//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// reexec has nothing to do: no process of a lab runs here.
func reexec() {}

// needsLinux says that verb can't be done on this system.
func needsLinux(verb string) error {
	return &statusError{
		Status: statusMachine,
		Err:    fmt.Errorf("%s: needs Linux, this is %s", verb, runtime.GOOS),
		Hint:   "analyze, list, explain and fmt work here; a Linux VM runs the rest (see the Vagrantfile)",
	}
}
