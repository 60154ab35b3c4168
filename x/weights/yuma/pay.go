package yuma

import "math/bits"

// pay splits the emission by incentive and dividends.
func (e *Engine) pay(in *Input, out *Output) {
	n := e.n
	out.Server, out.Validator = zeroed(out.Server, n), zeroed(out.Validator, n)
	out.Emissions = zeroed(out.Emissions, n)
	out.Recycled, out.PaidByStake = 0, false
	var total int64
	for i := range n {
		e.combine[i] = e.incentive[i] + e.dividends[i]
		total += e.combine[i]
	}
	switch {
	case total != 0:
		for i := range n {
			out.Server[i] = part(ratio(e.incentive[i], total), in.Emission)
			out.Validator[i] = part(ratio(e.dividends[i], total), in.Emission)
			e.combine[i] = ratio(e.combine[i], total)
		}
	case in.Upstream:
		copy(e.combine, e.byStake())
		for i := range n {
			out.Validator[i] = part(e.combine[i], in.Emission)
		}
	default:
		e.payValidatorHalf(in, out)
	}
	out.Remainder = in.Emission - out.Recycled
	for i := range n {
		out.Emissions[i] = part(e.combine[i], in.Emission-out.Recycled)
		out.Remainder -= out.Server[i] + out.Validator[i]
	}
}

// byStake is who is paid when nothing was earned: the active stake, or all stake.
func (e *Engine) byStake() []int64 {
	for _, a := range e.active {
		if a != 0 {
			return e.active
		}
	}
	return e.stake
}

// payValidatorHalf pays half of the emission by active stake and recycles the
// other half; without active stake it recycles all. A pot that grew while nobody
// worked must not go to whoever stakes first.
func (e *Engine) payValidatorHalf(in *Input, out *Output) {
	copy(e.combine, e.active)
	budget := in.Emission / 2
	for i, a := range e.active {
		out.Validator[i] = part(a, budget)
		out.PaidByStake = out.PaidByStake || a != 0
	}
	if !out.PaidByStake {
		budget = 0
	}
	out.Recycled = in.Emission - budget
}

// part is floor(share * amount / 2^32) of a share of at most one.
func part(share int64, amount uint64) uint64 {
	hi, lo := bits.Mul64(uint64(share), amount)
	return hi<<32 | lo>>32
}

// publish writes the results as u16 and copies the integers behind them.
func (e *Engine) publish(out *Output) {
	out.Raw.Consensus, out.Trust = sized(out.Raw.Consensus, e.n), sized(out.Trust, e.n)
	for j := range e.cols {
		c := &e.cols[j]
		out.Raw.Consensus[j] = c.consensus
		out.Trust[j] = toU16(ratio(c.rank, c.prerank))
	}
	for _, c := range []struct {
		from []int64
		to   *[]uint16
	}{
		{e.stake, &out.StakeWeight},
		{out.Raw.Consensus, &out.Consensus},
		{e.incentive, &out.Incentive},
		{e.dividends, &out.Dividends},
		{e.vtrust, &out.ValidatorTrust},
		{e.incentive, &out.Rank},
	} {
		*c.to = sized(*c.to, e.n)
		for i, x := range c.from {
			(*c.to)[i] = toU16(x)
		}
	}
	out.PruningScore = sized(out.PruningScore, e.n)
	maxUpscale(e.combine, out.PruningScore)
	for _, c := range []struct {
		from []int64
		to   *[]int64
	}{
		{e.stake, &out.Raw.Stake},
		{e.active, &out.Raw.ActiveStake},
		{e.incentive, &out.Raw.Incentive},
		{e.dividends, &out.Raw.Dividends},
		{e.vtrust, &out.Raw.ValidatorTrust},
	} {
		*c.to = sized(*c.to, e.n)
		copy(*c.to, c.from)
	}
}
