package script

import (
	"slices"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// String writes a as a line does: client, client.40001, server.conn1.
func (a Actor) String() string {
	switch {
	case a.Port != 0:
		return a.Name + "." + strconv.Itoa(int(a.Port))
	case a.Socket != "":
		return a.Name + "." + a.Socket
	}
	return a.Name
}

// sockets are those of one host that the lines so far have made, by what
// stands behind the dot; "" is the one whose port the kernel picked.
type sockets struct {
	ids     []string
	listens []string
}

func (p *parser) socketsOf(host string) *sockets {
	if p.sockets[host] == nil {
		p.sockets[host] = &sockets{}
	}
	return p.sockets[host]
}

func (s *sockets) add(id string) {
	if !slices.Contains(s.ids, id) {
		s.ids = append(s.ids, id)
	}
}

// name adds the socket that accept names.
func (s *sockets) name(t segment.Token) *segment.Error {
	if slices.Contains(s.ids, t.Text) {
		return t.Errorf("there is a socket %s already; choose another name", t.Text)
	}
	s.add(t.Text)
	return nil
}

// socketName reads what stands behind the actor's dot.
func (l *line) socketName(a *Actor, t segment.Token, s string) *segment.Error {
	at := segment.Token{Kind: segment.Word, Text: s, Col: t.Col + segment.Runes(a.Name) + 1}
	if segment.IsName(s) {
		a.Socket = s
		return nil
	}
	port, ok := segment.ParseNumber(s)
	if !ok || port == 0 || port > 65535 {
		return at.Errorf("bad port %q; ports are 1 to 65535, names of sockets begin with a letter", s)
	}
	a.Port = uint16(port)
	return nil
}

// use finds or makes the socket that an action means, and fills in the actor's
// where the line names the host alone.
func (s *sockets) use(l *line, a *Action, v *verbKind, t segment.Token) {
	id := strings.TrimPrefix(a.Actor.String()[len(a.Actor.Name):], ".")
	switch {
	case a.Actor.Socket != "" && slices.Contains([]string{"listen", "connect", "accept"}, v.name):
		l.errorf(t, "%s takes a port, not a name: %s.PORT %s", v.name, a.Actor.Name, v.name)
	case v.name == "listen" && id == "":
		l.errorf(t, "no port to listen on; write %s.PORT listen", a.Actor.Name)
	case v.name == "listen":
		s.add(id)
		if !slices.Contains(s.listens, id) {
			s.listens = append(s.listens, id)
		}
	case v.name == "accept":
		s.pick(l, a, t, id, s.listens, "listens on", "does not listen on")
	case v.name == "connect", v.name == "socket", v.makes && a.Actor.Port != 0, v.makes && len(s.ids) == 0:
		s.add(id)
	case v.name == "state" && a.Actor.Port != 0:
		// a port may be asked for that never had a socket: CLOSED
	default:
		s.pick(l, a, t, id, s.ids, "has sockets", "has no socket")
	}
}

// pick checks that id is one of ids, or finds the only one where id is "".
func (s *sockets) pick(l *line, a *Action, t segment.Token, id string, ids []string, has, hasNot string) {
	name := a.Actor.Name
	switch {
	case slices.Contains(ids, id):
	case id != "" && len(ids) == 0:
		l.errorf(t, "%s %s %s; connect or listen first", name, hasNot, id)
	case id != "":
		l.errorf(t, "%s %s %s; it %s %s%s", name, hasNot, id, has, and(named(ids)), segment.DidYouMean(id, ids...))
	case len(ids) == 0:
		l.errorf(t, "%s %s yet; connect or listen first", name, strings.TrimSuffix(hasNot, " on"))
	case len(ids) > 1:
		l.errorf(t, "%s %s %s; say which: %s.%s %s …", name, has, and(ids), name, ids[0], a.Verb)
	default:
		if port, ok := segment.ParseNumber(ids[0]); ok {
			a.Actor.Port = uint16(port)
		} else {
			a.Actor.Socket = ids[0]
		}
	}
}

// named writes the kernel's pick as it can be spoken of.
func named(ids []string) []string {
	out := slices.Clone(ids)
	for i, id := range out {
		if id == "" {
			out[i] = "one without a port"
		}
	}
	return out
}
