package cause

import (
	"encoding/json"
	"regexp"
	"testing"
)

func TestTableIsComplete(t *testing.T) {
	if n := len(Table()); n != 44 {
		t.Errorf("%d causes, want the 44 of the vocabulary", n)
	}
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[ID]bool{}
	for _, c := range Table() {
		if !id.MatchString(string(c.ID)) || seen[c.ID] {
			t.Errorf("bad or double id %q", c.ID)
		}
		seen[c.ID] = true
		for name, s := range map[string]string{"family": string(c.Family), "summary": c.Summary, "meaning": c.Meaning,
			"evidence": c.Evidence, "settle": c.Settle, "fix": c.Fix, "source": c.Source} {
			if s == "" {
				t.Errorf("%s: no %s", c.ID, name)
			}
		}
		for _, l := range c.LookAlikes {
			if _, ok := Lookup(l); !ok || l == c.ID {
				t.Errorf("%s: look-alike %q is no other cause", c.ID, l)
			}
		}
		if c.Caps.AtSender < c.Caps.Far || c.Caps.TwoPoints < c.Caps.AtSender {
			t.Errorf("%s: more captures must not make it weaker: %v", c.ID, c.Caps)
		}
	}
}

func TestTableIsACopy(t *testing.T) {
	Table()[0].ID = "changed"
	if Table()[0].ID != PortClosed {
		t.Error("a caller changed the table")
	}
}

func TestLookup(t *testing.T) {
	c, ok := Lookup(SecondaryReset)
	if !ok || c.ID != SecondaryReset || c.Family != Other || !c.Benign {
		t.Errorf("Lookup(secondary-reset) = %+v, %v", c, ok)
	}
	if _, ok := Lookup("closed-port"); ok {
		t.Error("Lookup found a cause that is not in the vocabulary")
	}
}

// Every reason that the kernel's enum sk_rst_reason had in 6.18 belongs to a
// cause, but the two that say that nothing is known.
func TestKernelReasonsAreCovered(t *testing.T) {
	for _, r := range []string{"NOT_SPECIFIED", "NO_SOCKET", "TCP_INVALID_ACK_SEQUENCE", "TCP_RFC7323_PAWS", "TCP_TOO_OLD_ACK",
		"TCP_ACK_UNSENT_DATA", "TCP_FLAGS", "TCP_OLD_ACK", "TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET", "INVALID_SYN",
		"TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_LINGER", "TCP_ABORT_ON_MEMORY", "TCP_STATE", "TCP_KEEPALIVE_TIMEOUT",
		"TCP_DISCONNECT_WITH_DATA", "MPTCP_RST_EUNSPEC", "MPTCP_RST_EMPTCP", "MPTCP_RST_ERESOURCE", "MPTCP_RST_EPROHIBIT",
		"MPTCP_RST_EWQ2BIG", "MPTCP_RST_EBADPERF", "MPTCP_RST_EMIDDLEBOX"} {
		var n int
		for _, c := range Table() {
			if c.Agrees(r) {
				n++
			}
		}
		if n == 0 {
			t.Errorf("no cause agrees with the kernel's %s", r)
		}
	}
	if c, _ := Lookup(InjectedReset); c.Agrees("NO_SOCKET") || c.Agrees("") {
		t.Error("a forged reset has no kernel behind it")
	}
}

func TestStrengthText(t *testing.T) {
	if !(Undetermined < Possible && Possible < Likely && Likely < Proven) {
		t.Error("strengths are not in order")
	}
	for _, s := range []Strength{Undetermined, Possible, Likely, Proven} {
		b, err := json.Marshal(s)
		var got Strength
		if err != nil || json.Unmarshal(b, &got) != nil || got != s {
			t.Errorf("%v: wrote %s (%v), read back %v", s, b, err, got)
		}
	}
	if _, err := json.Marshal(Strength(9)); err == nil {
		t.Error("a strength out of range was written")
	}
	var s Strength
	if err := s.UnmarshalText([]byte("certain")); err == nil || s != Undetermined {
		t.Error(`"certain" was read as a strength`)
	}
}
