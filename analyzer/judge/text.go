package judge

import (
	"fmt"
	"time"
)

// duration prints nanoseconds with three figures.
func duration(ns int64) string {
	d, unit := time.Duration(ns), time.Duration(1)
	for unit <= d.Abs()/1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// apart says how far a frame is from the one that was told of before.
func apart(ns int64) string {
	if ns < 0 {
		return duration(-ns) + " before that"
	}
	return duration(ns) + " after that"
}

// isAbout tells whether a time is within 2 % of one of the values.
func isAbout(d int64, values ...int64) bool {
	for _, v := range values {
		if d >= v-v/50 && d <= v+v/50 {
			return true
		}
	}
	return false
}

// plural gives "1 frame", "2 frames".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
