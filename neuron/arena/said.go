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

// mean is a member's row when it says what the honest do.
func (a *said) mean(s *Seat) func([]score.Weight) []score.Weight {
	return func([]score.Weight) []score.Weight {
		a.mu.Lock()
		defer a.mu.Unlock()
		var rows [][]score.Weight
		for _, row := range a.rows {
			rows = append(rows, row)
		}
		return meanRow(rows, s.UID)
	}
}

// meanRow is the mean of rows, each taken as shares of one, the largest 65535 and
// without self; nil of nothing.
func meanRow(rows [][]score.Weight, self uint32) []score.Weight {
	shares := map[uint32]float64{}
	most := 0.0
	for _, row := range rows {
		sum := 0.0
		for _, w := range row {
			sum += float64(w.Value)
		}
		for _, w := range row {
			if w.UID != self && w.Value > 0 {
				shares[w.UID] += float64(w.Value) / sum
				most = max(most, shares[w.UID])
			}
		}
	}
	var mean []score.Weight
	for uid, share := range shares {
		mean = append(mean, score.Weight{UID: uid, Value: uint16(max(1, 65535*share/most))})
	}
	slices.SortFunc(mean, func(a, b score.Weight) int { return int(a.UID) - int(b.UID) })
	return mean
}

// glances is how a member measures that says what others do: as little as there is.
func glances(cfg *neuron.Config) {
	cfg.Score.Sequences, cfg.Score.Positions, cfg.Score.Probes, cfg.Score.Canaries = 2, 1, 0, false
}
