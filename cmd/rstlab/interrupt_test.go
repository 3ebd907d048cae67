//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/tools/txtar"

	"rstlab/internal/pcapng"
)

// start runs the command as a process of its own, which reads from the
// returned pipe.
func start(t *testing.T, args ...string) (*exec.Cmd, *os.File) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	cmd := exec.Command(exe)
	cmd.Args = append([]string{"rstlab"}, args...)
	cmd.Stdin = r
	return cmd, w
}

func wantStatus(t *testing.T, cmd *exec.Cmd, want int) {
	t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("exit status %d, want %d", got, want)
	}
}

// A live capture ends when its reader is interrupted, even while the writer
// is silent: what was read is judged.
func TestAnalyzeInterrupted(t *testing.T) {
	annotated := filepath.Join(t.TempDir(), "out.pcapng")
	cmd, stdin := start(t, "analyze", "--annotate", annotated, "-")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A pipe holds 64 KiB: when a megabyte of a connection's packets has been
	// taken from it, the command is at work.
	capture := captureOf(t, "analyze.txtar", "capture.hex")
	const head, syn = 24, 16 + 58
	live := append([]byte{}, capture...)
	for len(live) < 1<<20 {
		live = append(live, capture[head:head+syn]...)
	}
	if _, err := stdin.Write(live); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, cmd, statusInterrupted)
	if !strings.Contains(stdout.String(), "frame 2  ") || !strings.Contains(stdout.String(), "1 reset in ") {
		t.Errorf("no verdict or no summary in\n%s", stdout.String())
	}
	if !strings.HasPrefix(stderr.String(), "rstlab: interrupted") {
		t.Errorf("standard error is %q", stderr.String())
	}
	// What was read until then is written, too.
	r := readBack(t, annotated)
	var p pcapng.Packet
	var packets, verdicts int
	for ; ; packets++ {
		if err := r.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Frame == 2 {
			verdicts = len(p.Comments)
		}
	}
	if told := fmt.Sprintf("1 reset in %d packets", packets); verdicts != 1 || !strings.Contains(stdout.String(), told) {
		t.Errorf("annotated are %d packets, the reset with %d comments; want 1 comment and as many as in\n%s", packets, verdicts, stdout.String())
	}
}

// An interrupted run reports the scenarios that ended, and sums them up.
func TestRunInterrupted(t *testing.T) {
	if can, _ := condition("lab"); !can {
		t.Skip("no lab here; rstlab doctor says why")
	}
	cmd, _ := start(t, "run", "-o", "jsonl", "--repeat", "100000", "port-closed")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("no scenario ended")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if !strings.HasPrefix(last, `{"type":"run","passed":`) {
		t.Errorf("the last line is %s", last)
	}
	wantStatus(t, cmd, statusInterrupted)
}

// An interrupt ends sanitize, too, and what was read until then is written.
func TestSanitizeInterrupted(t *testing.T) {
	clean := filepath.Join(t.TempDir(), "clean.pcapng")
	cmd, stdin := start(t, "sanitize", "-", clean)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	live := captureOf(t, "analyze.txtar", "capture.hex")
	packet := live[24 : 24+16+58]
	for len(live) < 1<<20 { // more than a pipe holds
		live = append(live, packet...)
	}
	if _, err := stdin.Write(live); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, cmd, statusInterrupted)
	if !strings.HasPrefix(stderr.String(), "rstlab: interrupted") {
		t.Errorf("standard error is %q", stderr.String())
	}
	r := readBack(t, clean)
	var p pcapng.Packet
	var err error
	for err = r.Next(&p); err == nil; err = r.Next(&p) {
	}
	if err != io.EOF || p.Frame < 2 {
		t.Errorf("error %v behind %d packets, want a whole file", err, p.Frame)
	}
}

// A capture of a disk is left as well, however long it is; of what was not begun
// nothing is made.
func TestSanitizeInterruptedFile(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
	if err := os.WriteFile(in, captureOf(t, "analyze.txtar", "capture.hex"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	root := newRoot()
	root.SetArgs([]string{"sanitize", in, out})
	root.SetOut(io.Discard)
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was left: %v", err)
	}
}

// An interrupt is no fault of the machine that doctor examines.
func TestDoctorInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	root := newRoot()
	root.SetArgs([]string{"doctor"})
	root.SetOut(io.Discard)
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

// readBack gives a reader of a capture that was written.
func readBack(t *testing.T, name string) *pcapng.Reader {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := pcapng.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// captureOf returns the bytes that a file of a script test has as hexadecimal
// digits.
func captureOf(t *testing.T, name, file string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse(text).Files {
		if f.Name == file {
			b, err := fromHex(string(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("no %s in %s", file, name)
	return nil
}

// A pipe that nobody writes to is waited for until an interrupt.
func TestAnalyzeInterruptedBeforeAWriter(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, _ := start(t, "analyze", "-o", "jsonl", "empty", fifo)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // the first file has been told of: the pipe is next
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	wantStatus(t, cmd, statusInterrupted)
}

// What comes in by redirection is not written over either.
func TestRedirectedInputIsKept(t *testing.T) {
	capture := captureOf(t, "analyze.txtar", "capture.hex")
	for name, args := range map[string][]string{
		"report":   {"analyze", "-o", "md=FILE", "-"},
		"annotate": {"analyze", "--annotate", "FILE", "-"},
		"sanitize": {"sanitize", "-", "FILE"},
	} {
		file := filepath.Join(t.TempDir(), "in.pcap")
		if err := os.WriteFile(file, capture, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		for i := range args {
			args[i] = strings.Replace(args[i], "FILE", file, 1)
		}
		cmd, _ := start(t, args...)
		cmd.Stdin = in
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, cmd, statusUsage)
		if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, capture) {
			t.Errorf("%s: the capture was written over, %v", name, err)
		}
	}
}
