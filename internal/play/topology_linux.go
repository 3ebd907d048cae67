package play

import (
	"fmt"
	"net/netip"
	"strings"

	"rstlab/internal/script"
	"rstlab/lab"
)

// topology turns the declarations of a file into a lab's configuration.
func topology(f *script.File) (lab.Config, error) {
	var c lab.Config
	killed := killedHosts(f)
	for _, a := range f.Actors {
		var err error
		switch a.Kind {
		case script.Host:
			var h lab.HostConfig
			h, err = hostConfig(a)
			h.Process = killed[a.Name]
			c.Hosts = append(c.Hosts, h)
		case script.Peer:
			var p lab.PeerConfig
			p, err = peerConfig(a)
			c.Peers = append(c.Peers, p)
		case script.Middlebox:
			var m lab.MiddleboxConfig
			m, err = middleboxConfig(a)
			c.Middleboxes = append(c.Middleboxes, m)
		}
		if err != nil {
			return c, fmt.Errorf("%s:%d: %s %s: %w", f.Path, a.Pos.Line, a.Kind, a.Name, err)
		}
	}
	for _, l := range f.Links {
		link, err := linkConfig(l)
		if err != nil {
			return c, fmt.Errorf("%s:%d: link %s %s: %w", f.Path, l.Pos.Line, l.A, l.B, err)
		}
		c.Links = append(c.Links, link)
	}
	return c, nil
}

// killedHosts are those whose sockets a script kills: they need a process.
func killedHosts(f *script.File) map[string]bool {
	killed := map[string]bool{}
	for _, ev := range f.Events {
		if a, ok := ev.(*script.Action); ok && a.Verb == "kill" && len(a.Args) == 0 {
			killed[a.Actor.Name] = true
		}
	}
	return killed
}

func hostConfig(a *script.ActorDecl) (lab.HostConfig, error) {
	h := lab.HostConfig{Name: a.Name, Sysctls: map[string]string{}}
	for _, at := range a.Attrs {
		var err error
		switch at.Key {
		case "ip":
			h.Addrs, err = at.Addrs()
		case "ttl":
			h.TTL, err = attrUint[uint8](at)
		case "forward":
			h.Forward, err = at.Bool()
		default:
			h.Sysctls[at.Key], err = at.Text()
		}
		if err != nil {
			return h, err
		}
	}
	return h, nil
}

func peerConfig(a *script.ActorDecl) (lab.PeerConfig, error) {
	p := lab.PeerConfig{Name: a.Name}
	for _, at := range a.Attrs {
		var err error
		switch at.Key {
		case "ip":
			p.Addr, err = firstAddr(at)
		case "ttl":
			p.TTL, err = attrUint[uint8](at)
		case "isn":
			var isn uint32
			isn, err = attrUint[uint32](at)
			p.ISN = &isn
		case "win":
			p.Window, err = attrUint[uint16](at)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func middleboxConfig(a *script.ActorDecl) (lab.MiddleboxConfig, error) {
	m := lab.MiddleboxConfig{Name: a.Name, Hops: 1}
	for _, at := range a.Attrs {
		var err error
		switch at.Key {
		case "hops":
			m.Hops, err = attrUint[int](at)
		case "ttl":
			m.TTL, err = attrUint[uint8](at)
		}
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

func linkConfig(l *script.Link) (lab.LinkConfig, error) {
	c := lab.LinkConfig{A: l.A, B: l.B}
	for _, at := range l.Attrs {
		var err error
		switch at.Key {
		case "delay":
			c.Delay, err = at.Duration()
		case "mtu":
			c.MTU, err = attrUint[int](at)
		case "rate":
			c.Rate, err = attrUint[uint64](at)
		case "net":
			c.Net, err = at.Prefix()
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// firstAddr reads the address of a key that takes one.
func firstAddr(at script.Attr) (netip.Addr, error) {
	addrs, err := at.Addrs()
	if err != nil {
		return netip.Addr{}, err
	}
	return addrs[0], nil
}

// attrUint reads a number into the type that its key has.
func attrUint[T int | uint8 | uint16 | uint32 | uint64](at script.Attr) (T, error) {
	n, err := at.Number()
	if err == nil && uint64(T(n)) != n {
		err = fmt.Errorf("%s=%s is too large", at.Key, strings.TrimSpace(at.Value))
	}
	return T(n), err
}
