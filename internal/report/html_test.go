package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/play"
)

// parsed parses a page and checks what holds for all: it refers to nothing
// outside, its ids are unique, its links lead somewhere, its elements are
// closed, and it has one script, one style and no handler in an attribute.
func parsed(t *testing.T, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	count, ids := map[string]int{}, map[string]bool{}
	var links []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("id %q stands twice", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href":
				links = append(links, a.Val)
			case a.Key == "aria-labelledby":
				links = append(links, "#"+a.Val)
			case a.Key == "src" || a.Key == "srcset" || a.Key == "action" || a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, l := range links {
		if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
			t.Errorf("a link leads to %q", l)
		}
	}
	for _, name := range []string{"img", "link", "iframe", "object", "base", "use", "image", "foreignobject", "animate"} {
		if count[name] > 0 {
			t.Errorf("%d <%s>", count[name], name)
		}
	}
	if count["script"] != 1 || count["style"] != 1 || count["title"] == 0 || count["h1"] != 1 || count["main"] != 1 {
		t.Errorf("elements %v", count)
	}
	if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "url(") || strings.Contains(page, "@import") {
		t.Error("something was filtered, or the style refers to a file")
	}
	balanced(t, page)
	return doc
}

// balanced checks that each element is closed where it was opened.
func balanced(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(open) > 0 {
				t.Errorf("the page ends with %v open, %v", open, z.Err())
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "meta", "input":
			default:
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Errorf("</%s> in %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

// reads is what a reader sees of a node.
func reads(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func has(t *testing.T, page *html.Node, words ...string) {
	t.Helper()
	all := reads(page)
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("%q is not in %s", w, all)
		}
	}
}

// judged writes the page of captures of the golden set.
func judged(t *testing.T, files ...string) string {
	t.Helper()
	var inputs []analyzer.Input
	for _, f := range files {
		b, err := os.ReadFile("../../golden/" + f)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, analyzer.Input{Name: f, R: bytes.NewReader(b)})
	}
	var b bytes.Buffer
	out := NewAnalysis("html", &b, Style{Files: len(files) > 1})
	if err := analyzer.Analyze(context.Background(), inputs, analyzer.Options{Connections: true}, out.Record); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTMLTellsTheVerdict(t *testing.T) {
	page := parsed(t, analysis(t, "html", Style{}, refused(), &analyzer.Summary{Type: "summary", Files: 1, Packets: 2, Connections: 1, Resets: 1, Limits: []string{"no handshake: 1 of 1"}}))
	has(t, page, "Possibly: the SYN met a port on which nothing listens.", "192.0.2.2.80 reset 192.0.2.1.40001", "1 reset to look into",
		"the responder (likely)", "accepted in SYN-SENT", "frame 1 : SYN, sequence number 7", "abortive-close there was no connection yet (frames 1 2)",
		"firewall-reject-syn by a middlebox, possible no other packet", "Capture at 192.0.2.2 too", "R. seq 0 ack 1 win 0", "no handshake: 1 of 1")
}

func TestHTMLOfTwoPoints(t *testing.T) {
	page := judged(t, "inline-policy-both-ends/client.pcapng", "inline-policy-both-ends/server.pcapng")
	has(t, parsed(t, page), "A device on the path cut a connection", "never came by at inline-policy-both-ends/server.pcapng", "capture point client.pcapng", "made on the way")
	if !strings.Contains(page, `class="broken"`) || !strings.Contains(page, `class="made"`) {
		t.Error("no broken arrow, or none that begins on the way")
	}
	if again := judged(t, "inline-policy-both-ends/client.pcapng", "inline-policy-both-ends/server.pcapng"); again != page {
		t.Error("the page is another one the second time")
	}
}

func TestHTMLWithoutAReset(t *testing.T) {
	has(t, parsed(t, judged(t, "graceful-close/client.pcapng")), "No TCP reset was found.", "There is no reset to judge.", "graceful-close")
}

// markup is what an attacker would put wherever a capture or scenario can hold
// text.
const markup = "\"'`><script>boom()</script><img src=x onerror=boom()></title></style><svg onload=boom()>{{.}}&lt;\x1b[2J\u202e;javascript:boom()"

// poison puts the hostile text into every string that v leads to.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(markup)
		}
	}
}

func TestHTMLEscapesAll(t *testing.T) {
	for name, page := range map[string]string{"analysis": poisonedAnalysis(t), "run": poisonedRun(t)} {
		t.Run(name, func(t *testing.T) {
			doc := parsed(t, page)
			if n := strings.Count(reads(doc), "<script>boom()</script>"); n < 5 {
				t.Errorf("the text stands %d times", n)
			}
		})
	}
}

// poisonedAnalysis has hostile text in all that comes from a capture. Points
// and files differ by their end, so that the diagram has points.
func poisonedAnalysis(t *testing.T) string {
	t.Helper()
	var all []analyzer.Record
	for i := range 12 {
		v := refused()
		v.After = &analyzer.After{Frame: 1}
		v.Points = []string{"", ""}
		v.Packets[0].Also, v.Packets[0].Missed = []analyzer.Passage{{Frame: 9}}, []string{""}
		poison(reflect.ValueOf(v))
		v.Points[1] += "2"
		v.Packets[0].Missed[0] += "2"
		v.Details = map[string]any{markup: markup}
		v.Packets[1].Marks = []string{"reset", "evidence"}
		v.Sender = []analyzer.Sender{analyzer.Middlebox, analyzer.Responder, markup}[i%3]
		v.Time = v.Time.Add(time.Duration(i) * time.Second)
		v.Connection.Responder += fmt.Sprint(i % 5)
		all = append(all, v)
	}
	finding := &analyzer.Finding{Count: 3, Frames: []int{1}}
	connection := &analyzer.Connection{ICMP: &analyzer.ICMPError{}}
	broken, sum := &analyzer.Error{Frame: 3}, &analyzer.Summary{Resets: 12, Limits: []string{""}}
	for _, r := range []analyzer.Record{finding, connection, broken, sum} {
		poison(reflect.ValueOf(r))
		all = append(all, r)
	}
	return analysis(t, "html", Style{Files: true}, all...)
}

func poisonedRun(t *testing.T) string {
	t.Helper()
	results := []*play.Result{passed(), failed(), skipped(), control()}
	for _, r := range results {
		r.Labels, r.Captures = []string{""}, []string{""}
		result := r.Result
		poison(reflect.ValueOf(r))
		r.Result = result
	}
	sum := play.RunSummary{Passed: 2, Failed: 1, Skipped: 1, Kernel: markup}
	return run(t, "html", Style{}, sum, results...)
}

// many are verdicts on n resets in so many connections, of all causes, between
// hosts that differ.
func many(n, connections int) []analyzer.Record {
	causes := cause.Table()
	var all []analyzer.Record
	for i := range n {
		v := refused()
		c := i % connections
		v.Cause, v.Frame, v.Time = causes[c%(len(causes)-1)].ID, 2*i+2, at.Add(time.Duration(i)*time.Millisecond)
		v.Connection.ID = c
		v.Connection.Originator, v.Connection.Responder = fmt.Sprintf("10.0.%d.%d:%d", c/250, c%250+1, 40000+c), fmt.Sprintf("192.0.2.%d:%d", c%200+1, 80+c)
		v.Sender = []analyzer.Sender{analyzer.Originator, analyzer.Responder, analyzer.Middlebox}[c%3]
		v.Strength = cause.Strength(1 + c%3)
		v.SenderAddress = v.Connection.Responder
		v.Benign = c%4 == 0
		v.Evidence[1].Frame = v.Frame
		for len(v.Packets) < 14 {
			v.Packets = append(v.Packets[:1:1], v.Packets...)
		}
		for p := range v.Packets {
			v.Packets[p].Frame = v.Frame - len(v.Packets) + p + 1
			v.Packets[p].Time = v.Time.Add(time.Duration(p-len(v.Packets)+1) * time.Millisecond)
		}
		all = append(all, v)
	}
	return append(all, &analyzer.Summary{Type: "summary", Files: 1, Packets: int64(4 * n), Connections: connections, Resets: n})
}

// A page stays bounded, and says what it leaves out.
func TestHTMLIsBounded(t *testing.T) {
	page := analysis(t, "html", Style{}, many(4200, 2100)...)
	has(t, parsed(t, page), "200 resets of further kinds are not shown", "The last 1700 kinds have no diagram here", "3150 resets to look into, 1050 more benign")
	page = analysis(t, "html", Style{}, many(5000, 1000)...)
	if n := len(page) / 1e6; n > 12 {
		t.Errorf("5000 resets of 1000 connections take %d MB", n)
	}
	t.Logf("5000 resets of 1000 connections: %d kB", len(page)/1000)
}

func TestHTMLOfARunHasFailuresFirst(t *testing.T) {
	page := parsed(t, run(t, "html", Style{}, play.RunSummary{Type: "run", Passed: 2, Failed: 1, Skipped: 1, Seconds: 3.14, Kernel: "6.18.44"},
		passed(), control(), skipped(), failed()))
	has(t, page, "1 of 3 scenarios failed.", "2 passed, 1 failed, 1 skipped", "server.5000 > client.40001: R. seq 1", "port-closed by server", "NO_SOCKET at server",
		"port-closed (possible) by the responder (likely) at client, server", "needs root of the machine", "its counters agree")
	var names []string
	for n := range page.Descendants() {
		if n.Data == "tbody" {
			for _, a := range n.Attr {
				if a.Key == "data-name" {
					names = append(names, a.Val)
				}
			}
		}
	}
	same(t, strings.Join(names, " "), "abortive-close needs-root port-closed graceful-close")
}

// However many hosts there are, the page stays one that a browser can show.
func TestPageOfManyHosts(t *testing.T) {
	const n = 2 * maxHTMLPairs
	var page bytes.Buffer
	a := newHTMLAnalysis(&page, Style{})
	for i := range n {
		v := refused()
		v.Frame = i + 1
		v.Connection.Originator = fmt.Sprintf("10.0.%d.%d:%d", i/250, i%250, 1024+i)
		v.Connection.Responder = fmt.Sprintf("192.0.2.2:%d", 1+i)
		v.SenderAddress = v.Connection.Responder
		if err := a.Record(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Record(&analyzer.Summary{Packets: 2 * n, Connections: n, Resets: n, Files: 1}); err != nil {
		t.Fatal(err)
	}
	parsed(t, page.String())
	for _, want := range []string{"1000 hosts or more", "(1000 ports or more)", otherHosts, fmt.Sprintf(`data-count="%d"`, n)} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if page.Len() > 1<<20 {
		t.Errorf("the page has %d bytes", page.Len())
	}
}
