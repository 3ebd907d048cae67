package analyzer_test

import (
	"testing"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/internal/pcapng"
)

// Two captures of one trouble, of which one is not whole.
func TestOneOfTwoIsNotWhole(t *testing.T) {
	const handshake = `
		client: linux id=100
		server: linux id=7000
		client.1000 > server.80: S
		+20ms server.80 > client.1000: S. ttl=63
		client.1000 > server.80: .
		client.1000 > server.80: P. seq 1:101
		+20ms server.80 > client.1000: . ttl=63 ack 101`
	const atServer = `
		client: linux id=100 ttl=63
		server: linux id=7000
		+10ms client.1000 > server.80: S
		server.80 > client.1000: S.
		+20ms client.1000 > server.80: .
		client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101`
	capture := func(text string) []byte {
		b, err := transcript.Capture("tap", text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	check := func(name string, client, server []byte, id cause.ID, strength cause.Strength, who analyzer.Sender) {
		t.Helper()
		all, err := analyze(t, analyzer.Options{}, input("client", client), input("server", server))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range pick[*analyzer.Verdict](all) {
			if v.Cause != id || v.Strength != strength || v.Sender != who {
				t.Errorf("%s: frame %d of %s is %v %s by the %s, want %v %s by the %s", name, v.Frame, v.File, v.Strength, v.Cause, v.Sender, strength, id, who)
			}
		}
	}
	abort := handshake + `
		server.80 > client.1000: R. seq 1 ttl=63`
	whole := capture(atServer + `
		server.80 > client.1000: R. seq 1`)
	check("a file that is cut within the reset", capture(abort), whole[:len(whole)-8], cause.CloseUnreadData, cause.Possible, analyzer.Responder)

	forged := handshake + `
		+20ms server.80 > client.1000: R seq 1 ttl=200 id=1`
	later := capture(atServer + `
		+500ms server.80 > client.1000: P. seq 1:101`)
	for name, change := range map[string]func(*pcapng.Packet){
		"a short snap length": func(p *pcapng.Packet) { p.Data = p.Data[:min(len(p.Data), 68)] },
		"payload that was blanked": func(p *pcapng.Packet) {
			if len(p.Data) == etherLen+40+100 {
				clear(p.Data[etherLen+40:])
			}
		},
	} {
		check(name, changeEach(t, capture(forged), pcapng.LinkEthernet, change), later, cause.InjectedReset, cause.Proven, analyzer.Middlebox)
	}
}
