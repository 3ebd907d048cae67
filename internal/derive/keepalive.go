package derive

import (
	"fmt"
	"time"
)

// keepalive sets the timers of a side that probes: as short as there are, or
// those of the capture.
func (t *teller) keepalive(c *conn, x side) {
	probes := c.probesOf(x)
	if len(probes) == 0 || !t.of(c, x).host() {
		return
	}
	idle, interval, why := 1, 1, "the shortest that there are"
	if t.opts.RealTime {
		idle, interval = c.probing(x)
		why = ""
	}
	t.add(fmt.Sprintf("%s set keepidle=%d keepintvl=%d keepcnt=%d", t.programs[c][x].name, idle, interval, len(probes)), why)
}

// probesOf are the probes of a side.
func (c *conn) probesOf(x side) []*pkt {
	var probes []*pkt
	for _, p := range c.packets {
		if p.from == x && p.probe {
			probes = append(probes, p)
		}
	}
	return probes
}

// probing gives the seconds after which a side began to probe, and those
// between its probes.
func (c *conn) probing(x side) (idle, interval int) {
	probes := c.probesOf(x)
	var before time.Duration
	for _, p := range c.packets {
		if p == probes[0] {
			break
		}
		before = p.at
	}
	whole := func(d time.Duration) int { return max(int(d.Round(time.Second)/time.Second), 1) }
	idle = whole(probes[0].at - before)
	interval = idle
	if len(probes) > 1 {
		interval = whole(probes[1].at - probes[0].at)
	}
	return idle, interval
}
