package yuma

import "math/bits"

// consensus finds C_j for every column: the smallest score x such that the active
// stake at or below x exceeds the minority, total - kappa; an absent weight is a
// score of 0. If no score does, the largest one.
func (e *Engine) consensus(in *Input) {
	m := &e.med
	minority := m.total - prop(uint32(in.Kappa))
	m.open(minority)
	m.gather(e)
	for j := range m.cols {
		if c := &m.cols[j]; c.next != closed {
			keys := m.keys[c.next-c.count : c.next]
			e.cols[j].consensus = m.selectScore(keys, minority-(m.total-c.stake))
		}
	}
}

// median finds weighted quantiles of columns.
type median struct {
	use   []int64 // stake of each row, normalised over the rows that count
	rows  int     // how many rows count
	total int64
	cols  []tally
	keys  []uint64 // score<<16 | row, unique, column by column
}

// tally is what the median knows of a column.
type tally struct {
	stake int64  // behind scores above 0
	count uint32 // of scores above 0; with fewer than 2^16 uids all of them fit
	next  uint32 // where the next key goes; closed when the scores of 0 decide
}

const closed = 1<<32 - 1

// shares normalises active stake over the rows that count.
func (m *median) shares(active []int64) []int64 {
	use := sized(m.use, len(active))
	copy(use, active)
	normalize(use)
	m.rows, m.total = 0, 0
	for _, s := range use {
		if s > 0 {
			m.rows++
			m.total += s
		}
	}
	return use
}

// count adds row i of the weights.
func (m *median) count(i int, row []cell) {
	s := m.use[i]
	if s == 0 {
		return
	}
	for _, c := range row {
		if c > absent { // a score above 0
			t := &m.cols[c.uid()]
			t.stake += s
			t.count++
		}
	}
}

// open finds the columns whose scores of 0 do not have more than the minority, and
// lays out their keys.
func (m *median) open(minority int64) {
	at := uint32(0)
	for j := range m.cols {
		t := &m.cols[j]
		if t.count == 0 || (int(t.count) < m.rows && m.total-t.stake > minority) {
			t.next = closed
			continue
		}
		t.next = at
		at += t.count
	}
	m.keys = sized(m.keys, int(at))
}

// gather copies the scores of open columns.
func (m *median) gather(e *Engine) {
	if len(m.keys) == 0 {
		return
	}
	for i, s := range m.use {
		if s == 0 {
			continue
		}
		for _, c := range e.row(i) {
			if t := &m.cols[c.uid()]; t.next != closed && c > absent {
				m.keys[t.next] = uint64(c)&^0xffff | uint64(i)
				t.next++
			}
		}
	}
}

const (
	bucketBits  = 6
	bucketCount = 1 << bucketBits
	fewKeys     = 8
)

// selectScore returns the smallest score whose stake, with all below it, exceeds
// bound; the largest score if none does. It narrows keys down by buckets: each
// round divides the range by 64, so at most 9 rounds, whatever the scores are.
// keys is reordered.
func (m *median) selectScore(keys []uint64, bound int64) int64 {
	lo, hi := extremes(keys)
	largest := int64(hi >> 16)
	var below int64
	for len(keys) > fewKeys {
		shift := max(bits.Len64(hi-lo)-bucketBits, 0) & 63
		var sums [bucketCount]int64
		for _, key := range keys {
			sums[(key-lo)>>shift%bucketCount] += m.use[key&0xffff]
		}
		crossing := 0
		for crossing < bucketCount && below+sums[crossing] <= bound {
			below += sums[crossing]
			crossing++
		}
		if crossing == bucketCount {
			return largest
		}
		kept := 0
		for _, key := range keys {
			keys[kept] = key
			kept -= int(mask((key-lo)>>shift == uint64(crossing)))
		}
		keys = keys[:kept]
		lo, hi = extremes(keys)
	}
	insertionSort(keys)
	for _, key := range keys {
		if below += m.use[key&0xffff]; below > bound {
			return int64(key >> 16)
		}
	}
	return largest
}

// extremes are the smallest and the largest of keys, of which there is one at
// least.
func extremes(keys []uint64) (lo, hi uint64) {
	lo, hi = keys[0], keys[0]
	for _, key := range keys {
		lo, hi = min(lo, key), max(hi, key)
	}
	return lo, hi
}

func insertionSort(keys []uint64) {
	for i := 1; i < len(keys); i++ {
		for k := i; k > 0 && keys[k] < keys[k-1]; k-- {
			keys[k], keys[k-1] = keys[k-1], keys[k]
		}
	}
}

// ranks computes validator trust, prerank, rank and incentive.
func (e *Engine) ranks() {
	for i, a := range e.active {
		var trust int64
		for _, c := range e.row(i) {
			col, w := &e.cols[c.uid()], c.share()
			clipped := min(w, col.consensus)
			trust += clipped
			col.prerank += mul(a, w)
			col.rank += mul(a, clipped)
		}
		e.vtrust[i] = trust
	}
	for j := range e.cols {
		e.incentive[j] = e.cols[j].rank
	}
	normalize(e.incentive)
	for j := range e.cols {
		e.cols[j].incentive = e.incentive[j]
	}
}

func (e *Engine) hasConsensus() bool {
	for j := range e.cols {
		if e.cols[j].consensus != 0 {
			return true
		}
	}
	return false
}
