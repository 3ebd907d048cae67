package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var commitTime = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func TestReleasedVersion(t *testing.T) {
	for stamped, want := range map[string]string{
		"v1.2.3":                             "1.2.3",
		"v0.0.0-20261123100000-0123456789ab": "0.0.0-20261123100000-0123456789ab",
		"v1.2.3+dirty":                       "", // a tree with changes
		"(devel)":                            "", // built outside a clone
		"":                                   "",
	} {
		got, err := released(stamped)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is released as %q, %v; want %q", stamped, got, err, want)
		}
	}
}

// Of a file on disk only its bytes and whether it is a program may reach an
// archive.
func TestArchiveHasNothingOfThisMachine(t *testing.T) {
	dir := t.TempDir()
	var archives [2][]byte
	for i, mode := range []os.FileMode{0o600, 0o666} {
		path := filepath.Join(dir, "text")
		if err := os.WriteFile(path, []byte("text"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), commitTime.AddDate(i, 0, 0)); err != nil {
			t.Fatal(err)
		}
		f, err := fromDisk("text", path)
		if err != nil {
			t.Fatal(err)
		}
		files := []file{f, {name: "a/b", body: []byte("b"), mode: 0o755}}
		if i == 1 {
			slices.Reverse(files)
		}
		if err := writeArchive(filepath.Join(dir, "out"), "linux", files, commitTime); err != nil {
			t.Fatal(err)
		}
		if archives[i], err = os.ReadFile(filepath.Join(dir, "out.tar.gz")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same files differ")
	}
}

func TestWindowsArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rstlab_1.0.0_windows_amd64")
	if err := writeArchive(path, "windows", []file{{name: "rstlab.exe", body: []byte("MZ"), mode: 0o755}}, commitTime); err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(path + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.File) != 1 || r.File[0].Name != "rstlab_1.0.0_windows_amd64/rstlab.exe" || !r.File[0].Modified.Equal(commitTime) {
		t.Errorf("the archive holds %+v", r.File)
	}
}

func TestCompareNamesEachDifference(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for path, body := range map[string]string{
		filepath.Join(a, "same"): "x", filepath.Join(b, "same"): "x",
		filepath.Join(a, "other"): "abc", filepath.Join(b, "other"): "abd",
		filepath.Join(a, "gone"): "", filepath.Join(b, "new"): "",
	} {
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"gone: only in the first", "new: only in the second", "other: from byte 2 on"}
	if !slices.Equal(got, want) {
		t.Errorf("differences %q, want %q", got, want)
	}
}

func TestPackagePaths(t *testing.T) {
	files := []file{
		{name: "rstlab"}, {name: "LICENSE"}, {name: noticesName}, {name: "docs/ci.md"}, {name: "CHANGELOG.md"},
		{name: "man/rstlab-run.1"}, {name: "man/rstlab-causes.7"},
		{name: "completions/rstlab.bash"}, {name: "completions/_rstlab"}, {name: "completions/rstlab.fish"}, {name: "completions/rstlab.ps1"},
	}
	for format, want := range map[string]string{
		"deb": `/usr/bin/rstlab
/usr/share/bash-completion/completions/rstlab
/usr/share/doc/rstlab/NEWS.md
/usr/share/doc/rstlab/THIRD-PARTY-LICENSES
/usr/share/doc/rstlab/changelog.gz
/usr/share/doc/rstlab/completions/rstlab.ps1
/usr/share/doc/rstlab/copyright
/usr/share/doc/rstlab/docs/ci.md
/usr/share/fish/vendor_completions.d/rstlab.fish
/usr/share/lintian/overrides/rstlab
/usr/share/man/man1/rstlab-run.1.gz
/usr/share/man/man7/rstlab-causes.7.gz
/usr/share/zsh/vendor-completions/_rstlab`,
		"rpm": `/usr/bin/rstlab
/usr/share/bash-completion/completions/rstlab
/usr/share/doc/rstlab/LICENSE
/usr/share/doc/rstlab/NEWS.md
/usr/share/doc/rstlab/THIRD-PARTY-LICENSES
/usr/share/doc/rstlab/completions/rstlab.ps1
/usr/share/doc/rstlab/docs/ci.md
/usr/share/fish/vendor_completions.d/rstlab.fish
/usr/share/man/man1/rstlab-run.1.gz
/usr/share/man/man7/rstlab-causes.7.gz
/usr/share/zsh/site-functions/_rstlab`,
	} {
		placed, err := place(format, &nfpm.Info{MTime: commitTime}, files)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range placed {
			names = append(names, f.name)
		}
		slices.Sort(names)
		if got := strings.Join(names, "\n"); got != want {
			t.Errorf("%s has\n%s\nwant\n%s", format, got, want)
		}
	}
}

// TestContainerfileCopiesWhatIsBuilt holds the recipe of the image against the
// folder that a release leaves for it.
func TestContainerfileCopiesWhatIsBuilt(t *testing.T) {
	text, err := os.ReadFile("../Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	var copied []string
	for line := range strings.Lines(string(text)) {
		switch words := strings.Fields(line); {
		case len(words) > 0 && words[0] == "FROM" && words[1] != "scratch":
			t.Errorf("the image begins with %s, expected nothing", words[1])
		case len(words) > 0 && words[0] == "COPY":
			copied = append(copied, words[1:len(words)-1]...)
		}
	}
	const folder = "bin/linux_${TARGETARCH}/"
	want := []string{folder + "rstlab", folder + "LICENSE", folder + noticesName}
	if !slices.Equal(copied, want) {
		t.Errorf("the image copies %q, want %q", copied, want)
	}
}

// TestEveryLicenceIsNamed holds the table of licences against what the product
// needs; a release would stop at the first that is missing.
func TestEveryLicenceIsNamed(t *testing.T) {
	for _, target := range targets {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/rstlab")
		cmd.Dir = ".."
		cmd.Env = append(os.Environ(), "GOOS="+target.os, "GOARCH="+target.arch)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		linked := strings.Fields(string(out))
		if !slices.Contains(linked, "github.com/spf13/cobra") {
			t.Fatalf("linked for %s are %q", target, linked)
		}
		for _, path := range slices.Compact(slices.Sorted(slices.Values(linked))) {
			if _, known := licences[path]; !known && path != "rstlab" {
				t.Errorf("%s, linked for %s, is not in the table", path, target)
			}
		}
	}
}

// TestBillOfMaterials holds a bill against the schema of its standard.
func TestBillOfMaterials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rstlab")
	if err := os.WriteFile(path, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	b := &binary{target: targets[0], path: path, version: "1.2.3", info: &debug.BuildInfo{}}
	var modules []module
	for path, licence := range licences {
		modules = append(modules, module{path: path, version: "v1.0.0", sum: "h1:3AEMt62VKqz90r0tmNhog0r/PpWKmrEShJU0wJW6bV0=", licence: licence})
	}
	bill, err := sbom(b, modules, commitTime)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	for url, name := range map[string]string{
		"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
		"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
	} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(url, document); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(bill))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%#v", err)
	}
	var parsed struct{ Components []struct{ Name string } }
	if err := json.Unmarshal(bill, &parsed); err != nil {
		t.Fatal(err)
	}
	if len(parsed.Components) != len(licences) {
		t.Errorf("%d components, want %d", len(parsed.Components), len(licences))
	}
}
