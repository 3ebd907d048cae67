package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"rstlab/internal/play"
)

// junitRun writes a run as JUnit XML, the form that Jenkins, GitLab and others
// read: one suite, a test case for each scenario, its family as the class. It
// has counts at its head and therefore is written at the end.
type junitRun struct {
	w     io.Writer
	names names
	cases []junitCase
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suite junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"` // seconds
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Error   *junitReason  `xml:"error"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitReason  `xml:"skipped"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
}

func newJUnitRun(w io.Writer, _ Style) Run { return &junitRun{w: w, names: names{}} }

func (j *junitRun) Result(r *play.Result) error {
	c := junitCase{Name: j.names.unique(r.Name), Class: "rstlab", Time: seconds(r.Seconds), File: clean(r.Path), Line: r.Line}
	if r.Family != "" {
		c.Class += "." + clean(r.Family)
	}
	switch r.Result {
	case play.Fail:
		c.Failure = &junitFailure{Message: clean(r.Why), Type: "mismatch", Text: story(r)}
	case play.Skip:
		c.Skipped = &junitReason{clean(r.Why)}
	case play.Pass:
	}
	j.cases = append(j.cases, c)
	return nil
}

func (j *junitRun) Summary(s play.RunSummary) error {
	counts := junitCounts{Tests: s.Passed + s.Failed + s.Skipped, Failures: s.Failed, Skipped: s.Skipped, Time: seconds(s.Seconds)}
	if s.Unplayed > 0 {
		counts.Tests++
		counts.Errors++
		j.cases = append(j.cases, junitCase{Name: j.names.unique("the whole run"), Class: "rstlab", Time: seconds(0), Error: &junitReason{unplayed(s)}})
	}
	doc := junitSuites{Name: "rstlab run", junitCounts: counts, Suite: junitSuite{Name: "rstlab", junitCounts: counts,
		Properties: []junitProperty{{"kernel", clean(s.Kernel)}}, Cases: j.cases}}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.w, "%s%s\n", xml.Header, text)
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// story is a failure as a person reads it, fit to be shown.
func story(r *play.Result) string {
	if r.Story == "" {
		return clean(r.Why)
	}
	return Clean(r.Story)
}

// names tells scenarios apart that have one name, as with --repeat: a reader
// that finds a name twice keeps one result of the two.
type names map[string]int

func (n names) unique(name string) string {
	name = clean(name)
	n[name]++
	if n[name] == 1 {
		return name
	}
	return n.unique(fmt.Sprintf("%s (%d)", name, n[name]))
}
