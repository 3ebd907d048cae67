package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// A target is a system that binaries are built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// targets are all: the lab is in those for Linux, the analyzer in all.
var targets = []target{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// A binary is the program as it was built for a target.
type binary struct {
	target  target
	path    string
	version string // without the "v"
	info    *debug.BuildInfo
}

// build builds the program into dir, with a cache of its own if one is named.
// Its version is what Go stamps into it.
func (s *source) build(ctx context.Context, t target, dir, cache string) (*binary, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	b := &binary{target: t, path: filepath.Join(dir, "rstlab")}
	if t.os == "windows" {
		b.path += ".exe"
	}
	with := *s
	with.env = append(slices.Clip(s.env), "GOOS="+t.os, "GOARCH="+t.arch)
	if cache != "" {
		with.env = append(with.env, "GOCACHE="+cache)
	}
	if _, err := with.run(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", b.path, "./cmd/rstlab"); err != nil {
		return nil, err
	}
	if err := os.Chmod(b.path, 0o755); err != nil {
		return nil, err
	}
	if b.info, err = buildinfo.ReadFile(b.path); err != nil {
		return nil, err
	}
	b.version, err = released(b.info.Main.Version)
	return b, err
}

// released checks the version that Go stamped into a binary: a tag's, or one
// made of the commit's time and hash.
func released(stamped string) (string, error) {
	version, found := strings.CutPrefix(stamped, "v")
	if !found || strings.Contains(version, "+") {
		return "", fmt.Errorf("read the version of the binary: found %q, expected that of a commit without changes", stamped)
	}
	return version, nil
}

// name is how what is released for b's target begins.
func (b *binary) name() string {
	return fmt.Sprintf("rstlab_%s_%s_%s", b.version, b.target.os, b.target.arch)
}

// release writes all that is released for b's target to out.
func (b *binary) release(ctx context.Context, src *source, shared []file, out string) error {
	modules, err := src.modules(ctx, b)
	if err != nil {
		return err
	}
	program, err := fromDisk(filepath.Base(b.path), b.path)
	if err != nil {
		return err
	}
	files := append([]file{program, notices(modules)}, shared...)
	for _, f := range files {
		if f.name == "LICENSE" || f.name == noticesName {
			if err := os.WriteFile(filepath.Join(filepath.Dir(b.path), f.name), f.body, f.mode); err != nil {
				return err
			}
		}
	}
	bill, err := sbom(b, modules, src.time)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, b.name()+".cdx.json"), bill, 0o644); err != nil {
		return err
	}
	if err := writeArchive(filepath.Join(out, b.name()), b.target.os, files, src.time); err != nil {
		return err
	}
	if b.target.os != "linux" {
		return nil
	}
	return writePackages(b, files, src.time, out)
}
