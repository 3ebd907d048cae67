// Package golden keeps captures whose truth is known: of each scenario and tap
// a capture in canonical form, a label that says what really happened and what
// the capture can carry of it, and what the analyzer concludes from it. A set of
// them is written, checked against the lab of today, and used to rate any
// tool's answers.
package golden
