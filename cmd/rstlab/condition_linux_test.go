package main

import (
	"fmt"

	"rstlab/lab"
)

// condition knows [lab]: scenarios can run here; and [root]: with the trace.
func condition(name string) (bool, error) {
	switch name {
	case "lab":
		return lab.Available() == nil, nil
	case "root":
		return lab.Available() == nil && !lab.Rootless(), nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
