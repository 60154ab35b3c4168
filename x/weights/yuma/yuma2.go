package yuma

// maxColumn is where upstream's sum of a column of u16 bonds saturates.
const maxColumn = 1 << 31

// bonds2 computes E of Yuma 2: bonds and their increments are both normalised by
// columns, mixed, and normalised again.
func (e *Engine) bonds2(in *Input, out *Output) {
	alpha, keep := smoothing(in)
	e.sumColumns2(in)
	e.startBonds(out)
	at := 0
	for i, a := range e.active {
		for _, p := range e.merge(in, i) {
			col := &e.cols[p.uid]
			x := mul(alpha, ratio(mul(p.weight, a), col.sum)) + mul(keep, ratio(int64(p.bond), col.old))
			e.bondCells[at] = newCell(uint32(p.uid), x)
			at -= int(mask(x > 0))
		}
		e.endBonds(i, at)
	}
	e.normalizeBonds()
	for i := range e.n {
		e.store2(in, out, i)
	}
}

// sumColumns2 sums the increments and the old bonds of every column.
func (e *Engine) sumColumns2(in *Input) {
	penalty := prop(uint32(in.BondsPenalty))
	for i, a := range e.active {
		if a != 0 {
			for _, c := range e.row(i) {
				col := &e.cols[c.uid()]
				col.sum += mul(bondWeight(c.share(), col.consensus, penalty), a)
			}
		}
		for _, entry := range in.Bonds[i] {
			col := &e.cols[entry>>16]
			col.old += int64(entry&0xffff) & col.kept
		}
	}
	for j := range e.cols {
		e.cols[j].old = min(e.cols[j].old, maxColumn)
	}
}

// normalizeBonds divides E by its columns' sums and finds the columns' largest.
func (e *Engine) normalizeBonds() {
	cells := e.bondCells[:e.bondOff[e.n]]
	for j := range e.cols {
		e.cols[j].sum = 0
	}
	for _, c := range cells {
		e.cols[c.uid()].sum += c.share()
	}
	for k, c := range cells {
		col := &e.cols[c.uid()]
		x := ratio(c.share(), col.sum)
		cells[k] = newCell(c.uid(), x)
		col.most = max(col.most, x)
	}
}

// store2 stores the bonds of uid i, scaled so that the largest of a column is
// 65535.
func (e *Engine) store2(in *Input, out *Output, i int) {
	if !out.Permit[i] {
		return
	}
	cells := e.bondRow(i)
	room, count, tiny := e.roomFor(cells), 0, mask(in.Upstream)
	for _, c := range cells {
		q := toU16(ratio(c.share(), e.cols[c.uid()].most))
		room[count] = Pack(uint16(c), q)
		count -= int(mask(q > 0) | tiny)
	}
	out.Bonds[i] = e.keep(room[:count])
}

// dividends2 is the incentive that each row's bonds hold.
func (e *Engine) dividends2() {
	for i := range e.n {
		var held int64
		for _, c := range e.bondRow(i) {
			held += mul(c.share(), e.cols[c.uid()].incentive)
		}
		e.dividends[i] = held
	}
	normalize(e.dividends)
}
