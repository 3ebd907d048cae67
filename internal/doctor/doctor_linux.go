package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/lab"
	"rstlab/lab/oracle"
)

// Examine tries what a run needs. It makes a lab of its own and frees it again;
// nothing else of the machine is touched.
func Examine(ctx context.Context) []Check {
	checks := []Check{kernel(release()), privilege(), userNamespaces()}
	if err := lab.Available(); err != nil {
		return append(checks, unavailable(err))
	}
	checks = append(checks, tryLab(ctx), witness())
	for _, f := range features {
		checks = append(checks, f.check())
	}
	return checks
}

// oldest is the oldest kernel on which the scenarios are known to run.
const oldestMajor, oldestMinor = 6, 1

// release is the running kernel's, as "uname -r" prints it.
func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(u.Release[:])
}

func kernel(release string) Check {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return Check{Name: "kernel", Status: Limited, Found: "Linux " + release + ", which is no version known here"}
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return Check{Name: "kernel", Status: Limited,
			Found: fmt.Sprintf("Linux %s; known to work from %d.%d on", release, oldestMajor, oldestMinor),
			Mend:  "boot a newer kernel, or use the box of the Vagrantfile"}
	}
	return Check{Name: "kernel", Status: OK, Found: "Linux " + release}
}

func privilege() Check {
	if lab.Rootless() || os.Geteuid() != 0 {
		return Check{Name: "privilege", Status: Limited,
			Found: "not root of the machine: the kernel's counters stand in for its trace, scenarios that require root are skipped",
			Mend:  "run as root for the rest"}
	}
	return Check{Name: "privilege", Status: OK, Found: "root of the machine"}
}

func userNamespaces() Check {
	const name = "user namespaces"
	if err := lab.UserNamespaces(); err != nil {
		c := unavailable(err)
		c.Name, c.Status = name, Limited
		return c
	}
	if lab.Rootless() {
		return Check{Name: name, Status: OK, Found: "this process runs in one"}
	}
	return Check{Name: name, Status: OK, Found: "no setting forbids them to ordinary users"}
}

func unavailable(err error) Check {
	c := Check{Name: "lab", Status: Broken, Found: err.Error()}
	var u *lab.UnavailableError
	if errors.As(err, &u) {
		c.Found, c.Mend = u.Reason, u.Hint
		if u.Err != nil {
			c.Found += ": " + u.Err.Error()
		}
	}
	return c
}

// tryLab makes the smallest lab, and frees it.
func tryLab(ctx context.Context) Check {
	begin := time.Now()
	l, err := lab.Start(ctx, lab.Config{
		Hosts: []lab.HostConfig{{Name: "client"}, {Name: "server"}},
		Links: []lab.LinkConfig{{A: "client", B: "server"}},
	})
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return unavailable(err)
	}
	return Check{Name: "lab", Status: OK,
		Found: fmt.Sprintf("two hosts and a link made and freed in %d ms", time.Since(begin).Milliseconds())}
}

// witness says on what the kernel's word stands.
func witness() Check {
	const name = "oracle"
	o, err := oracle.Open()
	if err == nil {
		err = o.Close()
	}
	if err == nil {
		return Check{Name: name, Status: OK, Found: "trace: the kernel gives a reason for each reset that it sends"}
	}
	c := Check{Name: name, Status: Limited, Found: "counters only: " + err.Error()}
	var u *oracle.Unavailable
	if errors.As(err, &u) {
		c.Mend = u.Hint
	}
	return c
}

// A feature is something that some scenarios require.
type feature struct{ name, title, mend string }

var features = []feature{
	{"ipv6", "IPv6", "boot without ipv6.disable=1"},
	{"nftables", "nftables", "modprobe nf_tables, or a kernel with CONFIG_NF_TABLES and CONFIG_NFT_REJECT"},
	{"mptcp", "MPTCP", "a kernel with CONFIG_MPTCP"},
	{"md5", "TCP MD5", "a kernel with CONFIG_TCP_MD5SIG"},
}

func (f feature) check() Check {
	if err := lab.Supports(f.name); err != nil {
		return Check{Name: f.title, Status: Limited, Found: "missing, so scenarios that require it are skipped: " + err.Error(), Mend: f.mend}
	}
	return Check{Name: f.title, Status: OK, Found: "labs have it"}
}
