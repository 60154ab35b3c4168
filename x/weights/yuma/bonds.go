package yuma

// absent is the uid after the last one: the end of a row.
const absent = 0xffff

// markRecent finds the bond columns to drop: uids registered since the last
// epoch hold bonds of whoever was there before.
func (e *Engine) markRecent(in *Input) {
	last := in.LastEpoch + 1
	if in.LastEpoch == 0 {
		last = 0
		if in.Height > in.Tempo {
			last = in.Height - in.Tempo
		}
	}
	for j, r := range in.RegisteredAt {
		e.recent[j] = last <= r
	}
}

// smoothing returns alpha and 1-alpha of the bonds' moving average.
func smoothing(in *Input) (alpha, keep int64) {
	keep = int64(uint64(in.BondsMovingAverage) << 32 / 1_000_000)
	return one - keep, keep
}

// bondWeight is the weight that a bond follows: w for a penalty of 0, the clipped
// weight for a penalty of one, between them else. ok is false when the entry does
// not exist.
func bondWeight(w, c, penalty int64) (wb int64, ok bool) {
	switch penalty {
	case 0:
		return w, true
	case one:
		return clip(w, c)
	}
	wc, exists := clip(w, c)
	if !exists {
		wc = 0
	}
	wb = w + mulSigned(penalty, wc-w)
	return wb, wb > 0
}

// bonds3 computes E of Yuma 3 row by row: each bond moves toward its weight.
func (e *Engine) bonds3(in *Input) {
	e.markRecent(in)
	alpha, keep := smoothing(in)
	penalty := prop(uint32(in.BondsPenalty))
	liquid := in.LiquidAlpha && e.hasConsensus()
	var curve sigmoid
	if liquid {
		curve.set(in)
	}
	at := 0
	for i := range e.n {
		e.eOff[i] = at
		row := in.Bonds[i]
		k, end := e.off[i], e.off[i+1]
		for b := 0; k < end || b < len(row); {
			wUID, bUID := uint32(absent), uint32(absent)
			if k < end {
				wUID = uint32(e.col[k])
			}
			if b < len(row) {
				bUID = row[b] >> 16
			}
			j := min(wUID, bUID)
			var wb, bond int64
			weighed := false
			if wUID == j {
				wb, weighed = bondWeight(e.w[k], e.cons[j], penalty)
				if !weighed {
					wb = 0
				}
				k++
			}
			if bUID == j {
				if !e.recent[j] {
					bond = prop(row[b] & 0xffff)
				}
				b++
			}
			var x int64
			switch {
			case !liquid:
				x = mul(alpha, wb) + mul(keep, bond)
			case in.Upstream && !weighed:
				continue // upstream drops a bond whose weight is absent
			default:
				a := curve.alpha(e.cons[j], wb, bond)
				x = min(mul(one-a, bond)+mul(a, wb), one)
			}
			if x > 0 {
				e.eCol[at], e.e[at] = uint16(j), x
				e.colSum[j] += x
				at++
			}
		}
	}
	e.eOff[e.n] = at
}

func (e *Engine) hasConsensus() bool {
	for _, c := range e.cons {
		if c != 0 {
			return true
		}
	}
	return false
}

// sigmoid is the liquid alpha of one bond.
type sigmoid struct {
	lo, hi, slope int64
	middle        int64 // alpha of d = 0, which is most bonds
}

func (s *sigmoid) set(in *Input) {
	s.lo, s.hi = prop(uint32(in.AlphaLow)), prop(uint32(in.AlphaHigh))
	// trunc(steepness / -100) in Q32.32
	s.slope = -(int64(in.AlphaSteepness) << 32 / 100)
	s.middle = s.at(0)
}

// alpha is how fast the bond b of a weight w moves under the consensus c.
func (s *sigmoid) alpha(c, w, b int64) int64 {
	d := b - w
	if w >= b {
		d = w - c
	}
	if d = min(max(d, 0), one); d == 0 {
		return s.middle
	}
	return s.at(d)
}

func (s *sigmoid) at(d int64) int64 {
	sigma := div(one, one+exp(mulSigned(s.slope, d-half)))
	return min(max(s.lo+mulSigned(sigma, s.hi-s.lo), s.lo), s.hi)
}

// dividends3 normalises E by columns and multiplies what each row holds by its
// active stake.
func (e *Engine) dividends3() {
	for i := range e.n {
		a := e.active[i]
		if a == 0 {
			continue
		}
		e.dividends[i] = mul(e.held(i), a)
	}
	normalize(e.dividends)
}

// held is the incentive that the bonds of uid i hold: sum_j floor(En_ij * I_j).
func (e *Engine) held(i int) (sum int64) {
	for k := e.eOff[i]; k < e.eOff[i+1]; k++ {
		j := e.eCol[k]
		if share := e.incentive[j]; share != 0 {
			sum += mul(div(e.e[k], e.colSum[j]), share)
		}
	}
	return sum
}

// bonds2 computes E of Yuma 2: bonds and their increments are both normalised by
// columns, mixed, and normalised again.
func (e *Engine) bonds2(in *Input) {
	e.markRecent(in)
	alpha, keep := smoothing(in)
	penalty := prop(uint32(in.BondsPenalty))
	newSum, oldSum := e.colSum, e.colMax // both are free until the end
	e.columnSums2(in, penalty, newSum, oldSum)
	at := 0
	for i := range e.n {
		e.eOff[i] = at
		row, a := in.Bonds[i], e.active[i]
		k, end := e.off[i], e.off[i+1]
		for b := 0; k < end || b < len(row); {
			wUID, bUID := uint32(absent), uint32(absent)
			if k < end {
				wUID = uint32(e.col[k])
			}
			if b < len(row) {
				bUID = row[b] >> 16
			}
			j := min(wUID, bUID)
			var x int64
			if wUID == j {
				if wb, ok := bondWeight(e.w[k], e.cons[j], penalty); ok {
					x = mul(alpha, div(mul(wb, a), newSum[j]))
				}
				k++
			}
			if bUID == j {
				if !e.recent[j] {
					x += mul(keep, div(int64(row[b]&0xffff), oldSum[j]))
				}
				b++
			}
			if x > 0 {
				e.eCol[at], e.e[at] = uint16(j), x
				at++
			}
		}
	}
	e.eOff[e.n] = at
	e.normalizeColumns(at)
}

// columnSums2 sums the increments and the old bonds of every column.
func (e *Engine) columnSums2(in *Input, penalty int64, newSum, oldSum []int64) {
	for i := range e.n {
		a := e.active[i]
		for k := e.off[i]; k < e.off[i+1]; k++ {
			j := e.col[k]
			if wb, ok := bondWeight(e.w[k], e.cons[j], penalty); ok {
				newSum[j] += mul(wb, a)
			}
		}
		for _, entry := range in.Bonds[i] {
			if j := entry >> 16; !e.recent[j] {
				oldSum[j] += int64(entry & 0xffff)
			}
		}
	}
}

// normalizeColumns divides the first count entries of E by their columns' sums
// and finds the columns' largest.
func (e *Engine) normalizeColumns(count int) {
	clear(e.colSum)
	clear(e.colMax)
	for k, x := range e.e[:count] {
		e.colSum[e.eCol[k]] += x
	}
	for k, x := range e.e[:count] {
		j := e.eCol[k]
		x = div(x, e.colSum[j])
		e.e[k] = x
		e.colMax[j] = max(e.colMax[j], x)
	}
}

// dividends2 is the incentive that each row's bonds hold.
func (e *Engine) dividends2() {
	for i := range e.n {
		var sum int64
		for k := e.eOff[i]; k < e.eOff[i+1]; k++ {
			if share := e.incentive[e.eCol[k]]; share != 0 {
				sum += mul(e.e[k], share)
			}
		}
		e.dividends[i] = sum
	}
	normalize(e.dividends)
}

// storeBonds quantises E for the uids that hold a permit from now on. Yuma 2
// scales columns so that the largest bond is 65535.
func (e *Engine) storeBonds(in *Input, out *Output) {
	e.bonds = sized(e.bonds, len(e.e))
	out.Bonds = sized(out.Bonds, e.n)
	at := 0
	for i := range e.n {
		start := at
		if out.Permit[i] {
			for k := e.eOff[i]; k < e.eOff[i+1]; k++ {
				j, x := e.eCol[k], e.e[k]
				if !in.Yuma3 {
					x = div(x, e.colMax[j])
				}
				if q := toU16(x); q > 0 || in.Upstream {
					e.bonds[at] = Pack(j, q)
					at++
				}
			}
		}
		out.Bonds[i] = e.bonds[start:at:at]
	}
}
