// Package price is what a registration costs: it rises with every registration
// and halves every half-life.
//
// With price p at height h0 and half-life H, after t = h-h0 = k*H + r blocks
//
//	price(h) = (p >> k) * (2H - r) / (2H)
//
// which is exactly half at every multiple of H and falls in straight lines
// between. A registration multiplies it by bump. Both are kept within
// [floor, ceiling]. Source: the burn of Bittensor's registrations.
package price

import "math/bits"

// million is one, in millionths.
const million = 1_000_000

// Now is the price at a height, in rao. A height before lastHeight counts as
// lastHeight, a half-life of 0 as one block.
func Now(price, lastHeight, height, halfLife, floor, ceiling uint64) uint64 {
	halfLife = max(halfLife, 1)
	var elapsed uint64
	if height > lastHeight {
		elapsed = height - lastHeight
	}
	k, r := elapsed/halfLife, elapsed%halfLife
	if k >= 64 {
		return within(0, floor, ceiling)
	}
	price >>= k
	if r > 0 {
		hi, lo := bits.Mul64(price, r)
		if half := halfLife << 1; half>>1 == halfLife {
			fallen, _ := bits.Div64(hi, lo, half) // r < half, so it fits
			price -= fallen
		}
	}
	return within(price, floor, ceiling)
}

// Bump is the price right after a registration at price; bump is in millionths.
func Bump(price uint64, bump uint32, floor, ceiling uint64) uint64 {
	hi, lo := bits.Mul64(price, uint64(bump))
	if hi >= million {
		return within(ceiling, floor, ceiling)
	}
	price, _ = bits.Div64(hi, lo, million)
	return within(price, floor, ceiling)
}

func within(price, floor, ceiling uint64) uint64 { return min(max(price, floor), ceiling) }
