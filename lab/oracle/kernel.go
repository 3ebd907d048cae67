//go:build linux

package oracle

import (
	"fmt"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// reasonPrefix is what every value of the kernel's enum sk_rst_reason begins
// with (include/net/rstreason.h).
const reasonPrefix = "SK_RST_REASON_"

// kernel is what the programs must know of the running kernel: where the fields
// that they read lie, in bytes, and how it names its reasons.
type kernel struct {
	// of struct sock, through its first member sock_common; time-wait and
	// request sockets begin with it too
	skNet, skFamily, skState     int32
	skLocalPort, skRemotePort    int32
	skLocal4, skRemote4          int32
	skLocal6, skRemote6          int32
	tpSndNxt, tpRcvNxt           int32 // of struct tcp_sock
	skbDev, skbHead, skbLen      int32 // of struct sk_buff
	skbNetHeader, skbTransHeader int32
	devNet, netInode             int32 // of struct net_device, struct net
	reasons                      map[uint32]string
}

// readKernel reads the running kernel's BTF, once per process: it takes most of
// the time that Open takes.
var readKernel = sync.OnceValues(parseKernel)

func parseKernel() (*kernel, error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, &Unavailable{Missing: ErrNoBTF, Err: err,
			Hint: "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, and mount /sys"}
	}
	return kernelOf(spec)
}

// Reasons gives the names that the running kernel has for the reasons of a
// reset, such as "NO_SOCKET", in the order of its enum sk_rst_reason. It needs
// no privilege. The error is an *Unavailable.
func Reasons() ([]string, error) {
	k, err := readKernel()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(k.reasons))
	for value := uint32(0); len(names) < len(k.reasons); value++ {
		if name, ok := k.reasons[value]; ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// kernelOf finds in a kernel's types what the programs need.
func kernelOf(spec *btf.Spec) (*kernel, error) {
	reasons, err := reasonsOf(spec)
	if err != nil {
		return nil, err
	}
	k := &kernel{reasons: reasons}
	var nsInode int32
	for _, f := range []struct {
		in, field string
		at        *int32
	}{
		{"sock_common", "skc_net", &k.skNet},
		{"sock_common", "skc_family", &k.skFamily},
		{"sock_common", "skc_state", &k.skState},
		{"inet_sock", "inet_sport", &k.skLocalPort},
		{"sock_common", "skc_dport", &k.skRemotePort},
		{"sock_common", "skc_rcv_saddr", &k.skLocal4},
		{"sock_common", "skc_daddr", &k.skRemote4},
		{"sock_common", "skc_v6_rcv_saddr", &k.skLocal6},
		{"sock_common", "skc_v6_daddr", &k.skRemote6},
		{"tcp_sock", "snd_nxt", &k.tpSndNxt},
		{"tcp_sock", "rcv_nxt", &k.tpRcvNxt},
		{"sk_buff", "dev", &k.skbDev},
		{"sk_buff", "head", &k.skbHead},
		{"sk_buff", "len", &k.skbLen},
		{"sk_buff", "network_header", &k.skbNetHeader},
		{"sk_buff", "transport_header", &k.skbTransHeader},
		{"net_device", "nd_net", &k.devNet},
		{"net", "ns", &k.netInode},
		{"ns_common", "inum", &nsInode},
	} {
		if *f.at, err = offset(spec, f.in, f.field); err != nil {
			return nil, &Unavailable{Missing: ErrUnknownKernel, Err: err,
				Hint: "report the kernel's version: its structures differ from those of Linux 6.10 to 6.18"}
		}
	}
	k.netInode += nsInode
	return k, nil
}

// reasonsOf finds out whether the kernel's tracepoint has a reason as its third
// argument, and what the reasons are called.
func reasonsOf(spec *btf.Spec) (map[uint32]string, error) {
	const hint = "use Linux 6.10 or later"
	// The kernel keeps a type of this name for each tracepoint: a pointer to a
	// function of (void *data, arguments...).
	var trace *btf.Typedef
	if err := spec.TypeByName("btf_trace_tcp_send_reset", &trace); err != nil {
		return nil, &Unavailable{Missing: ErrNoTracepoint, Hint: hint, Err: err}
	}
	pointer, ok := btf.As[*btf.Pointer](trace.Type)
	var function *btf.FuncProto
	if ok {
		function, ok = btf.As[*btf.FuncProto](pointer.Target)
	}
	if !ok {
		return nil, &Unavailable{Missing: ErrUnknownKernel, Hint: hint,
			Err: fmt.Errorf("read %s: found %v, expected a pointer to a function", trace.Name, trace.Type)}
	}
	if len(function.Params) < 4 {
		return nil, &Unavailable{Missing: ErrNoReasons, Hint: hint}
	}
	enum, ok := btf.As[*btf.Enum](function.Params[3].Type)
	if !ok || enum.Name != "sk_rst_reason" {
		return nil, &Unavailable{Missing: ErrNoReasons, Hint: hint}
	}
	reasons := make(map[uint32]string, len(enum.Values))
	for _, v := range enum.Values {
		name := strings.TrimPrefix(v.Name, reasonPrefix)
		if name != "MAX" { // the kernel's mark for the end, no reason
			reasons[uint32(v.Value)] = name
		}
	}
	return reasons, nil
}

// offset gives where a field lies in a kernel structure, in bytes. A field of a
// nameless structure or union inside counts as the outer one's, as in C.
func offset(spec *btf.Spec, in, field string) (int32, error) {
	var outer *btf.Struct
	if err := spec.TypeByName(in, &outer); err != nil {
		return 0, fmt.Errorf("find struct %s: %w", in, err)
	}
	at, ok := find(outer.Members, field)
	if !ok {
		return 0, fmt.Errorf("find struct %s: no field %s", in, field)
	}
	return int32(at), nil
}

func find(members []btf.Member, field string) (uint32, bool) {
	for _, m := range members {
		if m.Name == field {
			return m.Offset.Bytes(), true
		}
		if m.Name != "" {
			continue
		}
		var inner []btf.Member
		switch t := btf.UnderlyingType(m.Type).(type) {
		case *btf.Struct:
			inner = t.Members
		case *btf.Union:
			inner = t.Members
		}
		if at, ok := find(inner, field); ok {
			return m.Offset.Bytes() + at, true
		}
	}
	return 0, false
}
