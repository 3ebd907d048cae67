package canon

import (
	"cmp"
	"slices"
)

// origins are the sightings where a packet began, in the order in which all
// runs have them.
func (s *scene) origins() []*sighting {
	var all []*sighting
	for _, x := range s.all {
		if x.origin == x {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, byAppearance)
	return all
}

// copies are all sightings of each packet, by the first of them, which is among
// them.
func (s *scene) copies() map[*sighting][]*sighting {
	all := map[*sighting][]*sighting{}
	for _, x := range s.all {
		all[x.origin] = append(all[x.origin], x)
	}
	return all
}

// byAppearance orders sightings by canonical time, and at the same time by
// place and connection.
func byAppearance(a, b *sighting) int {
	f, g := a.flow(), b.flow()
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.tap.name, b.tap.name),
		f.src.Compare(g.src), f.dst.Compare(g.dst), cmp.Compare(a.n, b.n))
}
