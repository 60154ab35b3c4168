package tensor

import (
	"encoding/binary"
	"math"
)

// Magnitudes of binary32 from which a narrower float rounds to infinity: halfway
// between its largest number and the next power of two, a tie that goes up
// because the largest number is odd.
const (
	overflow16  = 0x477f_f000 // 65520
	overflowB16 = 0x7f7f_8000 // 2^128 - 2^119
)

const (
	smallest16 = 0x3880_0000      // binary32 of 2^-14, the smallest normal binary16
	rebias16   = (127 - 15) << 23 // between the two exponents, in place in a binary32
)

func encodeF16(p []byte, x []float32) int {
	for i, v := range x {
		bits := math.Float32bits(v)
		if bits&magnitude32 >= overflow16 {
			return i
		}
		binary.LittleEndian.PutUint16(p[2*i:2*i+2], float16Bits(bits))
	}
	return -1
}

func decodeF16(x []float32, p []byte) {
	for i := range x {
		x[i] = float16Value(binary.LittleEndian.Uint16(p[2*i : 2*i+2]))
	}
}

func encodeBF16(p []byte, x []float32) int {
	for i, v := range x {
		bits := math.Float32bits(v)
		if bits&magnitude32 >= overflowB16 {
			return i
		}
		binary.LittleEndian.PutUint16(p[2*i:2*i+2], bfloat16Bits(bits))
	}
	return -1
}

func decodeBF16(x []float32, p []byte) {
	for i := range x {
		x[i] = bfloat16Value(binary.LittleEndian.Uint16(p[2*i : 2*i+2]))
	}
}

// float16Bits rounds the binary32 with these bits to the nearest binary16, ties to
// even. Its magnitude must be below overflow16.
func float16Bits(bits uint32) uint16 {
	sign, magnitude := uint16(bits>>16&0x8000), bits&magnitude32
	if magnitude < smallest16 {
		// Between 1/2 and 1 a binary32 has steps of 2^-24, as a subnormal binary16
		// has: the sum is rounded as wanted, and its low bits count the steps.
		const half = 0x3f00_0000
		return sign | uint16(math.Float32bits(math.Float32frombits(magnitude)+0.5)-half)
	}
	// A carry out of the fraction raises the exponent, which is right.
	return sign | uint16((magnitude-rebias16+0xfff+magnitude>>13&1)>>13)
}

// float16Value is exact for all 65,536 arguments.
func float16Value(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case magnitude-0x0400 < 0x7800: // normal; a subnormal wraps round
		return math.Float32frombits(sign | (magnitude<<13 + rebias16))
	case magnitude < 0x0400:
		return math.Float32frombits(sign | math.Float32bits(float32(magnitude)*0x1p-24))
	}
	return math.Float32frombits(sign | magnitude<<13 | infinity32)
}

// bfloat16Bits rounds the binary32 with these bits to the nearest bfloat16, ties to
// even. Its magnitude must be below overflowB16.
func bfloat16Bits(bits uint32) uint16 {
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// bfloat16Value is exact for all 65,536 arguments.
func bfloat16Value(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
