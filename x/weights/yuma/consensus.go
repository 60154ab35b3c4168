package yuma

// consensus finds C_j for every column: the smallest score x such that the active
// stake at or below x exceeds the minority, total - kappa; an absent weight is a
// score of 0. If no score does, the largest one.
func (e *Engine) consensus(in *Input) {
	m := &e.med
	m.load(e)
	minority := m.total - prop(uint32(in.Kappa))
	for j := range e.n {
		from, to := m.start[j], m.start[j+1]
		present := to - from
		if present == 0 {
			continue // every score is 0
		}
		zeros := m.total - m.colStake[j]
		if present < m.rows && zeros > minority {
			continue // the zeros alone are enough
		}
		e.cons[j] = m.selectScore(m.keys[from:to], minority-zeros)
	}
}

// median finds weighted quantiles of columns.
type median struct {
	use      []int64 // stake of each row, normalised over the rows that count
	rows     int     // how many rows count
	total    int64
	colStake []int64 // stake behind non-zero scores, by column
	start    []int   // columns in keys
	fill     []int
	keys     []uint64 // score<<16 | row, unique
}

// load gathers the columns of the weight matrix that are not decided by absence.
func (m *median) load(e *Engine) {
	n := e.n
	m.use, m.colStake = sized(m.use, n), zeroed(m.colStake, n)
	m.start, m.fill = zeroed(m.start, n+1), sized(m.fill, n)
	copy(m.use, e.active)
	normalize(m.use)
	m.rows, m.total = 0, 0
	for i, s := range m.use {
		if s == 0 {
			continue
		}
		m.rows++
		m.total += s
		for k := e.off[i]; k < e.off[i+1]; k++ {
			if e.w[k] > 0 {
				j := e.col[k]
				m.colStake[j] += s
				m.start[j+1]++
			}
		}
	}
	for j := range n {
		m.start[j+1] += m.start[j]
	}
	copy(m.fill, m.start[:n])
	m.keys = sized(m.keys, m.start[n])
	for i, s := range m.use {
		if s == 0 {
			continue
		}
		for k := e.off[i]; k < e.off[i+1]; k++ {
			if x := e.w[k]; x > 0 {
				j := e.col[k]
				m.keys[m.fill[j]] = uint64(x)<<16 | uint64(i)
				m.fill[j]++
			}
		}
	}
}

const (
	bucketBits  = 6
	fewKeys     = 8
	bucketCount = 1 << bucketBits
)

// selectScore returns the smallest score whose stake, with all below it, exceeds
// bound; the largest score if none does. It narrows keys down by buckets: each
// round divides the range by 64, so at most 9 rounds, whatever the scores are.
// keys is reordered.
func (m *median) selectScore(keys []uint64, bound int64) int64 {
	var largest uint64
	for _, key := range keys {
		largest = max(largest, key)
	}
	var below int64
	for len(keys) > fewKeys {
		lo, hi := keys[0], keys[0]
		for _, key := range keys {
			lo, hi = min(lo, key), max(hi, key)
		}
		shift := uint(0)
		for (hi-lo)>>shift >= bucketCount {
			shift++
		}
		var sums [bucketCount]int64
		for _, key := range keys {
			sums[(key-lo)>>shift&(bucketCount-1)] += m.use[key&0xffff]
		}
		crossing := uint64(0)
		for crossing < bucketCount && below+sums[crossing] <= bound {
			below += sums[crossing]
			crossing++
		}
		if crossing == bucketCount {
			return int64(largest >> 16)
		}
		kept := keys[:0]
		for _, key := range keys {
			if (key-lo)>>shift == crossing {
				kept = append(kept, key)
			}
		}
		keys = kept
	}
	insertionSort(keys)
	for _, key := range keys {
		if below += m.use[key&0xffff]; below > bound {
			return int64(key >> 16)
		}
	}
	return int64(largest >> 16)
}

func insertionSort(keys []uint64) {
	for i := 1; i < len(keys); i++ {
		for k := i; k > 0 && keys[k] < keys[k-1]; k-- {
			keys[k], keys[k-1] = keys[k-1], keys[k]
		}
	}
}

// clip is min(w, c), and whether the entry remains: one that is clipped to
// nothing vanishes.
func clip(w, c int64) (int64, bool) {
	if c < w {
		return c, c > 0
	}
	return w, true
}

// ranks computes validator trust, rank, trust and incentive.
func (e *Engine) ranks() {
	for i := range e.n {
		a := e.active[i]
		var trust int64
		for k := e.off[i]; k < e.off[i+1]; k++ {
			j, w := e.col[k], e.w[k]
			wc := min(w, e.cons[j])
			trust += wc
			e.prerank[j] += mul(a, w)
			e.rank[j] += mul(a, wc)
		}
		e.vtrust[i] = trust
	}
	for j := range e.n {
		e.trust[j] = div(e.rank[j], e.prerank[j])
	}
	copy(e.incentive, e.rank)
	normalize(e.incentive)
}
