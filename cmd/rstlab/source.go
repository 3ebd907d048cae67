package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/capture"
	"rstlab/internal/annotate"
)

// A source is a capture that the command line names.
type source struct {
	path  string // "-": standard input
	name  string // in reports
	at    netip.Addr
	size  int64           // 0: not known
	once  bool            // it can't be read a second time
	spool *annotate.Spool // keeps what was read of it, where that is wanted
}

// sources checks the files, and what --at says of them.
func sources(files, at []string) ([]*source, error) {
	places := map[string]netip.Addr{}
	for _, word := range at {
		i := strings.LastIndex(word, "=")
		if i < 0 || !slices.Contains(files, word[:i]) {
			return nil, fmt.Errorf("read --at %q: want FILE=ADDRESS, FILE one of those to analyze", word)
		}
		addr, err := netip.ParseAddr(word[i+1:])
		if err != nil {
			return nil, fmt.Errorf("read --at %q: found %q, want an address, such as 192.0.2.1 or 2001:db8::1", word, word[i+1:])
		}
		places[word[:i]] = addr.Unmap()
	}
	var all []*source
	for i, file := range files {
		if file == "-" && slices.Contains(files[:i], "-") {
			return nil, errors.New("read \"-\" twice: standard input can be read once")
		}
		s := &source{path: file, name: file, at: places[file], once: true}
		if info, err := os.Stat(file); file != "-" && (err != nil || info.Mode().IsRegular()) { // what is wrong is told when it is read
			s.once = false
			if err == nil {
				s.size = info.Size()
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// names tells whether a path of the command line, "-" being standard input, is that
// of a file.
func names(path string, file os.FileInfo) bool {
	stat := func() (os.FileInfo, error) { return os.Stat(path) }
	if path == "-" {
		stat = os.Stdin.Stat
	}
	is, err := stat()
	return err == nil && os.SameFile(is, file)
}

// brief gives names to files that people are to tell apart in a report: each
// without its folders where that is enough, and makes no files of different
// folders look like parts of one rotated capture.
func brief(files []string) []string {
	if len(files) < 2 {
		return files
	}
	var names []string
	for _, file := range files {
		name := filepath.Base(file)
		if slices.Contains(names, name) {
			return files
		}
		for i, other := range names {
			if capture.Sequel(name, other) && !capture.Sequel(file, files[i]) {
				return files
			}
		}
		names = append(names, name)
	}
	return names
}

// open gives the source to the analyzer. What goes wrong with it is an error
// of its Read, so that the analyzer can judge the other files.
func (s *source) open(ctx context.Context, stdin io.Reader) analyzer.Input {
	in := analyzer.Input{Name: s.name, At: s.at}
	if in.R = stdin; s.path != "-" {
		in.R = &lazyFile{path: s.path}
	}
	if s.once {
		in.R = untilDone(ctx, in.R)
	}
	if s.spool != nil {
		in.R = io.TeeReader(in.R, s.spool)
	}
	return in
}

// again gives what open gave, from its begin.
func (s *source) again() (analyzer.Input, error) {
	if s.spool == nil {
		return analyzer.Input{Name: s.name, R: &lazyFile{path: s.path}}, nil
	}
	_, err := s.spool.Seek(0, io.SeekStart)
	return analyzer.Input{Name: s.name, R: s.spool}, err
}

// untilDone ends a pipe or the like with ctx: it may be silent for ever.
func untilDone(ctx context.Context, src io.Reader) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, src)
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.Close() })
	return r
}

// A lazyFile is opened at its first Read and closed at its end: a rotated
// capture may have more files than a process may open.
type lazyFile struct {
	path string
	f    *os.File
	err  error
}

func (l *lazyFile) Read(p []byte) (int, error) {
	if l.f == nil && l.err == nil {
		l.f, l.err = openCapture(l.path)
	}
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.f.Read(p)
	if err != nil {
		l.err = err
		l.f.Close()
	}
	return n, err
}

// openCapture opens a file that is no directory.
func openCapture(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("read %s: it is a directory; name the captures in it", path)
	}
	return f, nil
}
