//go:build !linux

package main

import (
	"github.com/spf13/cobra"

	"rstlab/internal/derive"
)

func playDerived(*cobra.Command, *derive.Trouble, string) (*derive.Outcome, error) {
	return nil, needsLinux("play scenarios")
}
