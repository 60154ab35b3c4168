package yuma

import "math/bits"

// sigmoid says how fast each bond moves under liquid alpha: faster the more the
// weight leads the consensus, or the further the bond is above the weight.
type sigmoid struct {
	lo, hi, slope int64
	rest          int64 // alpha of d = 0, which is most bonds

	alpha []int64 // by pair
	far   []int   // the pairs with d > 0
	at    []int64 // the arguments of their exponentials
}

func (s *sigmoid) set(in *Input) {
	s.lo, s.hi = prop(uint32(in.AlphaLow)), prop(uint32(in.AlphaHigh))
	// trunc(steepness / -100) in Q32.32
	s.slope = -(int64(in.AlphaSteepness) << 32 / 100)
	x := s.argument(0)
	s.rest = s.of(exp(x))
}

// alphas returns alpha for every pair of a row; it is valid until the next call.
func (s *sigmoid) alphas(cols []column, pairs []pair) []int64 {
	s.alpha, s.far, s.at = sized(s.alpha, len(pairs)), sized(s.far, len(pairs)), sized(s.at, len(pairs))
	count := 0
	for k := range pairs {
		p := &pairs[k]
		d := s.distance(cols[p.uid].consensus, p.weight, prop(p.bond))
		s.alpha[k] = s.rest
		s.far[count], s.at[count] = k, s.argument(d)
		count -= int(mask(d > 0))
	}
	s.far, s.at = s.far[:count], s.at[:count]
	s.fill()
	return s.alpha
}

// distance is d: how far a bond that is bought leads the consensus, or one that is
// sold lies above its weight. All are shares, so it is at most one.
func (s *sigmoid) distance(consensus, weight, bond int64) int64 {
	if weight >= bond {
		return max(weight-consensus, 0)
	}
	return bond - weight
}

// fill computes alpha of the pairs with d > 0, three at a time.
func (s *sigmoid) fill() {
	k := 0
	for ; k+2 < len(s.at); k += 3 {
		x, y, z := s.at[k], s.at[k+1], s.at[k+2]
		if max(abs(x), abs(y), abs(z)) > laneExponent { // a steepness above 3200
			s.alpha[s.far[k]], s.alpha[s.far[k+1]], s.alpha[s.far[k+2]] = s.of(exp(x)), s.of(exp(y)), s.of(exp(z))
			continue
		}
		p, q, r := taylor3(uint64(abs(x)), uint64(abs(y)), uint64(abs(z)))
		s.alpha[s.far[k]] = s.of(expOf(x, p))
		s.alpha[s.far[k+1]] = s.of(expOf(y, q))
		s.alpha[s.far[k+2]] = s.of(expOf(z, r))
	}
	for ; k < len(s.at); k++ {
		s.alpha[s.far[k]] = s.of(exp(s.at[k]))
	}
}

// move brings a bond nearer to its weight.
func move(alpha, bond, weight int64) int64 {
	return min(mul(one-alpha, bond)+mul(alpha, weight), one)
}

// argument is what the exponential is taken of: slope*(d - 1/2).
func (s *sigmoid) argument(d int64) int64 { return mulSigned(s.slope, d-half) }

// of is alpha, given the exponential: lo + (hi-lo)/(1+exponential), within the
// bounds; lo holds when hi is below it.
func (s *sigmoid) of(exponential int64) int64 {
	sigma, _ := bits.Div64(1, 0, uint64(one+exponential)) // one/(one+exponential)
	return max(min(s.lo+mulSigned(int64(sigma), s.hi-s.lo), s.hi), s.lo)
}
