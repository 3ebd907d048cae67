// Packaging makes what is released of a commit: static binaries in archives and
// packages, with manual pages, completions, licences, a bill of materials for
// each system, and checksums. The same commit gives the same bytes wherever it
// is built with the same release of Go.
//
//	go -C packaging run . [-only OS/ARCH] [-verify] ROOT OUT
//
// It builds the commit that is checked out in ROOT, not what lies around it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "packaging: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("packaging", flag.ContinueOnError)
	only := flags.String("only", "", "build for this `OS/ARCH` alone")
	verify := flags.Bool("verify", false, "build once more, in another folder and with an empty cache, and compare with OUT")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return fmt.Errorf("found %q, expected the project's folder and the folder to write", flags.Args())
	}
	targets, err := choose(*only)
	if err != nil {
		return err
	}
	root, out := flags.Arg(0), flags.Arg(1)
	if *verify {
		return verifyBuild(ctx, root, out, targets)
	}
	b := builder{env: os.Environ()}
	return b.release(ctx, root, out, targets)
}

// choose returns the targets that a word of -only leaves.
func choose(only string) ([]target, error) {
	if only == "" {
		return targets, nil
	}
	chosen := slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return t.String() != only })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("build for %s: expected one of %v", only, targets)
	}
	return chosen, nil
}

// A builder makes a release.
type builder struct {
	env   []string
	cache string // of what is compiled for a release; "": Go's own
}

// release writes what is released of root's commit to out, which it empties
// first.
func (b *builder) release(ctx context.Context, root, out string, targets []target) (err error) {
	work, err := os.MkdirTemp("", "rstlab-packaging-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	src, err := checkout(ctx, root, filepath.Join(work, "src"), b.env)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	shared, err := src.shared(ctx)
	if err != nil {
		return err
	}
	for _, t := range targets {
		bin, err := src.build(ctx, t, filepath.Join(out, "bin", t.os+"_"+t.arch), b.cache)
		if err != nil {
			return err
		}
		if err := bin.release(ctx, src, shared, out); err != nil {
			return fmt.Errorf("package for %s: %w", t, err)
		}
	}
	return writeSums(out)
}
