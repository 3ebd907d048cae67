package script_test

import (
	"os"
	"path/filepath"
	"testing"

	"rstlab/internal/script"
)

// The samples of the reference are in the one form.
func TestSamplesFormatToThemselves(t *testing.T) {
	files, err := filepath.Glob("testdata/*.scenario")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := script.Format(src, file)
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != string(src) {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, src)
		}
	}
}
