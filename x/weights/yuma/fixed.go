package yuma

import "math/bits"

// one is 1 in Q32.32.
const one = 1 << 32

// half is 1/2 in Q32.32.
const half = one >> 1

// u16max is the u16 that stands for 1.
const u16max = 65535

// mul is floor(a*b / 2^32) of numbers that are not negative. The product of two
// shares of one never exceeds one; sums of shares stay far below 2^63 (uids are
// below 2^16), so nothing saturates where mul is used.
func mul(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(hi<<32 | lo>>32)
}

// mulSigned is floor(a*b / 2^32), toward minus infinity.
func mulSigned(a, b int64) int64 {
	if (a < 0) == (b < 0) {
		return mul(abs(a), abs(b))
	}
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	q := int64(hi<<32 | lo>>32)
	if lo&(one-1) != 0 {
		q++
	}
	return -q
}

// div is trunc((a<<32) / b) of numbers that are not negative, 0 when b is 0 or
// the quotient does not fit.
func div(a, b int64) int64 {
	hi, lo := uint64(a)>>32, uint64(a)<<32
	if hi >= uint64(b) { // also b == 0
		return 0
	}
	q, _ := bits.Div64(hi, lo, uint64(b))
	if q > 1<<63-1 {
		return 0
	}
	return int64(q)
}

func abs(a int64) int64 {
	if a < 0 {
		return -a
	}
	return a
}

// prop is a u16 as a share of one: trunc((x<<32) / 65535).
func prop(x uint32) int64 { return int64(uint64(x) << 32 / u16max) }

// toU16 is a share of one as a u16: floor(x*65535), clamped.
func toU16(x int64) uint16 {
	if x <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(x), u16max)
	if v := hi<<32 | lo>>32; v < u16max {
		return uint16(v)
	}
	return u16max
}

// normalize divides v by its sum in place; a sum of 0 leaves it as it is.
func normalize(v []int64) {
	var sum int64
	for _, x := range v {
		sum += x
	}
	if sum == 0 {
		return
	}
	for i, x := range v {
		if x != 0 {
			v[i] = div(x, sum)
		}
	}
}

// eConst is e with 23 fractional bits, widened to 32.
const eConst = 0x15BF0A8 << 9

// maxExponent bounds the argument of exp.
const maxExponent = 20 << 32

// reciprocals[i] is floor(2^64/i)+1: the high word of its product with u is u/i
// for every u below 2^59.
var reciprocals = func() (r [32]uint64) {
	for i := uint64(2); i < 32; i++ {
		r[i] = ^uint64(0)/i + 1
	}
	return r
}()

// exp is the exponential of a Q32.32 clamped to ±20: the Taylor polynomial of
// degree 31 on |x|, each term floored twice, and its truncated reciprocal for
// negative arguments. At 0 it is 1 and at 1 a constant.
func exp(x int64) int64 {
	switch {
	case x == 0:
		return one
	case x == one:
		return eConst
	}
	a := uint64(min(abs(x), maxExponent))
	sum, term := a+one, a
	for i := uint64(2); i < 32; i++ {
		hi, lo := bits.Mul64(term, a)
		term = hi<<32 | lo>>32
		if term < 1<<59 {
			term, _ = bits.Mul64(term, reciprocals[i])
		} else {
			term /= i
		}
		if term == 0 {
			break
		}
		sum += term
	}
	if x > 0 {
		return int64(sum)
	}
	q, _ := bits.Div64(1, 0, sum) // sum > one
	return int64(q)
}

// maxUpscale scales v so that its largest becomes 65535, rounding half away from
// zero; out has v's length. When the largest is 0 nothing is scaled.
//
// Source: vec_max_upscale_to_u16 of subtensor.
func maxUpscale(v []int64, out []uint16) {
	var most int64
	for _, x := range v {
		most = max(most, x)
	}
	if most == 0 {
		clear(out)
		return
	}
	if most > 32768<<32 { // scaling by 65535 first would leave Q32.32
		f := div(u16max<<32, most)
		for i, x := range v {
			out[i] = roundU16(mul(x, f))
		}
		return
	}
	for i, x := range v {
		out[i] = roundU16(div(satMul(x, u16max<<32), most))
	}
}

// satMul is mul, saturating.
func satMul(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi>>31 != 0 {
		return 1<<63 - 1
	}
	return int64(hi<<32 | lo>>32)
}

// roundU16 rounds half away from zero and clamps.
func roundU16(x int64) uint16 {
	if x >= u16max<<32 {
		return u16max
	}
	return uint16((x + half) >> 32)
}

// MaxUpscale scales values in place so that the largest becomes 65535. Rows are
// stored this way.
func MaxUpscale(values []uint16) {
	var most uint32
	for _, x := range values {
		most = max(most, uint32(x))
	}
	if most == 0 {
		return
	}
	if most > 32768 {
		f := div(u16max<<32, int64(most)<<32)
		for i, x := range values {
			values[i] = roundU16(mul(int64(x)<<32, f))
		}
		return
	}
	for i, x := range values {
		values[i] = roundU16(div(int64(x)*u16max<<32, int64(most)<<32))
	}
}
