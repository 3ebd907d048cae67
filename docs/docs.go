// Package docs holds the guides that the program shows itself, as "rstlab help"
// names them. They are in Markdown.
package docs

import (
	_ "embed"
	"regexp"
)

//go:embed scenario-language.md
var language string

//go:embed verdicts.md
var verdicts string

//go:embed capturing.md
var capturing string

// Language is the reference of the scenario language.
func Language() string { return readable(language) }

// Verdicts says how a verdict is read.
func Verdicts() string { return readable(verdicts) }

// Capturing says how to take a capture that can be judged.
func Capturing() string { return readable(capturing) }

var comments = regexp.MustCompile(`(?m)^<!--(?s:.*?)-->\n`)

// readable is a guide without what is for its tests.
func readable(guide string) string { return comments.ReplaceAllString(guide, "") }
