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

// mulSigned is floor(a*b / 2^32), toward minus infinity, of any numbers.
func mulSigned(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	hi -= uint64(a>>63&b) + uint64(b>>63&a) // the high word of the signed product
	return int64(hi<<32 | lo>>32)
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

// ratio is div of a part by a whole that is not less: the quotient is at most one.
// 0/0 is 0.
func ratio(part, whole int64) int64 {
	if part < one {
		if whole == 0 {
			return 0
		}
		return int64(uint64(part) << 32 / uint64(whole))
	}
	return div(part, whole)
}

// prop is a u16 as a share of one: trunc((x<<32) / 65535). As 2^32 is 65535*65537+1,
// that is 65537*x, and one more for 65535.
func prop(x uint32) int64 { return int64(uint64(x)*65537 + uint64(x+1)>>16) }

// toU16 is a share of one, 0 to one, as a u16: floor(x*65535).
func toU16(x int64) uint16 { return uint16((x<<16 - x) >> 32) }

// mask is all ones for true and 0 for false, without a branch.
func mask(b bool) int64 {
	var m int64
	if b {
		m = 1
	}
	return -m
}

// normalize divides v, shares that are not negative, by its sum in place; a sum of
// 0 leaves it as it is.
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
			v[i] = ratio(x, sum)
		}
	}
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
