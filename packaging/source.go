package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A source is a clean checkout of the commit that is released.
type source struct {
	dir  string
	env  []string  // of all that is run in it
	time time.Time // the commit's, or SOURCE_DATE_EPOCH
}

// checkout clones the commit of root to dir. Only a clone is sure to hold
// nothing else, and Go stamps its commit into what it builds there.
func checkout(ctx context.Context, root, dir string, env []string) (*source, error) {
	s := &source{dir: root, env: buildEnv(env)}
	if _, err := s.run(ctx, "git", "clone", "--quiet", "--no-hardlinks", ".", dir); err != nil {
		return nil, err
	}
	s.dir = dir
	seconds, found := os.LookupEnv("SOURCE_DATE_EPOCH")
	if !found {
		out, err := s.run(ctx, "git", "log", "-1", "--format=%ct")
		if err != nil {
			return nil, err
		}
		seconds = strings.TrimSpace(string(out))
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the commit's time: %w", err)
	}
	s.time = time.Unix(n, 0).UTC()
	return s, nil
}

// buildEnv is env without what would change the bytes that Go makes.
func buildEnv(env []string) []string {
	return append(env, "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off", "CGO_ENABLED=0", "LC_ALL=C")
}

// run runs a command in the checkout and returns its standard output.
func (s *source) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// shared returns the files that go with the binary on every system: what to
// read, manual pages and completions.
func (s *source) shared(ctx context.Context) ([]file, error) {
	var files []file
	for _, pattern := range []string{"LICENSE", "README.md", "CHANGELOG.md", "docs/*.md", "docs/schema/*.json", "docs/*.png"} {
		paths, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, err := filepath.Rel(s.dir, path)
			if err != nil {
				return nil, err
			}
			f, err := fromDisk(name, path)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	program := s.dir + "-own" // this machine's, which may be none of the targets
	if _, err := s.run(ctx, "go", "build", "-o", program, "./cmd/rstlab"); err != nil {
		return nil, err
	}
	for name, shell := range map[string]string{"rstlab.bash": "bash", "_rstlab": "zsh", "rstlab.fish": "fish", "rstlab.ps1": "powershell"} {
		script, err := s.run(ctx, program, "completion", shell)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "completions/" + name, body: script, mode: 0o644})
	}
	if _, err := s.run(ctx, "make", "man"); err != nil {
		return nil, err
	}
	pages, err := filepath.Glob(filepath.Join(s.dir, "dist", "man", "*.[1-9]"))
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("make man: found no page in dist/man")
	}
	for _, path := range pages {
		f, err := fromDisk("man/"+filepath.Base(path), path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
