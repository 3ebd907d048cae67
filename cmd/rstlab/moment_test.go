package main

import (
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	here := time.FixedZone("here", 2*60*60)
	begin := time.Date(2026, 11, 23, 9, 30, 0, 500e6, here)
	for text, want := range map[string]time.Time{
		"0":                         begin,
		"12.5":                      begin.Add(12500 * time.Millisecond),
		"+90s":                      begin.Add(90 * time.Second),
		"1m30s":                     begin.Add(90 * time.Second),
		"09:00":                     time.Date(2026, 11, 23, 9, 0, 0, 0, here),
		"09:30:00.25":               time.Date(2026, 11, 23, 9, 30, 0, 250e6, here),
		"22:00":                     time.Date(2026, 11, 23, 22, 0, 0, 0, here),
		"2026-11-24 00:10:00":       time.Date(2026, 11, 24, 0, 10, 0, 0, here),
		"2026-11-24 00:10":          time.Date(2026, 11, 24, 0, 10, 0, 0, here),
		"2026-11-24T00:10:00.5":     time.Date(2026, 11, 24, 0, 10, 0, 500e6, here),
		"2026-11-24T00:10:00Z":      time.Date(2026, 11, 24, 0, 10, 0, 0, time.UTC),
		"2026-11-24T00:10:00+05:00": time.Date(2026, 11, 23, 19, 10, 0, 0, time.UTC),
	} {
		m, err := parseMoment(text, here)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := m(begin.UTC()); !got.Equal(want) {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "noon", "-5", "-1m", "25:00", "2026-11-24", "2026-13-01 00:00", "NaN", "Inf", "1e30"} {
		if _, err := parseMoment(text, here); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// A capture that runs through midnight is cut behind it.
func TestTimeOfDayBehindMidnight(t *testing.T) {
	m, err := parseMoment("00:10", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m(time.Date(2026, 11, 30, 23, 50, 0, 0, time.UTC)), time.Date(2026, 12, 1, 0, 10, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("00:10 is %v, want %v", got, want)
	}
}
