package segment

import (
	"slices"
	"strconv"
	"strings"
)

// Near returns the one of known that word is most likely a slip of, "" where
// none is close: letters missing, doubled, wrong or swapped, and the parts of a
// hyphenated name in another order. Of equals the first is taken; word itself is
// no slip.
func Near(word string, known ...string) string {
	if len(word) > 64 {
		return "" // no name is that long
	}
	best, bestDist := "", 1+(Runes(word)+2)/4
	for _, k := range known {
		if d := slips(word, k); d < bestDist && k != word {
			best, bestDist = k, d
		}
	}
	if best == "" && len(word) >= 3 {
		for _, k := range known {
			if strings.HasPrefix(k, word) && k != word {
				return k
			}
		}
	}
	return best
}

// DidYouMean is ` (did you mean "send"?)`, "" where none of known is near.
func DidYouMean(word string, known ...string) string {
	near := Near(word, known...)
	if near == "" {
		return ""
	}
	return " (did you mean " + strconv.Quote(near) + "?)"
}

// slips counts the slips between two words, whatever their case and the order
// of their parts.
func slips(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return min(distance([]rune(a), []rune(b)), distance([]rune(sortParts(a)), []rune(sortParts(b))))
}

func sortParts(s string) string {
	parts := strings.Split(s, "-")
	slices.Sort(parts)
	return strings.Join(parts, "-")
}

// distance is the number of letters to insert, remove, replace or swap with
// their neighbour to make b of a (optimal string alignment).
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
