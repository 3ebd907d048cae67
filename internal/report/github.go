package report

import (
	"crypto/rand"
	"io"
	"strconv"
	"strings"

	"rstlab/internal/play"
)

// githubRun writes a run for the log of a GitHub workflow: the text, and at the
// end an annotation for each failure and skip. What the text holds can be no
// command: workflow commands are stopped while it is written.
type githubRun struct {
	text
	log      Run
	token    string // resumes the commands; not to be guessed
	stopped  bool
	commands []string
}

func newGitHubRun(w io.Writer, s Style) Run {
	return &githubRun{text: text{w: w}, log: newTextRun(w, s), token: rand.Text()}
}

func (g *githubRun) Result(r *play.Result) error {
	title := "rstlab: " + clean(r.Name)
	switch r.Result {
	case play.Fail:
		var place string
		if r.Path != "" {
			place = "file=" + property(r.Path) + ","
			if r.Line != 0 {
				place += "line=" + strconv.Itoa(r.Line) + ","
			}
		}
		g.commands = append(g.commands, "::error "+place+"title="+property(title)+"::"+data(story(r)))
	case play.Skip:
		g.commands = append(g.commands, "::notice title="+property(title+" was skipped")+"::"+data(clean(r.Why)))
	case play.Pass:
	}
	if err := g.stop(); err != nil {
		return err
	}
	return g.log.Result(r)
}

func (g *githubRun) stop() error {
	if g.stopped {
		return nil
	}
	g.stopped = true
	g.printf("::stop-commands::%s\n", g.token)
	return g.flush()
}

func (g *githubRun) Summary(s play.RunSummary) error {
	if err := g.stop(); err != nil {
		return err
	}
	if err := g.log.Summary(s); err != nil {
		return err
	}
	g.printf("::%s::\n", g.token)
	if s.Unplayed > 0 {
		g.commands = append(g.commands, "::error title=rstlab::"+data(unplayed(s)))
	}
	for _, c := range g.commands {
		g.printf("%s\n", c)
	}
	return g.flush()
}

// data is s as the message of a workflow command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property is s as the value of a workflow command's property.
func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(clean(s))
}
