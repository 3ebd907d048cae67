package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licences are those of the modules that binaries are linked with, as SPDX
// expressions. A module that is missing stops the build: read its licence, then
// add it.
var licences = map[string]string{
	"github.com/cilium/ebpf":               "MIT",
	"github.com/google/nftables":           "Apache-2.0",
	"github.com/inconshreveable/mousetrap": "Apache-2.0",
	"github.com/klauspost/compress":        "Apache-2.0 AND BSD-3-Clause AND MIT",
	"github.com/mdlayher/netlink":          "MIT",
	"github.com/mdlayher/socket":           "MIT",
	"github.com/spf13/cobra":               "Apache-2.0",
	"github.com/spf13/pflag":               "BSD-3-Clause",
	"github.com/vishvananda/netlink":       "Apache-2.0",
	"github.com/vishvananda/netns":         "Apache-2.0",
	"golang.org/x/net":                     "BSD-3-Clause",
	"golang.org/x/sync":                    "BSD-3-Clause",
	"golang.org/x/sys":                     "BSD-3-Clause",
	"golang.org/x/text":                    "BSD-3-Clause",
	"golang.org/x/term":                    "BSD-3-Clause",
	goModule:                               "BSD-3-Clause",
}

// goModule names Go's own library, which every binary holds.
const goModule = "std"

// A module is one that a binary is linked with.
type module struct {
	path, version, sum string
	licence            string            // an SPDX expression
	texts              map[string]string // of its licences and notices, by the names of their files
}

// modules returns what b is linked with, by path.
func (s *source) modules(ctx context.Context, b *binary) ([]module, error) {
	with := *s
	with.env = append(slices.Clip(s.env), "GOOS="+b.target.os, "GOARCH="+b.target.arch)
	out, err := with.run(ctx, "go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/rstlab")
	if err != nil {
		return nil, err
	}
	std := module{path: goModule, version: b.info.GoVersion, licence: licences[goModule], texts: map[string]string{}}
	goroot, err := with.run(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	root := strings.TrimSpace(string(goroot))
	if err := std.read(root, root); err != nil {
		return nil, err
	}
	linked := map[string]*module{goModule: &std}
	for _, dep := range b.info.Deps {
		licence, known := licences[dep.Path]
		if !known {
			return nil, fmt.Errorf("name the licence of %s: not in the table of notices.go", dep.Path)
		}
		linked[dep.Path] = &module{path: dep.Path, version: dep.Version, sum: dep.Sum, licence: licence, texts: map[string]string{}}
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Standard || p.Module.Main {
			continue
		}
		m, found := linked[p.Module.Path]
		if !found {
			return nil, fmt.Errorf("list what is linked: %s is not in the binary", p.Module.Path)
		}
		if err := m.read(p.Module.Dir, p.Dir); err != nil {
			return nil, err
		}
	}
	all := make([]module, 0, len(linked))
	for _, m := range linked {
		if len(m.texts) == 0 {
			return nil, fmt.Errorf("find the licence of %s: no file of that name", m.path)
		}
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return all, nil
}

// legal are the files that have to go with a copy.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)([.-].*)?$`)

// read keeps the legal files of a package's folder and of those above it, up
// to the module's.
func (m *module) read(root, dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if e.IsDir() || !legal.MatchString(e.Name()) || filepath.Ext(path) == ".go" {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			m.texts[filepath.ToSlash(name)] = string(text)
		}
		if dir == root {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// noticesName is the file of the licences of others.
const noticesName = "THIRD-PARTY-LICENSES"

// notices is the file that names what is linked, and under which licence.
func notices(modules []module) file {
	var out bytes.Buffer
	fmt.Fprintln(&out, "This program holds the work of others, under these licences.")
	for _, m := range modules {
		fmt.Fprintf(&out, "\n%s\n%s %s: %s\n", rule, m.path, m.version, m.licence)
		for _, name := range slices.Sorted(maps.Keys(m.texts)) {
			fmt.Fprintf(&out, "\n--- %s\n\n%s\n", name, m.texts[name])
		}
	}
	return file{name: noticesName, body: out.Bytes(), mode: 0o644}
}

const rule = "================================================================================"
