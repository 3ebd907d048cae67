// Package report writes what rstlab found, for people and for machines: the
// verdicts of an analysis, the results of a run, the lists of what is known.
// Each output stands in a file of its own; a new one is that file and its row
// in a table below.
package report

import (
	"errors"
	"io"
	"slices"

	"rstlab/analyzer"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
)

// An Analysis writes the records of an analysis as they come. Errors are
// those of its writer.
type Analysis interface {
	Record(analyzer.Record) error
}

// An excerpt is an Analysis that tells whether it will show no more of a verdict
// than what many have in common.
type excerpt interface{ brief(*analyzer.Verdict) bool }

// A Run writes the results of a run as they come, and its summary last.
// Errors are those of its writer.
type Run interface {
	Result(*play.Result) error
	Summary(play.RunSummary) error
}

// A List writes what is known: scenarios, then causes; or how scenarios cover
// causes, then the kernel's reasons. Errors are those of its writer.
type List interface {
	Scenario(catalogue.Scenario) error
	Cause(catalogue.Cause) error
	Coverage(catalogue.Coverage) error
	Reason(catalogue.Reason) error
}

// A Style is what a text output is told of its reader. The zero value suits a
// file, and one capture.
type Style struct {
	Color bool // ANSI colours: a terminal reads along
	Width int  // columns of the terminal; 0: it is none
	Files bool // several captures: each frame is named with its file
}

// Analyses writes an analysis to each of several.
type Analyses []Analysis

// Record writes r to all.
func (a Analyses) Record(r analyzer.Record) error {
	return each(a, func(out Analysis) error { return out.Record(r) })
}

// Brief tells whether none of the outputs will show what is said of one reset
// only, for analyzer.Options.
func (a Analyses) Brief(v *analyzer.Verdict) bool {
	for _, out := range a {
		if x, ok := out.(excerpt); !ok || !x.brief(v) {
			return false
		}
	}
	return true
}

// Runs writes a run to each of several.
type Runs []Run

// Result writes r to all.
func (a Runs) Result(r *play.Result) error {
	return each(a, func(out Run) error { return out.Result(r) })
}

// Summary writes s to all.
func (a Runs) Summary(s play.RunSummary) error {
	return each(a, func(out Run) error { return out.Summary(s) })
}

// Lists writes a list to each of several.
type Lists []List

// Scenario writes s to all.
func (a Lists) Scenario(s catalogue.Scenario) error {
	return each(a, func(out List) error { return out.Scenario(s) })
}

// Cause writes c to all.
func (a Lists) Cause(c catalogue.Cause) error {
	return each(a, func(out List) error { return out.Cause(c) })
}

// Coverage writes c to all.
func (a Lists) Coverage(c catalogue.Coverage) error {
	return each(a, func(out List) error { return out.Coverage(c) })
}

// Reason writes r to all.
func (a Lists) Reason(r catalogue.Reason) error {
	return each(a, func(out List) error { return out.Reason(r) })
}

// each lets all outputs write, whatever becomes of one.
func each[T any](outs []T, write func(T) error) error {
	var errs []error
	for _, out := range outs {
		errs = append(errs, write(out))
	}
	return errors.Join(errs...)
}

// The outputs, by the word that chooses them on the command line.
var (
	analyses = map[string]func(io.Writer, Style) Analysis{
		"text":  newTextAnalysis,
		"jsonl": newJSONLAnalysis,
		"html":  newHTMLAnalysis,
		"md":    newMDAnalysis,
	}
	runs = map[string]func(io.Writer, Style) Run{
		"text":   newTextRun,
		"jsonl":  newJSONLRun,
		"html":   newHTMLRun,
		"junit":  newJUnitRun,
		"tap":    newTAPRun,
		"github": newGitHubRun,
		"md":     newMDRun,
	}
	lists = map[string]func(io.Writer, Style) List{
		"text":  newTextList,
		"jsonl": newJSONLList,
		"md":    newMDList,
	}
)

// AnalysisFormats are the words that NewAnalysis takes, "text" first.
func AnalysisFormats() []string { return formats(analyses) }

// RunFormats are the words that NewRun takes, "text" first.
func RunFormats() []string { return formats(runs) }

// ListFormats are the words that NewList takes, "text" first.
func ListFormats() []string { return formats(lists) }

// NewAnalysis returns the output that format, one of AnalysisFormats, names.
func NewAnalysis(format string, w io.Writer, s Style) Analysis { return analyses[format](w, s) }

// NewRun returns the output that format, one of RunFormats, names.
func NewRun(format string, w io.Writer, s Style) Run { return runs[format](w, s) }

// NewList returns the output that format, one of ListFormats, names.
func NewList(format string, w io.Writer, s Style) List { return lists[format](w, s) }

// formats lists the words of a table, "text" first and the others by name.
func formats[T any](table map[string]T) []string {
	words := []string{"text"}
	for word := range table {
		if word != "text" {
			words = append(words, word)
		}
	}
	slices.Sort(words[1:])
	return words
}
