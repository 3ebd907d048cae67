//go:build linux

package oracle

import (
	"sync"
)

// An Oracle reads the kernel's reasons. It is safe for concurrent use.
type Oracle struct {
	source *source
	closed bool // guarded by shared.mu
}

// shared is the source that all oracles of this process read from.
var shared struct {
	mu     sync.Mutex
	users  int
	source *source
}

// Open loads the programs into the kernel, or shares those that an earlier Open
// of this process loaded. The error is an *Unavailable where the machine lacks
// something.
func Open() (*Oracle, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users == 0 {
		s, err := load()
		if err != nil {
			return nil, err
		}
		go s.run()
		shared.source = s
	}
	shared.users++
	return &Oracle{source: shared.source}, nil
}

// Close ends the oracle. The last one of the process takes the programs out of
// the kernel and ends all watches: their Sync gives an error from then on. More
// calls do nothing.
func (o *Oracle) Close() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	shared.users--
	if shared.users > 0 {
		return nil
	}
	return o.source.close()
}
