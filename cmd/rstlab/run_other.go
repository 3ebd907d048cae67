//go:build !linux

package main

import (
	"github.com/spf13/cobra"

	"rstlab/internal/report"
	"rstlab/internal/script"
)

func playAll(*cobra.Command, []*script.File, runOptions, report.Run) error {
	return needsLinux("play scenarios")
}
