package script_test

import (
	"os"
	"path/filepath"
	"testing"

	"rstlab/internal/script"
)

// The samples of the reference are in the one form.
func TestSamplesFormatToThemselves(t *testing.T) {
	files, err := filepath.Glob("testdata/*.scenario")
	if err != nil || len(files) != 10 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkFormat(t, string(src), string(src))
	}
}

func checkFormat(t *testing.T, src, want string) {
	t.Helper()
	got, err := script.Format([]byte(src), "x")
	if err != nil {
		t.Errorf("%s\n%v", src, err)
		return
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFormat(t *testing.T) {
	checkFormat(t, "\uFEFF\n\n#summary  \r\n"+
		"requires   kernel>=6.10\troot\r\n"+
		`label  a   b
host client ip=192.0.2.1,192.0.2.9   ttl=5 # both
middlebox fw
# between
peer   server


link client fw   delay=5ms   mtu=1400
	link fw server
client.1   connect server.80 isn=7   =   ok within 1s
client.1 > server.80 : .S  ack 0x5   seq 1   ttl=5 <mss 1460 , nop>win 5 @fw/server   as x    # named
client.1>server.80: S seq 1
client.1 > server.80: S
client.1 > server.80: icmp port-unreachable ttl=5
[ root ]   +5s client.1 close
fw rewrite client > server: S. ack 1 seq 1 x2 to <mss  5> ttl=1   payload "a  b"
fw inject 2001:db8::1.80 > 2001:db8::2 :  R ack 1 seq 2
=> injected-reset by fw after x not half-open,syn-scan ( x )   # why
# more
seen   @client+fw/server as  likely injected-reset or  half-open by fw
# below
client.1 set linger=0   # first
client.1 socket md5="a # b"   # second
`, `#summary
requires kernel>=6.10 root
label a b
host      client  ip=192.0.2.1,192.0.2.9 ttl=5   # both
middlebox fw
# between
peer server

link client fw  delay=5ms mtu=1400
link fw server
client.1 connect server.80 isn=7 = ok within 1s
client.1 > server.80: S. seq 1 ack 0x5 win 5 <mss 1460,nop> ttl=5 @fw/server     as x    # named
client.1 > server.80: S  seq 1
client.1 > server.80: S
client.1 > server.80: icmp port-unreachable ttl=5
[root] +5s client.1 close
fw rewrite client > server: S. seq 1 ack 1 x2 to <mss 5> ttl=1 payload "a  b"
fw inject 2001:db8::1.80 > 2001:db8::2 : R  seq 2 ack 1
    => injected-reset by fw after x not half-open, syn-scan (x)  # why
    # more
    seen @client+fw/server as likely injected-reset or half-open by fw
# below
client.1 set linger=0                        # first
client.1 socket md5="a # b"                  # second
`)
}

// The delays of adjacent packet lines of one direction have a column.
func TestFormatDelays(t *testing.T) {
	const head = "host client\npeer server\nlink client server\n\n"
	checkFormat(t, head+`server > client: S.
+5ms  server > client: .
server > client: .  # no delay
+1.5s client > server: .
+1s client > server: .
+5ms server > client: .
client > server: .
no reset
`, head+`     server > client: S.
+5ms server > client: .
     server > client: .                      # no delay
+1.5s client > server: .
+1s   client > server: .
+5ms server > client: .
client > server: .
no reset
`)
}
