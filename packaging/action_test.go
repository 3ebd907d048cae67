package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"
)

// action is action.yml: the keys that GitHub documents for a composite action,
// under "Metadata syntax reference".
type action struct {
	Name        string
	Description string
	Author      string
	Inputs      map[string]struct {
		Description        string
		Default            string
		Required           bool
		DeprecationMessage string `yaml:"deprecationMessage"`
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID               string
			If               string
			Name             string
			Uses             string
			With             map[string]string
			Run              string
			Shell            string
			Env              map[string]string
			WorkingDirectory string `yaml:"working-directory"`
			ContinueOnError  bool   `yaml:"continue-on-error"`
		}
	}
	Branding struct{ Icon, Color string }
}

func readAction(t *testing.T) (action, string) {
	t.Helper()
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

// submatches are the words that a pattern's group finds, each once, in order.
func submatches(pattern, text string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestActionIsWhole(t *testing.T) {
	a, text := readAction(t)
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatalf("action.yml lacks what a composite action must have: %+v", a)
	}
	declared := slices.Sorted(maps.Keys(a.Inputs))
	if used := submatches(`\binputs\.([a-z-]+)`, text); !slices.Equal(used, declared) {
		t.Errorf("inputs used are %q, declared are %q", used, declared)
	}
	for name, input := range a.Inputs {
		if input.Description == "" {
			t.Errorf("input %s has no description", name)
		}
	}
	var ids []string
	for i, step := range a.Runs.Steps {
		if (step.Run == "") == (step.Uses == "") {
			t.Errorf("step %d: found run %q and uses %q, expected one of them", i, step.Run, step.Uses)
		}
		if step.Uses != "" && !regexp.MustCompile(`^actions/[a-z-]+@v\d+$`).MatchString(step.Uses) {
			t.Errorf("step %d uses %s, expected one of GitHub's own at a major version", i, step.Uses)
		}
		if step.ID != "" {
			ids = append(ids, step.ID)
		}
		if step.Run == "" {
			continue
		}
		if step.Shell != "bash" {
			t.Errorf("step %d has shell %q, which is required", i, step.Shell)
		}
		// What comes from outside reaches a script by its environment; in the
		// text of a command it could be a command.
		script, found := strings.CutPrefix(step.Run, `"$GITHUB_ACTION_PATH/`)
		script, whole := strings.CutSuffix(script, `"`)
		if !found || !whole {
			t.Errorf("step %d runs %q, expected a script of the action's", i, step.Run)
			continue
		}
		body, err := os.ReadFile(filepath.Join("..", script))
		if err != nil {
			t.Error(err)
			continue
		}
		for name := range step.Env {
			if name != "GH_TOKEN" && !strings.Contains(string(body), name) {
				t.Errorf("%s doesn't use %s", script, name)
			}
		}
	}
	if used := submatches(`\bsteps\.([a-z-]+)\.`, text); !slices.Equal(used, ids) {
		t.Errorf("steps used are %q, those with an id are %q", used, ids)
	}
}

// TestGuideToCI holds docs/ci.md against the action, and its workflows against
// GitHub's syntax.
func TestGuideToCI(t *testing.T) {
	a, _ := readAction(t)
	text, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| input | means |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if told, declared := submatches("(?m)^\\| `([a-z-]+)`", table), slices.Sorted(maps.Keys(a.Inputs)); !slices.Equal(told, declared) {
		t.Errorf("the guide tells of the inputs %q, declared are %q", told, declared)
	}
	workflows := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[1], "\njobs:\n") {
			if err := yaml.Unmarshal([]byte(m[1]), new(any)); err != nil {
				t.Error(err)
			}
			continue
		}
		workflows++
		for with := range declaredBy(t, m[1], "OWNER/rstlab@") {
			if _, declared := a.Inputs[with]; !declared {
				t.Errorf("a workflow of the guide gives %q, which is no input", with)
			}
		}
		linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		problems, err := linter.Lint("docs/ci.md", []byte(m[1]), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Error(p)
		}
	}
	if workflows != 2 {
		t.Errorf("found %d workflows, expected 2", workflows)
	}
}

// declaredBy are the inputs that a workflow gives to actions whose name begins
// so.
func declaredBy(t *testing.T, workflow, action string) map[string]string {
	t.Helper()
	var w struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(workflow), &w); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for _, job := range w.Jobs {
		for _, step := range job.Steps {
			if strings.HasPrefix(step.Uses, action) {
				maps.Copy(given, step.With)
			}
		}
	}
	if len(given) == 0 {
		t.Errorf("no step uses %s", action)
	}
	return given
}

// TestActionInstallsRelease gives the script a gh that has a release in a
// folder.
func TestActionInstallsRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the programs of a Linux runner")
	}
	release, fake := t.TempDir(), t.TempDir()
	program := file{name: "rstlab", body: []byte("#!/bin/sh\necho rstlab v1.2.3\n"), mode: 0o755}
	if err := writeArchive(filepath.Join(release, "rstlab_1.2.3_linux_arm64"), "linux", []file{program, {name: "README.md", mode: 0o644}}, commitTime); err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(filepath.Join(release, "rstlab_1.2.3_linux_arm64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	gh := "#!/bin/sh\n[ \"$1 $2 $3 $4 $5\" = 'release download v1.2.3 --repo some/where' ] || exit 9\ncp '" + release + "'/* .\n"
	if err := os.WriteFile(filepath.Join(fake, "gh"), []byte(gh), 0o755); err != nil {
		t.Fatal(err)
	}
	good := fmt.Sprintf("%x  rstlab_1.2.3_linux_arm64.tar.gz\n", sha256.Sum256(archive))
	for _, test := range []struct{ name, sums, says string }{
		{"as it was released", good, "rstlab v1.2.3"},
		{"not what was released", strings.Repeat("0", 64) + good[64:], "FAILED"},
		{"not named", strings.Replace(good, "arm64", "amd64", 1), "doesn't name rstlab_1.2.3_linux_arm64.tar.gz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(release, sumsName), []byte(test.sums), 0o644); err != nil {
				t.Fatal(err)
			}
			temp := t.TempDir()
			paths := filepath.Join(temp, "paths")
			cmd := exec.Command("../ci/action-install")
			cmd.Env = append(os.Environ(), "PATH="+fake+":"+os.Getenv("PATH"), "RUNNER_TEMP="+temp, "RUNNER_OS=Linux", "RUNNER_ARCH=ARM64",
				"GITHUB_PATH="+paths, "VERSION=v1.2.3", "REPOSITORY=some/where", "TMPDIR="+temp)
			out, err := cmd.CombinedOutput()
			if !strings.Contains(string(out), test.says) {
				t.Errorf("says %q, expected %q in it", out, test.says)
			}
			added, _ := os.ReadFile(paths)
			wanted := test.says == "rstlab v1.2.3"
			if (err == nil) != wanted || (string(added) == filepath.Join(temp, "rstlab-bin")+"\n") != wanted {
				t.Errorf("ends with %v, and adds %q to the path", err, added)
			}
		})
	}
}
