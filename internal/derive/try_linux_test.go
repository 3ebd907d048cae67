package derive

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"rstlab/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

func read(path string, stream int) (*Trouble, error) {
	in := Input{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
	return Read(context.Background(), []Input{in}, Options{Stream: stream, KeepPayload: true, RealTime: os.Getenv("REALTIME") != ""})
}

func try(t *testing.T, path string, stream int) string {
	tr, err := read(path, stream)
	if err != nil {
		return fmt.Sprintln("RESULT", path, stream, "ERROR", err)
	}
	out, err := tr.Reproduce(context.Background(), "try")
	if out == nil {
		return fmt.Sprintln("RESULT", path, stream, "ERROR", err)
	}
	var b strings.Builder
	kinds := ""
	for _, a := range out.Scenario.story.actors {
		if a.host() {
			kinds += "host "
		} else {
			kinds += "peer "
		}
	}
	if os.Getenv("SHORT") == "" {
		fmt.Fprintln(&b, string(out.Scenario.Text))
		if out.Comparison != nil {
			for _, r := range out.Comparison.Rows {
				fmt.Fprintf(&b, "%c %4d %-45s %4d %-45s %s\n", r.Mark, r.CaptureFrame, r.Capture, r.ReplayFrame, r.Replay, r.Note)
			}
			fmt.Fprintln(&b, out.Comparison.Strengths)
		}
		fmt.Fprintln(&b, out.Result.Story)
		for _, a := range out.Alternatives {
			fmt.Fprintln(&b, "  or", a.Claim, a.Alike, a.Why)
		}
	}
	fmt.Fprintln(&b, "RESULT", path, stream, out.Line(), "TAP", out.Scenario.Tap, kinds, err)
	return b.String()
}

func TestTry(t *testing.T) {
	paths := strings.Fields(os.Getenv("TRY"))
	var wg sync.WaitGroup
	slots := make(chan bool, 6)
	var mu sync.Mutex
	for _, path := range paths {
		streams := []int{0}
		if s := os.Getenv("STREAM"); s != "" {
			fmt.Sscan(s, &streams[0])
		} else if _, err := read(path, 0); err != nil {
			streams = nil
			if c, ok := err.(*ChoiceError); ok {
				for _, x := range c.Choices {
					streams = append(streams, x.Stream+1)
				}
			} else {
				fmt.Println("RESULT", path, "ERROR", err)
			}
		}
		for _, n := range streams {
			wg.Go(func() {
				slots <- true
				defer func() { <-slots }()
				s := try(t, path, n)
				mu.Lock()
				fmt.Print(s)
				mu.Unlock()
			})
		}
	}
	wg.Wait()
}
