package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // a format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // a format
)

const (
	maintainer  = "rstlab contributors <rstlab@example.org>"
	description = `lab and analyzer for TCP resets
Plays the causes of TCP resets between real kernels in network namespaces,
and judges the resets in captures: who sent each one, why, how sure that is,
and by which frames.`
)

// writePackages writes a .deb and an .rpm with files to out.
func writePackages(b *binary, released []file, at time.Time, out string) error {
	for _, format := range []string{"deb", "rpm"} {
		if err := writePackage(format, b, released, at, out); err != nil {
			return fmt.Errorf("write %s: %w", format, err)
		}
	}
	return nil
}

func writePackage(format string, b *binary, released []file, at time.Time, out string) (err error) {
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	stage, err := os.MkdirTemp("", "stage-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	version, prerelease, _ := strings.Cut(b.version, "-")
	info := nfpm.WithDefaults(&nfpm.Info{
		Name:        "rstlab",
		Arch:        b.target.arch,
		Platform:    "linux",
		Version:     version,
		Prerelease:  strings.ReplaceAll(prerelease, "-", "."), // a hyphen would begin a package's revision
		Section:     "net",
		Priority:    "optional",
		Maintainer:  maintainer,
		Description: description,
		License:     "Apache-2.0",
		MTime:       at,
		Overridables: nfpm.Overridables{
			Suggests: []string{"wireshark"},
			RPM:      nfpm.RPM{BuildHost: "rstlab", Summary: strings.SplitN(description, "\n", 2)[0], Group: "Applications/Internet"},
		},
	})
	info.Target = filepath.Join(out, b.name()+"."+format)
	placed, err := place(format, info, released)
	if err != nil {
		return err
	}
	for _, f := range placed {
		source := filepath.Join(stage, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(source, f.body, f.mode); err != nil {
			return err
		}
		info.Contents = append(info.Contents, &files.Content{
			Source:      source,
			Destination: f.name,
			FileInfo:    &files.ContentFileInfo{Mode: f.mode, MTime: at},
		})
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	w, err := os.Create(info.Target)
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, w), w.Close())
}

// place is where a system's package has the files that are released. Debian
// wants some compressed, and some of its own.
func place(format string, info *nfpm.Info, released []file) ([]file, error) {
	doc := "/usr/share/doc/rstlab/"
	completions := map[string]string{
		"rstlab.bash": "/usr/share/bash-completion/completions/rstlab",
		"_rstlab":     "/usr/share/zsh/site-functions/_rstlab",
		"rstlab.fish": "/usr/share/fish/vendor_completions.d/rstlab.fish",
		"rstlab.ps1":  doc + "completions/rstlab.ps1", // PowerShell has no folder for them
	}
	var placed []file
	if format == "deb" {
		completions["_rstlab"] = "/usr/share/zsh/vendor-completions/_rstlab"
		placed = append(placed,
			file{name: doc + "copyright", body: fmt.Appendf(nil, copyright, info.MTime.Year()), mode: 0o644},
			file{name: doc + "changelog", body: changelog(info), mode: 0o644},
			file{name: "/usr/share/lintian/overrides/rstlab", body: []byte(overrides), mode: 0o644})
	}
	for _, f := range released {
		dir, base := path.Split(f.name)
		switch {
		case f.name == "rstlab":
			f.name = "/usr/bin/rstlab"
		case f.name == "LICENSE" && format == "deb":
			continue // copyright names it
		case f.name == "CHANGELOG.md":
			f.name = doc + "NEWS.md"
		case dir == "man/":
			section := strings.TrimPrefix(path.Ext(base), ".")
			f.name = "/usr/share/man/man" + section + "/" + base + ".gz"
		case dir == "completions/":
			f.name = completions[base]
		default:
			f.name = doc + f.name
		}
		placed = append(placed, f)
	}
	for i, f := range placed {
		switch {
		case format == "deb" && f.name == doc+"changelog":
			placed[i].name += ".gz"
		case !strings.HasSuffix(f.name, ".gz"):
			continue
		}
		body, err := gzipped(f.body)
		if err != nil {
			return nil, err
		}
		placed[i].body = body
	}
	return placed, nil
}

// changelog is Debian's, with the one entry of this package.
func changelog(info *nfpm.Info) []byte {
	version := info.Version
	if info.Prerelease != "" {
		version += "~" + info.Prerelease
	}
	return fmt.Appendf(nil, "rstlab (%s) unstable; urgency=medium\n\n  * NEWS.md tells what is new.\n\n -- %s  %s\n",
		version, info.Maintainer, info.MTime.Format(time.RFC1123Z))
}

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: rstlab

Files: *
Copyright: %d rstlab contributors
License: Apache-2.0
 On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.
Comment:
 The program is linked with libraries of others, whose licences are in
 /usr/share/doc/rstlab/` + noticesName + `.
`

const overrides = `# One binary for every system: Go's libraries are linked statically.
rstlab: statically-linked-binary [usr/bin/rstlab]
`
