package yuma

import "math/bits"

// eConst is e with 23 fractional bits, widened to 32.
const eConst = 0x15BF0A8 << 9

// maxExponent bounds the argument of exp; up to laneExponent it runs in lanes.
const (
	maxExponent  = 20 << 32
	laneExponent = 16<<32 - 1
)

// reciprocals[i] is floor((2^64-1)/i)+1: the high word of its product with u is
// floor(u/i) for every u below 2^59.
var reciprocals = func() (r [32]uint64) {
	for i := uint64(2); i < 32; i++ {
		r[i] = ^uint64(0)/i + 1
	}
	return r
}()

// exp is the exponential of a Q32.32 clamped to ±20: the Taylor polynomial of
// degree 31 on |x|, each term floored twice, and its truncated reciprocal for
// negative arguments. At 0 it is 1 and at 1 a constant.
//
// Source: exp of the crate substrate-fixed.
func exp(x int64) int64 {
	if a := abs(x); a < maxExponent {
		return expOf(x, taylor(uint64(a)))
	}
	return expOf(x, taylorMost)
}

// taylorMost is the polynomial at maxExponent, where a steep sigmoid has most of its
// arguments.
var taylorMost = taylor(maxExponent)

// expOf is exp(x), given the polynomial at |x|.
func expOf(x int64, sum uint64) int64 {
	switch {
	case x > 0:
		if x == one {
			return eConst
		}
		return int64(sum)
	case x == 0:
		return one
	}
	q, _ := bits.Div64(1, 0, sum) // sum > one
	return int64(q)
}

// taylor is the polynomial at a, which is at most maxExponent.
func taylor(a uint64) uint64 {
	sum, term := a+one, a
	for i := uint64(2); i < 32; i++ {
		hi, lo := bits.Mul64(term, a)
		term = (hi<<32 | lo>>32) / i
		if term == 0 {
			break
		}
		sum += term
	}
	return sum
}

// taylor3 is taylor at three places, each at most laneExponent. A term is two
// products that wait for one another; three lanes fill the gaps.
func taylor3(a, b, c uint64) (x, y, z uint64) {
	x, y, z = a+one, b+one, c+one
	s, t, u := a, b, c
	// The terms stay below 2^53 and the arguments below 2^36, so that the high word
	// of (term<<4) * (argument<<28) is floor(term*argument / 2^32).
	a, b, c = a<<28, b<<28, c<<28
	for i := 2; i < 32; i++ {
		r := reciprocals[i]
		s, _ = bits.Mul64(s<<4, a)
		t, _ = bits.Mul64(t<<4, b)
		u, _ = bits.Mul64(u<<4, c)
		s, _ = bits.Mul64(s, r)
		t, _ = bits.Mul64(t, r)
		u, _ = bits.Mul64(u, r)
		if s|t|u == 0 {
			break
		}
		x, y, z = x+s, y+t, z+u
	}
	return x, y, z
}
