package segment

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseNumber reads a number of the language: decimal, or hex behind "0x".
func ParseNumber(s string) (uint64, bool) {
	base := 10
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = hex, 16
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

// IsName reports whether s is a name of the language: lower-case letters,
// digits, "_" and "-", a letter first.
func IsName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '_' || r == '-')) {
			return false
		}
	}
	return s != ""
}

// Runes is the length of s in characters.
func Runes(s string) int { return utf8.RuneCountInString(s) }
