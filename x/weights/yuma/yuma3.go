package yuma

// bonds3 computes E of Yuma 3 row by row: each bond moves toward its weight by the
// same alpha.
func (e *Engine) bonds3(in *Input, out *Output) {
	alpha, keep := smoothing(in)
	e.startBonds(out)
	at := 0
	for i := range e.n {
		for _, p := range e.merge(in, i) {
			x := mul(alpha, p.weight) + mul(keep, prop(p.bond))
			e.cols[p.uid].sum += x
			e.bondCells[at] = newCell(uint32(p.uid), x)
			at -= int(mask(x > 0))
		}
		e.endBonds(i, at)
		e.store3(in, out, i)
	}
}

// bondsLiquid computes E of Yuma 3 with an alpha of its own for every bond.
func (e *Engine) bondsLiquid(in *Input, out *Output) {
	e.curve.set(in)
	penalty := prop(uint32(in.BondsPenalty))
	keepsZeros := penalty == 0 || penalty == one
	e.startBonds(out)
	at := 0
	for i := range e.n {
		pairs := e.merge(in, i)
		for k, a := range e.curve.alphas(e.cols, pairs) {
			p := &pairs[k]
			if in.Upstream && p.weight == 0 && !(p.zero && keepsZeros) {
				continue // upstream drops a bond whose weight is absent
			}
			x := move(a, prop(p.bond), p.weight)
			e.cols[p.uid].sum += x
			e.bondCells[at] = newCell(uint32(p.uid), x)
			at -= int(mask(x > 0))
		}
		e.endBonds(i, at)
		e.store3(in, out, i)
	}
}

// store3 stores the bonds of uid i as they are: columns are normalised for the
// dividends alone. Those too small for a u16 are left out; upstream keeps them, as 0.
func (e *Engine) store3(in *Input, out *Output, i int) {
	if !out.Permit[i] {
		return
	}
	cells := e.bondRow(i)
	room, count, tiny := e.roomFor(cells), 0, mask(in.Upstream)
	for _, c := range cells {
		q := toU16(c.share())
		room[count] = Pack(uint16(c), q)
		count -= int(mask(q > 0) | tiny)
	}
	out.Bonds[i] = e.keep(room[:count])
}

// dividends3 normalises E by columns and multiplies what each row holds by its
// active stake.
func (e *Engine) dividends3() {
	for i, a := range e.active {
		if a == 0 {
			continue
		}
		var held int64
		for _, c := range e.bondRow(i) {
			if col := &e.cols[c.uid()]; col.incentive != 0 {
				held += mul(ratio(c.share(), col.sum), col.incentive)
			}
		}
		e.dividends[i] = mul(held, a)
	}
	normalize(e.dividends)
}

// startBonds makes room for E.
func (e *Engine) startBonds(out *Output) {
	out.Bonds = zeroed(out.Bonds, e.n)
	e.bonds = e.bonds[:0]
	e.bondOff[0] = 0
}

// endBonds notes that row i of E ends before cell at.
func (e *Engine) endBonds(i, at int) { e.bondOff[i+1] = at }
