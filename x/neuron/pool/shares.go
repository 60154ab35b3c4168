package pool

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
)

// Shares is a 128-bit number of shares.
type Shares struct{ Hi, Lo uint64 }

// IsZero says whether there are none.
func (s Shares) IsZero() bool { return s.Hi == 0 && s.Lo == 0 }

// Cmp is -1, 0 or 1.
func (s Shares) Cmp(o Shares) int {
	switch {
	case s == o:
		return 0
	case s.Hi < o.Hi || (s.Hi == o.Hi && s.Lo < o.Lo):
		return -1
	}
	return 1
}

// Add is s+o.
func (s Shares) Add(o Shares) (Shares, error) {
	lo, carry := bits.Add64(s.Lo, o.Lo, 0)
	hi, over := bits.Add64(s.Hi, o.Hi, carry)
	if over != 0 {
		return Shares{}, fmt.Errorf("%s and %s shares: %w", s, o, ErrOverflow)
	}
	return Shares{hi, lo}, nil
}

// Sub is s-o.
func (s Shares) Sub(o Shares) (Shares, error) {
	lo, borrow := bits.Sub64(s.Lo, o.Lo, 0)
	hi, under := bits.Sub64(s.Hi, o.Hi, borrow)
	if under != 0 {
		return Shares{}, ErrTooMany
	}
	return Shares{hi, lo}, nil
}

// String is decimal.
func (s Shares) String() string {
	v := new(big.Int).SetUint64(s.Hi)
	return v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(s.Lo)).String()
}

// ParseShares reads the decimal form.
func ParseShares(text string) (Shares, error) {
	v, ok := new(big.Int).SetString(text, 10)
	if !ok || v.Sign() < 0 || v.BitLen() > 128 || v.String() != text {
		return Shares{}, fmt.Errorf("%q is no number of shares: a whole number of 0 to 2^128-1 in decimal", text)
	}
	lo := new(big.Int).And(v, new(big.Int).SetUint64(1<<64-1)).Uint64()
	return Shares{Hi: new(big.Int).Rsh(v, 64).Uint64(), Lo: lo}, nil
}

// Bytes is the stored form: 16 bytes, big endian.
func (s Shares) Bytes() []byte {
	b := make([]byte, 16)
	binary.BigEndian.PutUint64(b, s.Hi)
	binary.BigEndian.PutUint64(b[8:], s.Lo)
	return b
}

// SharesFromBytes reads the stored form.
func SharesFromBytes(b []byte) (Shares, error) {
	if len(b) != 16 {
		return Shares{}, fmt.Errorf("shares have 16 bytes, these %d", len(b))
	}
	return Shares{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, nil
}

// mulDiv is s*a/d, floored or rounded up. The product has up to 192 bits.
func mulDiv(s Shares, a, d uint64, up bool) (Shares, error) {
	if d == 0 {
		return Shares{}, ErrOverflow
	}
	h1, l1 := bits.Mul64(s.Lo, a)
	h2, l2 := bits.Mul64(s.Hi, a)
	mid, carry := bits.Add64(h1, l2, 0)
	top := h2 + carry
	if top >= d {
		return Shares{}, fmt.Errorf("%s shares times %d: %w", s, a, ErrOverflow)
	}
	hi, r := bits.Div64(top, mid, d)
	lo, r := bits.Div64(r, l1, d)
	q := Shares{hi, lo}
	if up && r != 0 {
		return q.Add(Shares{Lo: 1})
	}
	return q, nil
}

// mulDivShares is floor(s*a/d) of s <= d, so that the quotient is at most a.
func mulDivShares(s Shares, a uint64, d Shares) uint64 {
	if d.Hi == 0 {
		hi, lo := bits.Mul64(s.Lo, a)
		q, _ := bits.Div64(hi, lo, d.Lo) // s < d
		return q
	}
	// Long division bit by bit: a is at most 2^64, 64 rounds. The remainder, doubled
	// and s added, is below 3d: two bits more than it has, which over holds.
	var q, over uint64
	var r Shares
	for i := 63; i >= 0; i-- {
		over = r.Hi >> 63
		r = Shares{r.Hi<<1 | r.Lo>>63, r.Lo << 1}
		q <<= 1
		if a>>uint(i)&1 == 1 {
			var carry uint64
			r.Lo, carry = bits.Add64(r.Lo, s.Lo, 0)
			r.Hi, carry = bits.Add64(r.Hi, s.Hi, carry)
			over += carry
		}
		for over > 0 || r.Cmp(d) >= 0 {
			var borrow uint64
			r.Lo, borrow = bits.Sub64(r.Lo, d.Lo, 0)
			r.Hi, borrow = bits.Sub64(r.Hi, d.Hi, borrow)
			over -= borrow
			q++
		}
	}
	return q
}
