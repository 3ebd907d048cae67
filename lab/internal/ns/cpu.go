//go:build linux

package ns

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// OnEachCPU runs f once on each CPU that this process may use, one after the
// other, until one fails.
func OnEachCPU(f func(cpu int) error) error {
	return runOnThread(func() error {
		var all unix.CPUSet
		if err := unix.SchedGetaffinity(0, &all); err != nil {
			return fmt.Errorf("read CPU affinity: %w", err)
		}
		for cpu := range len(all) * 64 {
			if !all.IsSet(cpu) {
				continue
			}
			var one unix.CPUSet
			one.Set(cpu)
			if err := unix.SchedSetaffinity(0, &one); err != nil {
				return fmt.Errorf("move to CPU %d: %w", cpu, err)
			}
			if err := f(cpu); err != nil {
				return err
			}
		}
		return nil
	})
}
