package experiment

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

func kappa() Experiment {
	return Experiment{
		Name: "kappa", Title: "Kappa: what rows must be like for knowledge to be paid",
		Question: "How many neurons, how long a row and which kappa does it take for the epoch to pay what neurons know, " +
			"and not what they have staked?",
		Run: runKappa,
	}
}

const (
	// usualKappa is the chain's default, an exact half passes.
	usualKappa = 32767
	// usualPermits is how many neurons may weigh by default.
	usualPermits = 64
)

// economy is neurons with stake and knowledge that have nothing to do with each other.
type economy struct{ stake, knowledge []float64 }

// newEconomy draws both from log-normal distributions.
func newEconomy(n int, random *rand.Rand) economy {
	e := economy{make([]float64, n), make([]float64, n)}
	for i := range n {
		e.stake[i], e.knowledge[i] = math.Exp(random.NormFloat64()), math.Exp(0.7*random.NormFloat64())
	}
	return e
}

// input is an epoch in which every neuron with a permit weighs so many others, chosen at
// random, by what they know, with an error of its own.
func (e economy) input(length int, kappa uint16, random *rand.Rand) yumaInput {
	n := len(e.stake)
	in := newYumaInput(n, kappa)
	order := make([]int, n)
	for i := range n {
		in.Stake[i] = uint64(1e12 * e.stake[i])
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(e.stake[b], e.stake[a]) })
	for _, i := range order[:min(n, usualPermits)] {
		in.Permit[i] = true
		scores := map[int]float64{}
		for _, j := range random.Perm(n) {
			if j != i && len(scores) < length {
				scores[j] = e.knowledge[j] * math.Exp(0.3*random.NormFloat64())
			}
		}
		in.Weights[i] = yumaRow(scores)
	}
	return in
}

// kappaPoint is one setting, kappaCell what it gave, a value for each seed.
type kappaPoint struct {
	Neurons int    `json:"neurons"`
	Row     int    `json:"row"`
	Kappa   uint16 `json:"kappa"`
}

type kappaCell struct {
	kappaPoint
	// Incentive is the share of the emission that goes to incentive, Recycled what
	// nobody gets; the rest are dividends.
	Incentive []float64 `json:"incentive"`
	Recycled  []float64 `json:"recycled"`
	// Paid is the part of the neurons that get incentive.
	Paid []float64 `json:"paid"`
	// Knowledge and Stake are the rank correlations of incentive with both; absent
	// where nobody gets any.
	Knowledge []float64 `json:"knowledge"`
	Stake     []float64 `json:"stake"`
}

// add what one epoch paid.
func (c *kappaCell) add(e economy, r yumaResult) {
	server, all, paid := 0.0, float64(r.Recycled+r.Remainder), 0
	incentive := make([]float64, len(r.Server))
	for i, rao := range r.Server {
		incentive[i] = float64(rao)
		server += float64(rao)
		all += float64(rao + r.Validator[i])
		if rao > 0 {
			paid++
		}
	}
	c.Incentive = append(c.Incentive, server/all)
	c.Recycled = append(c.Recycled, float64(r.Recycled)/all)
	c.Paid = append(c.Paid, float64(paid)/float64(len(incentive)))
	if paid > 0 {
		c.Knowledge = append(c.Knowledge, spearman(incentive, e.knowledge))
		c.Stake = append(c.Stake, spearman(incentive, e.stake))
	}
}

// kappaPoints are the settings; a row of all others comes last of each size.
func kappaPoints(quick bool) []kappaPoint {
	sizes := []int{16, 64, 256}
	if quick {
		sizes = sizes[:2]
	}
	var points []kappaPoint
	for _, n := range sizes {
		for _, row := range []int{n / 8, n / 4, n / 2, 3 * n / 4, n - 1} {
			for _, k := range []float64{0.35, 0.5, 0.65} {
				points = append(points, kappaPoint{n, row, kappaOf(k)})
			}
		}
	}
	return points
}

// kappaOf is a share in 1/65535, rounded down as the default is.
func kappaOf(share float64) uint16 { return uint16(65535 * share) }

// measure runs the epochs of one setting, one for each seed.
func (p kappaPoint) measure(ctx context.Context, taod string, seeds []uint64) (kappaCell, error) {
	cell := kappaCell{kappaPoint: p}
	var inputs []yumaInput
	var economies []economy
	for _, seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 7))
		e := newEconomy(p.Neurons, random)
		economies, inputs = append(economies, e), append(inputs, e.input(p.Row, p.Kappa, random))
	}
	results, err := runYuma(ctx, taod, inputs)
	if err != nil {
		return cell, err
	}
	for i, r := range results {
		cell.add(economies[i], r)
	}
	return cell, nil
}

func runKappa(ctx context.Context, env *Env) (*Result, error) {
	var cells []kappaCell
	for _, p := range kappaPoints(env.Quick) {
		cell, err := p.measure(ctx, env.Taod, env.Seeds)
		if err != nil {
			return nil, fmt.Errorf("%d neurons, rows of %d, kappa %d: %w", p.Neurons, p.Row, p.Kappa, err)
		}
		cells = append(cells, cell)
	}
	env.Say("%d settings of honest rows were measured", len(cells))
	cabals, err := measureCabals(ctx, env.Taod)
	if err != nil {
		return nil, err
	}
	equals, err := measureEquals(ctx, env.Taod)
	if err != nil {
		return nil, err
	}
	return kappaResult(cells, cabals, equals), nil
}

func kappaResult(cells []kappaCell, cabals, equals []cabalCell) *Result {
	r := &Result{
		Raw: map[string]any{"rows": cells, "cabals": cabals, "equals": equals},
		Setup: []string{
			"One epoch with the very code of the chain (taod yuma run), Yuma 3 with the chain's defaults but kappa. Stake and knowledge are drawn from log-normal distributions and have nothing to do with each other. The 64 neurons with the most stake have permits, as by default; each weighs as many others as its row is long, chosen at random, by what they know, with an error of 30 % of its own.",
			"Incentive is the share of the emission that goes to who was weighed, at most a half. Where no column has a majority behind it, it is recycled, and what is paid goes by stake alone.",
		},
		Tables: []Table{kappaTable(cells), cabalTable(cabals), equalTable(equals)},
	}
	plot := Plot{File: "kappa", Title: "What goes to incentive", X: "row length / others", Y: "share of the emission"}
	lines := map[string]*Line{}
	var names []string
	for _, c := range cells {
		name := fmt.Sprintf("n %d, kappa %.2f", c.Neurons, float64(c.Kappa)/65535)
		l := lines[name]
		if l == nil {
			l = &Line{Name: name}
			lines[name], names = l, append(names, name)
		}
		l.X, l.Y = append(l.X, float64(c.Row)/float64(c.Neurons-1)), append(l.Y, sample(c.Incentive).Mean)
	}
	for _, name := range names {
		plot.Lines = append(plot.Lines, *lines[name])
	}
	r.Plots = []Plot{plot}
	r.Findings = kappaFindings(cells, equals)
	return r
}

func kappaTable(cells []kappaCell) Table {
	t := Table{Title: "Honest rows", Head: []string{
		"neurons", "row", "kappa", "incentive", "recycled", "neurons with incentive", "incentive ~ knowledge", "incentive ~ stake",
	}}
	for _, c := range cells {
		correlation := func(values []float64) string {
			if len(values) == 0 {
				return "-"
			}
			return sample(values).text("%.2f")
		}
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(c.Neurons), fmt.Sprint(c.Row), fmt.Sprintf("%.2f", float64(c.Kappa)/65535), sample(c.Incentive).text("%.3f"),
			sample(c.Recycled).text("%.3f"), sample(c.Paid).text("%.2f"), correlation(c.Knowledge), correlation(c.Stake),
		})
	}
	return t
}

// kappaFindings looks at the default kappa with whole rows and with short ones.
func kappaFindings(cells []kappaCell, equals []cabalCell) []string {
	var findings []string
	for _, c := range cells {
		if c.Kappa != usualKappa {
			continue
		}
		switch c.Row {
		case c.Neurons - 1:
			findings = append(findings, fmt.Sprintf("%d neurons, the default kappa and rows of all others: incentive is %s of the emission, its rank correlation with knowledge %s, with stake %s. The defaults pay knowledge, not stake.",
				c.Neurons, sample(c.Incentive).text("%.3f"), sample(c.Knowledge).text("%.2f"), sample(c.Stake).text("%.2f")))
		case c.Neurons / 4:
			findings = append(findings, fmt.Sprintf("%d neurons and rows of %d, a sample: incentive is %s of the emission and %s of the neurons get any. A row must cover everybody.",
				c.Neurons, c.Row, sample(c.Incentive).text("%.3f"), sample(c.Paid).text("%.2f")))
		}
	}
	least := 0
	for _, c := range equals {
		if c.Cabal == 0.49 && c.Honest > 0 && (least == 0 || c.Neurons < least) {
			least = c.Neurons
		}
	}
	return append(findings, fmt.Sprintf("Nobody's row counts for itself. Against a cabal of 49 %% that says nothing of the others, honest neurons of equal stake are paid from %d on, of the numbers tried; below it their columns have no half of the stake behind them, nobody gets incentive, and it is recycled.", least))
}
