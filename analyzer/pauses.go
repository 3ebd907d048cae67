package analyzer

import "slices"

// maxServices bounds for how many services pauses are kept.
const maxServices = 1 << 14

// pauses are the longest pauses in seconds and more that connections of a service
// survived, in an open table: most connections add one, so that few bytes are to
// be touched for each.
type pauses struct {
	slots  *[2 * maxServices]pause
	n      int // slots in use
	warmed int64
}

// A pause is one that a connection of a service survived.
type pause struct {
	service uint64 // flow.Service; 0: none
	lasted  int64  // nanoseconds
}

// pausesAtOnce is how many pauses are looked up together: most services are far
// from the processor, and those of several come in the time of one.
const pausesAtOnce = 32

// add takes pauses.
func (p *pauses) add(all ...pause) {
	if len(all) == 0 {
		return
	}
	if p.slots == nil {
		p.slots = new([2 * maxServices]pause)
	}
	for some := range slices.Chunk(all, pausesAtOnce) {
		for i := range some {
			p.warmed += p.slots[home(some[i].service)].lasted
		}
		for _, x := range some {
			p.keep(x)
		}
	}
}

// keep keeps a pause if it is the longest of its service.
func (p *pauses) keep(x pause) {
	was := p.slot(x.service)
	if was.service == 0 {
		if p.n == maxServices {
			return
		}
		p.n++
	}
	*was = pause{x.service, max(was.lasted, x.lasted)}
}

// of gives the longest pause of a service, 0 where none is known.
func (p *pauses) of(service uint64) int64 {
	if p.slots == nil {
		return 0
	}
	return p.slot(service).lasted
}

// slot gives the one of a service, or an empty one.
func (p *pauses) slot(service uint64) *pause {
	for i := home(service); ; i++ {
		if x := &p.slots[i%uint64(len(p.slots))]; x.service == service || x.service == 0 {
			return x
		}
	}
}

// home is the slot at which a service is looked for first.
func home(service uint64) uint64 { return service % (2 * maxServices) }
