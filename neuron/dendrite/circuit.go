package dendrite

import (
	"errors"
	"fmt"
	"time"
)

// State of a circuit.
type State uint8

// The states. A closed circuit may still pause between failures.
const (
	Closed   State = iota // asked as needed
	Open                  // not asked
	HalfOpen              // one probe is asked
	Refused               // not asked until its record changes
)

// String is the state's name.
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	case Refused:
		return "refused"
	}
	return fmt.Sprint(uint8(s))
}

// circuit decides whether a peer is asked. Whoever uses it holds the peer's lock.
type circuit struct {
	failures int       // in a row
	until    time.Time // the end of the pause
	last     time.Time // the last failure
	busy     bool      // the pause is one that the peer asked for
	probing  bool      // a probe is under way
}

// pauseAfter is the pause after n failures in a row, n >= 1, for u uniform in [0, 1):
// within [d/2, d], d = min(base 2^(n-1), ceiling).
func pauseAfter(n int, base, ceiling time.Duration, u float64) time.Duration {
	d := base
	for i := 1; i < n && d < ceiling; i++ {
		if d > ceiling/2 {
			d = ceiling
		} else {
			d *= 2
		}
	}
	d = min(d, ceiling)
	return d - d/2 + time.Duration(u*float64(d/2))
}

// admit says whether a call may go out, and whether it is the probe; else for how long
// to wait and why.
func (c *circuit) admit(now time.Time, openAfter int, base time.Duration) (probe bool, wait time.Duration, why error) {
	if wait := c.until.Sub(now); wait > 0 {
		if c.busy {
			return false, wait, errors.New("not asked: it is busy and said for how long")
		}
		return false, wait, fmt.Errorf("not asked: %d failures in a row", c.failures)
	}
	if c.failures < openAfter {
		return false, 0, nil
	}
	if c.probing {
		return false, base, fmt.Errorf("not asked: %d failures in a row, and a probe is under way", c.failures)
	}
	c.probing = true
	return true, 0, nil
}

// succeed closes the circuit. A pause that the peer asked for stays.
func (c *circuit) succeed() {
	c.failures, c.probing = 0, false
	if !c.busy {
		c.until = time.Time{}
	}
}

// fail notes the failure of a call that began at some time. Those that were under way
// together when a peer broke count once.
func (c *circuit) fail(began, now time.Time, probe bool, pause func(failures int) time.Duration) {
	if probe {
		c.probing = false
	}
	if c.failures > 0 && began.Before(c.last) && !probe {
		return
	}
	c.failures++
	c.last, c.busy = now, false
	c.until = now.Add(pause(c.failures))
}

// wait notes that the peer asked for a pause.
func (c *circuit) wait(now time.Time, probe bool, pause time.Duration) {
	if probe {
		c.probing = false
	}
	if until := now.Add(pause); until.After(c.until) {
		c.until, c.busy = until, true
	}
}

// abandon notes that a call ended without saying anything about the peer.
func (c *circuit) abandon(probe bool) {
	if probe {
		c.probing = false
	}
}

func (c *circuit) state(now time.Time, openAfter int) State {
	switch {
	case c.failures < openAfter:
		return Closed
	case now.Before(c.until):
		return Open
	}
	return HalfOpen
}

// ready says whether a call would be admitted.
func (c *circuit) ready(now time.Time, openAfter int) bool {
	return !now.Before(c.until) && (c.failures < openAfter || !c.probing)
}
