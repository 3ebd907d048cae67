package main

import "rstlab/lab/oracle"

// kernelReasons are those that the running kernel knows; none where it can't
// be asked.
func kernelReasons() []string {
	known, err := oracle.Reasons()
	if err != nil {
		return nil
	}
	return known
}
