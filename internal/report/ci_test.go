package report

import (
	"regexp"
	"strings"
	"testing"

	"rstlab/internal/play"
)

// everyEnd is a run in which scenarios ended in all ways.
func everyEnd() (play.RunSummary, []*play.Result) {
	return play.RunSummary{Type: "run", Passed: 2, Failed: 1, Skipped: 1, Seconds: 5.2, Kernel: "6.18.44"},
		[]*play.Result{passed(), control(), failed(), skipped()}
}

func TestJUnitOfARun(t *testing.T) {
	sum, results := everyEnd()
	same(t, run(t, "junit", Style{}, sum, results...), `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="rstlab run" tests="4" failures="1" errors="0" skipped="1" time="5.200">
  <testsuite name="rstlab" tests="4" failures="1" errors="0" skipped="1" time="5.200">
    <properties>
      <property name="kernel" value="6.18.44"></property>
    </properties>
    <testcase name="port-closed" classname="rstlab.connect" time="0.120"></testcase>
    <testcase name="graceful-close" classname="rstlab.closing" time="0.100"></testcase>
    <testcase name="abortive-close" classname="rstlab.established" time="5.000" file="abortive-close.scenario" line="14">
      <failure message="abortive-close.scenario:14: no such packet" type="mismatch"><![CDATA[abortive-close.scenario:14: no such packet
	server.5000 > client.40001: R. seq 1
  script   abortive-close by server
  kernel   no reset sent by any host
  analyzer no reset in client.pcapng]]></failure>
    </testcase>
    <testcase name="needs-root" classname="rstlab" time="0.000">
      <skipped message="needs root of the machine, this run is rootless"></skipped>
    </testcase>
  </testsuite>
</testsuites>
`)
}

// A reader that finds a name twice keeps one of the two: the failure must not
// be the one that is lost.
func TestJUnitNamesAreUnique(t *testing.T) {
	twice := passed()
	twice.Name = "port-closed (2)"
	got := run(t, "junit", Style{}, play.RunSummary{Passed: 4}, passed(), twice, passed(), passed())
	for _, want := range []string{`"port-closed"`, `"port-closed (2)"`, `"port-closed (2) (2)"`, `"port-closed (3)"`} {
		if strings.Count(got, "<testcase name="+want) != 1 {
			t.Errorf("not one case %s in\n%s", want, got)
		}
	}
}

func TestTAPOfARun(t *testing.T) {
	sum, results := everyEnd()
	same(t, run(t, "tap", Style{}, sum, results...), `TAP version 14
ok 1 - port-closed
  ---
  duration_ms: 120
  ...
ok 2 - graceful-close
  ---
  duration_ms: 100
  ...
not ok 3 - abortive-close
  ---
  duration_ms: 5000
  severity: fail
  message: "abortive-close.scenario:14: no such packet"
  at:
    file: "abortive-close.scenario"
    line: 14
  story: |
    abortive-close.scenario:14: no such packet
    	server.5000 > client.40001: R. seq 1
      script   abortive-close by server
      kernel   no reset sent by any host
      analyzer no reset in client.pcapng
  ...
ok 4 - needs-root # SKIP needs root of the machine, this run is rootless
  ---
  duration_ms: 0
  ...
1..4
# 2 passed, 1 failed, 1 skipped
# 5.2 seconds on Linux 6.18.44
`)
	same(t, run(t, "tap", Style{}, play.RunSummary{Kernel: "6.18.44"}),
		"TAP version 14\n1..0\n# 0 passed, 0 failed, 0 skipped\n# 0.0 seconds on Linux 6.18.44\n")
}

func TestMarkdownOfARun(t *testing.T) {
	sum, results := everyEnd()
	same(t, run(t, "md", Style{}, sum, results...), "## rstlab: 2 passed, 1 failed, 1 skipped\n"+`
5.2 seconds on Linux 6.18.44

### Failed: abortive-close

`+"```text"+`
abortive-close.scenario:14: no such packet
	server.5000 > client.40001: R. seq 1
  script   abortive-close by server
  kernel   no reset sent by any host
  analyzer no reset in client.pcapng
`+"```"+`

### Skipped

| scenario | why |
|---|---|
| needs-root | needs root of the machine, this run is rootless |

### Passed

| scenario | family | seconds |
|---|---|--:|
| port-closed | connect | 0.12 |
| graceful-close | closing | 0.10 |
`)
}

// A summary that is too long is not shown at all.
func TestMarkdownOfManyFailuresIsBounded(t *testing.T) {
	long := failed()
	long.Story = strings.Repeat(long.Story, 1000)
	var results []*play.Result
	for range 100 {
		results = append(results, long)
	}
	got := run(t, "md", Style{}, play.RunSummary{Failed: len(results)}, results...)
	if n := strings.Count(got, "### Failed: abortive-close"); n != len(results) || len(got) > 1<<20 {
		t.Errorf("%d failures are told in %d bytes, want %d in less than a megabyte", n, len(got), len(results))
	}
}

// A command is one of a workflow: the rules are those of GitHub's toolkit,
// which writes them, and runner, which reads them.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// workflow reads a log as GitHub's runner does, and tells its commands from its
// text.
func workflow(t *testing.T, log string) (commands []command, text string) {
	t.Helper()
	stopped := ""
	for line := range strings.Lines(log) {
		name, rest, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "::"), "::")
		isCommand := found && strings.HasPrefix(strings.TrimSpace(line), "::")
		switch {
		case stopped != "" && isCommand && name == stopped:
			stopped = ""
		case stopped != "" || !isCommand:
			text += line
		case name == "stop-commands":
			stopped = rest
		default:
			commands = append(commands, parseCommand(t, name, rest))
		}
	}
	if stopped != "" {
		t.Error("the commands stay stopped")
	}
	return commands, text
}

func parseCommand(t *testing.T, head, rest string) command {
	t.Helper()
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace
	c := command{properties: map[string]string{}, data: strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(strings.TrimSuffix(rest, "\n"))}
	var list string
	c.name, list, _ = strings.Cut(head, " ")
	for part := range strings.SplitSeq(list, ",") {
		key, value, found := strings.Cut(part, "=")
		if !found {
			t.Errorf("no property: %q in %q", part, head)
		}
		c.properties[key] = unescape(value)
	}
	return c
}

func TestGitHubAnnotates(t *testing.T) {
	sum, results := everyEnd()
	log := run(t, "github", Style{}, sum, results...)
	commands, text := workflow(t, log)
	if want := run(t, "text", Style{}, sum, results...); text != want {
		t.Errorf("the log has\n%s\nwant the text\n%s", text, want)
	}
	if len(commands) != 2 {
		t.Fatalf("%d annotations for a failure and a skip: %q", len(commands), commands)
	}
	fail, skip := commands[0], commands[1]
	if fail.name != "error" || fail.properties["file"] != "abortive-close.scenario" || fail.properties["line"] != "14" ||
		fail.properties["title"] != "rstlab: abortive-close" || fail.data != strings.TrimSuffix(results[2].Story, "\n") {
		t.Errorf("the failure is annotated as %q", fail)
	}
	if skip.name != "notice" || skip.properties["title"] != "rstlab: needs-root was skipped" || skip.data != results[3].Why {
		t.Errorf("the skip is annotated as %q", skip)
	}
}

// A failure in the catalogue's own file has no place in the user's repository.
func TestGitHubNamesNoFileOfTheCatalogue(t *testing.T) {
	r := failed()
	r.Path = ""
	commands, _ := workflow(t, run(t, "github", Style{}, play.RunSummary{Failed: 1}, r))
	if p := commands[0].properties; p["file"] != "" || p["line"] != "" || p["title"] == "" {
		t.Errorf("annotated with %q", p)
	}
}

// What a scenario or capture says is no command of the workflow, and the word
// that lets commands through again can't be known before.
func TestGitHubObeysNoCommandOfOthers(t *testing.T) {
	sum, results := hostileRun()
	log := run(t, "github", Style{}, sum, results...)
	commands, _ := workflow(t, log)
	if len(commands) != 2 || commands[0].name != "error" || commands[1].name != "notice" {
		t.Errorf("%d commands, want those of a failure and a skip: %q", len(commands), commands)
	}
	if want := clean(results[0].Path); commands[0].properties["file"] != want {
		t.Errorf("file is %q, want %q", commands[0].properties["file"], want)
	}
	token := regexp.MustCompile(`(?m)^::stop-commands::(.+)$`)
	again := token.FindStringSubmatch(run(t, "github", Style{}, sum, results...))
	if first := token.FindStringSubmatch(log); first == nil || again == nil || first[1] == again[1] || len(first[1]) < 20 {
		t.Errorf("the word that resumes the commands is %q, then %q", first, again)
	}
}

// A run that was ended before its end is not taken for a whole one.
func TestARunThatWasEndedIsNoSuccess(t *testing.T) {
	sum := play.RunSummary{Type: "run", Passed: 1, Unplayed: 2, Kernel: "6.18.44"}
	for format, want := range map[string]string{
		"text":   "1 passed, 0 failed, 0 skipped, 2 not played\n",
		"jsonl":  `"unplayed":2`,
		"junit":  `<error message="the run was ended before 2 scenarios"></error>`,
		"tap":    "\n1..3\n# 1 passed, 0 failed, 0 skipped, 2 not played\n# 0.0 seconds on Linux 6.18.44\nBail out! the run was ended before 2 scenarios\n",
		"md":     "## rstlab: 1 passed, 0 failed, 0 skipped, 2 not played\n",
		"github": "::error title=rstlab::the run was ended before 2 scenarios\n",
		"html":   "1 passed, 0 failed, 0 skipped, 2 not played",
	} {
		if got := run(t, format, Style{}, sum, passed()); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", format, want, got)
		}
	}
}
