//go:build linux

package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
)

// A request asks the process that holds a host's sockets for one call of an
// endpoint's method.
type request struct {
	ID      uint64 // of the call, for its reply
	Call    string // the method; "cancel" ends the call ID
	Socket  uint64
	Make    SocketOptions  // of "socket"
	Connect ConnectOptions // of "connect"
	Addr    netip.AddrPort // of "connect", "bind"
	Number  int            // a port, backlog, size or value
	Word    string         // an option's name, a side
	Data    []byte
}

// A reply is what the call gave.
type reply struct {
	ID            uint64
	Waiting       bool   // not the reply yet: the call waits
	Socket        uint64 // that "socket" or "accept" made
	Number        int
	Data          []byte
	Local, Remote netip.AddrPort
	Err           *rpcError
}

// An rpcError carries an endpoint's error from one process to the other.
type rpcError struct {
	Text     string
	Errno    syscall.Errno
	EOF      bool
	Canceled bool
}

func (e *rpcError) Error() string { return e.Text }

func (e *rpcError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

func newRPCError(err error) *rpcError {
	if err == nil {
		return nil
	}
	e := &rpcError{Text: err.Error(), EOF: err == io.EOF, Canceled: errors.Is(err, context.Canceled)}
	errors.As(err, &e.Errno)
	return e
}

// A waiter is a call that has no reply yet.
type waiter struct {
	ctx    context.Context
	answer chan reply
}

// An rpcClient is the lab's side.
type rpcClient struct {
	conn net.Conn

	mu      sync.Mutex
	out     *json.Encoder
	last    uint64
	waiting map[uint64]waiter
	gone    bool
}

var errProcessGone = errors.New("the host's process is gone")

func newRPCClient(file *os.File) (*rpcClient, error) {
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("use socket pair: %w", err)
	}
	c := &rpcClient{conn: conn, out: json.NewEncoder(conn), waiting: map[uint64]waiter{}}
	go c.read()
	return c, nil
}

func (c *rpcClient) close() { c.conn.Close() }

// read hands replies to their calls until the process is gone.
func (c *rpcClient) read() {
	in := json.NewDecoder(bufio.NewReader(c.conn))
	for {
		var r reply
		err := in.Decode(&r)
		c.mu.Lock()
		if err != nil {
			c.gone = true
			for _, w := range c.waiting {
				close(w.answer)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		w, ok := c.waiting[r.ID]
		if ok && !r.Waiting {
			w.answer <- r
			delete(c.waiting, r.ID)
		}
		c.mu.Unlock()
		if ok && r.Waiting {
			waiting(w.ctx)
		}
	}
}

// send numbers a request and sends it.
func (c *rpcClient) send(ctx context.Context, q request) (id uint64, answer chan reply, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, nil, errProcessGone
	}
	c.last++
	q.ID = c.last
	answer = make(chan reply, 1)
	c.waiting[q.ID] = waiter{ctx, answer}
	if err := c.out.Encode(q); err != nil {
		delete(c.waiting, q.ID)
		return 0, nil, fmt.Errorf("%w: %w", errProcessGone, err)
	}
	return q.ID, answer, nil
}

// call makes a call and waits for its reply; it is cancelled with ctx.
func (c *rpcClient) call(ctx context.Context, q request) (reply, error) {
	id, answer, err := c.send(ctx, q)
	if err != nil {
		return reply{}, err
	}
	var r reply
	var ok bool
	select {
	case r, ok = <-answer:
	case <-ctx.Done():
		c.mu.Lock()
		_ = c.out.Encode(request{ID: id, Call: "cancel"}) // if it fails, the process is gone
		c.mu.Unlock()
		r, ok = <-answer
	}
	switch {
	case !ok:
		return reply{}, errProcessGone
	case r.Err == nil:
		return r, nil
	case r.Err.EOF:
		return r, io.EOF
	case r.Err.Canceled:
		return r, fmt.Errorf("%s: %w", strings.TrimSuffix(r.Err.Text, ": "+context.Canceled.Error()), ctx.Err())
	}
	return r, r.Err
}

// socket makes a socket in the process.
func (p *process) socket(o SocketOptions) (endpoint, error) {
	r, err := p.client.call(context.Background(), request{Call: "socket", Make: o})
	if err != nil {
		return nil, err
	}
	return &remoteSocket{client: p.client, id: r.Socket}, nil
}

// A remoteSocket is an endpoint in the process that holds a host's sockets.
type remoteSocket struct {
	client *rpcClient
	id     uint64

	mu            sync.Mutex
	local, remote netip.AddrPort // as of the last reply
}

func (s *remoteSocket) call(ctx context.Context, q request) (reply, error) {
	q.Socket = s.id
	r, err := s.client.call(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Local.IsValid() {
		s.local = r.Local
	}
	if r.Remote.IsValid() {
		s.remote = r.Remote
	}
	return r, err
}

func (s *remoteSocket) do(q request) error {
	_, err := s.call(context.Background(), q)
	return err
}

func (s *remoteSocket) bind(local netip.AddrPort) error {
	return s.do(request{Call: "bind", Addr: local, Number: int(local.Port())})
}

func (s *remoteSocket) listen(backlog int) error {
	return s.do(request{Call: "listen", Number: backlog})
}

func (s *remoteSocket) connect(ctx context.Context, dst netip.AddrPort, o ConnectOptions) error {
	_, err := s.call(ctx, request{Call: "connect", Addr: dst, Connect: o})
	return err
}

func (s *remoteSocket) accept(ctx context.Context) (endpoint, error) {
	r, err := s.client.call(ctx, request{Call: "accept", Socket: s.id})
	if err != nil {
		return nil, err
	}
	return &remoteSocket{client: s.client, id: r.Socket, local: r.Local, remote: r.Remote}, nil
}

func (s *remoteSocket) send(ctx context.Context, b []byte) (int, error) {
	r, err := s.call(ctx, request{Call: "send", Data: b})
	return r.Number, err
}

func (s *remoteSocket) recv(ctx context.Context, most int) ([]byte, error) {
	r, err := s.call(ctx, request{Call: "recv", Number: most})
	return r.Data, err
}

func (s *remoteSocket) set(option string, value int) error {
	return s.do(request{Call: "set", Word: option, Number: value})
}

func (s *remoteSocket) shutdown(how string) error {
	return s.do(request{Call: "shutdown", Word: how})
}

func (s *remoteSocket) close() error      { return s.do(request{Call: "close"}) }
func (s *remoteSocket) disconnect() error { return s.do(request{Call: "disconnect"}) }
func (s *remoteSocket) forget() error     { return s.do(request{Call: "forget"}) }

func (s *remoteSocket) addrs() (local, remote netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.local, s.remote
}

// An rpcServer is the process's side.
type rpcServer struct {
	mu      sync.Mutex
	out     *json.Encoder
	sockets map[uint64]endpoint
	last    uint64
	cancels map[uint64]context.CancelFunc
}

// serveRPC serves requests until their sender is gone.
func serveRPC(conn io.ReadWriter) {
	s := &rpcServer{out: json.NewEncoder(conn), sockets: map[uint64]endpoint{}, cancels: map[uint64]context.CancelFunc{}}
	in := json.NewDecoder(bufio.NewReader(conn))
	for {
		var q request
		if in.Decode(&q) != nil {
			return
		}
		s.mu.Lock()
		if q.Call == "cancel" {
			if cancel := s.cancels[q.ID]; cancel != nil {
				cancel()
			}
			s.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		s.cancels[q.ID] = cancel
		s.mu.Unlock()
		ctx = WithWaiting(ctx, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			_ = s.out.Encode(reply{ID: q.ID, Waiting: true})
		})
		go func() {
			r := s.serve(ctx, q)
			r.ID = q.ID
			cancel()
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.cancels, q.ID)
			_ = s.out.Encode(r) // if it fails, so does reading requests
		}()
	}
}

// add numbers an endpoint.
func (s *rpcServer) add(e endpoint) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.sockets[s.last] = e
	return s.last
}

func (s *rpcServer) serve(ctx context.Context, q request) (r reply) {
	if q.Call == "socket" {
		e, err := newKernelSocket(q.Make)
		if err != nil {
			return reply{Err: newRPCError(err)}
		}
		return reply{Socket: s.add(e)}
	}
	s.mu.Lock()
	e := s.sockets[q.Socket]
	s.mu.Unlock()
	if e == nil {
		return reply{Err: newRPCError(fmt.Errorf("%s: socket %d: %w", q.Call, q.Socket, net.ErrClosed))}
	}
	var err error
	switch q.Call {
	case "bind":
		err = e.bind(netip.AddrPortFrom(q.Addr.Addr(), uint16(q.Number)))
	case "listen":
		err = e.listen(q.Number)
	case "connect":
		err = e.connect(ctx, q.Addr, q.Connect)
	case "accept":
		var made endpoint
		if made, err = e.accept(ctx); err == nil {
			r.Socket = s.add(made)
			e = made // the reply's addresses are those of the connection
		}
	case "send":
		r.Number, err = e.send(ctx, q.Data)
	case "recv":
		r.Data, err = e.recv(ctx, q.Number)
	case "set":
		err = e.set(q.Word, q.Number)
	case "shutdown":
		err = e.shutdown(q.Word)
	case "close":
		err = e.close()
	case "disconnect":
		err = e.disconnect()
	case "forget":
		err = e.forget()
	default:
		err = fmt.Errorf("unknown call %q", q.Call)
	}
	r.Err = newRPCError(err)
	r.Local, r.Remote = e.addrs()
	return r
}
