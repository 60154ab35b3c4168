// Package cost is the price of a new subnet: it doubles with every creation and
// falls back to its floor in a straight line.
//
//	cost(h) = max(floor, last - (last-floor) * (h-h0) / period)
//
// where last is the cost right after the last creation, at height h0. Source:
// the lock cost of Bittensor's subnets.
package cost

import (
	"math"
	"math/bits"
)

// Now is the cost at a height, in rao. A height before lastHeight counts as
// lastHeight, a period of 0 as one block.
func Now(last, lastHeight, height, period, floor uint64) uint64 {
	if last <= floor {
		return floor
	}
	if height <= lastHeight {
		return last
	}
	elapsed, period := height-lastHeight, max(period, 1)
	if elapsed >= period {
		return floor
	}
	hi, lo := bits.Mul64(last-floor, elapsed)
	fallen, _ := bits.Div64(hi, lo, period) // elapsed < period, so it fits
	return last - fallen
}

// Doubled is the cost right after a creation at cost.
func Doubled(cost uint64) uint64 {
	if cost > math.MaxUint64/2 {
		return math.MaxUint64
	}
	return 2 * cost
}
