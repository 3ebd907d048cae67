package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A htmlOverview counts resets by what matters.
type htmlOverview struct {
	Charts []htmlChart
	Strip  *htmlStrip // nil where all came at one moment
}

// A htmlChart are bars. Choosing one filters the page by Field.
type htmlChart struct {
	Title, Field string
	Bars         []htmlBar
	More         string
}

// A htmlBar counts the resets of one value. Widths are in percent.
type htmlBar struct {
	Name          string
	Count, Benign int
	Harm, Calm    int
}

// A htmlStrip counts resets by time. Each bin is as long as Step says.
type htmlStrip struct {
	From, To, Step string
	Bins           []htmlBin
}

// A htmlBin is a column of the strip; X, Y and the heights are of 60 by 100.
type htmlBin struct {
	N, Count, Benign int
	Name             string
	Harm, Calm       int // heights
	HarmY, CalmY     int
}

const (
	stripBins = 60
	mostBars  = 8
)

func newHTMLOverview(groups []*htmlGroup, moments []htmlMoment) *htmlOverview {
	return &htmlOverview{
		Charts: []htmlChart{
			chart("By cause", "cause", moments, func(m *htmlMoment) string { return m.group.Cause }),
			chart("By sender", "sender", moments, func(m *htmlMoment) string { return string(m.group.Verdict.Sender) }),
			chart("By pair of hosts", "hosts", moments, func(m *htmlMoment) string { return m.pair }),
		},
		Strip: strip(groups, moments),
	}
}

func chart(title, field string, moments []htmlMoment, of func(*htmlMoment) string) htmlChart {
	all, benign := map[string]int{}, map[string]int{}
	for i := range moments {
		name := of(&moments[i])
		all[name]++
		if moments[i].group.Verdict.Benign {
			benign[name]++
		}
	}
	c := htmlChart{Title: title, Field: field}
	names := sortedByCount(all)
	for i, name := range names {
		if i == mostBars {
			rest := 0
			for _, n := range names[i:] {
				rest += all[n]
			}
			c.More = fmt.Sprintf("%d more, with %s", len(names)-i, plural(rest, "reset"))
			break
		}
		most := all[names[0]]
		c.Bars = append(c.Bars, htmlBar{Name: name, Count: all[name], Benign: benign[name], Harm: share(all[name]-benign[name], most), Calm: share(benign[name], most)})
	}
	return c
}

// share is a part in percent, at least 1 where there is any.
func share(n, of int) int {
	if n == 0 {
		return 0
	}
	return max(n*100/max(of, 1), 1)
}

// sortedByCount are the keys, the most frequent first.
func sortedByCount(counts map[string]int) []string {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	return names
}

// strip counts the resets by time, and tells each group in which bins it has
// some.
func strip(groups []*htmlGroup, moments []htmlMoment) *htmlStrip {
	if len(moments) == 0 {
		return nil
	}
	first, last := moments[0].time, moments[0].time
	for _, m := range moments {
		if m.time.Before(first) {
			first = m.time
		}
		if m.time.After(last) {
			last = m.time
		}
	}
	if !last.After(first) {
		return nil
	}
	step := (last.Sub(first)/stripBins + 1).Round(time.Microsecond) + time.Microsecond
	s := &htmlStrip{From: first.Format(htmlStamp), To: last.Format(htmlStamp), Step: rounded(step), Bins: make([]htmlBin, stripBins)}
	in := map[*htmlGroup][]bool{}
	for _, m := range moments {
		i := int(m.time.Sub(first) / step)
		s.Bins[i].Count++
		if m.group.Verdict.Benign {
			s.Bins[i].Benign++
		}
		if in[m.group] == nil {
			in[m.group] = make([]bool, stripBins)
		}
		in[m.group][i] = true
	}
	most := 0
	for i := range s.Bins {
		most = max(most, s.Bins[i].Count)
	}
	for i := range s.Bins {
		b := &s.Bins[i]
		b.N = i
		b.Name = fmt.Sprintf("%s from %s on: %s, %d benign", s.Step, first.Add(time.Duration(i)*step).Format(htmlStamp), plural(b.Count, "reset"), b.Benign)
		b.Harm, b.Calm = share(b.Count-b.Benign, most), share(b.Benign, most)
		b.HarmY, b.CalmY = 100-b.Harm, 100-b.Harm-b.Calm
	}
	for _, g := range groups {
		var words []string
		for i, has := range in[g] {
			if has {
				words = append(words, fmt.Sprint(i))
			}
		}
		g.Bins = strings.Join(words, " ")
	}
	return s
}

// rounded writes a time with three figures: "10.2 ms".
func rounded(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	switch {
	case d >= 100*time.Second:
		return sign + d.Round(time.Second).String()
	case d >= time.Second:
		return sign + figures(d.Seconds(), "s")
	case d >= time.Millisecond:
		return sign + figures(float64(d)/1e6, "ms")
	case d >= time.Microsecond:
		return sign + figures(float64(d)/1e3, "µs")
	}
	return sign + figures(float64(d), "ns")
}

func figures(n float64, unit string) string {
	return strconv.FormatFloat(n, 'g', 3, 64) + " " + unit
}
