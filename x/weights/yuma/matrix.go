package yuma

// absent is the uid after the last one: the end of a row.
const absent = 0xffff

// cell is an entry of a matrix of shares: share<<16 | uid. A share of one has 33
// bits. A row of cells ends with the uid absent.
type cell uint64

func newCell(uid uint32, share int64) cell { return cell(share)<<16 | cell(uid) }

func (c cell) uid() uint32  { return uint32(c) & absent }
func (c cell) share() int64 { return int64(c >> 16) }

// column is what the epoch knows of one uid as a target. It fills one line of the
// processor's cache: going along a row costs one line per entry.
type column struct {
	consensus     int64 // C
	prerank, rank int64
	incentive     int64 // I
	sum, old      int64 // sums of E (of dB in Yuma 2, at first) and of B
	most          int64 // largest E
	kept          int64 // mask: 0 when the old bonds belong to whoever was here before
}

// row returns the weights of uid i, without the cell that ends them.
func (e *Engine) row(i int) []cell { return e.cells[e.off[i] : e.off[i+1]-1] }

// bondRow returns the bonds E of uid i.
func (e *Engine) bondRow(i int) []cell { return e.bondCells[e.bondOff[i]:e.bondOff[i+1]] }

// Weighs says whether the row of a uid had an entry that counted in the last epoch:
// one toward somebody whom it can have meant.
func (e *Engine) Weighs(uid int) bool { return len(e.row(uid)) > 0 }

// loadWeights masks and normalises the rows: only permitted ones, no diagonal
// but the owner's, no weight written before its target was registered. It counts
// for the consensus on the way.
func (e *Engine) loadWeights(in *Input) {
	at := 0
	for i, row := range in.Weights {
		e.off[i] = at
		if e.permit[i] && in.LastUpdate[i] > 0 {
			end := e.maskRow(in, i, row, at)
			e.med.count(i, e.cells[at:end])
			at = end
		}
		e.cells[at] = absent
		at++
	}
	e.off[e.n] = at
}

// maskRow writes row i from cell at on, normalised, and returns where it ends.
func (e *Engine) maskRow(in *Input, i int, row Row, at int) int {
	// A target counts when it was registered before the row was written, and not
	// after the oldest live commit was made.
	newest := in.LastUpdate[i] - 1
	if in.CommitHeight != nil {
		newest = min(newest, in.CommitHeight[i])
	}
	self := uint32(i)
	if i == in.Owner {
		self = absent
	}
	registered, cells := in.RegisteredAt, e.cells[at:at+len(row)]
	var sum uint64
	count := 0
	for _, entry := range row {
		j, v := entry>>16, uint64(entry&0xffff)
		if registered[j] > newest || j == self || (v == 0 && !in.Upstream) {
			continue
		}
		cells[count] = newCell(j, int64(v))
		sum += v
		count++
	}
	if sum > 0 {
		for k, c := range cells[:count] {
			cells[k] = newCell(c.uid(), int64(uint64(c.share())<<32/sum))
		}
	}
	return at + count
}

// markRecent finds the bond columns to drop: uids registered since the last
// epoch hold bonds of whoever was there before.
func (e *Engine) markRecent(in *Input) {
	for j, r := range in.RegisteredAt {
		recent := r > in.LastEpoch
		if in.LastEpoch == 0 {
			recent = in.Height <= in.Tempo || r >= in.Height-in.Tempo
		}
		e.cols[j].kept = mask(!recent)
	}
}

// pair is an entry of a weight row and of a bond row merged.
type pair struct {
	weight int64  // Wb, 0 when there is none
	uid    uint16 // the column
	zero   bool   // the row names the uid with a weight of 0
	bond   uint32 // B in 1/65535, 0 when there is none or it is dropped
}

// merge lines up the weights and the bonds of uid i. What it returns is valid
// until the next call. Neither row decides a branch: which of them has the next
// uid is a matter of chance.
func (e *Engine) merge(in *Input, i int) []pair {
	weights, cols := e.cells[e.off[i]:e.off[i+1]], e.cols
	e.endedRow = append(append(e.endedRow[:0], in.Bonds[i]...), absent<<16)
	bonds, pairs := e.endedRow, e.pairs[:len(weights)+len(in.Bonds[i])]
	penalty := prop(uint32(in.BondsPenalty))
	k, b, count := 0, 0, 0
	for {
		c, bond := weights[k], bonds[b]
		j := min(c.uid(), bond>>16)
		if j == absent {
			return pairs[:count]
		}
		hasWeight, hasBond := mask(c.uid() == j), mask(bond>>16 == j)
		k -= int(hasWeight)
		b -= int(hasBond)
		col := &cols[j]
		pairs[count] = pair{
			weight: bondWeight(c.share()&hasWeight, col.consensus, penalty), uid: uint16(j), zero: c == cell(j),
			bond: bond & u16max & uint32(hasBond&col.kept),
		}
		count++
	}
}

// bondWeight is the weight that a bond follows: w for a penalty of 0, the clipped
// weight min(w, c) for a penalty of one, between them
// w + floor(penalty * (min(w, c) - w)).
func bondWeight(w, c, penalty int64) int64 {
	clipped := w - min(w, c)
	if penalty == one {
		return w - clipped
	}
	// The floor of what is negative is the ceiling of its size. The product is
	// below 2^64 as the penalty is below one.
	return w - int64((uint64(penalty)*uint64(clipped)+one-1)>>32)
}

// smoothing returns alpha and 1-alpha of the bonds' moving average.
func smoothing(in *Input) (alpha, keep int64) {
	keep = int64(uint64(in.BondsMovingAverage) << 32 / 1_000_000)
	return one - keep, keep
}

// roomFor returns where the bonds of a row are stored for the next epoch.
func (e *Engine) roomFor(cells []cell) Row {
	at := len(e.bonds)
	return e.bonds[at : at+len(cells)]
}

// keep takes what was written of the room.
func (e *Engine) keep(row Row) Row {
	e.bonds = e.bonds[:len(e.bonds)+len(row)]
	return row
}
