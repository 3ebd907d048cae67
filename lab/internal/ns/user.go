//go:build linux

package ns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// initialUserNS is the inode of the initial user namespace, the same on
	// every machine (PROC_USER_INIT_INO).
	initialUserNS = 0xEFFFFFFD

	// insideEnv marks the program that RunInUserNamespace has started.
	insideEnv = "RSTLAB_USER_NAMESPACE"
)

// needed are the capabilities without which there is no lab.
var needed = []int{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}

// Privileged reports whether this process may make network namespaces and use
// them, as root of the machine or of a user namespace.
func Privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	for _, c := range needed {
		if data[c/32].Effective&(1<<(c%32)) == 0 {
			return false
		}
	}
	return true
}

// InUserNamespace reports whether this process is in another user namespace
// than the machine's first.
func InUserNamespace() bool {
	var stat unix.Stat_t
	return unix.Stat("/proc/self/ns/user", &stat) == nil && stat.Ino != initialUserNS
}

// Inside reports whether RunInUserNamespace has started this process.
func Inside() bool { return os.Getenv(insideEnv) != "" }

// RunInUserNamespace runs this program again, with its arguments, descriptors
// and signals, in a user namespace where it is root, and returns its exit
// status: 128 and the signal's number if one ended it. It must be called on the
// main goroutine.
func RunInUserNamespace() (int, error) {
	// The child dies with the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := &exec.Cmd{
		Path:   "/proc/self/exe",
		Args:   os.Args,
		Env:    append(os.Environ(), insideEnv+"=1"),
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
			Pdeathsig:   unix.SIGKILL,
		},
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	if err := cmd.Start(); err != nil {
		signal.Reset()
		return 0, fmt.Errorf("make user namespace: %w", err)
	}
	go func() {
		for s := range signals {
			if (s == unix.SIGINT || s == unix.SIGQUIT) && inForeground() {
				continue // the terminal has told the child too
			}
			_ = cmd.Process.Signal(s)
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("wait for program in user namespace: %w", err)
	}
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// inForeground reports whether this process belongs to the foreground of its
// terminal, which signals all of it.
func inForeground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(tty)
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
