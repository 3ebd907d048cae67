package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A file is one that is released; its name is relative and has slashes.
type file struct {
	name string
	body []byte
	mode os.FileMode
}

// fromDisk reads a file. Of its mode it keeps whether it is a program: all else
// is the umask's.
func fromDisk(name, path string) (file, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return file{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	mode := os.FileMode(0o644)
	if info.Mode()&0o111 != 0 || filepath.Ext(path) == ".exe" {
		mode = 0o755
	}
	return file{name: filepath.ToSlash(name), body: body, mode: mode}, nil
}

// writeArchive writes files to path and the extension that is usual on a
// system, in one folder, ordered by name, all of them of one time.
func writeArchive(path, system string, files []file, at time.Time) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	var out bytes.Buffer
	write, extension := writeTar, ".tar.gz"
	if system == "windows" {
		write, extension = writeZip, ".zip"
	}
	if err := write(&out, filepath.Base(path)+"/", files, at); err != nil {
		return err
	}
	return os.WriteFile(path+extension, out.Bytes(), 0o644)
}

func writeTar(w io.Writer, folder string, files []file, at time.Time) error {
	zw, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(zw)
	for _, f := range files {
		h := &tar.Header{Name: folder + f.name, Mode: int64(f.mode), Size: int64(len(f.body)), ModTime: at, Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := tw.Write(f.body); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return zw.Close()
}

func writeZip(w io.Writer, folder string, files []file, at time.Time) error {
	zw := zip.NewWriter(w)
	for _, f := range files {
		h := &zip.FileHeader{Name: folder + f.name, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode)
		entry, err := zw.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.body); err != nil {
			return err
		}
	}
	return zw.Close()
}

// gzipped is body as gzip -9n has it.
func gzipped(body []byte) ([]byte, error) {
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zw.Write(body); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
