package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rstlab/internal/catalogue"
	"rstlab/internal/report"
	"rstlab/internal/script"
)

func newFmt() *cobra.Command {
	return &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Put scenario files into the one form",
		Long: `Rewrites scenario files in their one form and prints the names of those that
changed. "-" formats standard input to standard output. A file with errors is
left as it is.`,
		Example: `  rstlab fmt my.scenario
  rstlab fmt - < my.scenario`,
		Args:              oneOrMore("FILE..."),
		ValidArgsFunction: completeScenarioFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			bad := false
			for _, file := range files {
				if err := formatFile(cmd, file); err != nil {
					diagnoseScenario(cmd.ErrOrStderr(), err)
					bad = true
				}
			}
			if bad {
				return &statusError{Status: statusUsage}
			}
			return nil
		},
	}
}

func formatFile(cmd *cobra.Command, file string) error {
	if file == "-" {
		src, err := io.ReadAll(cmd.InOrStdin())
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		out, err := script.Format(src, "stdin")
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(out)
		return err
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("read %s: found a folder, expected files, such as %s", file, filepath.Join(file, "*"+catalogue.Ext))
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := script.Format(src, file)
	if err != nil || bytes.Equal(src, out) {
		return err
	}
	if err := replace(file, out); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), report.Clean(file))
	return err
}

// replace gives file new contents in one step, so that an interrupt leaves it
// whole. Its permissions stay, and a link stays a link.
func replace(file string, contents []byte) (err error) {
	file, err = filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".rstlab-fmt-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(contents); err != nil {
		return err
	}
	if err = tmp.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
