//go:build linux

package lab

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Values of TCP_REPAIR and TCP_REPAIR_QUEUE (linux/tcp.h).
const (
	repairOn        = 1
	repairOffSilent = -1 // TCP_REPAIR_OFF_NO_WP: leave without a window probe
	repairSendQueue = 2
)

// sockopts are the options of [Socket.Set] but linger and those whose number
// depends on the address family.
var sockopts = map[string]struct{ level, name int }{
	"user_timeout": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT},
	"keepidle":     {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
	"keepintvl":    {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
	"keepcnt":      {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	"linger2":      {unix.IPPROTO_TCP, unix.TCP_LINGER2},
	"nodelay":      {unix.IPPROTO_TCP, unix.TCP_NODELAY},
	"rcvbuf":       {unix.SOL_SOCKET, unix.SO_RCVBUF},
	"sndbuf":       {unix.SOL_SOCKET, unix.SO_SNDBUF},
	"reuseport":    {unix.SOL_SOCKET, unix.SO_REUSEPORT},
}

func (s *kernelSocket) set(option string, value int) error {
	return s.control(fmt.Sprintf("set %s=%d", option, value), func(fd int) error {
		switch option {
		case "linger":
			return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(value)})
		case "tos":
			if s.ipv6 {
				return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, value)
			}
			return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, value)
		case "ttl":
			if s.ipv6 {
				return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, value)
			}
			return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TTL, value)
		case "keepidle", "keepintvl", "keepcnt":
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
				return err
			}
		}
		o, ok := sockopts[option]
		if !ok {
			known := slices.Sorted(maps.Keys(sockopts))
			return fmt.Errorf("unknown option, expected linger, tos, ttl, %s", strings.Join(known, ", "))
		}
		return unix.SetsockoptInt(fd, o.level, o.name, value)
	})
}

// setISN makes the next connect(2) begin with a sequence number.
func setISN(fd int, isn uint32) error {
	if isn == 0 {
		return errors.New("ISN 0: the kernel takes it for none and picks its own")
	}
	for _, o := range []struct {
		what        string
		name, value int
	}{
		{"TCP_REPAIR", unix.TCP_REPAIR, repairOn},
		{"TCP_REPAIR_QUEUE", unix.TCP_REPAIR_QUEUE, repairSendQueue},
		{"TCP_QUEUE_SEQ", unix.TCP_QUEUE_SEQ, int(isn)},
		{"TCP_REPAIR", unix.TCP_REPAIR, repairOffSilent},
	} {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, o.name, o.value); err != nil {
			return fmt.Errorf("set %s: %w", o.what, err)
		}
	}
	return nil
}

// setMD5Key signs all segments to and from anybody with a key.
func setMD5Key(fd, domain int, key string) error {
	if len(key) > unix.TCP_MD5SIG_MAXKEYLEN {
		return fmt.Errorf("MD5 key of %d bytes, expected %d at most", len(key), unix.TCP_MD5SIG_MAXKEYLEN)
	}
	sig := unix.TCPMD5Sig{Flags: unix.TCP_MD5SIG_FLAG_PREFIX, Keylen: uint16(len(key))} // prefix length 0: everybody
	sig.Addr.Family = uint16(domain)
	copy(sig.Key[:], key)
	if err := unix.SetsockoptTCPMD5Sig(fd, unix.IPPROTO_TCP, unix.TCP_MD5SIG_EXT, &sig); err != nil {
		return fmt.Errorf("set TCP_MD5SIG_EXT: %w", err)
	}
	return nil
}

// connectRaw is connect(2) with an address that has no type of its own in
// package unix.
func connectRaw(fd int, a *unix.RawSockaddr) error {
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a))
	if errno != 0 {
		return errno
	}
	return nil
}
