package script_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"rstlab/internal/script"
)

// Two hosts, on lines 1 to 3.
const twoHosts = "host client\nhost server\nlink client server\n"

// A client, a middlebox, a server that is scripted; lines 1 to 5.
const boxed = "host client\nmiddlebox fw\npeer server\nlink client fw\nlink fw server\n"

// Each mistake of one line, below a head that is right; the line is the last
// but one, "no reset" the last. Want is the whole of the message, with its line
// and column.
var mistakes = []struct {
	head, line, want string
}{
	// what the reference shows
	{twoHosts, "client.40001 connect sever.445", `4:22: unknown host "sever"; declared are client, server (did you mean "server"?)`},
	{twoHosts, "client > server 80: S", `4:17: expected ":" and flags after "server"; a port is written server.80`},
	{twoHosts, "client connect server.80 isn=x", `4:30: bad isn=x; write a number from 0 to 4294967295`},
	{twoHosts, "! client > server: X", `4:20: bad flag "X"; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")`},
	{"requires exec=python3.11 exec=g++\n" + twoHosts, "requires exec=./mine", `5:10: bad program "./mine"; write the name of one on the PATH: exec=curl`},
	{twoHosts, "sleep 5s", `4:1: unknown host "sleep"; time passes by "+5s" before a line, and a packet line waits for its packet`},
	{twoHosts, "client wait 5s", `4:8: unknown verb "wait" for host client; time passes by "+5s" before a line, and a packet line waits for its packet`},
	{twoHosts, "client > server: SA", `4:19: bad flag "A"; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")`},
	{twoHosts, "+5 client close", `4:2: duration "5" has no unit; write 5s or 5ms`},
	{twoHosts + "client connect server.80\n", "client sned 100", `5:8: unknown verb "sned" for host client (did you mean "send"?)`},
	{boxed, "fw connect server.80", `6:4: fw is a middlebox; connect is a verb of hosts`},
	{twoHosts + "client.40001 connect server.80\nclient.40002 connect server.80\n", "client send 1", `6:1: client has sockets 40001 and 40002; say which: client.40001 send …`},

	// words
	{twoHosts, `client send "abc`, `4:13: string is not closed; it ends with "`},
	{twoHosts, `client send "\q"`, `4:13: bad string; it is written as in Go: \n \t \" \\ \x00`},
	{twoHosts, "client > server: S \xff", `4:20: not UTF-8`},
	{twoHosts, "Client > server: S", `4:1: bad name "Client"; names are lower-case letters, digits, - and _, a letter first`},
	{twoHosts, "client > 192.0.2.300: S", `4:10: bad address "192.0.2.300"; write IPv4 or IPv6, a port behind a dot: 192.0.2.1.80`},
	{twoHosts, "client > server.0: S", `4:17: bad port "0"; ports are 1 to 65535`},
	{twoHosts, "client > server.65536: S", `4:17: bad port "65536"; ports are 1 to 65535`},
	{twoHosts, "(client)", `4:1: expected an action or a packet, found "("`},
	{twoHosts, "=ok", `4:1: unknown host "=ok"; declared are client, server`},

	// declarations
	{"", "hots client\nhost server\nlink client server", `1:1: unknown host "hots"; declared are server (did you mean "host"?)`},
	{twoHosts, "host server", `4:6: server is declared already, in line 2`},
	{twoHosts, "host link", `4:6: "link" begins a statement and names no host`},
	{twoHosts, "host", `4:5: expected a name for the host at the end of the line`},
	{twoHosts, "peer a tll=7", `4:8: unknown tll= for a peer; known are ip= ttl= isn= win= (did you mean "ttl="?)`},
	{twoHosts, "host a ttl=256", `4:12: bad ttl=256; write a number from 1 to 255`},
	{twoHosts, "host a forward=on", `4:16: bad forward=on; write yes or no`},
	{twoHosts, "host a ip=192.0.2.1,192.0.2", `4:11: bad ip=192.0.2.1,192.0.2; write an address, or several with commas`},
	{twoHosts, "host a ttl= 5", `4:8: ttl= has no value; nothing stands around the sign: ttl=VALUE`},
	{twoHosts, "host a ttl=5 ttl=6", `4:14: ttl= is written twice`},
	{twoHosts, "host a b", `4:8: expected KEY=VALUE behind the name, found "b"`},
	{twoHosts, "host a", `4:6: a has no link; add: link a NAME`},
	{"", "host client\nmiddlebox fw\nlink client fw", `2:11: fw has one link; a middlebox has two or more: link fw NAME`},
	{twoHosts, "host a ip=127.0.0.1", `4:11: 127.0.0.1 in ip= is no address of a link; write another`},
	{twoHosts, "peer a ip=224.0.0.1", `4:11: 224.0.0.1 in ip= is no address of a link; write another`},
	{twoHosts, "link client other mtu=9217", `4:13: unknown host "other"; declared are client, server
4:23: bad mtu=9217; write a number from 68 to 9216`},
	{twoHosts, "client connect server:80", `4:16: bad endpoint "server:80"; a port is written server.80`},
	{twoHosts, "link client", `4:12: expected the name of a host, peer or middlebox at the end of the line`},
	{twoHosts, "link client client", `4:13: a link has two ends; both are client`},
	{twoHosts, "link server client", `4:6: server and client are linked already, in line 3`},
	{twoHosts, "link client severr", `4:13: unknown host "severr"; declared are client, server (did you mean "server"?)`},
	{twoHosts + "host a\n", "link client a delay=5", `5:21: duration "5" has no unit; write 5s or 5ms`},
	{twoHosts + "host a\n", "link client a delay=5h", `5:21: bad duration "5h"; write a number and its unit: us ms s m`},
	{twoHosts + "host a\n", "link client a net=192.0.2.1/24", `5:19: net=192.0.2.1/24 has bits behind its length; write 192.0.2.0/24`},
	{boxed + "host a\n", "link a server", `3:6: server has 2 links; a peer has one`},
	{twoHosts, "requires kernel", `4:10: bad condition "kernel"; write kernel>=6.10`},
	{twoHosts, "requires kernel >= 6.10", `4:17: ">=" needs a version, and no blank around it: kernel>=6.10`},
	{twoHosts, "requires kernel>=6.x", `4:18: bad version "6.x"; write numbers joined by dots`},
	{twoHosts, "requires rot", `4:10: unknown condition "rot"; known are kernel, root, ipv6, nftables and exec (did you mean "root"?)`},
	{twoHosts, "requires root=yes", `4:10: bad condition "root=yes"; write root`},
	{twoHosts, "label Windows", `4:7: bad name "Windows"; names are lower-case letters, digits, - and _, a letter first`},
	{twoHosts + "client connect server.80\n", "label windows", `5:1: declarations come first; the first event stands in line 4`},

	// packets
	{twoHosts, "client > server S", `4:17: expected ":" and flags after "server"`},
	{twoHosts, "client > server", `4:16: expected ":" and flags after "server"`},
	{twoHosts, "client > server:", `4:17: expected flags (F S R P . U E W or none) at the end of the line`},
	{twoHosts, "client > server: seq 1", `4:18: expected flags (F S R P . U E W or none), found "seq"`},
	{twoHosts, "client > server: SS", `4:19: flag "S" is written twice`},
	{twoHosts, "client > server: S sqe 1", `4:20: unexpected "sqe"; here may stand seq, rawseq, ack, rawack, win, <options>, length, payload, ttl=, id=, df=, tos=, flow=, badsum=, xN, @TAP, within D, as NAME (did you mean "seq"?)`},
	{twoHosts, "client > server: S seq", `4:23: expected a number behind "seq" at the end of the line`},
	{twoHosts, "client > server: S seq one", `4:24: bad seq "one"; write a number from 0 to 4294967295, or two of them: 1:101`},
	{twoHosts, "client > server: S seq 1 rawseq 2", `4:26: seq is written twice`},
	{twoHosts, "client > server: S win 65536", `4:24: bad win "65536"; write a number from 0 to 65535`},
	{twoHosts, "client > server: S <mss>x", `4:25: unexpected "x"; here may stand seq, rawseq, ack, rawack, win, <options>, length, payload, ttl=, id=, df=, tos=, flow=, badsum=, xN, @TAP, within D, as NAME`},
	{twoHosts, "client > server: S <msss 1460>", `4:21: unknown option "msss"; known are eol, nop, mss, wscale, sackOK, sack, TS, md5, uto, tcp-ao, mptcp, tfo, unknown-N (did you mean "mss"?)`},
	{twoHosts, "client > server: S <mss 70000>", `4:25: bad option mss 70000: write a number from 0 to 65535; mss takes a number`},
	{twoHosts, "client > server: S <nop", `4:24: expected "," or ">" behind option nop at the end of the line`},
	{twoHosts, "client > server: S ttl=256", `4:20: bad ttl=256; write a number from 0 to 255`},
	{twoHosts, "client > server: S x0", `4:20: bad count "x0"; write x1 to x65535`},
	{twoHosts, "client > server: S @client x2", `4:28: xN stands before @TAP`},
	{twoHosts, "client > server: S @clinet", `4:21: unknown host "clinet"; declared are client, server (did you mean "client"?)`},
	{twoHosts, "client > server: S @client/server", `4:21: unknown tap "client/server"; client has client`},
	{boxed, "client > server: S @fw", `6:21: unknown tap "fw"; fw has fw/client and fw/server`},
	{boxed, "client > fw: S", `6:10: fw has no tap of its own; say which: @fw/client or @fw/server`},
	{twoHosts, "client > 192.0.2.9: S", `4:10: no host has ip=192.0.2.9; say at which tap: @NAME`},
	{twoHosts, "client > server: S within 5", `4:27: duration "5" has no unit; write 5s or 5ms`},
	{twoHosts, "client > server: S within 0s", `4:27: within 0s ends before it begins`},
	{twoHosts, "client > server: S as", `4:22: expected a name behind "as" at the end of the line`},
	{twoHosts + "client > server: S as syn\n", "client > server: S as syn", `5:23: "syn" is the name of line 4 already`},
	{twoHosts, "client > server: S as port-closed", `4:23: "port-closed" is a cause and names no line`},
	{twoHosts, "client > server: S badsum=yes", `4:18: badsum=yes is for packets that the script sends, a peer's or an inject`},
	{twoHosts, "client > server: icmp port-unreachabel", `4:23: unknown ICMP error "port-unreachabel"; known are net-unreachable, host-unreachable, prot-unreachable, port-unreachable, frag-needed, packet-too-big, net-prohibited, host-prohibited, admin-prohibited, policy-fail, reject-route, time-exceeded, parameter-problem (did you mean "port-unreachable"?)`},
	{twoHosts, "! client > server: SF", `4:20: no packet of this file can be FS; a host sends S S. . P. F. R R.`},
	{boxed, "! server > client: R.", `6:20: no packet of this file can be R.; server is a peer and no line sends one`},
	{twoHosts, "! client > server: R as x", `4:3: a "!" line forbids every such packet; neither xN nor "as" stands in it`},
	{twoHosts, "+1s no reset", `4:5: "no" begins a line of its own`},
	{twoHosts, "[root client close", `4:7: expected "]" behind the condition, found "client"`},

	// actions
	{twoHosts, "client 80 > server: S", `4:8: unknown verb "80" for host client; a port is written client.80`},
	{twoHosts, "client", `4:7: expected a verb, or ">" and where a packet goes, behind "client" at the end of the line`},
	{twoHosts, "client frobnicate", `4:8: unknown verb "frobnicate" for host client; known are listen, connect, socket, accept, send, recv, set, close, shutdown, disconnect, destroy, forget, state, exec, kill, sysctl, nft, route, conntrack, down, up, reboot`},
	{boxed, "server listen", `6:8: server is a peer; listen is a verb of hosts`},
	{boxed, "client drop client > server", `6:8: client is a host; drop is a verb of middleboxes`},
	{boxed, "server frobnicate", `6:8: unknown verb "frobnicate" for peer server; a peer has no verbs, its packet lines send`},
	{twoHosts, `client nft "output tcp dprot 80 drop"`, `4:24: expected sport, dport, sequence, ackseq, flags, window or option, found "dprot" (did you mean "dport"?)`},
	{twoHosts, `client nft "output tcp dport 80"`, `4:32: expected what happens to the packet (accept, drop, reject, snat, dnat, masquerade, redirect, notrack or counter) at the end of the line`},
	{twoHosts, "client.80 kill", `4:1: kill is a verb of the whole host; write client kill`},
	{twoHosts, "server listen", `4:1: no port to listen on; write server.PORT listen`},
	{twoHosts, "server.80 listen backlog", `4:18: unexpected "backlog"; write server.80 listen [backlog=N] [ip=A] [= RESULT] [within D]`},
	{twoHosts, "server.80 listen baklog=1", `4:18: unknown baklog= for listen; known are backlog= ip= (did you mean "backlog="?)`},
	{twoHosts, "server.80 accept", `4:1: server does not listen on 80; connect or listen first`},
	{twoHosts, "client connect server", `4:16: no port to connect to; write server.PORT`},
	{twoHosts, "client connect server.80 = ECONREFUSED", `4:28: unknown result "ECONREFUSED"; connect gives ok or an errno (did you mean "ECONNREFUSED"?)`},
	{twoHosts, "client connect server.80 = 5", `4:28: connect gives ok or an errno, not 5`},
	{twoHosts, "client connect server.80 =", `4:27: expected ok or an errno behind "=" at the end of the line`},
	{twoHosts, "client connect server.80 as c", `4:26: unexpected "as"; write client connect DST [isn=N] [fastopen=N] [= RESULT] [within D]`},
	{twoHosts, "client send 1", `4:1: client has no socket yet; connect or listen first`},
	{twoHosts + "server.80 listen\nserver.80 accept as conn\n", "server.con recv", `6:1: server has no socket con; it has sockets 80 and conn (did you mean "conn"?)`},
	{twoHosts + "server.80 listen\nserver.80 accept as conn\n", "server.80 accept as conn", `6:21: there is a socket conn already; choose another name`},
	{twoHosts + "client connect server.80\n", "client send", `5:12: expected a number of bytes or "text" at the end of the line`},
	{twoHosts + "client connect server.80\n", "client send 0", `5:13: bad number of bytes "0"; write 1 to 2147483647`},
	{twoHosts + "client connect server.80\n", "client shutdown wirte", `5:17: expected read, write or both, found "wirte"`},
	{twoHosts + "client connect server.80\n", "client set lingre=0", `5:12: unknown lingre= for set; known are linger= user_timeout= keepidle= keepintvl= keepcnt= rcvbuf= sndbuf= nodelay= linger2= reuseport= tos= ttl= (did you mean "linger="?)`},
	{twoHosts + "client connect server.80\n", "client state", `5:13: no state; write client state = STATE [within D]`},
	{twoHosts + "client connect server.80\n", "client state = TIMEWAIT", `5:16: unknown result "TIMEWAIT"; state gives a state (did you mean "TIME-WAIT"?)`},
	{twoHosts, "client kill curl", `4:13: client has no program "curl"; name one with "as curl"`},
	{twoHosts, "client sysctl kernel.panic=1", `4:15: unknown kernel.panic= for sysctl; known are keys of the network namespace, without net.ipv4. or whole`},
	{twoHosts, "client route server", `4:20: expected via HOST, rto_min= or quickack= at the end of the line`},
	{twoHosts, "client route server.80 via server", `4:14: a host stands here, without a port: server`},
	{twoHosts, "client exec \"sh -c 'exit 1\"", `4:13: no ' closes the quote`},
	{twoHosts, `client exec "curl \\"`, `4:13: nothing stands behind the last \`},
	{twoHosts, "client exec \"curl\" = 56", `4:22: exec gives exit N, not 56`},
	{twoHosts, "client exec \"curl\" = exit", `4:26: expected an exit status from 0 to 255 at the end of the line`},
	{boxed, "fw delay client > server", `6:25: expected a duration behind the packets at the end of the line`},
	{boxed, "fw rewrite client > server: S ttl=5", `6:36: expected "to" and what changes at the end of the line`},
	{boxed, "fw rewrite client > server: S to ttl=300", `6:38: bad ttl=300; write a number from 0 to 255`},
	{boxed, "fw rewrite client > server to win=1 win=2", `6:37: win= is written twice`},
	{boxed, "fw forget client server then=rest", `6:30: bad then=rest; write drop, reset or pass (did you mean "reset"?)`},
	{boxed, "fw drop client > server = ok", `6:27: drop has no result`},

	// truths
	{twoHosts, "=> port-closed by server", `4:1: a truth stands below a reset; no line above sends or sees one`},
	{twoHosts + "client > server: S\n", "=> port-closed by server", `5:1: a truth stands below a reset; this is none: client > server: S`},
	{twoHosts + "client > server: S\n", "seen as port-closed", `5:1: "seen" stands below a truth, "=> CAUSE by ACTOR"`},
	{twoHosts, "no resets", `4:4: expected "reset" behind "no", found "resets"`},
}

func TestMistakes(t *testing.T) {
	for _, m := range mistakes {
		_, err := script.Parse("x", []byte(m.head+m.line+"\nno reset\n"))
		if got := messages(err); got != m.want {
			t.Errorf("%s\ngot  %s\nwant %s", m.line, got, m.want)
		}
	}
}

const reset = twoHosts + "client > server: S as syn\nserver > client: R.\n"

// Mistakes of resets, whose truth stands on line 6.
var truthMistakes = []struct {
	lines, want string
}{
	{"", `5:18: a reset needs a truth: "=> CAUSE by ACTOR" on the next line`},
	{"client > server: .", `5:18: a reset needs a truth: "=> CAUSE by ACTOR" on the next line`},
	{"=> closed-port by server", `6:4: unknown cause "closed-port" (did you mean "port-closed"?); see rstlab list causes`},
	{"=> because by server", `6:4: unknown cause "because"; see rstlab list causes`},
	{"=> undetermined by server", `6:4: unknown cause "undetermined"; see rstlab list causes`},
	{"=> port-closed", `6:15: expected "by" and who sent it at the end of the line`},
	{"=> port-closed by fw", `6:19: unknown host "fw"; declared are client, server`},
	{"=> port-closed by server (data)", `6:27: no packet line is named "data"; name one with "as data"`},
	{"=> port-closed by server (syn data", `6:31: no packet line is named "data"; name one with "as data"
6:35: expected the name of a packet line, or ")" at the end of the line`},
	{"=> port-closed by server (sin)", `6:27: no packet line is named "sin"; name one with "as sin" (did you mean "syn"?)`},
	{"=> port-closed by server after half-opne", `6:32: "half-opne" is neither a cause nor the name of a packet line (did you mean "half-open"?)`},
	{"=> port-closed by server not", `6:29: expected a cause at the end of the line`},
	{"=> port-closed by server not ,", `6:30: expected a cause, found ","`},
	{"=> port-closed by server not port-closed", `6:30: port-closed is the cause itself`},
	{"=> port-closed by server not half-open not syn-scan", `6:40: not CAUSE is written twice`},
	{"=> port-closed by server (syn) not half-open", `6:32: not CAUSE stands before (NAME …)`},
	{"=> port-closed by server becuase", `6:26: unexpected "becuase"; here may stand after CAUSE, not CAUSE, (NAME …)`},
	{"=> port-closed by server\n=> port-closed by server", `7:1: the reset in line 5 has a truth already, in line 6`},
	{"=> port-closed by server\nseen port-closed", `7:6: expected "as" and what is seen, found "port-closed"`},
	{"=> port-closed by server\nseen @sevrer as port-closed", `7:7: unknown host "sevrer"; declared are client, server (did you mean "server"?)`},
	{"=> port-closed by server\nseen as lickely port-closed", `7:9: unknown strength "lickely"; known are proven, likely and possible (did you mean "likely"?)`},
	{"=> port-closed by server\nseen as port-closed likely", `7:27: expected "by" and who is seen to be the sender at the end of the line`},
	{"=> port-closed by server\nseen as undetermined why no-hanshake", `7:26: unknown reason "no-hanshake"; known are no-handshake, one-direction, capture-drops, snaplen, corrupt, tuple-reused, nat-unresolved and no-match (did you mean "no-handshake"?)`},
	{"=> port-closed by server\nseen @client as port-closed\nseen @client as half-open", `8:1: line 7 says already what is seen there`},
	{"=> port-closed by server\nno reset", `7:1: "no reset" is claimed, but line 5 is one`},
}

func TestMistakesOfTruths(t *testing.T) {
	for _, m := range truthMistakes {
		_, err := script.Parse("x", []byte(reset+m.lines+"\n"))
		if got := messages(err); got != m.want {
			t.Errorf("%s\ngot  %s\nwant %s", m.lines, got, m.want)
		}
	}
}

func TestNothingClaimed(t *testing.T) {
	_, err := script.Parse("x", []byte(twoHosts+"client connect server.80\n"))
	if got, want := messages(err), `4:25: nothing is claimed: add a reset with its truth, or "no reset"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// messages gives the errors of a file as line:column: message, one a line.
func messages(err error) string {
	var errs script.Errors
	if !errors.As(err, &errs) {
		return fmt.Sprint(err)
	}
	var lines []string
	for _, e := range errs {
		lines = append(lines, fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Msg))
	}
	return strings.Join(lines, "\n")
}

func TestErrorShowsLineAndCaret(t *testing.T) {
	src := "host client\nhost server\nlink client server\n\n\tclient.40001 connect\tsever.445 # why\nno reset\n"
	_, err := script.Parse("smb.scenario", []byte(src))
	want := `smb.scenario:5:23: unknown host "sever"; declared are client, server (did you mean "server"?)
         client.40001 connect sever.445 # why
                              ^^^^^`
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAllErrorsOfAFileButTwentyAtMost(t *testing.T) {
	src := twoHosts + strings.Repeat("client > server: X\n", 30)
	_, err := script.Parse("x", []byte(src))
	var errs script.Errors
	if !errors.As(err, &errs) || len(errs) != 20 {
		t.Fatalf("%d errors, want 20", len(errs))
	}
	if errs[0].Line != 4 || errs[19].Line != 23 {
		t.Errorf("lines %d to %d, want 4 to 23", errs[0].Line, errs[19].Line)
	}
}

// One mistake is told once, not again by every line that depends on it.
func TestMistakesDoNotCascade(t *testing.T) {
	src := `host client
hots server
lnik client server
server.80 lissten
server.80 accept
client.40001 conect server.80
client.40001 > server.80: Q as data
server.80 > client.40001: RX
    => port-closed by server (data)
    seen as port-closed
client.40001 send 5
`
	want := `2:1: unknown host "hots"; declared are client (did you mean "host"?)
3:1: unknown host "lnik"; declared are client (did you mean "link"?)
6:14: unknown verb "conect" for host client (did you mean "connect"?)
7:27: bad flag "Q"; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")
8:28: bad flag "X"; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")`
	_, err := script.Parse("x", []byte(src))
	if got := messages(err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
