package experiment

import (
	"context"
	"fmt"
)

// cabalCell is an epoch with a cabal that weighs only itself.
type cabalCell struct {
	// Neurons on the honest side, and the stake of the cabal.
	Neurons int     `json:"neurons"`
	Cabal   float64 `json:"cabal"`
	Kappa   uint16  `json:"kappa"`
	// Honest and Taken are what incentive goes to the honest side and to the cabal, as
	// shares of the emission.
	Honest float64 `json:"honest"`
	Taken  float64 `json:"taken"`
}

const kappaCabal = 6 // members of a cabal

// input has the stake of each honest neuron in parts of all of the honest side; they
// weigh each other alike.
func (c cabalCell) input(honest []float64) yumaInput {
	n := len(honest) + kappaCabal
	in := newYumaInput(n, c.Kappa)
	for i := range n {
		side := [2]int{0, len(honest)}
		in.Permit[i] = true
		if i < len(honest) {
			in.Stake[i] = uint64(1e15 * (1 - c.Cabal) * honest[i])
		} else {
			side = [2]int{len(honest), n}
			in.Stake[i] = uint64(1e15 * c.Cabal / kappaCabal)
		}
		scores := map[int]float64{}
		for j := side[0]; j < side[1]; j++ {
			if j != i {
				scores[j] = 1
			}
		}
		in.Weights[i] = yumaRow(scores)
	}
	return in
}

// measureCells runs an epoch for each cell.
func measureCells(ctx context.Context, taod string, cells []cabalCell, honest func(cabalCell) []float64) ([]cabalCell, error) {
	var inputs []yumaInput
	for _, c := range cells {
		inputs = append(inputs, c.input(honest(c)))
	}
	results, err := runYuma(ctx, taod, inputs)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		c, all := &cells[i], float64(r.Recycled+r.Remainder)
		for uid, rao := range r.Server {
			all += float64(rao + r.Validator[uid])
			if uid < c.Neurons {
				c.Honest += float64(rao)
			} else {
				c.Taken += float64(rao)
			}
		}
		c.Honest, c.Taken = c.Honest/all, c.Taken/all
	}
	return cells, nil
}

// measureCabals tries cabals of several sizes at several kappa, against an honest side
// of which eight have nearly all stake and 32 next to none.
func measureCabals(ctx context.Context, taod string) ([]cabalCell, error) {
	const rich, poor = 8, 32
	var cells []cabalCell
	for _, kappa := range []float64{0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65} {
		for _, share := range []float64{0.3, 0.38, 0.42, 0.47, 0.49, 0.51} {
			cells = append(cells, cabalCell{Neurons: rich + poor, Cabal: share, Kappa: kappaOf(kappa)})
		}
	}
	return measureCells(ctx, taod, cells, func(cabalCell) []float64 {
		stake := make([]float64, rich+poor)
		for i := range stake {
			stake[i] = 0.001
			if i < rich {
				stake[i] = (1 - 0.001*poor) / rich
			}
		}
		return stake
	})
}

// measureEquals tries how many honest neurons of equal stake it takes at the default
// kappa.
func measureEquals(ctx context.Context, taod string) ([]cabalCell, error) {
	var cells []cabalCell
	for _, share := range []float64{0.33, 0.4, 0.45, 0.49} {
		for _, n := range []int{3, 4, 6, 10, 11, 25, 50, 51, 57} {
			cells = append(cells, cabalCell{Neurons: n, Cabal: share, Kappa: usualKappa})
		}
	}
	return measureCells(ctx, taod, cells, func(c cabalCell) []float64 {
		stake := make([]float64, c.Neurons)
		for i := range stake {
			stake[i] = 1 / float64(c.Neurons)
		}
		return stake
	})
}

func cabalTable(cells []cabalCell) Table {
	t := Table{Title: "A cabal that weighs only itself: incentive of the honest / of the cabal, shares of the emission", Head: []string{"kappa"}}
	for _, c := range cells {
		kappa := fmt.Sprintf("%.2f", float64(c.Kappa)/65535)
		if len(t.Rows) == 0 || t.Rows[len(t.Rows)-1][0] != kappa {
			t.Rows = append(t.Rows, []string{kappa})
		}
		if len(t.Rows) == 1 {
			t.Head = append(t.Head, fmt.Sprintf("cabal of %.0f %%", 100*c.Cabal))
		}
		row := &t.Rows[len(t.Rows)-1]
		*row = append(*row, fmt.Sprintf("%.2f / %.2f", c.Honest, c.Taken))
	}
	return t
}

func equalTable(cells []cabalCell) Table {
	t := Table{Title: "Honest neurons of equal stake against a cabal, default kappa: incentive of the honest, share of the emission", Head: []string{"cabal"}}
	for _, c := range cells {
		cabal := fmt.Sprintf("%.0f %%", 100*c.Cabal)
		if len(t.Rows) == 0 || t.Rows[len(t.Rows)-1][0] != cabal {
			t.Rows = append(t.Rows, []string{cabal})
		}
		if len(t.Rows) == 1 {
			t.Head = append(t.Head, fmt.Sprintf("%d honest", c.Neurons))
		}
		row := &t.Rows[len(t.Rows)-1]
		*row = append(*row, fmt.Sprintf("%.2f", c.Honest))
	}
	return t
}
