package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"rstlab/internal/play"
)

func TestProgressTellsHowMuchIsRead(t *testing.T) {
	for _, test := range []struct {
		total, read int64
		want        string
	}{
		{0, 2_500_000, "read 2.5 MB"},
		{830e6, 415e6, "read 415.0 MB of 830.0 MB (50 %), 10s left"},
		{4e9, 1e9, "read 1.00 GB of 4.00 GB (25 %), 30s left"},
		{100, 200, "read 0.0 MB"}, // it grew
		{100, 0, "read 0.0 MB"},
	} {
		r := &reading{total: test.total}
		r.read.Store(test.read)
		if got := r.line(10 * time.Second); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.read, test.total, got, test.want)
		}
	}
}

// What is found stands on lines of its own, though both go to one terminal.
func TestProgressMakesWay(t *testing.T) {
	var screen bytes.Buffer
	r := &reading{}
	p := &progress{terminal: &screen, line: r.line, stop: make(chan struct{})}
	if _, err := io.Copy(io.Discard, r.counting(strings.NewReader(strings.Repeat("x", 2e6)))); err != nil {
		t.Fatal(err)
	}
	p.show(time.Second)
	fmt.Fprint(p.above(&screen), "frame 2\n")
	fmt.Fprint(p.above(&screen), "frame 3\n")
	p.show(2 * time.Second)
	p.end()
	want := "\rread 2.0 MB\r           \rframe 2\nframe 3\n\rread 2.0 MB\r           \r"
	if screen.String() != want {
		t.Errorf("the terminal got %q, want %q", screen.String(), want)
	}
}

func TestNoProgressWithoutTerminal(t *testing.T) {
	var b bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetErr(&b)
	if p := startProgress(cmd, playing("nothing")); p != nil {
		t.Error("there is a progress where no terminal is")
	}
	var none *progress
	if none.above(&b) != io.Writer(&b) {
		t.Error("no progress changes the output")
	}
	none.end()
}

func TestProgressTellsHowManyArePlayed(t *testing.T) {
	run := &tally{total: 3}
	for i, want := range []string{"played 1 of 3, 2s", "played 2 of 3, 1 failed, 2s", "played 3 of 3, 1 failed, 2s"} {
		if err := run.Result(&play.Result{Result: []play.Outcome{play.Pass, play.Fail, play.Skip}[i]}); err != nil {
			t.Fatal(err)
		}
		if got := run.line(2100 * time.Millisecond); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := playing("5 scenarios")(90 * time.Second); got != "playing 5 scenarios, 1m30s" {
		t.Errorf("got %q", got)
	}
}
