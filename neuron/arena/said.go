package arena

import (
	"slices"
	"sync"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/score"
)

// said is what the honest members said last, by member.
type said struct {
	mu   sync.Mutex
	rows map[*Seat][]score.Weight
}

// note passes an honest member's row on and remembers it.
func (a *said) note(s *Seat) func([]score.Weight) []score.Weight {
	return func(row []score.Weight) []score.Weight {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.rows == nil {
			a.rows = map[*Seat][]score.Weight{}
		}
		if row != nil {
			a.rows[s] = slices.Clone(row)
		}
		return row
	}
}

// median is a member's row when it says what the honest do.
func (a *said) median(s *Seat) func([]score.Weight) []score.Weight {
	return func([]score.Weight) []score.Weight {
		a.mu.Lock()
		defer a.mu.Unlock()
		var rows [][]score.Weight
		var authors []uint32
		for author, row := range a.rows {
			rows, authors = append(rows, row), append(authors, author.UID)
		}
		return medianRow(rows, authors, s.UID)
	}
}

// medianRow is the median of rows, each taken as shares of one: for every uid that of
// the rows of all other authors, of two middle ones the mean. The largest is 65535, and
// self is left out; nil of nothing.
func medianRow(rows [][]score.Weight, authors []uint32, self uint32) (row []score.Weight) {
	shares := map[uint32][]float64{} // by uid, one for each author
	for i, r := range rows {
		sum := 0.0
		for _, w := range r {
			sum += float64(w.Value)
		}
		for _, w := range r {
			if shares[w.UID] == nil {
				shares[w.UID] = make([]float64, len(rows))
			}
			shares[w.UID][i] = float64(w.Value) / max(sum, 1)
		}
	}
	medians, most := map[uint32]float64{}, 0.0
	for uid, s := range shares {
		if own := slices.Index(authors, uid); own >= 0 {
			s = slices.Delete(s, own, own+1)
		}
		slices.Sort(s)
		if n := len(s); n > 0 && uid != self {
			medians[uid] = (s[(n-1)/2] + s[n/2]) / 2
			most = max(most, medians[uid])
		}
	}
	for uid, m := range medians {
		if m > 0 {
			row = append(row, score.Weight{UID: uid, Value: uint16(max(1, 65535*m/most))})
		}
	}
	slices.SortFunc(row, func(a, b score.Weight) int { return int(a.UID) - int(b.UID) })
	return row
}

// glances is how a member measures that says what others do: as little as there is.
func glances(cfg *neuron.Config) {
	cfg.Score.Sequences, cfg.Score.Positions, cfg.Score.Probes, cfg.Score.Canaries = 2, 1, 0, false
}
