//go:build !linux

package doctor

import (
	"context"
	"runtime"
)

// Examine says that scenarios need Linux.
func Examine(context.Context) []Check {
	return []Check{{Name: "system", Status: Broken, Found: "scenarios need Linux, this is " + runtime.GOOS,
		Mend: "use the box of the Vagrantfile, or any Linux machine"}}
}
