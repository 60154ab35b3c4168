package yuma

import "math/big"

// The naive epoch's arithmetic: Q32.32 in big integers, every result saturated. It
// shares nothing with the package's.

// bigInt shortens the formulas.
type bigInt = *big.Int

func whole64(x uint64) bigInt { return new(big.Int).SetUint64(x) }
func integer(x int64) bigInt  { return big.NewInt(x) }
func shift(x bigInt, n uint) bigInt {
	return new(big.Int).Lsh(x, n)
}

// unit is 1 in Q32.32, the rest bounds of Q32.32.
var (
	unit     = shift(integer(1), 32)
	zero     = integer(0)
	greatest = new(big.Int).Sub(shift(integer(1), 63), integer(1))
	least    = new(big.Int).Neg(shift(integer(1), 63))
)

func saturate(x bigInt) bigInt {
	switch {
	case x.Cmp(greatest) > 0:
		return greatest
	case x.Cmp(least) < 0:
		return least
	}
	return x
}

func plus(a, b bigInt) bigInt  { return saturate(new(big.Int).Add(a, b)) }
func minus(a, b bigInt) bigInt { return saturate(new(big.Int).Sub(a, b)) }

// times is floor(a*b / 2^32): Rsh rounds toward minus infinity.
func times(a, b bigInt) bigInt {
	p := new(big.Int).Mul(a, b)
	return saturate(p.Rsh(p, 32))
}

// over is trunc((a<<32) / b), 0 when b is 0 or the quotient overflows.
func over(a, b bigInt) bigInt {
	if b.Sign() == 0 {
		return zero
	}
	q := new(big.Int).Quo(shift(a, 32), b)
	if saturate(q).Cmp(q) != 0 {
		return zero
	}
	return q
}

// smaller and larger of two.
func smaller(a, b bigInt) bigInt {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func larger(a, b bigInt) bigInt {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func clamped(x, lo, hi bigInt) bigInt { return larger(smaller(x, hi), lo) }

// fromU16 is a u16 as a proportion, intoU16 the way back.
func fromU16(x int64) bigInt { return over(shift(integer(x), 32), shift(integer(65535), 32)) }

func intoU16(x bigInt) uint16 {
	v := times(x, shift(integer(65535), 32))
	v = clamped(new(big.Int).Rsh(v, 32), zero, integer(65535))
	return uint16(v.Int64())
}

// exponential is a Taylor polynomial, floored term by term.
func exponential(x bigInt) bigInt {
	bound := shift(integer(20), 32)
	x = clamped(x, new(big.Int).Neg(bound), bound)
	if x.Sign() == 0 {
		return unit
	}
	if x.Cmp(unit) == 0 {
		return integer(0x15BF0A8 << 9)
	}
	a := new(big.Int).Abs(x)
	sum, term := plus(unit, a), a
	for i := int64(2); i <= 31; i++ {
		term = times(term, a)
		term = new(big.Int).Quo(term, integer(i))
		sum = plus(sum, term)
	}
	if x.Sign() < 0 {
		return over(unit, sum)
	}
	return sum
}
