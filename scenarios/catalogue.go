// Package scenarios is the catalogue: every documented way in which a TCP
// connection is reset, one file each, in folders by family.
package scenarios

import (
	"embed"
	"io/fs"
	"path"

	"rstlab/internal/script"
)

// FS holds the files, at FAMILY/NAME.scenario.
//
//go:embed */*.scenario
var FS embed.FS

// All parses the catalogue, in the order of families' and files' names. An
// error names every line that is wrong.
func All() ([]*script.File, error) {
	names, err := fs.Glob(FS, "*/*.scenario")
	if err != nil {
		return nil, err
	}
	files := make([]*script.File, 0, len(names))
	for _, name := range names {
		src, err := FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := script.Parse(path.Clean(name), src)
		if err != nil {
			return nil, err
		}
		f.Catalogue = true
		files = append(files, f)
	}
	return files, nil
}
