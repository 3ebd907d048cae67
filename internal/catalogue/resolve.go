package catalogue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// Stdin is the path of the scenario that standard input has.
const Stdin = "stdin" + Ext

// Resolve returns the scenarios that args name, each once, in their order: a
// name of the catalogue, a file, a folder (its *.scenario files, those of its
// folders too), or "-" for standard input. It goes on after an error, so that
// all that is wrong is told at once; mistakes in a file are a script.Errors.
func Resolve(args []string, catalogue []*script.File, stdin io.Reader) ([]*script.File, []error) {
	r := resolver{catalogue: catalogue, stdin: stdin, seen: map[string]bool{}}
	for _, arg := range args {
		if err := r.add(arg); err != nil {
			r.errs = append(r.errs, err)
		}
	}
	return r.files, r.errs
}

type resolver struct {
	catalogue []*script.File
	stdin     io.Reader
	files     []*script.File
	seen      map[string]bool
	errs      []error
}

func (r *resolver) add(arg string) error {
	if arg == "-" {
		src, err := io.ReadAll(r.stdin)
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		return r.parse(Stdin, src)
	}
	if i := slices.IndexFunc(r.catalogue, func(f *script.File) bool { return f.Name == arg }); i >= 0 {
		r.append("catalogue: "+arg, r.catalogue[i])
		return nil
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(arg, `./\`):
		return fmt.Errorf("find scenario %q: neither a name of the catalogue%s nor a file", arg, segment.DidYouMean(arg, names(r.catalogue)...))
	case err != nil:
		return err
	case info.IsDir():
		return r.addDir(arg)
	default:
		return r.addFile(arg)
	}
}

func (r *resolver) addDir(dir string) error {
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || filepath.Ext(path) != Ext {
			return nil
		}
		found = true
		if err := r.addFile(path); err != nil {
			r.errs = append(r.errs, err)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("find scenarios in %s: no *%s file there", dir, Ext)
	}
	return err
}

func (r *resolver) addFile(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return r.parse(path, src)
}

func (r *resolver) parse(path string, src []byte) error {
	f, err := script.Parse(path, src)
	if err != nil {
		return err
	}
	if strings.Trim(f.Name, ".") == "" {
		return fmt.Errorf("find scenario in %s: the file has no name before %s, which its captures would have", path, Ext)
	}
	r.append("file: "+filepath.Clean(path), f)
	return nil
}

func (r *resolver) append(key string, f *script.File) {
	if !r.seen[key] {
		r.seen[key] = true
		r.files = append(r.files, f)
	}
}

func names(files []*script.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name)
	}
	return out
}
