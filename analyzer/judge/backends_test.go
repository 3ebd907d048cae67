package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

// backends is a connection to host a that is reset in the midst, a while after
// its last answer, between the connections that are listed: "b+100ms" begins 100
// ms later and meets host b, "b: …" sets what it has.
func backends(hosts string, before []string, while string, after ...string) string {
	var b strings.Builder
	b.WriteString("client: ts=100 linux\n" + hosts)
	port := 2000
	connect := func(list []string) {
		for _, x := range list {
			if strings.Contains(x, ":") {
				b.WriteString("\n" + x)
				continue
			}
			host, later, _ := strings.Cut(x, "+")
			to := 80
			if host == "other" { // a service of host b
				host, to = "b", 81
			}
			fmt.Fprintf(&b, `
				+%[3]s client.%[1]d > %[2]s.%[4]d: S
				+10ms %[2]s.%[4]d > client.%[1]d: S.
				client.%[1]d > %[2]s.%[4]d: . ack 1`, port, host, later, to)
			port++
		}
	}
	b.WriteString(`
		client.1000 > a.80: S
		+10ms a.80 > client.1000: S.`)
	connect(before)
	fmt.Fprintf(&b, `
		client.1000 > a.80: P. seq 1:101 ack 1
		+10ms a.80 > client.1000: . ack 101
		+%s client.1000 > a.80: P. seq 101:201 ack 1
		+10ms a.80 > client.1000: R seq 1 win 0`, while)
	connect(after)
	return b.String()
}

// Two clocks behind one address are two hosts only where connections share
// them, and the first comes again behind the second.
func TestTwoBackends(t *testing.T) {
	const two = `
		a: ip=192.0.2.80 ts=5000 linux
		b: ip=192.0.2.80 ts=900000 linux`
	// A stack that draws an offset for each connection.
	drawn, each := two, []string{}
	for i := range 9 {
		drawn += fmt.Sprintf("\nh%d: ip=192.0.2.80 ts=%d linux", i, 1_000_000+40_000_000*i+777_777*i*i)
		each = append(each, fmt.Sprintf("h%d+100ms", i))
	}
	// A clock of 50 Hz: that of a is set back each time.
	var bursts []string
	for i := range 4 {
		bursts = append(bursts, fmt.Sprintf("a: ts=%d", 10_000_000+50*60*i-60_000), "a+60s", "a+10ms")
	}
	const open = "possible half-open by likely responder or middlebox-state-loss"
	const likely = "likely backend-switch by likely responder or middlebox-state-loss half-open"
	runRules(t, []ruleTest{
		{name: "two hosts in turn", text: backends(two, nil, "1ms", "b+100ms", "b+100ms", "a+100ms"), wants: []string{"6 " + likely + "; frames 5 6 7 10 13"}},
		{name: "they were in turn before", text: backends(two, []string{"a+10ms", "b+10ms", "b+10ms"}, "1ms"), wants: []string{"15 " + likely}},
		{name: "they were before, and the first had time to begin anew", text: backends(two, []string{"a+10ms", "b+10ms", "b+10ms"}, "5s"), wants: []string{"15 " + open}},
		{name: "a pause in which a device forgets", text: backends(two, nil, "65s", "b+100ms", "b+100ms", "a+100ms"), wants: []string{"6 " + open + " middlebox-idle-timeout"}},
		{name: "three hosts", text: backends(two+"\nc: ip=192.0.2.80 ts=70000000 linux", nil, "1ms", "c+10ms", "b+100ms", "c+10ms", "a+100ms"), wants: []string{"6 " + likely}},
		{name: "the first does not come again: it may have begun anew", text: backends(two, nil, "1ms", "b+100ms", "b+100ms", "b+100ms"), wants: []string{"6 " + open}},
		{name: "one answer by another clock is no host", text: backends(two, nil, "1ms", "b+100ms", "a+100ms", "a+100ms"), wants: []string{"6 " + open}},
		{name: "one host", text: backends(two, nil, "1ms", "a+100ms", "a+100ms", "a+100ms"), wants: []string{"6 " + open}},
		{name: "another service has another host", text: backends(two, nil, "1ms", "other+100ms", "other+100ms", "a+100ms"), wants: []string{"6 " + open}},
		{name: "a clock for each connection", text: backends(drawn, each[:4], "1ms", each[4:]...), wants: []string{"18 " + open}},
		{name: "a clock that ticks slower than supposed", text: backends(two, bursts, "1ms"), wants: []string{"30 " + open}},
	})
}
