// Package catalogue finds scenarios: by name among those that come with the
// program, by file and folder elsewhere, by what they are about. It also says
// what the program knows, as "rstlab list" shows it.
package catalogue

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
)

// Ext is how the name of a scenario's file ends.
const Ext = ".scenario"

// Family returns the folder that holds f, which groups the catalogue's files;
// "" for a file without one.
func Family(f *script.File) string {
	dir := path.Base(path.Dir(filepath.ToSlash(f.Path)))
	if dir == "." || dir == "/" {
		return ""
	}
	return dir
}

// Causes returns the causes of a scenario's resets, each once, in the order of
// the file.
func Causes(f *script.File) []string {
	causes := []string{}
	for _, e := range f.Events {
		if t := e.Head().Truth; t != nil && !slices.Contains(causes, t.Cause) {
			causes = append(causes, t.Cause)
		}
	}
	return causes
}

// A Scenario is an entry of the list; docs/schema/list.json documents its JSON
// form.
type Scenario struct {
	Type    string   `json:"type"` // "scenario"
	Name    string   `json:"name"`
	Family  string   `json:"family"`
	Causes  []string `json:"causes"`
	Summary string   `json:"summary"`
	Source  string   `json:"source"` // where the case is documented
	Needs   []string `json:"needs"`  // what a machine must have, as "requires" says it
}

// A Cause is an entry of the list; docs/schema/list.json documents its JSON
// form.
type Cause struct {
	Type      string   `json:"type"` // "cause"
	ID        string   `json:"id"`
	Family    string   `json:"family"`
	Summary   string   `json:"summary"`
	Scenarios []string `json:"scenarios"` // those that show it
}

// DescribeScenario returns the entry of f.
func DescribeScenario(f *script.File) Scenario {
	s := Scenario{Type: "scenario", Name: f.Name, Family: Family(f), Causes: Causes(f),
		Summary: f.Summary, Source: strings.Join(f.Sources, "; "), Needs: []string{}}
	for _, c := range f.Requires {
		s.Needs = append(s.Needs, c.Name+c.Op+c.Value)
	}
	return s
}

// DescribeCause returns the entry of c, with those of files that show it; the
// one that bears its name comes first.
func DescribeCause(c cause.Cause, files []*script.File) Cause {
	out := Cause{Type: "cause", ID: string(c.ID), Family: string(c.Family), Summary: c.Summary, Scenarios: []string{}}
	for _, f := range files {
		switch {
		case !slices.Contains(Causes(f), string(c.ID)):
		case f.Name == string(c.ID):
			out.Scenarios = slices.Insert(out.Scenarios, 0, f.Name)
		default:
			out.Scenarios = append(out.Scenarios, f.Name)
		}
	}
	return out
}
