package analyzer

import (
	"fmt"
	"net/netip"
	"time"
)

// Options steer an analysis. The zero value judges everything. Packets that the
// options leave out are read and used as evidence all the same.
type Options struct {
	Connections  bool       // one Connection record for each connection, too
	Host         netip.Addr // only connections of this address
	Since, Until Moment     // only resets from Since on and before Until, and connections that lived then; nil: no bound
	Stream       *int       // only the connection with this id, in each capture

	// Brief tells that of a verdict only the answer is wanted: its record then has
	// neither evidence nor packets, nor anything else that is said of one reset. It
	// is called right before emit, with such a record. nil: all are wanted whole.
	Brief func(*Verdict) bool
}

// A Moment gives a point in time when it is told at what time the captures
// begin, which is that of their first packet.
type Moment func(begin time.Time) time.Time

// At is a Moment that does not depend on the captures.
func At(t time.Time) Moment { return func(time.Time) time.Time { return t } }

// wants tells whether a connection is to be told of.
func (o *Options) wants(id int, originator, responder netip.AddrPort) bool {
	return (o.Stream == nil || *o.Stream == id) && (!o.Host.IsValid() || o.Host == originator.Addr() || o.Host == responder.Addr())
}

// lived tells whether something that went from one time to another is to be
// told of; begin is when the captures begin. All are nanoseconds since 1970.
func (o *Options) lived(begin, from, to int64) bool {
	return (o.Since == nil || !time.Unix(0, to).Before(o.Since(time.Unix(0, begin)))) &&
		(o.Until == nil || time.Unix(0, from).Before(o.Until(time.Unix(0, begin))))
}

// limits says what the options leave out of what was found.
func (o *Options) limits(begin int64, resets int) []string {
	l := []string{}
	if o.Since != nil && o.Until != nil {
		if from, to := o.Since(time.Unix(0, begin)), o.Until(time.Unix(0, begin)); !from.Before(to) {
			l = append(l, fmt.Sprintf("no time lies between %s and %s: nothing is told of", from.UTC().Format(time.RFC3339Nano), to.UTC().Format(time.RFC3339Nano)))
		}
	}
	if resets > 0 {
		l = append(l, fmt.Sprintf("%s left out, as the choice of host, time or stream has it", plural(resets, "reset")))
	}
	return l
}
