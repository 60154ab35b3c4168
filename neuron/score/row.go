package score

import (
	"cmp"
	"math"
	"slices"
)

// full is the largest weight.
const full = 65535

// Weight is one entry of a row.
type Weight struct {
	UID   uint32
	Value uint16
}

// Bounds are what the chain asks of a row.
type Bounds struct {
	// MaxWeight is the largest share of one peer in 1/65535; 0 is 65535, no bound.
	MaxWeight uint16
	// MinPositive is the fewest weights above 0.
	MinPositive int
	// MaxEntries is the longest row; 0 is no bound.
	MaxEntries int
}

// Row is the weights of the live peers, in any order, by their scores: one entry for
// each, ascending by UID, also where the weight is 0, and none for self. It is nil
// when nobody has earned anything: no row is better than an invented one.
//
// The largest weight is 65535, and not their sum, because the chain scales a row so
// when it stores it: what is stored is then bit for bit what was sent, rounded once
// and not twice, and the small weights keep the most digits.
//
// Weights are cut at Bounds.MaxWeight and what is above is poured over the others in
// proportion to their scores (water-filling). When all with a score are full, the
// rest goes to the others in equal parts, and when even that is too little, all are
// equal: the chain takes no other row then. A row that would have fewer than
// MinPositive entries gets the least weight where it has 0. A row that would be too
// long keeps its largest. Of equal ones the lower UID comes first throughout.
func (l *Ledger) Row(live []uint32, self uint32, bounds Bounds) []Weight {
	peers := l.ranked(live, self)
	if bounds.MaxEntries > 0 && len(peers) > bounds.MaxEntries {
		peers = peers[:bounds.MaxEntries]
	}
	if len(peers) == 0 || peers[0].Score <= 0 {
		return nil
	}
	limit := uint64(bounds.MaxWeight)
	if limit == 0 {
		limit = full
	}
	shares := pour(peers, float64(limit)/full)
	row := make([]Weight, len(peers))
	for i, value := range quantise(shares, limit, bounds.MinPositive) {
		row[i] = Weight{UID: peers[i].UID, Value: value}
	}
	slices.SortFunc(row, func(a, b Weight) int { return cmp.Compare(a.UID, b.UID) })
	return row
}

// ranked is the live peers without self, each once, the largest score first.
func (l *Ledger) ranked(live []uint32, self uint32) []Entry {
	uids := slices.Clone(live)
	slices.Sort(uids)
	peers := make([]Entry, 0, len(uids))
	for _, uid := range slices.Compact(uids) {
		if uid != self {
			score := l.Score(uid)
			if !(score > 0) {
				score = 0
			}
			peers = append(peers, Entry{UID: uid, Score: min(score, maxScore)})
		}
	}
	slices.SortStableFunc(peers, func(a, b Entry) int { return cmp.Compare(b.Score, a.Score) })
	return peers
}

// pour is the shares of peers, the largest first, with a sum of one and none above
// limit if that is possible. As the scores fall, so do the shares: who is full comes
// first.
func pour(peers []Entry, limit float64) []float64 {
	shares := make([]float64, len(peers))
	if limit*float64(len(peers)) <= 1 {
		for i := range shares {
			shares[i] = 1 / float64(len(peers))
		}
		return shares
	}
	earned := 0
	tails := make([]float64, len(peers)+1) // Σ of the scores from i on
	for i := len(peers) - 1; i >= 0; i-- {
		tails[i] = tails[i+1] + peers[i].Score
		if peers[i].Score > 0 {
			earned++
		}
	}
	left := 1.0
	for i, p := range peers[:earned] {
		// Those from i on share what is left; the first of them has the largest part.
		if left*(p.Score/tails[i]) <= limit {
			for k := i; k < earned; k++ {
				shares[k] = left * (peers[k].Score / tails[i])
			}
			return shares
		}
		shares[i] = limit
		left -= limit
	}
	for i := earned; i < len(shares); i++ {
		shares[i] = left / float64(len(shares)-earned)
	}
	return shares
}

// quantise rounds shares, the largest first, to weights of which the first is 65535:
// each down, then the largest remainders up, until the weights add up to what the
// shares do, rounded up, and the first holds no more than limit/65535 of that.
func quantise(shares []float64, limit uint64, minPositive int) []uint16 {
	values := make([]uint16, len(shares))
	order := make([]int, len(shares))
	remainder := make([]float64, len(shares))
	var sum uint64
	var total float64
	for i, share := range shares {
		exact := min(share/shares[0], 1) * full
		down := math.Floor(exact)
		if down == 0 && (exact > 0 || i < minPositive) {
			down = 1 // a peer that earned something is not one that earned nothing
		}
		values[i], order[i] = uint16(down), i
		remainder[i] = math.Round((exact - down) * 1e6) // ties are ties in spite of the division
		sum += uint64(down)
		total += exact
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	target := max(uint64(math.Ceil(total-1e-6)), (full*full+limit-1)/limit)
	for sum < target {
		before := sum
		for _, i := range order {
			if sum < target && values[i] > 0 && values[i] < full {
				values[i]++
				sum++
			}
		}
		if sum == before {
			return values
		}
	}
	return values
}
