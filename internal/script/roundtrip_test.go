package script_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rstlab/internal/script"
)

// meaning compares files but for where and how things are written.
var meaning = cmp.Options{
	cmpopts.IgnoreTypes(script.Pos{}),
	cmpopts.IgnoreFields(script.EventHead{}, "Text"),
	cmpopts.IgnoreFields(script.File{}, "Lines"),
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}),
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkRoundTrip checks that src, which can be read, has a form that means the
// same and is its own form.
func checkRoundTrip(t fataler, src string) {
	t.Helper()
	before, err := script.Parse("x", []byte(src))
	if err != nil {
		t.Fatalf("%s\n%v", src, err)
	}
	formatted, err := script.Format([]byte(src), "x")
	if err != nil {
		t.Fatalf("format: %v\n%s", err, src)
	}
	after, err := script.Parse("x", formatted)
	if err != nil {
		t.Fatalf("the form can't be read: %v\nof\n%s", err, src)
	}
	if diff := cmp.Diff(before, after, meaning); diff != "" {
		t.Fatalf("the form means something else (-before +after):\n%s\n%s\nof\n%s", diff, formatted, src)
	}
	again, err := script.Format(formatted, "x")
	if err != nil || string(again) != string(formatted) {
		t.Fatalf("formatting again gives (%v)\n%s\nfrom\n%s", err, again, formatted)
	}
}

func TestFormatKeepsMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkRoundTrip(t, messyScenario(t)) })
}

// messyScenario draws a scenario that can be read, its words in any order and
// at any distance.
func messyScenario(t *rapid.T) string {
	g := generator{t: t}
	g.line("host", "client", g.some("ip=192.0.2.1,192.0.2.3", "ttl=7", "tcp_sack=0"))
	g.line("middlebox", "fw", g.some("hops=0", "ttl=0xff"))
	g.line("peer", "server", g.some("isn=7", "win=5"))
	g.line("link", "client", "fw", g.some("delay=1.5ms", "net=2001:db8:1::/64"))
	g.line("link", "fw", "server")
	g.line("requires", "root", g.some("kernel>=6.10", "exec=curl", "ipv6"))
	for i := range rapid.IntRange(0, 12).Draw(t, "events") {
		g.event(i)
	}
	g.line("no reset")
	return g.b.String()
}

type generator struct {
	t *rapid.T
	b strings.Builder
}

func (g *generator) pick(words ...string) string { return rapid.SampledFrom(words).Draw(g.t, "word") }

// some draws a few of words, in any order.
func (g *generator) some(words ...string) string {
	words = rapid.Permutation(words).Draw(g.t, "order")
	return strings.Join(words[:rapid.IntRange(0, len(words)).Draw(g.t, "count")], " ")
}

// line writes words with blanks between them, perhaps a comment behind them and
// lines between.
func (g *generator) line(words ...string) {
	g.b.WriteString(g.pick("", "", "\n", "\n\n\n", "# text\n", "  #text \n"))
	for _, w := range strings.Fields(strings.Join(words, " ")) {
		g.b.WriteString(g.pick("", "\t") + w + g.pick(" ", "  ", "\t"))
	}
	g.b.WriteString(g.pick("", "", " # why", "#  why \t", "\t# a\r") + "\n")
}

func (g *generator) segment(flags ...string) string {
	return fmt.Sprintf("%s > %s : %s %s",
		g.pick("client", "client.40001", "192.0.2.1.80"), g.pick("server", "server.80"), g.pick(flags...),
		g.some("seq 1:0x65", "ack 2", "win 0", "<mss 1460,nop>", "length 100", `payload "x\\n"`, "ttl=5", "df=no"))
}

func (g *generator) event(i int) {
	name := fmt.Sprintf("as n%d", i)
	tail := func(parts ...string) string {
		var kept []string
		for _, p := range parts {
			if rapid.Bool().Draw(g.t, "kept") {
				kept = append(kept, p)
			}
		}
		return strings.Join(kept, " ")
	}
	delay := g.pick("", "", "+5ms", "+1.5s", "[kernel<6.10]", "[root] +2m")
	switch rapid.IntRange(0, 5).Draw(g.t, "kind") {
	case 0:
		g.line(delay, g.segment("S", ".P", "FP.", "none"), tail("x3", "@fw/client", "within 3s", name))
	case 1:
		g.line("!", g.segment("S", ".P", "R"), tail("@fw/client", "within 3s"))
	case 2:
		g.line(delay, "client.40001 connect", g.pick("server.80", "2001:db8::2.80"), g.some("isn=5", "fastopen=6"), tail("= ok", "within 3s"))
	case 3:
		g.line(delay, "fw", g.pick("drop", "hold", "pass"), g.segment("S", "R."), tail("x2"))
	case 4:
		g.line(delay, "fw rewrite", g.segment("S"), "to", g.pick("ttl=1 <mss 5>", `<mss 5,nop> win=0 payload "a"`))
	case 5:
		g.line(delay, "fw inject", g.segment("S", ".E"), tail(name))
	}
}

// seeds are the reference's samples, the catalogue and the mistakes.
func seeds(f *testing.F) {
	for _, pattern := range []string{"testdata/*.scenario", "../../scenarios/*/*.scenario"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	for _, m := range mistakes {
		f.Add([]byte(m.head + m.line + "\n"))
	}
	for _, m := range truthMistakes {
		f.Add([]byte(reset + m.lines + "\n"))
	}
}

// Any input is read or refused with places that are in it.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		_, err := script.Parse("x", src)
		if err == nil {
			return
		}
		lines := strings.Split(strings.TrimPrefix(string(src), "\uFEFF"), "\n")
		var errs script.Errors
		if !errors.As(err, &errs) || len(errs) == 0 || len(errs) > 20 || !utf8.ValidString(err.Error()) {
			t.Fatalf("%d errors:\n%v", len(errs), err)
		}
		for _, e := range errs {
			if e.Line < 1 || e.Line > len(lines) || e.Col < 1 || e.Len < 1 || e.Msg == "" {
				t.Fatalf("error without a place: %v", e)
			}
			if n := utf8.RuneCountInString(lines[e.Line-1]); e.Col+e.Len-1 > n+1 {
				t.Fatalf("error behind its line: %v", e)
			}
		}
	})
}

// What can be read has one form that means the same.
func FuzzFormat(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := script.Parse("x", src); err == nil {
			checkRoundTrip(t, string(src))
		}
	})
}
