package play

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"rstlab/internal/script"
	"rstlab/lab"
)

// unmet names the first precondition of a file that this machine lacks, with
// the reason; "" when all are met.
func (env *environment) unmet(f *script.File) string {
	for _, c := range f.Requires {
		if why := env.lacks(c); why != "" {
			return why
		}
	}
	return ""
}

// lacks says why a condition does not hold here; "" when it does.
func (env *environment) lacks(c script.Cond) string {
	switch c.Name {
	case "kernel":
		newer := compareVersions(env.release, c.Value) >= 0
		if (c.Op == ">=") != newer {
			return fmt.Sprintf("needs kernel%s%s, this is %s", c.Op, c.Value, env.release)
		}
	case "root":
		if lab.Rootless() {
			return "needs root of the machine, this run is rootless"
		}
	case "exec":
		if _, err := exec.LookPath(c.Value); err != nil {
			return fmt.Sprintf("needs the program %s, which is not installed", c.Value)
		}
	default:
		if err := lab.Supports(c.Name); err != nil {
			return fmt.Sprintf("needs %s: %v", c.Name, err)
		}
	}
	return ""
}

// compareVersions compares the leading dotted numbers of two versions.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if d := versionPart(as, i) - versionPart(bs, i); d != 0 {
			return d
		}
	}
	return 0
}

func versionPart(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	digits := parts[i]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	n, _ := strconv.Atoi(digits)
	return n
}
