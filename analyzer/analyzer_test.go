package analyzer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
)

const refused = `
	client.1000 > server.80: S
	server.80 > client.1000: R. seq 0 ack 1 win 0`

const forgedBothWays = `
	client: linux ts=1000 id=100
	server: linux ts=900000 id=7000
	client.2301 > server.445: S
	+10ms server.445 > client.2301: S.
	client.2301 > server.445: .
	client.2301 > server.445: P. length 100
	+10ms server.445 > client.2301: .
`

func capture(t *testing.T, tap, text string) []byte {
	t.Helper()
	b, err := transcript.Capture(tap, text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// analyze gives all records, and the error.
func analyze(t *testing.T, opts analyzer.Options, inputs ...analyzer.Input) ([]analyzer.Record, error) {
	t.Helper()
	var all []analyzer.Record
	err := analyzer.Analyze(context.Background(), inputs, opts, func(r analyzer.Record) error {
		all = append(all, r)
		return nil
	})
	return all, err
}

func pick[T analyzer.Record](all []analyzer.Record) []T {
	var some []T
	for _, r := range all {
		if x, ok := r.(T); ok {
			some = append(some, x)
		}
	}
	return some
}

func input(name string, b []byte) analyzer.Input {
	return analyzer.Input{Name: name, R: bytes.NewReader(b)}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("../docs/schema/analyze.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keeps checks that records are what the schema promises.
func keeps(t *testing.T, s *jsonschema.Schema, all []analyzer.Record) {
	t.Helper()
	for _, r := range all {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value); err != nil {
			t.Errorf("%#v in %s", err, b)
		}
	}
}

func TestOneCapture(t *testing.T) {
	all, err := analyze(t, analyzer.Options{}, input("client.pcapng", capture(t, "client", refused)))
	if err != nil {
		t.Fatal(err)
	}
	vs := pick[*analyzer.Verdict](all)
	if len(vs) != 1 {
		t.Fatalf("%d verdicts, want 1", len(vs))
	}
	v := vs[0]
	if v.Cause != cause.PortClosed || v.Sender != analyzer.Responder || v.Frame != 2 || v.File != "client.pcapng" || v.Tap != "client" ||
		v.SenderAddress != "198.51.100.2:80" || v.Effect != analyzer.Accepted || v.Family != cause.Connect ||
		v.Connection.State != "SYN-SENT" || v.Connection.Roles != "seen" || v.Connection.FirstFrame != 1 ||
		!slices.Equal(v.Seen, []analyzer.Sighting{{File: "client.pcapng", Frame: 2}}) {
		t.Errorf("verdict %+v", v)
	}
	if !strings.Contains(v.Summary, "198.51.100.2:80") || strings.Contains(v.Summary, "\n") || v.Next == "" {
		t.Errorf("summary %q, next %q", v.Summary, v.Next)
	}
	sums := pick[*analyzer.Summary](all)
	if len(sums) != 1 || sums[0].Resets != 1 || sums[0].Packets != 2 || sums[0].Connections != 1 || sums[0].Files != 1 || sums[0].Bytes == 0 || all[len(all)-1] != analyzer.Record(sums[0]) {
		t.Errorf("summary %+v", sums)
	}
}

func TestTwoPoints(t *testing.T) {
	client := capture(t, "client", forgedBothWays+`
		server.445 > client.2301: R. seq 1 ack 101 ttl=200`)
	server := capture(t, "server", forgedBothWays+`
		+20ms client.2301 > server.445: R. seq 101 ack 1 ttl=200`)
	all, err := analyze(t, analyzer.Options{}, input("client.pcapng", client), input("server.pcapng", server))
	if err != nil {
		t.Fatal(err)
	}
	keeps(t, schema(t), all)
	// Both captures were made from one transcript, so they have the same stamps:
	// neither point is nearer to an end, and nothing is proven.
	for _, v := range pick[*analyzer.Verdict](all) {
		if v.Strength == cause.Proven {
			t.Errorf("proven without a place: %+v", v)
		}
	}
}

func TestRecordsKeepTheSchema(t *testing.T) {
	s := schema(t)
	for _, text := range []string{refused, forgedBothWays,
		forgedBothWays + "server.445 > client.2301: R. seq 1 ack 101\nclient.2301 > server.445: R seq 101",
		"server.80 > client.4000: R rawseq 7", "client.1000 > server.80: S"} {
		all, err := analyze(t, analyzer.Options{Connections: true}, input("a.pcapng", capture(t, "", text)))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(pick[*analyzer.Connection](all)); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		keeps(t, s, all)
	}
}

// The vocabulary stands in the schema as well: they must not part.
func TestSchemaHasTheVocabulary(t *testing.T) {
	s := schema(t)
	all, err := analyze(t, analyzer.Options{}, input("a", capture(t, "", refused)))
	if err != nil {
		t.Fatal(err)
	}
	v := pick[*analyzer.Verdict](all)[0]
	for _, c := range cause.Table() {
		v.Cause, v.Family = c.ID, c.Family
		if c.ID == cause.NoCauseDecided {
			v.Strength, v.Why = cause.Undetermined, "no-match"
		}
		keeps(t, s, []analyzer.Record{v})
	}
	v.Cause, v.Strength, v.Why = "closed-port", cause.Likely, ""
	b, _ := json.Marshal(v)
	value, _ := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if s.Validate(value) == nil {
		t.Error("the schema takes a cause that is not in the vocabulary")
	}
}

func TestBadInputLosesNothing(t *testing.T) {
	s := schema(t)
	whole := capture(t, "client", refused)
	for name, tc := range map[string]struct {
		inputs   []analyzer.Input
		verdicts int
		errs     int
		fails    bool
	}{
		"cut within the last packet": {[]analyzer.Input{input("a", append(whole[:len(whole):len(whole)], whole[len(whole)-60:len(whole)-30]...))}, 1, 1, false},
		"no capture":                 {[]analyzer.Input{input("a", []byte("this is no capture at all"))}, 0, 1, true},
		"empty file":                 {[]analyzer.Input{input("a", nil)}, 0, 1, true},
		"one of two is none":         {[]analyzer.Input{input("a", []byte("nothing")), input("b", whole)}, 1, 1, false},
	} {
		all, err := analyze(t, analyzer.Options{}, tc.inputs...)
		if (err != nil) != tc.fails {
			t.Errorf("%s: error %v", name, err)
		}
		if v, e := len(pick[*analyzer.Verdict](all)), len(pick[*analyzer.Error](all)); v != tc.verdicts || e != tc.errs {
			t.Errorf("%s: %d verdicts and %d errors, want %d and %d", name, v, e, tc.verdicts, tc.errs)
		}
		keeps(t, s, all)
	}
}

// A stopped analysis gives what it has found, also what still waited for later
// packets, and a summary.
func TestInterrupted(t *testing.T) {
	b := capture(t, "client", refused+`
		+10s client.1001 > server.81: S
		server.81 > client.1001: R. seq 0 ack 1 win 0`)
	ctx, cancel := context.WithCancel(context.Background())
	in := &stalled{given: bytes.NewReader(b), ctx: ctx, dry: make(chan struct{})}
	var verdicts, summaries int
	err := analyzer.Analyze(ctx, []analyzer.Input{{Name: "a", R: in}}, analyzer.Options{}, func(r analyzer.Record) error {
		switch r.(type) {
		case *analyzer.Verdict:
			verdicts++
			<-in.dry
			cancel()
		case *analyzer.Summary:
			summaries++
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if verdicts != 2 || summaries != 1 {
		t.Errorf("%d verdicts and %d summaries, want 2 and 1", verdicts, summaries)
	}
}

// stalled is a pipe that gives no more, and no end either, until its context ends:
// a command closes its input on an interrupt.
type stalled struct {
	given *bytes.Reader
	ctx   context.Context
	dry   chan struct{} // closed when all was given, and more is asked for
	once  sync.Once
}

func (s *stalled) Read(b []byte) (int, error) {
	if s.given.Len() > 0 {
		return s.given.Read(b)
	}
	s.once.Do(func() { close(s.dry) })
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestEmitEndsIt(t *testing.T) {
	full := errors.New("disk full")
	err := analyzer.Analyze(context.Background(), []analyzer.Input{input("a", capture(t, "client", refused))}, analyzer.Options{},
		func(analyzer.Record) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestOptionsChoose(t *testing.T) {
	b := capture(t, "client", `
		client.1000 > server.80: S
		server.80 > client.1000: R. seq 0 ack 1 win 0
		+10s other.1001 > server.81: S
		server.81 > other.1001: R. seq 0 ack 1 win 0`)
	one := 1
	for name, opts := range map[string]analyzer.Options{
		"stream": {Stream: &one},
		"host":   {Host: netip.MustParseAddr("203.0.113.3")},
		"since":  {Since: analyzer.At(transcript.Start.Add(5 * time.Second))},
	} {
		opts.Connections = true
		all, err := analyze(t, opts, input("a", b))
		if err != nil {
			t.Fatal(err)
		}
		vs, cs := pick[*analyzer.Verdict](all), pick[*analyzer.Connection](all)
		if len(vs) != 1 || vs[0].Frame != 4 || len(cs) != 1 || cs[0].Ref.ID != 1 {
			t.Errorf("%s: %d verdicts and %d connections, want those of the second", name, len(vs), len(cs))
		}
	}
	all, _ := analyze(t, analyzer.Options{Until: analyzer.At(transcript.Start.Add(5 * time.Second))}, input("a", b))
	if vs := pick[*analyzer.Verdict](all); len(vs) != 1 || vs[0].Frame != 2 {
		t.Errorf("until: %d verdicts, want the first", len(vs))
	}
}

func TestFindings(t *testing.T) {
	var text strings.Builder
	for i := range 5 {
		fmt.Fprintf(&text, "+5s client.%d > server.5432: S\nserver.5432 > client.%d: S.\nclient.%d > server.5432: .\nclient.%d > server.5432: R.\n", 1000+i, 1000+i, 1000+i, 1000+i)
	}
	all, err := analyze(t, analyzer.Options{}, input("a", capture(t, "", text.String())))
	if err != nil {
		t.Fatal(err)
	}
	keeps(t, schema(t), all)
	fs := pick[*analyzer.Finding](all)
	if len(fs) != 1 {
		t.Fatalf("%d findings, want 1", len(fs))
	}
	f := fs[0]
	if f.Cause != cause.AbortiveClose || f.Count != 5 || f.Pair != [2]string{"192.0.2.1", "198.51.100.2:5432"} || time.Duration(f.Period).Round(time.Second) != 5*time.Second || len(f.Frames) != 5 {
		t.Errorf("finding %+v", f)
	}
	vs := pick[*analyzer.Verdict](all)
	if vs[0].Benign || !vs[4].Benign || vs[4].Details["probe"] == nil {
		t.Errorf("a checker's resets: first %+v, last %+v", vs[0], vs[4])
	}
}

// Frames are those of the file, also where it goes on with an earlier one.
func TestRotatedFilesCountTheirOwnFrames(t *testing.T) {
	all, err := analyze(t, analyzer.Options{}, input("a1", capture(t, "", refused)), input("a2", capture(t, "", `
		+5s client.1001 > server.81: S
		server.81 > client.1001: R. seq 0 ack 1 win 0`)))
	if err != nil {
		t.Fatal(err)
	}
	vs := pick[*analyzer.Verdict](all)
	if len(vs) != 2 {
		t.Fatalf("%d verdicts, want 2", len(vs))
	}
	if v := vs[1]; v.File != "a2" || v.Frame != 2 || v.Connection.FirstFrame != 1 || !strings.HasPrefix(v.Summary, "frame 2: ") || v.Evidence[0].Frame != 1 {
		t.Errorf("verdict %+v", v)
	}
}
