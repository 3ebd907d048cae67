package judge

import (
	"testing"
	"time"
)

// A time is told with three figures, and what is round stays so.
func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 10 * time.Microsecond: "10µs", 280 * time.Microsecond: "280µs", 5 * time.Millisecond: "5ms",
		1234567: "1.23ms", 999999: "1ms", 300 * time.Second: "5m0s", 65340 * time.Millisecond: "1m5.3s",
		time.Hour + 2*time.Minute + 3*time.Second: "1h2m0s", -40 * time.Millisecond: "-40ms",
	} {
		if got := duration(int64(d)); got != want {
			t.Errorf("duration(%d) = %s, want %s", d, got, want)
		}
	}
}
