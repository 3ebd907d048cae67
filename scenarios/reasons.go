package scenarios

import (
	_ "embed"
	"fmt"
	"strings"

	"rstlab/internal/catalogue"
)

// reasons.tsv holds what the kernel said when the suite was last run with
// -update: scenario, cause and reasons, a line each.
//
//go:embed reasons.tsv
var reasons string

// Reasons are the kernel's reasons for the catalogue's resets, as recorded.
func Reasons() (catalogue.Recorded, error) {
	recorded := catalogue.Recorded{}
	for n, line := range strings.Split(reasons, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("reasons.tsv:%d: %d fields, expected scenario, cause and reasons parted by tabs", n+1, len(fields))
		}
		if recorded[fields[0]] == nil {
			recorded[fields[0]] = map[string][]string{}
		}
		recorded[fields[0]][fields[1]] = strings.Split(fields[2], ",")
	}
	return recorded, nil
}
