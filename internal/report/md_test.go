package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"rstlab/analyzer"
	"rstlab/internal/play"
)

// rendered is what GitHub's kind of Markdown makes of text.
func rendered(t *testing.T, text string) *html.Node {
	t.Helper()
	var page bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithUnsafe()))
	if err := md.Convert([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// texts are those of all elements of a kind.
func texts(root *html.Node, kind atom.Atom) []string {
	var all []string
	for n := range root.Descendants() {
		if n.DataAtom != kind {
			continue
		}
		var b strings.Builder
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data)
			}
		}
		all = append(all, b.String())
	}
	return all
}

// own are the elements that our Markdown makes.
var own = []atom.Atom{atom.Html, atom.Head, atom.Body, atom.H2, atom.H3, atom.P, atom.Pre, atom.Code, atom.Strong, atom.Ul, atom.Li,
	atom.Table, atom.Thead, atom.Tbody, atom.Tr, atom.Th, atom.Td}

// nothingElse checks that a page has no elements but those, and nobody called.
func nothingElse(t *testing.T, root *html.Node) {
	t.Helper()
	for n := range root.Descendants() {
		switch {
		case n.Type == html.ElementNode && !slices.Contains(own, n.DataAtom):
			t.Errorf("an element <%s>", n.Data)
		case n.Type == html.CommentNode:
			t.Errorf("a comment %q", n.Data)
		case n.Type == html.TextNode && strings.Contains(n.Data, "@") && n.Parent.DataAtom != atom.Code:
			t.Errorf("somebody is called: %q", n.Data)
		}
	}
}

func TestMarkdownOfARunShowsAllAsItIs(t *testing.T) {
	for name, make := range map[string]func() (play.RunSummary, []*play.Result){"every end": everyEnd, "hostile": hostileRun} {
		t.Run(name, func(t *testing.T) {
			sum, results := make()
			page := rendered(t, run(t, "md", Style{}, sum, results...))
			nothingElse(t, page)
			cells := texts(page, atom.Td)
			for _, r := range results {
				switch r.Result {
				case play.Fail:
					if got := texts(page, atom.Pre); len(got) != 1 || got[0] != Clean(r.Story)+"\n" {
						t.Errorf("the story is shown as %q, want %q", got, Clean(r.Story))
					}
					if !slices.Contains(texts(page, atom.H3), "Failed: "+clean(r.Name)) {
						t.Errorf("no title of the failure in %q", texts(page, atom.H3))
					}
				case play.Skip:
					if i := slices.Index(cells, clean(r.Name)); i < 0 || cells[i+1] != clean(r.Why) {
						t.Errorf("the skip of %q is not shown in %q", r.Name, cells)
					}
				case play.Pass:
					if i := slices.Index(cells, clean(r.Name)); i < 0 || cells[i+1] != clean(r.Family) {
						t.Errorf("the pass of %q is not shown in %q", r.Name, cells)
					}
				}
			}
			if want := 2*sum.Skipped + 3*sum.Passed; len(cells) != want {
				t.Errorf("%d cells, want %d: %q", len(cells), want, cells)
			}
		})
	}
}

func TestMarkdownOfAnAnalysis(t *testing.T) {
	got := analysis(t, "md", Style{}, refused(), &analyzer.Error{File: "cut.pcap", Offset: 168, Frame: 3, Err: "read packet 3 at byte 168: unexpected EOF"},
		&analyzer.Summary{Files: 1, Packets: 2, Connections: 1, Resets: 1, Limits: []string{"one direction only"}})
	same(t, got, `## 1 reset in 2 packets, 1 connection, 1 file: 1 port-closed

### frame 2: 192.0.2.2.80 reset 192.0.2.1.40001: port-closed (possible)

`+"```text"+`
* 1  -0.001000  192.0.2.1.40001 > 192.0.2.2.80: S seq 0 win 64240
> 2  +0.000000  192.0.2.2.80 > 192.0.2.1.40001: R. seq 0 ack 1 win 0
`+"```"+`

- **that is**: the SYN met a port on which nothing listens
- **sender**: the responder (likely)
- **effect**: accepted in SYN-SENT
- **evidence**:
  - frame 1: SYN, sequence number 7
  - frame 2: RST+ACK of that SYN
- **excluded**: abortive-close: there was no connection yet (frames 1 2)
- **or**: firewall-reject-syn by a middlebox (possible): no other packet of 192.0.2.2 to compare with
- **seen**: server.pcapng frame 3 too
- **next**: capture at 192.0.2.2 too

### What limits this

- cut.pcap: read packet 3 at byte 168: unexpected EOF
- one direction only
`)
}

func TestMarkdownOfAnAnalysisShowsAllAsItIs(t *testing.T) {
	records := hostileAnalysis()
	page := rendered(t, analysis(t, "md", Style{Files: true}, records...))
	nothingElse(t, page)
	titles, items := texts(page, atom.H3), texts(page, atom.Li)
	v := records[0].(*analyzer.Verdict)
	if want := clean(v.File + " frame 2: " + headline(v)); titles[0] != want {
		t.Errorf("the title is %q, want %q", titles[0], want)
	}
	for _, f := range facts(v) {
		for _, value := range f.values {
			if !slices.Contains(items, clean(value)) && !slices.Contains(items, f.key+": "+clean(value)) {
				t.Errorf("%s is not shown as %q, in %q", f.key, value, items)
			}
		}
	}
}

func TestBlockOfMarkdownHoldsBackticks(t *testing.T) {
	for _, s := range []string{"a", "`", "``a`", "a``` b", "```\n<b>", ""} {
		page := rendered(t, mdBlock(s)+"\nafter\n")
		if got := texts(page, atom.Pre); len(got) != 1 || got[0] != Clean(s)+"\n" {
			t.Errorf("%q is shown as %q", s, got)
		}
	}
}
