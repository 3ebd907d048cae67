//go:build linux

package oracle

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// typesOf makes a kernel whose tracepoint tcp_send_reset has these arguments.
func typesOf(t *testing.T, arguments ...btf.Type) *btf.Spec {
	t.Helper()
	params := []btf.FuncParam{{Name: "data", Type: &btf.Pointer{Target: &btf.Void{}}}}
	for _, a := range arguments {
		params = append(params, btf.FuncParam{Type: a})
	}
	return specOf(t, &btf.Typedef{Name: "btf_trace_tcp_send_reset",
		Type: &btf.Pointer{Target: &btf.FuncProto{Return: &btf.Void{}, Params: params}}})
}

func specOf(t *testing.T, types ...btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestKernelsThatLackSomething(t *testing.T) {
	pointer := &btf.Pointer{Target: &btf.Void{}}
	reason := &btf.Enum{Name: "sk_rst_reason", Size: 4, Values: []btf.EnumValue{{Name: "SK_RST_REASON_NO_SOCKET", Value: 1}}}
	for _, test := range []struct {
		name string
		spec *btf.Spec
		want error
	}{
		{"no tracepoint", specOf(t, reason), ErrNoTracepoint},
		{"Linux 6.9: sk, skb", typesOf(t, pointer, pointer), ErrNoReasons},
		{"another third argument", typesOf(t, pointer, pointer, &btf.Enum{Name: "skb_drop_reason", Size: 4}), ErrNoReasons},
		{"not a function", specOf(t, &btf.Typedef{Name: "btf_trace_tcp_send_reset", Type: pointer}), ErrUnknownKernel},
		{"no structures", typesOf(t, pointer, pointer, &btf.Const{Type: reason}), ErrUnknownKernel},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := kernelOf(test.spec)
			var u *Unavailable
			if !errors.Is(err, test.want) || !errors.As(err, &u) || u.Hint == "" {
				t.Errorf("got %v, want %v with a hint", err, test.want)
			}
		})
	}
}

func TestReasonNames(t *testing.T) {
	names, err := Reasons()
	skipUnlessAvailable(t, err)
	// These are in every kernel that has reasons (Linux 6.10).
	for _, want := range []string{"NOT_SPECIFIED", "NO_SOCKET", "MPTCP_RST_EMPTCP", "ERROR"} {
		if !slices.Contains(names, want) {
			t.Errorf("got %s, want %s among them", names, want)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, reasonPrefix) || name == "MAX" {
			t.Errorf("got %s, want a reason without the prefix of the enum", name)
		}
	}
}

// A field of a nameless inner structure is found where C finds it.
func TestOffset(t *testing.T) {
	word := &btf.Int{Name: "int", Size: 4}
	inner := &btf.Struct{Size: 8, Members: []btf.Member{{Name: "c", Type: word}, {Name: "d", Type: word, Offset: 32}}}
	union := &btf.Union{Size: 8, Members: []btf.Member{{Name: "b", Type: word}, {Type: inner}}}
	spec := specOf(t, &btf.Struct{Name: "outer", Size: 16, Members: []btf.Member{
		{Name: "a", Type: word}, {Type: union, Offset: 64}}})
	for field, want := range map[string]int32{"a": 0, "b": 8, "c": 8, "d": 12} {
		if got, err := offset(spec, "outer", field); got != want || err != nil {
			t.Errorf("offset of %s: got %d, %v, want %d", field, got, err, want)
		}
	}
	for in, field := range map[string]string{"outer": "e", "other": "a"} {
		if got, err := offset(spec, in, field); err == nil {
			t.Errorf("offset of %s.%s: got %d, want an error", in, field, got)
		}
	}
}
