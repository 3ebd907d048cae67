package play

import (
	"fmt"
	"net/netip"

	"rstlab/internal/script"
	"rstlab/lab"
)

// action runs a line of a program, of a host or of a middlebox.
func (p *player) action(a *script.Action) error {
	actor := p.file.Actor(a.Actor.Name)
	if actor.Kind == script.Middlebox {
		return p.boxAction(a)
	}
	switch a.Verb {
	case "exec":
		return p.exec(a)
	case "kill", "sysctl", "nft", "route", "conntrack", "down", "up", "reboot":
		if err := p.hostAction(a); err != nil {
			return p.mismatch(a, err.Error())
		}
		return nil
	}
	return p.socketAction(a)
}

// hostAction runs a line that speaks of a host as a whole.
func (p *player) hostAction(a *script.Action) error {
	h := p.lab.Host(a.Actor.Name)
	switch a.Verb {
	case "sysctl":
		for _, arg := range a.Args {
			value, err := arg.Attr.Text()
			if err == nil {
				err = h.Sysctl(arg.Attr.Key, value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	case "route":
		return p.route(h, a.Args)
	case "kill":
		if len(a.Args) > 0 {
			return p.programs[socketKey{host: h.Name(), name: a.Args[0].Word}].handle.Kill()
		}
		return h.Kill()
	case "nft":
		return h.Nft(*a.Args[0].String)
	case "conntrack":
		return h.FlushConntrack()
	case "down":
		return h.Down()
	case "up":
		return h.Up()
	case "reboot":
		return h.Reboot()
	}
	return fmt.Errorf("nothing plays the verb %q", a.Verb)
}

// route changes a host's route: DST [via HOST] [rto_min=D] [quickack=0|1].
func (p *player) route(h *lab.Host, args []script.Arg) error {
	var r lab.RouteConfig
	for i, arg := range args {
		switch {
		case arg.Attr != nil && arg.Attr.Key == "rto_min":
			d, err := arg.Attr.Duration()
			if err != nil {
				return err
			}
			r.RTOMin = d
		case arg.Attr != nil && arg.Attr.Key == "quickack":
			on, err := arg.Attr.Bool()
			if err != nil {
				return err
			}
			r.QuickACK = &on
		case arg.Prefix != nil:
			r.Dst = *arg.Prefix
		case arg.Endpoint == nil:
		case i > 0 && args[i-1].Word == "via":
			r.Via = arg.Endpoint.Name
		default:
			dst, err := p.resolve(h.Name(), *arg.Endpoint)
			if err != nil {
				return err
			}
			r.Dst = netip.PrefixFrom(dst, dst.BitLen())
		}
	}
	return h.Route(r)
}
