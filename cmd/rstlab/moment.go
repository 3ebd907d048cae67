package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"rstlab/analyzer"
)

// A moment is the value of --since and --until: a date and time, a time of day,
// or the time from the captures' first packet on.
type moment struct {
	text string
	at   analyzer.Moment
}

func (m *moment) String() string { return m.text }
func (m *moment) Type() string   { return "T" }

func (m *moment) Set(s string) (err error) {
	m.text = s
	m.at, err = parseMoment(s, time.Local)
	return err
}

// parseMoment reads a moment; what names no zone is in here's.
func parseMoment(s string, here *time.Location) (analyzer.Moment, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, s, here); err == nil {
			return analyzer.At(t), nil
		}
	}
	for _, form := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(form, s); err == nil {
			return func(begin time.Time) time.Time { return timeOfDay(t, begin.In(here)) }, nil
		}
	}
	if d, ok := parseSpan(s); ok {
		return func(begin time.Time) time.Time { return begin.Add(d) }, nil
	}
	return nil, errors.New("want seconds from the first packet on (12.5), a time of day (09:30:00), or a date and time (2026-11-23 09:30:00, 2026-11-23T09:30:00Z)")
}

// timeOfDay gives the first time that clocks show t, from half a day before
// begin on: a capture is cut at "09:00" also if it began at 09:30, and one that
// runs through midnight at "00:10".
func timeOfDay(t, begin time.Time) time.Time {
	day := func(n int) time.Time {
		return time.Date(begin.Year(), begin.Month(), begin.Day()+n, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), begin.Location())
	}
	if at := day(0); !at.Before(begin.Add(-12 * time.Hour)) {
		return at
	}
	return day(1)
}

// parseSpan reads seconds, as 12.5 or as Go's durations (1m30s).
func parseSpan(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(strings.TrimPrefix(s, "+"))
	if err != nil {
		seconds, err := strconv.ParseFloat(s, 64)
		const most = float64(1<<63) / float64(time.Second)
		if err != nil || !(seconds >= 0 && seconds < most) {
			return 0, false
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	return d, d >= 0
}
