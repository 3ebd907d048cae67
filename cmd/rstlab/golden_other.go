//go:build !linux

package main

import (
	"github.com/spf13/cobra"

	"rstlab/internal/script"
)

func writeGolden(*cobra.Command, string, []*script.File, goldenOptions) error {
	return needsLinux("play scenarios")
}

func verifyGolden(*cobra.Command, string, []*script.File, goldenOptions) error {
	return needsLinux("play scenarios")
}
