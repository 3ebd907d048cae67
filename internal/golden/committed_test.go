package golden

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rstlab/scenarios"
)

// The golden set of the project.
const committed = "../../golden"

func openCommitted(t *testing.T) *Set {
	t.Helper()
	s, err := Open(committed)
	if err != nil {
		t.Fatalf("%v; make golden writes it", err)
	}
	return s
}

// The analyzer says of the golden captures what it said when they were
// written: make golden accepts another word, after showing it.
func TestVerdictsOnTheGoldenSet(t *testing.T) {
	s := openCommitted(t)
	for _, name := range s.Scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, err := s.Case(name)
			if err != nil {
				t.Fatal(err)
			}
			var captures []capture
			for _, l := range was.Labels {
				data, ok := was.file(l.Capture)
				if !ok {
					t.Fatalf("no %s", l.Capture)
				}
				captures = append(captures, capture{l.Tap, data})
			}
			taps := [][]string{}
			for _, c := range captures {
				taps = append(taps, []string{c.tap})
			}
			for _, v := range was.Verdicts {
				if !slices.ContainsFunc(taps, func(have []string) bool { return slices.Equal(have, v.Taps) }) {
					taps = append(taps, v.Taps)
				}
			}
			now := &Case{Name: name}
			for _, set := range taps {
				v, err := judge(t.Context(), among(captures, set), func(p Place) int { return p.Frame })
				if err != nil {
					t.Fatal(err)
				}
				now.Verdicts = append(now.Verdicts, v...)
			}
			if lines := diffVerdicts(was.Verdicts, now.Verdicts); len(lines) > 0 {
				t.Error(strings.Join(lines, "\n"))
			}
		})
	}
}

func TestLabelsKeepTheirSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	label, err := compiler.Compile("../../docs/schema/label.json")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := compiler.Compile("../../docs/schema/label.json#/$defs/entry")
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := compiler.Compile("../../docs/schema/label.json#/$defs/verdict")
	if err != nil {
		t.Fatal(err)
	}
	check := func(s *jsonschema.Schema, what string, data []byte) {
		t.Helper()
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err == nil {
			err = s.Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %#v", what, err)
		}
	}
	s := openCommitted(t)
	var all []Entry
	for _, name := range s.Scenarios() {
		c, err := s.Case(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.Labels {
			data, _ := c.file(labelName(l.Capture))
			check(label, name+"/"+l.Capture, data)
		}
		verdicts, _ := c.file(verdictsFile)
		for line := range bytes.Lines(verdicts) {
			check(verdict, name+"/"+verdictsFile, line)
		}
		all = append(all, c.entries()...)
	}
	index, err := os.ReadFile(filepath.Join(committed, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(index) {
		check(entry, "index", line)
	}
	sortEntries(all)
	if !reflect.DeepEqual(all, s.Index) {
		t.Error("the index does not say what the labels say")
	}
	for what, data := range map[string]string{
		"a label without a truth": `{"schema":1,"scenario":"x","family":"y","summary":"","source":[],"tap":"t","capture":"t.pcapng","frames":1,"actors":[{"name":"a","kind":"host","addresses":[]}],"resets":[{"frame":1}]}`,
		"a label of nobody":       `{"schema":1,"scenario":"x","family":"y","summary":"","source":[],"tap":"t","capture":"t.pcapng","frames":1,"actors":[],"resets":[]}`,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if label.Validate(v) == nil {
			t.Errorf("the schema takes %s", what)
		}
	}
}

// The set stays small enough for everybody's checkout.
func TestGoldenSetIsSmall(t *testing.T) {
	const most = 5 << 20
	s := openCommitted(t)
	total := 0
	for _, name := range s.Scenarios() {
		c, err := s.Case(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Files {
			total += len(f.Data)
		}
	}
	for _, f := range []string{indexFile, withoutFile, machineFile} {
		info, err := os.Stat(filepath.Join(committed, f))
		if err != nil {
			t.Fatal(err)
		}
		total += int(info.Size())
	}
	if total > most {
		t.Errorf("the golden set has %d bytes, %d at most", total, most)
	}
}

// Nearly all scenarios have golden files; who has none is known by name.
func TestFewAreWithout(t *testing.T) {
	files, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	var listed []Absent
	for _, f := range files {
		if why := Without(f); why != "" {
			listed = append(listed, Absent{f.Name, why})
		}
	}
	if len(listed)*10 > len(files) {
		t.Errorf("%d of %d scenarios have no golden files, a tenth at most", len(listed), len(files))
	}
	slices.SortFunc(listed, func(a, b Absent) int { return strings.Compare(a.Scenario, b.Scenario) })
	if s := openCommitted(t); !slices.Equal(listed, s.Without) {
		t.Errorf("the golden set leaves out %v, want %v", s.Without, listed)
	}
}

// Other tools read the golden captures, and find nothing wrong with them.
func TestOthersReadTheGoldenSet(t *testing.T) {
	s := openCommitted(t)
	all := filepath.Join(t.TempDir(), "all.pcapng")
	out, err := os.Create(all)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	bad := map[string]int{} // resets and others that a script spoiled on purpose
	packets := 0
	for _, name := range s.Scenarios() {
		c, err := s.Case(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.Labels {
			data, _ := c.file(l.Capture)
			if _, err := out.Write(data); err != nil { // sections may follow each other in a file
				t.Fatal(err)
			}
			packets += l.Frames
			lines, err := transcript(data, nil)
			if err != nil || len(lines) != l.Frames {
				t.Errorf("%s/%s has %d frames, its label says %d; %v", name, l.Capture, len(lines), l.Frames, err)
			}
			for _, line := range lines {
				if strings.Contains(line, "badsum") {
					bad[name]++
				}
			}
		}
	}
	spoiled := 0
	for _, n := range bad {
		spoiled += n
	}
	t.Run("tshark", func(t *testing.T) {
		run := func(filter string) int {
			return lines(t, "tshark", "-n", "-r", all, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y", filter, "-T", "fields", "-e", "frame.number")
		}
		if n := run("frame"); n != packets {
			t.Errorf("tshark reads %d packets, want %d", n, packets)
		}
		if n := run("ip.checksum.status == 0 || tcp.checksum.status == 0"); n != spoiled {
			t.Errorf("tshark finds %d wrong checksums, the scripts spoil %d", n, spoiled)
		}
	})
	t.Run("tcpdump", func(t *testing.T) {
		if n := lines(t, "tcpdump", "-nn", "-r", all); n != packets {
			t.Errorf("tcpdump reads %d packets, want %d", n, packets)
		}
	})
}

// lines counts what a program prints.
func lines(t *testing.T, name string, args ...string) int {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if strings.Contains(errs.String(), "Couldn't change to") {
		t.Skip("tcpdump gives up root's rights, which it can't in a user namespace")
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, errs.Bytes())
	}
	return bytes.Count(out, []byte("\n"))
}
