package play

import "testing"

func TestShellWord(t *testing.T) {
	for path, want := range map[string]string{
		"my.scenario": "my.scenario", "/tmp/a-b/x_1.scenario": "/tmp/a-b/x_1.scenario", "ümläut.scenario": "ümläut.scenario",
		"-v.scenario": "./-v.scenario", "my file.scenario": "'my file.scenario'", "a;b.scenario": "'a;b.scenario'",
		"it's.scenario": `'it'\''s.scenario'`, "$(x).scenario": "'$(x).scenario'",
	} {
		if got := shellWord(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
