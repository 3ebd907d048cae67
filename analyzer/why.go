package analyzer

// lacks say what a capture lacks that an undetermined verdict needs, by its Why.
var lacks = map[string]string{
	"no-handshake":   "the connection's beginning was not captured",
	"one-direction":  "only one direction was captured",
	"capture-drops":  "packets are missing in the capture",
	"snaplen":        "packets were cut while capturing",
	"corrupt":        "the reset itself is malformed",
	"tuple-reused":   "an earlier connection used the same ports",
	"nat-unresolved": "addresses were translated between the points",
	"no-match":       "no known cause fits all of its packets",
}

// Lack says in words why the verdict is undetermined, "" where it is not.
func (v *Verdict) Lack() string { return lacks[v.Why] }
