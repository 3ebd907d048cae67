//go:build linux

package lab

import (
	"context"
	"sync"
)

type waitingKey struct{}

// WithWaiting returns a context for one call of a [Socket]. If the call has to
// wait, because its system call is made and the kernel has said "not yet", f is
// called, once, from another goroutine. A caller that must keep an order among
// several sockets goes on when f is called or when the call has returned.
func WithWaiting(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, waitingKey{}, sync.OnceFunc(f))
}

// waiting tells the caller of a call that it waits.
func waiting(ctx context.Context) {
	if f, ok := ctx.Value(waitingKey{}).(func()); ok {
		f()
	}
}
