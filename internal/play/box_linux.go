package play

import (
	"fmt"
	"time"

	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
)

// boxAction runs a line of a middlebox.
func (p *player) boxAction(a *script.Action) error {
	if err := p.box(p.lab.Middlebox(a.Actor.Name), a); err != nil {
		return p.mismatch(a, err.Error())
	}
	return nil
}

func (p *player) box(box *lab.Middlebox, a *script.Action) error {
	switch a.Verb {
	case "drop":
		return box.Drop(match(a.Args[0]))
	case "hold":
		return box.Hold(match(a.Args[0]))
	case "delay":
		return box.Delay(match(a.Args[0]), *a.Args[1].Duration)
	case "rewrite":
		change, err := rewrite(a.Args[1].Rewrite)
		if err != nil {
			return err
		}
		return box.Rewrite(match(a.Args[0]), change)
	case "pass":
		if len(a.Args) == 0 {
			return box.Pass(nil)
		}
		m := match(a.Args[0])
		return box.Pass(&m)
	case "forget":
		then := "drop"
		if len(a.Args) > 2 {
			then = a.Args[2].Attr.Value
		}
		return box.Forget(*a.Args[0].Endpoint, *a.Args[1].Endpoint, then)
	case "inject":
		at := time.Now()
		sent, err := box.Inject(p.ctx, *a.Args[0].Segment)
		if err != nil {
			return err
		}
		p.wire.sent(&a.EventHead, at, sent)
		return nil
	}
	return fmt.Errorf("nothing plays the verb %q", a.Verb)
}

func match(arg script.Arg) lab.Match {
	return lab.Match{Segment: arg.Match.Segment, AnyFlags: arg.Match.AnyFlags, Count: arg.Match.Count}
}

// rewrite gathers what stands behind "to".
func rewrite(fields []script.Attr) (lab.Rewrite, error) {
	var r lab.Rewrite
	for _, f := range fields {
		if err := rewriteField(&r, f); err != nil {
			return r, err
		}
	}
	return r, nil
}

func rewriteField(r *lab.Rewrite, f script.Attr) (err error) {
	switch f.Key {
	case "seq":
		return shift(f, &r.SeqAdd, func(n uint32) { r.Seq = &segment.Seq{Start: n} })
	case "ack":
		return shift(f, &r.AckAdd, func(n uint32) { r.Ack = &segment.Ack{N: n} })
	case "src":
		r.Src, err = pointer(f.Endpoint())
	case "dst":
		r.Dst, err = pointer(f.Endpoint())
	case "flags":
		r.Flags, err = pointer(f.Flags())
	case "options":
		r.Options, err = f.Options()
	case "payload":
		r.Payload, err = pointer(f.Text())
	case "df":
		r.DF, err = pointer(f.Bool())
	case "ttl":
		r.TTL, err = pointer(attrUint[uint8](f))
	case "tos":
		r.TOS, err = pointer(attrUint[uint8](f))
	case "id":
		r.ID, err = pointer(attrUint[uint16](f))
	case "flow":
		r.Flow, err = pointer(attrUint[uint32](f))
	case "win":
		r.Win, err = pointer(attrUint[uint32](f))
	default:
		err = fmt.Errorf("rewrite can't change %s", f.Key)
	}
	return err
}

// shift reads "+5", by which a number moves, or "5", to which it is set.
func shift(f script.Attr, add *int64, set func(uint32)) error {
	n, by, err := f.Shift()
	switch {
	case err != nil:
		return err
	case by:
		*add = n
	default:
		set(uint32(n))
	}
	return nil
}

func pointer[T any](v T, err error) (*T, error) { return &v, err }
