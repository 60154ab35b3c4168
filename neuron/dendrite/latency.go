package dendrite

import (
	"slices"
	"time"
)

const (
	// remembered is how many latencies of a method a time-out follows from.
	remembered = 64
	// enoughLatencies is from how many on; before, it is the ceiling.
	enoughLatencies = 8
	// timeoutFactor is by how much it exceeds the 95 % quantile.
	timeoutFactor = 3
)

// latencies is a ring of the last ones.
type latencies struct {
	ring [remembered]time.Duration
	n    int // ever added
}

func (l *latencies) add(d time.Duration) {
	l.ring[l.n%remembered] = max(d, 0)
	l.n++
}

// samples is how many are remembered.
func (l *latencies) samples() int { return min(l.n, remembered) }

// quantiles are the nearest ranks, ceil(q n), of q = 0.5 and 0.95; 0 without samples.
func (l *latencies) quantiles() (p50, p95 time.Duration) {
	n := l.samples()
	if n == 0 {
		return 0, 0
	}
	var sorted [remembered]time.Duration
	copy(sorted[:], l.ring[:n])
	slices.Sort(sorted[:n])
	return sorted[(n+1)/2-1], sorted[(95*n+99)/100-1]
}

// timeout is clamp(3 p95, floor, ceiling).
func (l *latencies) timeout(floor, ceiling time.Duration) time.Duration {
	if l.samples() < enoughLatencies {
		return ceiling
	}
	_, p95 := l.quantiles()
	if p95 > ceiling/timeoutFactor {
		return ceiling
	}
	return max(min(timeoutFactor*p95, ceiling), min(floor, ceiling))
}
