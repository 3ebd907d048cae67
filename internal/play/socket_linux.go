package play

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/internal/script"
	"rstlab/lab"
)

// A socketKey names a script's socket: by port, by the name of "accept as", or
// neither for an actor's only one.
type socketKey struct {
	host string
	port uint16
	name string
}

// A socket is what a script means by HOST.PORT or HOST.NAME: the listener on
// that port and the latest connection of it.
type socket struct {
	key      socketKey
	options  lab.SocketOptions
	listener *lab.Socket
	conn     *lab.Socket
	closed   bool           // the script closed conn
	busy     chan struct{}  // closed when the latest action has ended; nil: none yet
	doing    *script.Action // the latest that may take time

	local, remote netip.AddrPort // of conn, kept for its state after close
}

// active is the kernel socket that an action other than listen and accept
// means: the latest connection, or the listener when there is none or when the
// script has closed it.
func (s *socket) active() *lab.Socket {
	if s.conn != nil && (!s.closed || s.listener == nil) {
		return s.conn
	}
	return s.listener
}

// socketOf finds or makes the socket of an action.
func (p *player) socketOf(a *script.Action) (*socket, error) {
	key := socketKey{host: a.Actor.Name, port: a.Actor.Port, name: a.Actor.Socket}
	if s := p.sockets[key]; s != nil {
		return s, nil
	}
	makes := a.Verb == "connect" || a.Verb == "listen" || a.Verb == "socket" || a.Verb == "set"
	if key.port == 0 && key.name == "" && !makes {
		var only *socket
		for k, s := range p.sockets {
			if k.host == key.host {
				if only != nil {
					return nil, fmt.Errorf("%s has several sockets; say which", key.host)
				}
				only = s
			}
		}
		if only != nil {
			return only, nil
		}
	}
	if a.Verb == "state" && key.port != 0 && a.Result != nil && a.Result.Word == "LISTEN" {
		return &socket{key: key}, nil // the listener of a program that exec started
	}
	if !makes {
		return nil, fmt.Errorf("%s has no such socket yet", actorName(a.Actor))
	}
	s := &socket{key: key}
	p.sockets[key] = s
	return s, nil
}

func actorName(a script.Actor) string {
	switch {
	case a.Socket != "":
		return a.Name + "." + a.Socket
	case a.Port != 0:
		return a.Name + "." + strconv.Itoa(int(a.Port))
	}
	return a.Name
}

// kernelSocket gives the socket to configure or connect, made when it is first
// needed and again when the last one of that name is used up.
func (p *player) kernelSocket(s *socket, ipv6 bool, local netip.Addr) (*lab.Socket, error) {
	if s.conn != nil && !s.closed && !s.remote.IsValid() {
		return s.conn, nil // made by "set" before
	}
	s.options.IPv6 = ipv6
	sock, err := p.lab.Host(s.key.host).Socket(s.options)
	if err != nil {
		return nil, err
	}
	if s.key.port != 0 {
		if err := sock.Bind(netip.AddrPortFrom(local, s.key.port)); err != nil {
			return nil, errors.Join(err, sock.Close())
		}
	}
	s.conn, s.closed = sock, false
	s.local, s.remote = netip.AddrPort{}, netip.AddrPort{}
	return sock, nil
}

// usesIPv6 tells the address family of a host without a destination.
func (p *player) usesIPv6(host string) bool {
	addrs := p.lab.Addr(host)
	return len(addrs) > 0 && addrs[0].Is6()
}

// socketAction starts an action of a program. It waits for the socket's last
// action, then runs in the background; the script goes on at once unless the
// verb is one that ends immediately.
func (p *player) socketAction(a *script.Action) error {
	s, err := p.socketOf(a)
	if err != nil {
		return p.mismatch(a, err.Error())
	}
	outside := a.Verb == "destroy"
	if s.busy != nil && !outside {
		p.waitFor(s.busy, s.doing)
		if p.ctx.Err() != nil {
			return nil
		}
		p.line().Begun = time.Now()
	}
	run, err := p.prepareAction(s, a)
	if err != nil {
		return p.mismatch(a, err.Error())
	}
	ctx, cancel := context.WithTimeout(p.ctx, deadline(&a.EventHead))
	if !blocks(a) {
		defer cancel()
		return p.check(ctx, a, run)
	}
	done, begun := make(chan struct{}), make(chan struct{})
	ctx = lab.WithWaiting(ctx, func() { close(begun) })
	s.busy, s.doing = done, a
	if a.Verb == "accept" && a.As != "" {
		p.sockets[socketKey{host: s.key.host, name: a.As}].busy = done
	}
	line := p.line()
	p.tasks.Go(func() {
		defer cancel()
		defer close(done)
		defer func() { line.Done = time.Now() }()
		if err := p.check(ctx, a, run); err != nil {
			p.stop(err)
		}
	})
	select { // the system call is made before the next line is reached
	case <-begun:
	case <-done:
	case <-p.ctx.Done():
	}
	return nil
}

// blocks tells which verbs may take time: the script does not wait for them.
func blocks(a *script.Action) bool {
	switch a.Verb {
	case "connect":
		return a.Result == nil || a.Result.Word != "EINPROGRESS"
	case "accept", "send", "recv":
		return true
	}
	return false
}

// An outcome is what an action gave, in the language's words: "ok", "EOF",
// "100", "ECONNRESET".
type outcome string

// check runs an action and compares what it gave with what the script says.
func (p *player) check(ctx context.Context, a *script.Action, run func(context.Context) (outcome, error)) error {
	got, err := run(ctx)
	if p.ctx.Err() != nil {
		return nil
	}
	if err != nil {
		word, ok := errorWord(err)
		if !ok {
			if errors.Is(err, context.DeadlineExceeded) && a.Verb == "state" {
				return p.mismatch(a, fmt.Sprintf("not within %v: %s", deadline(&a.EventHead), strings.TrimSuffix(err.Error(), ": "+context.DeadlineExceeded.Error())))
			}
			if errors.Is(err, context.DeadlineExceeded) {
				return p.mismatch(a, fmt.Sprintf("no result within %v", deadline(&a.EventHead)))
			}
			return p.mismatch(a, err.Error())
		}
		got = outcome(word)
	}
	switch {
	case a.Result == nil && err != nil:
		return p.mismatch(a, fmt.Sprintf("gave %s; an error must be written: = %s%s", got, got, why(got)))
	case a.Result != nil && a.Result.Word != string(got) && !(a.Result.Word == "ok" && err == nil):
		return p.mismatch(a, fmt.Sprintf("gave %s, want %s%s", got, a.Result.Word, why(got)))
	}
	return nil
}

// why says what mostly is behind an error that a script did not want.
func why(got outcome) string {
	if got == "ENETUNREACH" {
		return ": no route leads there; a host in between needs forward=yes"
	}
	return ""
}

// errorWord gives an error's name as the language writes it.
func errorWord(err error) (string, bool) {
	if errors.Is(err, io.EOF) {
		return "EOF", true
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		return unix.ErrnoName(no), true
	}
	return "", false
}

// prepareAction does what must happen in the script's own order and returns
// the part that may block.
func (p *player) prepareAction(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	switch a.Verb {
	case "listen":
		return p.listen(s, a)
	case "connect":
		return p.connect(s, a)
	case "accept":
		return p.accept(s, a)
	case "socket":
		return p.kind(s, a)
	case "set":
		return p.set(s, a)
	}
	sock := s.active()
	if a.Verb == "state" {
		return p.state(s, a)
	}
	if sock == nil {
		return nil, fmt.Errorf("%s is not connected", actorName(a.Actor))
	}
	switch a.Verb {
	case "send":
		return p.send(sock, a)
	case "recv":
		return p.recv(sock, a)
	case "shutdown":
		return quick(func() error { return sock.Shutdown(a.Args[0].Word) }), nil
	case "close":
		if sock == s.listener {
			s.listener = nil
		}
		p.closes(sock)
		return quick(sock.Close), nil
	case "disconnect":
		return quick(sock.Disconnect), nil
	case "destroy":
		return quick(sock.Destroy), nil
	case "forget":
		p.closes(sock)
		return quick(sock.Forget), nil
	}
	return nil, fmt.Errorf("nothing plays the verb %q", a.Verb)
}

// closes notes that the script closes a connection, under each of its names.
func (p *player) closes(sock *lab.Socket) {
	for _, s := range p.sockets {
		if s.conn == sock {
			s.closed = true
		}
	}
}

// quick wraps a call that gives nothing but an error.
func quick(f func() error) func(context.Context) (outcome, error) {
	return func(context.Context) (outcome, error) { return "ok", f() }
}

func (p *player) listen(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	backlog := 128
	var address netip.Addr
	for _, arg := range a.Args {
		var err error
		switch arg.Attr.Key {
		case "backlog":
			backlog, err = arg.Attr.Int()
		case "ip":
			address, err = firstAddr(*arg.Attr)
		}
		if err != nil {
			return nil, err
		}
	}
	ipv6 := p.usesIPv6(s.key.host)
	if address.IsValid() {
		ipv6 = address.Is6()
	}
	sock, err := p.kernelSocket(s, ipv6, address)
	if err != nil {
		return nil, err
	}
	s.listener, s.conn = sock, nil
	return quick(func() error { return sock.Listen(backlog) }), nil
}

func (p *player) connect(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	var o lab.ConnectOptions
	var dst netip.AddrPort
	for _, arg := range a.Args {
		switch {
		case arg.Endpoint != nil:
			addr, err := p.resolve(s.key.host, *arg.Endpoint)
			if err != nil {
				return nil, err
			}
			dst = netip.AddrPortFrom(addr, arg.Endpoint.Port)
		case arg.Attr != nil:
			n, err := arg.Attr.Number()
			if err != nil {
				return nil, err
			}
			if arg.Attr.Key == "isn" {
				isn := uint32(n)
				o.ISN = &isn
			} else {
				o.FastOpen = pattern(int(n))
			}
		}
	}
	o.Pending = a.Result != nil && a.Result.Word == "EINPROGRESS"
	if s.remote.IsValid() {
		s.closed = true // a connect that failed or ended: the next one needs a new socket
	}
	sock, err := p.kernelSocket(s, dst.Addr().Is6(), netip.Addr{})
	if err != nil {
		return nil, err
	}
	s.remote = dst
	return func(ctx context.Context) (outcome, error) {
		err := sock.Connect(ctx, dst, o)
		s.local = sock.Local()
		return "ok", err
	}, nil
}

func (p *player) accept(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	if s.listener == nil {
		return nil, fmt.Errorf("%s does not listen", actorName(a.Actor))
	}
	named := s
	if a.As != "" {
		key := socketKey{host: s.key.host, name: a.As}
		named = &socket{key: key}
		p.sockets[key] = named
	}
	return func(ctx context.Context) (outcome, error) {
		conn, err := s.listener.Accept(ctx)
		if err != nil {
			return "", err
		}
		for _, each := range []*socket{s, named} {
			each.conn, each.closed = conn, false
			each.local, each.remote = conn.Local(), conn.Remote()
		}
		return "ok", nil
	}, nil
}

func (p *player) kind(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	for _, arg := range a.Args {
		switch {
		case arg.Word == "mptcp":
			s.options.MPTCP = true
		case arg.Attr != nil && arg.Attr.Key == "md5":
			key, err := arg.Attr.Text()
			if err != nil {
				return nil, err
			}
			s.options.MD5Key = key
		}
	}
	return quick(func() error { return nil }), nil
}

func (p *player) set(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	sock := s.active()
	if sock == nil {
		var err error
		if sock, err = p.kernelSocket(s, p.usesIPv6(s.key.host), netip.Addr{}); err != nil {
			return nil, err
		}
	}
	return quick(func() error {
		for _, arg := range a.Args {
			value, err := arg.Attr.Int()
			if err != nil {
				return err
			}
			if err := sock.Set(arg.Attr.Key, value); err != nil {
				return err
			}
		}
		return nil
	}), nil
}

func (p *player) send(sock *lab.Socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	data := payload(a.Args[0])
	return func(ctx context.Context) (outcome, error) {
		n, err := sock.Send(ctx, data)
		return outcome(strconv.Itoa(n)), err
	}, nil
}

func (p *player) recv(sock *lab.Socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	size := 65536
	if len(a.Args) > 0 && a.Args[0].Number != nil {
		size = int(*a.Args[0].Number)
	}
	all := a.Result != nil && a.Result.Word == strconv.Itoa(size) // "recv 100 = 100"
	return func(ctx context.Context) (outcome, error) {
		data, err := sock.Recv(ctx, size)
		n := len(data)
		for err == nil && all && n < size {
			if data, err = sock.Recv(ctx, size-n); err != nil {
				return outcome(strconv.Itoa(n)), nil // that is what it read
			}
			n += len(data)
		}
		return outcome(strconv.Itoa(n)), err
	}, nil
}

// state waits until the connection, or the listener, is in a state.
func (p *player) state(s *socket, a *script.Action) (func(context.Context) (outcome, error), error) {
	host := p.lab.Host(s.key.host)
	local, remote := s.local, s.remote
	if !local.IsValid() && s.listener != nil {
		local = s.listener.Local()
	}
	if !local.IsValid() && s.conn != nil {
		local = s.conn.Local()
	}
	if !local.IsValid() && s.key.port != 0 {
		local = netip.AddrPortFrom(p.lab.Addr(s.key.host)[0], s.key.port)
	}
	if a.Result == nil {
		return nil, errors.New("state needs one to wait for: = TIME-WAIT")
	}
	want := a.Result.Word
	return func(ctx context.Context) (outcome, error) {
		return outcome(want), host.WaitState(ctx, local, remote, want)
	}, nil
}

// payload is what a send sends: bytes of the script, or of the pattern.
func payload(arg script.Arg) []byte {
	if arg.String != nil {
		return []byte(*arg.String)
	}
	return pattern(int(*arg.Number))
}

// pattern is n bytes of filler in which a place can be recognised.
func pattern(n int) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[i%len(letters)]
	}
	return b
}
