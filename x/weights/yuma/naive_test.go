package yuma

import (
	"math/big"
	"slices"
)

// This file is the epoch once more, to check the package against: dense matrices
// of big integers, formula by formula, with no thought for speed.

// dense is a matrix; nil is an absent entry, which counts 0.
type dense [][]bigInt

func newDense(n int) dense {
	m := make(dense, n)
	for i := range m {
		m[i] = make([]bigInt, n)
	}
	return m
}

func (m dense) at(i, j int) bigInt {
	if m[i][j] == nil {
		return zero
	}
	return m[i][j]
}

// mapped applies f to the entries that are there; a nil result removes one.
func (m dense) mapped(f func(i, j int, x bigInt) bigInt) dense {
	to := newDense(len(m))
	for i := range m {
		for j, x := range m[i] {
			if x != nil {
				to[i][j] = f(i, j, x)
			}
		}
	}
	return to
}

func (m dense) columnSums() []bigInt {
	sums := zeros(len(m))
	for i := range m {
		for j := range m {
			sums[j] = plus(sums[j], m.at(i, j))
		}
	}
	return sums
}

func (m dense) columnNormalized() dense {
	sums := m.columnSums()
	return m.mapped(func(_, j int, x bigInt) bigInt { return over(x, sums[j]) })
}

func zeros(n int) []bigInt {
	v := make([]bigInt, n)
	for i := range v {
		v[i] = zero
	}
	return v
}

func total(v []bigInt) bigInt {
	sum := new(big.Int)
	for _, x := range v {
		sum.Add(sum, x)
	}
	return sum
}

func normalized(v []bigInt) []bigInt { return dividedBy(v, total(v)) }

func dividedBy(v []bigInt, sum bigInt) []bigInt {
	to := slices.Clone(v)
	if sum.Sign() != 0 {
		for i := range v {
			to[i] = over(v[i], sum)
		}
	}
	return to
}

// naive is one epoch under way.
type naive struct {
	in               *Input
	n                int
	S, A, C, I, D, T []bigInt
	vtrust, trust    []bigInt
	W, Wc, Wb, E     dense
	active           []bool
	before, after    []bool // permits
	stored           dense
	server, pay, sum []uint64
	combined         []bigInt
	remainder        uint64
	recycled         uint64
	byStake          bool
}

// naiveEpoch computes in as the formulas say.
func naiveEpoch(in *Input) *naive {
	e := &naive{in: in, n: len(in.Stake)}
	e.stakes()
	e.weights()
	e.consensus()
	if in.Yuma3 {
		e.yuma3()
	} else {
		e.yuma2()
	}
	e.emission()
	return e
}

// stakes: formulas 1 to 4.
func (e *naive) stakes() {
	in := e.in
	kept := make([]bigInt, e.n)
	for i, t := range in.Stake {
		kept[i] = whole64(t)
		if t < in.MinStake && i != in.Owner {
			kept[i] = zero
		}
	}
	sum := total(kept)
	for _, t := range kept {
		s := zero
		if sum.Sign() != 0 {
			s = new(big.Int).Quo(shift(t, 64), sum) // Q64.64
			s = s.Rsh(s, 32)
		}
		e.S = append(e.S, s)
	}
	e.before = slices.Clone(in.Permit)
	e.after = make([]bool, e.n)
	for i := range e.S {
		// How many are ahead of i: more stake, or as much and a higher index.
		ahead := 0
		for j := range e.S {
			if c := e.S[j].Cmp(e.S[i]); c > 0 || c == 0 && j > i {
				ahead++
			}
		}
		e.after[i] = e.S[i].Sign() > 0 && ahead < in.MaxValidators
	}
	if in.Owner != NoOwner {
		e.before[in.Owner], e.after[in.Owner] = true, true
	}
	for i, s := range e.S {
		expires := plus128(in.LastUpdate[i], in.ActivityCutoff)
		e.active = append(e.active, expires.Cmp(whole64(in.Height)) >= 0)
		if !e.active[i] || !e.before[i] {
			s = zero
		}
		e.A = append(e.A, s)
	}
	e.A = normalized(e.A)
}

// plus128 adds heights without a bound.
func plus128(a, b uint64) bigInt { return new(big.Int).Add(whole64(a), whole64(b)) }

// weights: formula 5.
func (e *naive) weights() {
	in := e.in
	e.W = newDense(e.n)
	for i, row := range in.Weights {
		if !e.before[i] {
			continue
		}
		sum := zero
		for _, entry := range row {
			j, v := int(entry>>16), int64(entry&0xffff)
			registered := in.RegisteredAt[j]
			switch {
			case i == j && i != in.Owner:
			case in.LastUpdate[i] <= registered:
			case in.CommitHeight != nil && in.CommitHeight[i] != NoCommit && in.CommitHeight[i] < registered:
			case v == 0 && !in.Upstream:
			default:
				e.W[i][j] = shift(integer(v), 32)
				sum = new(big.Int).Add(sum, e.W[i][j])
			}
		}
		for j, x := range e.W[i] {
			if x != nil && sum.Sign() > 0 {
				e.W[i][j] = over(x, sum)
			}
		}
	}
}

// consensus: formulas 6 to 9.
func (e *naive) consensus() {
	var rows []int
	var backing []bigInt
	for i, a := range e.A {
		if a.Sign() > 0 {
			rows, backing = append(rows, i), append(backing, a)
		}
	}
	backing = normalized(backing)
	minority := minus(total(backing), fromU16(int64(e.in.Kappa)))
	for j := range e.n {
		e.C = append(e.C, quantile(e.W, j, rows, backing, minority))
	}
	e.Wc = e.W.mapped(func(_, j int, w bigInt) bigInt {
		if e.C[j].Cmp(w) >= 0 {
			return w
		}
		if e.C[j].Sign() <= 0 {
			return nil
		}
		return e.C[j]
	})
	prerank, rank := zeros(e.n), zeros(e.n)
	for i := range e.n {
		trust := new(big.Int)
		for j := range e.n {
			trust.Add(trust, e.Wc.at(i, j))
			prerank[j] = plus(prerank[j], times(e.A[i], e.W.at(i, j)))
			rank[j] = plus(rank[j], times(e.A[i], e.Wc.at(i, j)))
		}
		e.vtrust = append(e.vtrust, trust)
	}
	for j := range e.n {
		e.trust = append(e.trust, over(rank[j], prerank[j]))
	}
	e.I = normalized(rank)
}

// quantile tries every score as the answer.
func quantile(w dense, j int, rows []int, backing []bigInt, minority bigInt) bigInt {
	var best, most bigInt
	for _, i := range rows {
		x, atOrBelow := w.at(i, j), new(big.Int)
		for k, other := range rows {
			if w.at(other, j).Cmp(x) <= 0 {
				atOrBelow.Add(atOrBelow, backing[k])
			}
		}
		if atOrBelow.Cmp(minority) > 0 && (best == nil || x.Cmp(best) < 0) {
			best = x
		}
		if most == nil || x.Cmp(most) > 0 {
			most = x
		}
	}
	switch {
	case best != nil:
		return best
	case most != nil:
		return most
	}
	return zero
}

// bondWeights: formula 10.
func (e *naive) bondWeights() {
	b := fromU16(int64(e.in.BondsPenalty))
	switch {
	case b.Sign() == 0:
		e.Wb = e.W
	case b.Cmp(unit) == 0:
		e.Wb = e.Wc
	default:
		e.Wb = e.W.mapped(func(i, j int, w bigInt) bigInt {
			return positive(plus(w, times(b, minus(e.Wc.at(i, j), w))))
		})
	}
}

// positive is nil for what is not.
func positive(x bigInt) bigInt {
	if x.Sign() > 0 {
		return x
	}
	return nil
}

// oldBonds: formula 11, with f making the number of a u16.
func (e *naive) oldBonds(f func(int64) bigInt) dense {
	in := e.in
	last := plus128(in.LastEpoch, 1)
	if in.LastEpoch == 0 {
		last = larger(new(big.Int).Sub(whole64(in.Height), whole64(in.Tempo)), zero)
	}
	b := newDense(e.n)
	for i, row := range in.Bonds {
		for _, entry := range row {
			if j := int(entry >> 16); last.Cmp(whole64(in.RegisteredAt[j])) > 0 {
				b[i][j] = f(int64(entry & 0xffff))
			}
		}
	}
	return b
}

// moved is alpha*to + (1-alpha)*from.
func (e *naive) moved(from, to dense) dense {
	keep := new(big.Int).Quo(shift(integer(int64(e.in.BondsMovingAverage)), 64), integer(1_000_000))
	keep.Rsh(keep, 32)
	alpha := minus(unit, keep)
	m := newDense(e.n)
	for i := range m {
		for j := range m {
			m[i][j] = positive(plus(times(alpha, to.at(i, j)), times(minus(unit, alpha), from.at(i, j))))
		}
	}
	return m
}

func (e *naive) yuma2() {
	e.bondWeights()
	old := e.oldBonds(func(x int64) bigInt { return shift(integer(x), 32) }).columnNormalized()
	grown := e.Wb.mapped(func(i, _ int, w bigInt) bigInt { return times(w, e.A[i]) }).columnNormalized()
	e.E = e.moved(old, grown).columnNormalized()
	for i := range e.n {
		e.D = append(e.D, e.held(e.E, i))
	}
	e.D = normalized(e.D)
	most := zeros(e.n)
	for i := range e.n {
		for j := range e.n {
			most[j] = larger(most[j], e.E.at(i, j))
		}
	}
	e.stored = e.E.mapped(func(_, j int, x bigInt) bigInt {
		if most[j].Sign() == 0 {
			return x
		}
		return over(x, most[j])
	})
}

// held is the incentive in the columns that row i owns.
func (e *naive) held(m dense, i int) bigInt {
	sum := zero
	for j := range e.n {
		sum = plus(sum, times(m.at(i, j), e.I[j]))
	}
	return sum
}

func (e *naive) yuma3() {
	e.bondWeights()
	old := e.oldBonds(fromU16)
	if e.in.LiquidAlpha && total(e.C).Sign() > 0 {
		e.E = e.liquid(old)
	} else {
		e.E = e.moved(old, e.Wb)
	}
	shares := e.E.columnNormalized()
	for i := range e.n {
		e.D = append(e.D, times(e.held(shares, i), e.A[i]))
	}
	e.D = normalized(e.D)
	e.stored = e.E
}

func (e *naive) liquid(old dense) dense {
	m := newDense(e.n)
	for i := range m {
		for j := range m {
			if e.in.Upstream && e.Wb[i][j] == nil {
				continue // an absent weight drops the bond
			}
			w, b := e.Wb.at(i, j), old.at(i, j)
			alpha := e.alpha(w, b, e.C[j])
			moved := plus(times(minus(unit, alpha), b), larger(zero, times(alpha, w)))
			m[i][j] = positive(smaller(unit, moved))
		}
	}
	return m
}

func (e *naive) alpha(w, b, c bigInt) bigInt {
	lo, hi := fromU16(int64(e.in.AlphaLow)), fromU16(int64(e.in.AlphaHigh))
	d := clamped(minus(b, w), zero, unit)
	if w.Cmp(b) >= 0 {
		d = clamped(minus(w, c), zero, unit)
	}
	slope := new(big.Int).Quo(shift(integer(int64(e.in.AlphaSteepness)), 32), integer(-100))
	x := times(slope, minus(d, shift(integer(1), 31)))
	sigma := new(big.Int).Quo(shift(unit, 32), plus(unit, exponential(x)))
	return clamped(plus(lo, times(saturate(sigma), minus(hi, lo))), lo, hi)
}

// emission pays, and counts what is left.
func (e *naive) emission() {
	in := e.in
	pot := whole64(in.Emission)
	both := make([]bigInt, e.n)
	for i := range both {
		both[i] = plus(e.I[i], e.D[i])
	}
	sum := total(both)
	server, validator := dividedBy(e.I, sum), dividedBy(e.D, sum)
	e.combined = normalized(both)
	recycled := new(big.Int)
	if sum.Sign() == 0 {
		server, e.combined = zeros(e.n), e.A
		switch lazy := total(e.A).Sign() == 0; {
		case in.Upstream && lazy:
			e.combined = e.S
		case in.Upstream:
		default:
			half := new(big.Int).Quo(pot, integer(2))
			e.byStake = !lazy
			if lazy {
				half = zero
			}
			recycled.Sub(pot, half)
		}
		validator = e.combined
	}
	budget := new(big.Int).Sub(pot, recycled)
	left := new(big.Int).Set(budget)
	for i := range e.n {
		s, v := cut(server[i], pot), cut(validator[i], budget)
		left.Sub(left, s)
		left.Sub(left, v)
		e.server, e.pay = append(e.server, s.Uint64()), append(e.pay, v.Uint64())
		e.sum = append(e.sum, cut(e.combined[i], budget).Uint64())
	}
	e.remainder, e.recycled = left.Uint64(), recycled.Uint64()
}

func cut(share, amount bigInt) bigInt {
	p := new(big.Int).Mul(share, amount)
	return p.Rsh(p, 32)
}

// upscaled makes the largest 65535, rounding half away from zero.
func upscaled(v []bigInt) []uint16 {
	most := zero
	for _, x := range v {
		most = larger(most, x)
	}
	to := make([]uint16, len(v))
	for i, x := range v {
		top := shift(integer(65535), 32)
		switch {
		case most.Sign() == 0:
			to[i] = uint16(clamped(new(big.Int).Rsh(times(x, top), 32), zero, integer(65535)).Uint64())
			continue
		case most.Cmp(shift(integer(32768), 32)) > 0:
			x = times(x, over(top, most))
		default:
			x = over(times(x, top), most)
		}
		x = new(big.Int).Rsh(new(big.Int).Add(x, shift(integer(1), 31)), 32)
		to[i] = uint16(clamped(x, zero, integer(65535)).Uint64())
	}
	return to
}

// output puts the epoch into the package's form.
func (e *naive) output() *Output {
	out := &Output{
		StakeWeight: allU16(e.S), Consensus: allU16(e.C), Incentive: allU16(e.I), Dividends: allU16(e.D),
		ValidatorTrust: allU16(e.vtrust), Rank: allU16(e.I), Trust: allU16(e.trust), PruningScore: upscaled(e.combined),
		Active: e.active, Permit: e.after, Server: e.server, Validator: e.pay, Emissions: e.sum,
		Remainder: e.remainder, Recycled: e.recycled, PaidByStake: e.byStake,
	}
	for i := range e.n {
		var row Row
		for j, x := range e.stored[i] {
			if !e.after[i] || x == nil {
				continue
			}
			if q := intoU16(x); q > 0 || e.in.Upstream {
				row = append(row, uint32(j)<<16|uint32(q))
			}
		}
		out.Bonds = append(out.Bonds, row)
	}
	raw := &out.Raw
	raw.Stake, raw.ActiveStake, raw.Consensus = allInt64(e.S), allInt64(e.A), allInt64(e.C)
	raw.Incentive, raw.Dividends, raw.ValidatorTrust = allInt64(e.I), allInt64(e.D), allInt64(e.vtrust)
	return out
}

func allU16(v []bigInt) (to []uint16) {
	for _, x := range v {
		to = append(to, intoU16(x))
	}
	return to
}

func allInt64(v []bigInt) (to []int64) {
	for _, x := range v {
		to = append(to, x.Int64())
	}
	return to
}
