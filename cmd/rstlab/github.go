package main

import (
	"fmt"
	"os"
	"slices"
)

// withJobSummary adds the summary of a GitHub job, in Markdown, to a report
// that goes to one: the file is the one that the job's environment names.
func (s sinks) withJobSummary() (sinks, error) {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" || !slices.ContainsFunc(s, func(s sink) bool { return s.format == "github" }) {
		return s, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return s, fmt.Errorf("write the job summary, which GITHUB_STEP_SUMMARY names: %w", err)
	}
	return append(s, sink{"md", f, f}), nil
}
