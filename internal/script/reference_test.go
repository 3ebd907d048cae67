package script

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The language's reference names all that the tables have: verbs, the attributes of
// declarations and of verbs, conditions.
func TestReferenceNamesAll(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenario-language.md")
	if err != nil {
		t.Fatal(err)
	}
	want := func(word string) {
		t.Helper()
		if !strings.Contains(string(text), word) {
			t.Errorf("no %s in the reference", word)
		}
	}
	for _, v := range verbs {
		want("`" + v.name)
	}
	for _, kind := range slices.Concat(hostAttrs, peerAttrs, middleboxAttrs, linkAttrs,
		listenAttrs, connectAttrs, socketAttrs, setAttrs, routeAttrs, forgetAttrs, rewriteAttrs) {
		want(kind.key + "=")
	}
	for _, c := range conditions {
		want("`" + strings.ReplaceAll(c.form, "curl", "PROG") + "`")
	}
}
