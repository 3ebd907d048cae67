package judge

// connections counts the connections of all points, each once. Those that a
// log had no room for are told apart at each point.
func (c *correlation) connections() int {
	n := 0
	for _, p := range c.points {
		n += p.Judge.Flows.Count
	}
	for _, g := range c.groups {
		again := -1
		for _, l := range g {
			if l != nil {
				again++
			}
		}
		n -= again
	}
	return n
}
