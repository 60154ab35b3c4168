package experiment

import (
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/arena"
)

// of a variant, by seed.
func ofVariant(runs []rolesRun, variant string) (list []rolesRun) {
	for _, r := range runs {
		if r.Variant == variant {
			list = append(list, r)
		}
	}
	return list
}

// medians of the shares of incentive, by member; what is the same member in all runs.
func medians(runs []rolesRun) []float64 {
	shares := make([]float64, len(runs[0].Members))
	for i := range shares {
		shares[i] = medianOf(byRun(runs, func(r rolesRun) float64 { return r.share(i) }))
	}
	return shares
}

func byRun(runs []rolesRun, of func(rolesRun) float64) []float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	return values
}

func medianOf(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// rolesCheck is what must show.
type rolesCheck struct {
	What  string `json:"what"`
	Holds bool   `json:"holds"`
	Found string `json:"found"`
}

// String is a finding.
func (c rolesCheck) String() string {
	if c.Holds {
		return fmt.Sprintf("Holds: %s: %s.", c.What, c.Found)
	}
	return fmt.Sprintf("DOES NOT HOLD: %s: %s.", c.What, c.Found)
}

const (
	leastCorrelation = 0.9
	mostDishonest    = 0.1
)

// checkRank compares incentive with shard size among the honest; what a copier got is
// its original's.
func checkRank(runs []rolesRun) rolesCheck {
	shares := medians(runs)
	var bytes, incentive []float64
	for i, m := range runs[0].Members {
		if m.Role.IsHonest() {
			bytes, incentive = append(bytes, float64(m.Bytes)), append(incentive, shares[i])
		}
	}
	for i, m := range runs[0].Members {
		if m.Role == arena.Copier {
			incentive[copied] += shares[i]
		}
	}
	r := spearman(incentive, bytes)
	return rolesCheck{
		What:  fmt.Sprintf("%s: the rank correlation of incentive and shard size over the honest is at least %g", runs[0].Variant, leastCorrelation),
		Holds: r >= leastCorrelation, Found: fmt.Sprintf("%.2f", r),
	}
}

// checkDishonest compares those that add nothing with the honest one that got least.
func checkDishonest(runs []rolesRun) rolesCheck {
	shares, least, most, who := medians(runs), 1.0, 0.0, "nobody"
	for i, m := range runs[0].Members {
		switch {
		case m.Role.IsHonest():
			least = min(least, shares[i])
		case m.Role != arena.Copier && shares[i] > most:
			most, who = shares[i], m.Name
		}
	}
	return rolesCheck{
		What:  fmt.Sprintf("%s: whoever adds no knowledge gets less than %.0f %% of the least of the honest", runs[0].Variant, 100*mostDishonest),
		Holds: most < mostDishonest*least && least > 0,
		Found: fmt.Sprintf("the most is %.2f %% of all incentive (%s), the least of the honest %.2f %%", 100*most, who, 100*least),
	}
}

// checkCopier compares a copier and its original with the original alone, seed by seed.
func checkCopier(with, without []rolesRun) rolesCheck {
	var ratios []float64
	for i := range with {
		both := with[i].share(copied)
		for k, m := range with[i].Members {
			if m.Role == arena.Copier {
				both += with[i].share(k)
			}
		}
		ratios = append(ratios, both/without[i].share(copied))
	}
	s := sample(ratios)
	return rolesCheck{
		What:  "a copier and its original get no more together than the original alone, within the error of the runs and 5 % at most",
		Holds: s.Mean-s.Half <= 1 && medianOf(ratios) < 1.05,
		Found: fmt.Sprintf("%s times as much, median %.3f", s.text("%.3f"), medianOf(ratios)),
	}
}

func rolesChecks(runs []rolesRun) []rolesCheck {
	var checks []rolesCheck
	for _, variant := range []string{rolesAll, rolesOrigin} {
		if of := ofVariant(runs, variant); len(of) > 0 {
			checks = append(checks, checkRank(of), checkDishonest(of))
		}
	}
	if of := ofVariant(runs, rolesCabal); len(of) > 0 {
		checks = append(checks, checkDishonest(of))
	}
	with, without := ofVariant(runs, rolesAll), ofVariant(runs, rolesOrigin)
	if len(with) > 0 && len(with) == len(without) {
		checks = append(checks, checkCopier(with, without))
	}
	return checks
}

func rolesResult(p rolesPlan, runs []rolesRun) *Result {
	checks := rolesChecks(runs)
	r := &Result{Raw: map[string]any{"runs": runs, "checks": checks}, Setup: []string{
		fmt.Sprintf("A real taod and neurons in one process: everything goes over TLS and the chain. %d honest neurons hold shards of one domain without a common block; each trained alone until its validation loss stopped falling, at most %d steps, before the chain began, and only answers and measures now.", len(p.sizes), p.steps),
		fmt.Sprintf("Equal stakes. Who is not honest says the median of what the honest say, the row that looks most honest of all, but for the liar, whose row is for the other dishonest. Incentive and dividends are counted apart, after the first third of %d blocks; a round of measuring is every %s, on pieces of the score part, which nobody trains on.", p.blocks, p.every),
		fmt.Sprintf("noise answers random distributions, weak the frequencies of letters, peeker the next byte if the request holds it, the relay what the neuron with the largest shard says, the copier has the model of the one with %d KB, offline serves nobody.", p.sizes[copied]/1000),
		"The cabal's run: three neurons with 49 % of the stake whose rows are for each other, against the honest with 0.2 % each and two watchers that say what the honest say; a neuron's own row does not count for itself, so with 51 % in the hands of those that are weighed nobody would have a majority.",
	}}
	for _, variant := range p.variants {
		if of := ofVariant(runs, variant); len(of) > 0 {
			r.Tables = append(r.Tables, rolesTable(variant, of))
		}
	}
	if len(p.variants) < 3 {
		r.Setup = append(r.Setup, "Quick: only the run with all roles, of one seed.")
	}
	for _, c := range checks {
		r.Findings = append(r.Findings, c.String())
	}
	r.Plots = []Plot{rolesPlot(runs)}
	return r
}

func rolesTable(variant string, runs []rolesRun) Table {
	t := Table{Title: "Incentive: " + variant, Head: []string{"neuron", "role", "share of incentive, median", "least", "most", "share of dividends, median"}}
	for i, m := range runs[0].Members {
		shares := byRun(runs, func(r rolesRun) float64 { return 100 * r.share(i) })
		dividends := byRun(runs, func(r rolesRun) float64 {
			return 100 * part(r.Members, i, func(m rolesPay) uint64 { return m.Dividends })
		})
		t.Rows = append(t.Rows, []string{m.Name, string(m.Role), fmt.Sprintf("%.2f %%", medianOf(shares)), fmt.Sprintf("%.2f", slices.Min(shares)),
			fmt.Sprintf("%.2f", slices.Max(shares)), fmt.Sprintf("%.2f %%", medianOf(dividends))})
	}
	return t
}

// rolesPlot has the honest by shard size.
func rolesPlot(runs []rolesRun) Plot {
	plot := Plot{File: "roles", Title: "Incentive of the honest", X: "shard, KB", Y: "share of incentive"}
	for _, variant := range []string{rolesAll, rolesOrigin, rolesCabal} {
		of := ofVariant(runs, variant)
		if len(of) == 0 {
			continue
		}
		line, shares := Line{Name: variant}, medians(of)
		for i, m := range of[0].Members {
			if m.Role.IsHonest() {
				line.X, line.Y = append(line.X, float64(m.Bytes)/1000), append(line.Y, shares[i])
			}
		}
		plot.Lines = append(plot.Lines, line)
	}
	return plot
}
