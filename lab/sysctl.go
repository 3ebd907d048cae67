//go:build linux

package lab

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A setting is one sysctl of a namespace.
type setting struct{ key, value string }

// fixed is what would differ between machines, kernels or distributions, set
// in each host's namespace. A key that the kernel lacks is passed over: 6.1 is
// older than some. Most values are the kernel's own defaults
// (Documentation/networking/ip-sysctl.rst); where one is not, a comment says
// why.
var fixed = []setting{
	{"ip_forward", "0"}, // a new namespace may inherit the machine's
	{"tcp_congestion_control", "reno"},
	{"tcp_ecn", "0"},
	{"tcp_timestamps", "1"},
	{"tcp_sack", "1"},
	{"tcp_dsack", "1"},
	{"tcp_window_scaling", "1"},
	{"tcp_rmem", "4096 131072 6291456"}, // its maximum sets the window scale in a SYN: 7
	{"tcp_wmem", "4096 16384 4194304"},
	{"tcp_moderate_rcvbuf", "1"},
	{"tcp_adv_win_scale", "1"},
	{"tcp_syn_retries", "6"},
	{"tcp_syn_linear_timeouts", "0"}, // not 4: they would add to tcp_syn_retries
	{"tcp_synack_retries", "5"},
	{"tcp_syncookies", "1"},
	{"tcp_max_syn_backlog", "512"}, // by default it depends on the memory
	{"tcp_abort_on_overflow", "0"},
	{"tcp_retries1", "3"},
	{"tcp_retries2", "15"},
	{"tcp_orphan_retries", "1"},   // not 0, which means 8: unacknowledged data of a dead process would hold its namespace for minutes
	{"tcp_rto_min_us", "1000000"}, // not 200000: RFC 6298's own least (2.4), so that a busy machine sends nothing twice
	{"tcp_rto_max_ms", "4000"},    // not 120000: so long may an orphan, and with it the namespace, outlive its process
	{"tcp_early_retrans", "0"},    // not 3: a tail loss probe comes as soon as a busy machine is late
	{"tcp_recovery", "1"},
	{"tcp_frto", "2"},
	{"tcp_thin_linear_timeouts", "0"},
	{"tcp_mtu_probing", "0"},
	{"tcp_no_metrics_save", "1"}, // not 0: a connection must not depend on those before it
	{"tcp_slow_start_after_idle", "1"},
	{"tcp_fin_timeout", "60"},
	{"tcp_tw_reuse", "2"},
	{"tcp_rfc1337", "0"},
	{"tcp_fastopen", "1"},
	{"tcp_keepalive_time", "7200"},
	{"tcp_keepalive_intvl", "75"},
	{"tcp_keepalive_probes", "9"},
	{"tcp_invalid_ratelimit", "500"},
	{"tcp_challenge_ack_limit", "2147483647"},
	{"tcp_autocorking", "1"},
	{"tcp_reflect_tos", "0"},
	{"tcp_shrink_window", "0"},
	{"ip_local_port_range", "32768 60999"},
	{"icmp_ratelimit", "0"}, // not 1000: an ICMP error must not depend on those before it
	{"icmp_ratemask", "0"},  // nor on those of other labs
	{"conf.all.rp_filter", "0"},
	{"conf.default.rp_filter", "0"},
	{"conf.all.log_martians", "0"},
	{"conf.default.log_martians", "0"},
	{"conf.all.send_redirects", "0"}, // not 1: a router on one link with both ends tells them of each other
	{"conf.default.send_redirects", "0"},
	{"net.core.somaxconn", "4096"},
	{"net.ipv6.conf.all.disable_ipv6", "0"}, // a new namespace may inherit this, too
	{"net.ipv6.conf.default.disable_ipv6", "0"},
	{"net.ipv6.conf.all.accept_dad", "0"}, // not 1: an address must be usable at once
	{"net.ipv6.conf.default.accept_dad", "0"},
	{"net.ipv6.conf.default.addr_gen_mode", "1"}, // not 0: no link-local addresses, no multicast noise
	{"net.ipv6.conf.default.accept_ra", "0"},
	{"net.ipv6.conf.default.autoconf", "0"},
	{"net.ipv6.conf.default.router_solicitations", "0"},
	{"net.ipv6.conf.all.keep_addr_on_down", "1"}, // not 0: a host that comes up again has its addresses
	{"net.ipv6.conf.default.keep_addr_on_down", "1"},
	{"net.ipv6.auto_flowlabels", "0"}, // not 1: flow labels are random
	{"net.ipv6.icmp.ratelimit", "0"},
	{"net.ipv6.icmp.ratemask", "255"}, // a type that is not in use
	{"net.mptcp.enabled", "1"},
	{"net.mptcp.close_timeout", "1"}, // not 60: so long may a closed connection hold the namespace
}

// settings are those of one host, without its own Sysctls.
func (h *HostConfig) settings() []setting {
	ttl := strconv.Itoa(int(h.TTL))
	if h.TTL == 0 {
		ttl = "64"
	}
	return append(slices.Clone(fixed),
		setting{"ip_default_ttl", ttl},
		setting{"net.ipv6.conf.all.hop_limit", ttl},
		setting{"net.ipv6.conf.default.hop_limit", ttl})
}

// forwarding makes a router. It is set when the interfaces are up: a router
// would join a multicast group on one that comes up later, and report it.
var forwarding = []setting{
	{"ip_forward", "1"},
	{"net.ipv6.conf.all.forwarding", "1"},
}

// quiet are the settings of the namespace of peers, middleboxes and delayed
// links, in which the kernel must not speak.
var quiet = []setting{
	{"ip_forward", "0"},
	{"conf.all.log_martians", "0"},
	{"conf.default.log_martians", "0"},
	{"net.ipv6.conf.all.disable_ipv6", "1"},
	{"net.ipv6.conf.default.disable_ipv6", "1"},
}

// sysctlPath turns a sysctl's name into its path below /proc/sys.
func sysctlPath(key string) string {
	if !strings.HasPrefix(key, "net.") {
		key = "net.ipv4." + key
	}
	return "/proc/sys/" + strings.ReplaceAll(key, ".", "/")
}

// writeSysctl sets a key of the calling thread's network namespace.
func writeSysctl(key, value string) error {
	fd, err := unix.Open(sysctlPath(key), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("set sysctl %s: no such key in the namespace on this kernel: %w", key, err)
	}
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return fmt.Errorf("set sysctl %s: it is the machine's and not the namespace's, or is only to be read: %w", key, err)
	}
	if err != nil {
		return fmt.Errorf("set sysctl %s: %w", key, err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(value)); err != nil {
		return fmt.Errorf("set sysctl %s to %q: %w", key, value, err)
	}
	return nil
}

// writeSettings sets all that the kernel has.
func writeSettings(settings []setting) error {
	for _, s := range settings {
		if err := writeSysctl(s.key, s.value); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}
