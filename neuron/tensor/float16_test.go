package tensor

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// value16 is the definition of binary16, in binary64.
func value16(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&31), float64(h&0x3ff)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestEveryFloat16(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want, got := value16(h), float64(float16Value(h))
		if math.IsNaN(want) {
			require.True(t, math.IsNaN(got), "%04x", h)
			continue
		}
		if want != got || math.Signbit(want) != math.Signbit(got) {
			t.Fatalf("%04x is %g, decoded as %g", h, want, got)
		}
		if bits := math.Float32bits(float32(want)); bits&magnitude32 < overflow16 && float16Bits(bits) != h {
			t.Fatalf("%04x came back as %04x", h, float16Bits(bits))
		}
	}
}

// Around the middle between two neighbours the nearest one wins, and in the middle
// the even one.
func TestFloat16RoundsToNearestEven(t *testing.T) {
	for i := range uint16(0x7c00) {
		low := i
		middle := float32((value16(low) + beyond(value16, low)) / 2)
		requireRounding(t, middle, low, overflow16, float16Bits)
	}
}

func TestBFloat16RoundsToNearestEven(t *testing.T) {
	value := func(h uint16) float64 { return float64(bfloat16Value(h)) }
	for i := range uint16(0x7f80) {
		low := i
		middle := float32((value(low) + beyond(value, low)) / 2)
		requireRounding(t, middle, low, overflowB16, bfloat16Bits)
		require.Equal(t, low, bfloat16Bits(math.Float32bits(bfloat16Value(low))))
	}
}

// beyond is the neighbour above; for the largest number, the power of two that
// would follow it.
func beyond(value func(uint16) float64, low uint16) float64 {
	if next := value(low + 1); !math.IsInf(next, 0) {
		return next
	}
	return 2*value(low) - value(low-1)
}

func requireRounding(t *testing.T, middle float32, low uint16, overflow uint32, convert func(uint32) uint16) {
	t.Helper()
	bits := math.Float32bits(middle)
	even := low + low&1
	for _, c := range []struct {
		bits uint32
		want uint16
	}{{bits - 1, low}, {bits, even}, {bits + 1, low + 1}} {
		if c.bits >= overflow { // the callers refuse it
			if c.want == low {
				t.Fatalf("%08x counts as an overflow, %04x is nearest", c.bits, low)
			}
			continue
		}
		if got := convert(c.bits); got != c.want {
			t.Fatalf("%08x became %04x, not %04x", c.bits, got, c.want)
		}
		if got := convert(c.bits | 1<<31); got != c.want|0x8000 {
			t.Fatalf("-%08x became %04x, not %04x", c.bits, got, c.want|0x8000)
		}
	}
}
