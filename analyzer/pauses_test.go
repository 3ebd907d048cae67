package analyzer

import (
	"testing"

	"pgregory.net/rapid"
)

// Of each service the longest pause is kept, as long as there is room for it.
func TestPauses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pauses
		want := map[uint64]int64{}
		service := rapid.Custom(func(t *rapid.T) uint64 { // of a few neighbouring homes, at the table's end too
			return uint64(rapid.IntRange(1, 1<<10).Draw(t, "round"))*2*maxServices + uint64(rapid.IntRange(-3, 3).Draw(t, "home"))
		})
		for range rapid.IntRange(0, 200).Draw(t, "pauses") {
			x := pause{service.Draw(t, "service"), rapid.Int64Range(1, 100).Draw(t, "lasted")}
			p.add(x)
			want[x.service] = max(want[x.service], x.lasted)
		}
		for s, lasted := range want {
			if got := p.of(s); got != lasted {
				t.Fatalf("service %#x: %d, want %d", s, got, lasted)
			}
		}
		if s := service.Draw(t, "another"); p.of(s) != want[s] {
			t.Fatalf("service %#x: %d, want %d", s, p.of(s), want[s])
		}
	})
}

func TestPausesAreBounded(t *testing.T) {
	var p pauses
	var all []pause
	for i := range 2 * maxServices {
		all = append(all, pause{uint64(i + 1), 1})
	}
	p.add(append(all, pause{1, 2})...)
	for service, want := range map[uint64]int64{1: 2, maxServices: 1, maxServices + 1: 0, 2 * maxServices: 0} {
		if got := p.of(service); got != want {
			t.Errorf("service %d: %d, want %d", service, got, want)
		}
	}
}
