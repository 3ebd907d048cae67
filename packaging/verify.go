package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sumsName is the file of checksums, in the form that sha256sum -c reads.
const sumsName = "SHA256SUMS"

// writeSums writes the checksums of what is released: all files of out that
// are not in a folder of it.
func writeSums(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		body, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(body), e.Name())
	}
	return os.WriteFile(filepath.Join(out, sumsName), sums.Bytes(), 0o644)
}

// verifyBuild builds root's commit once more, in another folder, the binaries
// from nothing that was compiled before, and compares each byte with out.
func verifyBuild(ctx context.Context, root, out string, targets []target) (err error) {
	work, err := os.MkdirTemp("", "verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	temp := filepath.Join(work, "a", "longer", "path")
	if err := os.MkdirAll(temp, 0o755); err != nil {
		return err
	}
	if err := os.Setenv("TMPDIR", temp); err != nil {
		return err
	}
	again := filepath.Join(work, "out")
	b := builder{env: append(os.Environ(), "TZ=Asia/Kathmandu"), cache: filepath.Join(work, "cache")}
	if err := b.release(ctx, root, again, targets); err != nil {
		return err
	}
	differences, err := compare(out, again)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("build twice: found differences, expected the same bytes:\n  %s", strings.Join(differences, "\n  "))
	}
	fmt.Printf("built twice, the same bytes: %v\n", targets)
	return nil
}

// compare names the files that differ between two folders.
func compare(a, b string) ([]string, error) {
	names := map[string]bool{}
	for _, dir := range []string{a, b} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				names[path] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var different []string
	for name := range names {
		one, errA := os.ReadFile(filepath.Join(a, name))
		other, errB := os.ReadFile(filepath.Join(b, name))
		switch {
		case errors.Is(errA, fs.ErrNotExist):
			different = append(different, name+": only in the second")
		case errors.Is(errB, fs.ErrNotExist):
			different = append(different, name+": only in the first")
		case errA != nil || errB != nil:
			return nil, errors.Join(errA, errB)
		case !bytes.Equal(one, other):
			different = append(different, fmt.Sprintf("%s: from byte %d on", name, firstDifference(one, other)))
		}
	}
	slices.Sort(different)
	return different, nil
}

// firstDifference is the offset of the first byte that is not the same.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
