package annotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A Spool is a temporary file that has no name where the system allows that:
// it is gone with the process, however that ends.
type Spool struct{ *os.File }

// NewSpool makes an empty one in the system's folder for temporary files.
func NewSpool() (*Spool, error) {
	f, err := os.CreateTemp("", "rstlab-*")
	if err != nil {
		return nil, fmt.Errorf("make temporary file: %w", err)
	}
	_ = os.Remove(f.Name()) // Windows removes no file that is open: Close does it then
	return &Spool{f}, nil
}

// Close frees the file.
func (s *Spool) Close() error {
	err := s.File.Close()
	if removed := os.Remove(s.Name()); !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}
