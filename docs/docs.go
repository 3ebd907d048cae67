// Package docs holds the guides that the program shows itself, as "rstlab help"
// names them.
package docs

import _ "embed"

// Language is the reference of the scenario language, in Markdown.
//
//go:embed scenario-language.md
var Language string
