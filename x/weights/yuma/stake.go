package yuma

import (
	"math"
	"math/bits"
	"slices"
)

// stakes computes S: stakes below the minimum count nothing, the rest is
// normalised in Q64.64 and floored to Q32.32, which is floor(T*2^32 / sum T).
func (e *Engine) stakes(in *Input) {
	var high, low uint64
	for i, t := range in.Stake {
		if counts(in, i) {
			var carry uint64
			low, carry = bits.Add64(low, t, 0)
			high += carry
		}
	}
	// The sum may have more than 64 bits: floor(T*2^32 / sum) is a long division then.
	for i, t := range in.Stake {
		if counts(in, i) {
			e.stake[i] = share(t, high, low)
		}
	}
}

func counts(in *Input, uid int) bool { return in.Stake[uid] >= in.MinStake || uid == in.Owner }

// share is floor(t*2^32 / (high:low)), 0 when the sum is 0. t is part of the sum.
func share(t, high, low uint64) int64 {
	if high == 0 {
		if low == 0 {
			return 0
		}
		q1, r := bits.Div64(0, t, low) // 1 when t is all of it
		q2, _ := bits.Div64(r>>32, r<<32, low)
		return int64(q1<<32 | q2)
	}
	var q uint64
	rHigh, rLow := uint64(0), t // t < sum
	for range 32 {
		rHigh, rLow = rHigh<<1|rLow>>63, rLow<<1
		q <<= 1
		if rHigh > high || (rHigh == high && rLow >= low) {
			var borrow uint64
			rLow, borrow = bits.Sub64(rLow, low, 0)
			rHigh, _ = bits.Sub64(rHigh, high, borrow)
			q++
		}
	}
	return int64(q)
}

// permits computes activity, the permits in force, A, and the next permits.
func (e *Engine) permits(in *Input, out *Output) {
	out.Active, out.Permit = sized(out.Active, e.n), sized(out.Permit, e.n)
	copy(e.permit, in.Permit)
	e.keys = topK(e.stake, in.MaxValidators, out.Permit, e.keys)
	if in.Owner != NoOwner {
		e.permit[in.Owner] = true
		out.Permit[in.Owner] = true
	}
	for i, u := range in.LastUpdate {
		e.inactive[i] = addSat(u, in.ActivityCutoff) < in.Height
		out.Active[i] = !e.inactive[i]
		if !e.inactive[i] && e.permit[i] {
			e.active[i] = e.stake[i]
		}
	}
	normalize(e.active)
}

// addSat is a+b, at most MaxUint64.
func addSat(a, b uint64) uint64 {
	if sum, carry := bits.Add64(a, b, 0); carry == 0 {
		return sum
	}
	return math.MaxUint64
}

// topK marks the k largest non-zero entries of v (each below 2^47) in out; of
// equal ones the higher index wins.
func topK(v []int64, k int, out []bool, scratch []uint64) []uint64 {
	for i, x := range v {
		out[i] = x != 0
	}
	drop := len(v) - max(k, 0)
	if drop <= 0 {
		return scratch
	}
	scratch = scratch[:0]
	for i, x := range v {
		scratch = append(scratch, uint64(x)<<16|uint64(i))
	}
	slices.Sort(scratch)
	for _, key := range scratch[:drop] {
		out[key&0xffff] = false
	}
	return scratch
}

// TopKNonZero is who holds a permit before the first epoch: the k neurons with
// the most stake, none without stake. owner may be NoOwner.
func TopKNonZero(stake []uint64, minStake uint64, k, owner int) []bool {
	e := Engine{stake: make([]int64, len(stake))}
	e.stakes(&Input{Params: Params{MinStake: minStake}, Stake: stake, Owner: owner})
	permits := make([]bool, len(stake))
	topK(e.stake, k, permits, nil)
	if owner >= 0 && owner < len(permits) {
		permits[owner] = true
	}
	return permits
}
