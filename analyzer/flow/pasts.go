package flow

// A past is a connection that left.
type past struct {
	pair uint64 // of its endpoints
	ref  int32
	Past // empty: it came back
}

// Pasts are kept in pages of about 2 MB, as the system's huge pages. The pages are
// a ring, in which the oldest is used again or a new one is put before it.
type pasts struct {
	pages []*pastPage // by reference
	page  *pastPage   // that is being filled
	at    int         // up to where
}

const pastsInPage = 1 << 13

type pastPage struct {
	list   []past
	first  int32     // the reference of the first one
	next   *pastPage // in the ring: after the newest page comes the oldest
	used   bool      // it was full before
	newest int64     // the last time of one in it
	open   bool      // one in it was not over
}

// get gives a past connection.
func (p *pasts) get(ref int32) *past {
	return &p.pages[uint32(ref)/pastsInPage].list[uint32(ref)%pastsInPage]
}

// next gives the place for one that leaves now, and whether another may stand there.
// One that was never used is not to be read: new memory that is read and then
// written costs a fault each.
func (p *pasts) next(x *Past, now int64) (place *past, used bool) {
	if p.page == nil || p.at == pastsInPage {
		p.turn(now)
	}
	g := p.page
	g.newest, g.open = max(g.newest, x.LastTime), g.open || !x.over()
	place = &g.list[p.at]
	place.ref = g.first + int32(p.at)
	p.at++
	return place, g.used
}

// replaced gives those in whose places the next n will be put, as far as they stand
// in one page.
func (p *pasts) replaced(n int) []past {
	if p.page == nil || !p.page.used {
		return nil
	}
	return p.page.list[p.at:min(p.at+n, pastsInPage)]
}

// turn goes on to the next page: the oldest, unless there is room for more and
// what it holds is still of use.
func (p *pasts) turn(now int64) {
	p.at = 0
	if n := len(p.pages) * pastsInPage; n < minPasts || n < maxPasts && (p.page.next.open || now-p.page.next.newest < lookBack) {
		g := &pastPage{list: make([]past, pastsInPage), first: int32(n)}
		p.pages = append(p.pages, g)
		if g.next = g; p.page != nil {
			g.next, p.page.next = p.page.next, g
		}
		p.page = g
		return
	}
	p.page = p.page.next
	p.page.used, p.page.newest, p.page.open = true, 0, false
}
