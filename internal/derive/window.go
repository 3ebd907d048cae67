package derive

// readAsItCame finds the data that its receiver had read when it acknowledged it:
// the right edge of the window went on (RFC 9293, 3.8.6.2.2), which else stands
// still. Without both SYNs the windows can't be scaled, and tell nothing.
func (c *conn) readAsItCame() {
	scale, ok := c.scales()
	if !ok {
		return
	}
	var edge [2]int64
	var last [2]*pkt // data, the latest of each direction that is in order
	for _, p := range c.packets {
		if p.seg.ICMP != "" || p.rst() || p.syn() || p.stray {
			continue
		}
		if d := last[p.to()]; d != nil && p.hasACK() && p.ack >= d.end {
			e := p.ack + int64(p.win())<<scale[p.from]
			d.read = edge[p.from] > 0 && e > edge[p.from]
			edge[p.from] = max(edge[p.from], e)
			last[p.to()] = nil
		}
		if p.len() > 0 && p.again == nil {
			last[p.from] = p
		}
	}
}

// scales are the shifts of both sides' windows; none where one offers none
// (RFC 7323, 2.2).
func (c *conn) scales() (scale [2]int, ok bool) {
	var syn, offered [2]bool
	for _, p := range c.packets {
		if p.syn() && !p.rst() && p.assumed == "" {
			syn[p.from] = true
			scale[p.from], offered[p.from] = optionNumber(p, "wscale")
		}
	}
	if !offered[0] || !offered[1] {
		scale = [2]int{}
	}
	return scale, syn[0] && syn[1]
}
