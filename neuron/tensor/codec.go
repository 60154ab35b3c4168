package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Bits of a binary32. As integers, magnitudes are in the order of their values,
// with infinity and then the NaNs at the end.
const (
	magnitude32 = 1<<31 - 1
	infinity32  = 0xff << 23
)

// encode fills p, which has exactly the payload's size.
func encode(p []byte, d DType, x []float32) error {
	unfit := -1
	switch d {
	case F32:
		unfit = encodeF32(p, x)
	case F16:
		unfit = encodeF16(p, x)
	case BF16:
		unfit = encodeBF16(p, x)
	case Int8:
		unfit = encodeInt8(p, x)
	}
	if unfit < 0 {
		return nil
	}
	v := float64(x[unfit])
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%w: element %d is %g: only finite numbers travel, put a floor or a clip where it arose", ErrNotFinite, unfit, v)
	}
	return fmt.Errorf("%w: element %d is %g, which %s would make infinite: clip it or use bf16, int8 or f32", ErrNotFinite, unfit, v, d)
}

// decode fills x from a payload that check has passed.
func decode(x []float32, d DType, p []byte) {
	switch d {
	case F32:
		decodeF32(x, p)
	case F16:
		decodeF16(x, p)
	case BF16:
		decodeBF16(x, p)
	case Int8:
		decodeInt8(x, p)
	}
}

// check refuses a payload with a number that is not finite or with a block that
// no encoder writes.
func check(p []byte, d DType) error {
	switch d {
	case F32:
		if anyNotFinite(p, 0x7fffffff_7fffffff, 0x00800000_00800000) {
			return notFinite(d, len(p)/4, func(i int) float32 {
				return math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
			})
		}
	case F16:
		if anyNotFinite(p, 0x7fff7fff_7fff7fff, 0x04000400_04000400) {
			return notFinite(d, len(p)/2, func(i int) float32 {
				return float16Value(binary.LittleEndian.Uint16(p[2*i:]))
			})
		}
	case BF16:
		if anyNotFinite(p, 0x7fff7fff_7fff7fff, 0x00800080_00800080) {
			return notFinite(d, len(p)/2, func(i int) float32 {
				return bfloat16Value(binary.LittleEndian.Uint16(p[2*i:]))
			})
		}
	case Int8:
		return checkInt8(p)
	}
	return nil
}

// anyNotFinite looks at 8 bytes at a time, which are 2 or 4 numbers. magnitude
// clears their signs; unit, the lowest bit of the exponent, then carries into the
// place of the sign if and only if the exponent was all ones.
func anyNotFinite(p []byte, magnitude, unit uint64) bool {
	var seen uint64
	for len(p) >= 8 {
		seen |= binary.LittleEndian.Uint64(p)&magnitude + unit
		p = p[8:]
	}
	var rest [8]byte // zeros are finite
	copy(rest[:], p)
	seen |= binary.LittleEndian.Uint64(rest[:])&magnitude + unit
	return seen&^magnitude != 0
}

// notFinite names the first of n numbers that is not finite.
func notFinite(d DType, n int, value func(int) float32) error {
	for i := range n {
		if v := float64(value(i)); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: element %d of the %s payload is %g: the sender must send finite numbers, drop its answer", ErrNotFinite, i, d, v)
		}
	}
	return fmt.Errorf("%w: an element of the %s payload: the bytes changed while they were read, keep them unchanged", ErrNotFinite, d)
}

// encodeF32 returns the index of the first number that has no code, or -1; so do
// the other encoders.
func encodeF32(p []byte, x []float32) int {
	for i, v := range x {
		bits := math.Float32bits(v)
		if bits&magnitude32 >= infinity32 {
			return i
		}
		binary.LittleEndian.PutUint32(p[4*i:4*i+4], bits)
	}
	return -1
}

func decodeF32(x []float32, p []byte) {
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*i : 4*i+4]))
	}
}
