// Package schedule says how much new Tao a block makes, and how an amount is
// split without losing a rao.
//
// With supply cap M and issuance s, the emission of one block is
//
//	k(s)    = the largest k with s >= M * (1 - 2^-k)
//	E(s)    = min(base >> k(s), M - s)
//
// so that it halves when half, three quarters, seven eighths, … of the cap have
// been issued. Issuance is what exists now: Tao that is burned can be earned
// again. Source: Bittensor's block_emission in its exact rational form.
package schedule

import "math/bits"

const (
	// Cap is the most Tao there can ever be, in rao: 21,000,000 tao.
	Cap = 21_000_000_000_000_000
	// DefaultBase is the emission of one block before the first halving, in rao:
	// 7,200 tao a day at blocks of one second.
	DefaultBase = 83_333_333
)

// Halvings is how often the emission has halved at an issuance: the largest k
// with issuance >= limit*(1-2^-k). At the limit it is 64, where nothing is left.
func Halvings(issuance, limit uint64) uint {
	if issuance >= limit {
		return 64
	}
	left := limit - issuance
	k := uint(0)
	for k < 63 && left<<(k+1)>>(k+1) == left && left<<(k+1) <= limit {
		k++
	}
	return k
}

// PerBlock is the emission of one block at an issuance, in rao; it never passes
// the limit.
func PerBlock(issuance, limit, base uint64) uint64 {
	if issuance >= limit {
		return 0
	}
	return min(base>>Halvings(issuance, limit), limit-issuance)
}

// NextHalving is the smallest issuance above this one at which the emission
// halves, 0 when there is none below the limit.
func NextHalving(issuance, limit uint64) uint64 {
	if issuance >= limit {
		return 0
	}
	// left<<(k+1) <= limit holds from left = limit>>(k+1) downward.
	next := limit - limit>>(Halvings(issuance, limit)+1)
	if next >= limit {
		return 0
	}
	return next
}

// Share is floor(amount * millionths / 10^6).
func Share(amount uint64, millionths uint32) uint64 {
	hi, lo := bits.Mul64(amount, uint64(millionths))
	q, _ := bits.Div64(hi, lo, 1_000_000) // millionths <= 10^6, so hi < 10^6
	return q
}

// Proportional splits amount by weights: part i is floor(amount*w_i / sum w). The
// parts and rest add up to amount. The sum of the weights must fit in 64 bits; it
// is 0 when all weights are, and then everything is rest.
func Proportional(amount uint64, weights []uint64) (parts []uint64, rest uint64) {
	parts = make([]uint64, len(weights))
	var sum uint64
	for _, w := range weights {
		sum += w
	}
	rest = amount
	if sum == 0 {
		return parts, rest
	}
	for i, w := range weights {
		hi, lo := bits.Mul64(amount, w)
		parts[i], _ = bits.Div64(hi, lo, sum) // w <= sum, so the quotient fits
		rest -= parts[i]
	}
	return parts, rest
}
