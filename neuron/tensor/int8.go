package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	// minScale is the smallest normal binary32: below it a scale loses digits, and
	// its inverse is infinite.
	minScale = 0x1p-126
	// maxScale is the largest binary32 whose 127-fold is finite in binary32. It is
	// 1 ulp below what the largest finite number would ask for.
	maxScale = 8454659 * 0x1p98
)

func encodeInt8(p []byte, x []float32) int {
	for start := 0; start < len(x); start += BlockElements {
		block := x[start:min(start+BlockElements, len(x))]
		largest := largestMagnitude(block)
		if largest >= infinity32 {
			return start + firstNotFinite(block)
		}
		scale := blockScale(math.Float32frombits(largest))
		binary.LittleEndian.PutUint32(p, math.Float32bits(scale))
		encodeBlock(p[scaleBytes:scaleBytes+len(block)], block, scale)
		p = p[scaleBytes+len(block):]
	}
	return -1
}

// largestMagnitude is in bits, so that a NaN is larger than any number.
func largestMagnitude(block []float32) uint32 {
	var largest uint32
	for _, v := range block {
		largest = max(largest, math.Float32bits(v)&magnitude32)
	}
	return largest
}

func firstNotFinite(block []float32) int {
	for i, v := range block {
		if math.Float32bits(v)&magnitude32 >= infinity32 {
			return i
		}
	}
	return 0
}

// blockScale is 0 or between minScale and maxScale.
func blockScale(largest float32) float32 {
	scale := largest / 127
	if scale < minScale {
		return 0
	}
	return min(scale, maxScale)
}

func encodeBlock(codes []byte, block []float32, scale float32) {
	// The lowest bits of 1.5 * 2^23 + q are q in two's complement, for the sum is
	// rounded to a whole number, ties to even.
	const whole = 0x1.8p23
	var inverse float32
	if scale != 0 {
		inverse = 1 / scale
	}
	codes = codes[:len(block)]
	for i, v := range block {
		// The conversion forbids a fused multiply-add: the same on every machine.
		codes[i] = byte(math.Float32bits(float32(v*inverse) + whole))
	}
}

func decodeInt8(x []float32, p []byte) {
	for len(x) > 0 {
		block := x[:min(BlockElements, len(x))]
		scale := math.Float32frombits(binary.LittleEndian.Uint32(p))
		codes := p[scaleBytes : scaleBytes+len(block)]
		block = block[:len(codes)]
		for i, c := range codes {
			block[i] = float32(int8(c)) * scale
		}
		x, p = x[len(block):], p[scaleBytes+len(block):]
	}
}

func checkInt8(p []byte) error {
	for block := 0; len(p) > scaleBytes; block++ {
		scale := binary.LittleEndian.Uint32(p)
		if err := checkScale(block, scale); err != nil {
			return err
		}
		codes := p[scaleBytes:min(scaleBytes+BlockElements, len(p))]
		used, lowest := scanCodes(codes)
		if lowest {
			return fmt.Errorf("%w: block %d has the code -128, codes are -127 to 127: the sender must scale by max|x|/127", ErrBlock, block)
		}
		if used && scale == 0 {
			return fmt.Errorf("%w: block %d has scale 0 and codes that are not 0: the sender must write zeros", ErrBlock, block)
		}
		p = p[scaleBytes+len(codes):]
	}
	return nil
}

// checkScale takes the scale's bits.
func checkScale(block int, bits uint32) error {
	scale := math.Float32frombits(bits)
	switch {
	case bits == 0 || scale >= minScale && scale <= maxScale:
		return nil
	case bits&magnitude32 >= infinity32:
		return fmt.Errorf("%w: block %d has scale %g: the sender must send finite numbers, drop its answer", ErrNotFinite, block, scale)
	case scale > maxScale:
		return fmt.Errorf("%w: block %d has scale %g, above %g its numbers may be infinite: drop the answer", ErrNotFinite, block, scale, float32(maxScale))
	}
	return fmt.Errorf("%w: block %d has scale %g, it must be +0 or %g to %g: the sender must scale by max|x|/127",
		ErrBlock, block, scale, float32(minScale), float32(maxScale))
}

// scanCodes says whether any code is not 0, and whether one is -128.
func scanCodes(codes []byte) (used, lowest bool) {
	const ones, tops = 0x01010101_01010101, 0x80808080_80808080
	var seen, found uint64
	for len(codes) >= 8 {
		word := binary.LittleEndian.Uint64(codes)
		zero := word ^ tops // a byte that is -128 becomes 0, from which 1 borrows
		seen |= word
		found |= (zero - ones) &^ zero & tops
		codes = codes[8:]
	}
	for _, c := range codes {
		seen |= uint64(c)
		lowest = lowest || c == 0x80
	}
	return seen != 0, lowest || found != 0
}
