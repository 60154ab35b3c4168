package experiment

import (
	"fmt"
	"math"
)

// faultsWay is one way to take failing answers.
type faultsWay struct {
	name string
	of   func(failsRun) losses
}

func faultsWays() []faultsWay {
	return []faultsWay{
		{"on", func(f failsRun) losses { return f.On }},
		{"on, weights kept", func(f failsRun) losses { return f.Kept }},
		{fmt.Sprintf("on, weights kept, asked up to %d times", tries), func(f failsRun) losses { return f.Again }},
		{"off", func(f failsRun) losses { return f.Off }},
	}
}

// gain over alone at entry i, in nats per byte.
func (r faultsRun) gain(i int, w faultsWay) float64 { return r.Alone.Mix - w.of(r.Fails[i]).Mix }

func faultsResult(env *Env, runs []faultsRun) *Result {
	r := &Result{Raw: runs, Setup: []string{
		fmt.Sprintf("Byte MLP of 355,104 parameters, %d steps; a subject and one specialist of each other of %d domains, 300 KB of the own domain and samples of 5 KB each. Alone has the same work: the peers' forward passes are counted as steps.", runs[0].Steps, len(env.Texts)),
		"Loss is the mean over all domains on test parts that nobody trained on, in nats per byte. Gain is the loss alone less that of the network; answers fail in training (a peer's answer to a whole batch) and in measuring (a peer's answer about one position of every sequence).",
		fmt.Sprintf("On is the evidence gate, which gives an absent peer that returns its part of the prior. With weights kept it has the weight with which it left. Asked up to %d times, who fails is asked again before the byte is told.", tries),
		"Speeds are of a few steps with all peers asked from the first step on, models and peers in one process.",
	}}
	if env.Quick {
		r.Setup = append(r.Setup, "Quick: short trainings, and fewer parts of failing answers.")
	}
	r.Tables = []Table{faultsTable(runs), pacesTable(runs)}
	r.Findings = append(keptFindings(runs), paceFindings(runs)...)
	r.Plots = []Plot{faultsPlot(runs)}
	return r
}

// kept is the part of the gain without faults that is left at entry i; false when there
// is none in some seed.
func kept(runs []faultsRun, i int, w faultsWay) (Sample, bool) {
	for _, r := range runs {
		if !(r.gain(0, w) > 0) {
			return Sample{}, false
		}
	}
	return over(runs, func(r faultsRun) float64 { return 100 * r.gain(i, w) / r.gain(0, w) }), true
}

func faultsTable(runs []faultsRun) Table {
	t := Table{Title: "Failing answers", Head: []string{"answers that fail", "network", "loss", "gain over alone", "gain kept"}}
	t.Rows = append(t.Rows, []string{"", "alone", over(runs, func(r faultsRun) float64 { return r.Alone.Mix }).String(), "", ""})
	for i, f := range runs[0].Fails {
		for _, w := range faultsWays() {
			left := "no gain to keep"
			if s, ok := kept(runs, i, w); ok {
				left = s.text("%.1f") + " %"
			}
			t.Rows = append(t.Rows, []string{
				fmt.Sprintf("%.0f %%", 100*f.Fails), w.name, over(runs, func(r faultsRun) float64 { return w.of(r.Fails[i]).Mix }).String(),
				over(runs, func(r faultsRun) float64 { return r.gain(i, w) }).text("%+.4f"), left,
			})
		}
	}
	return t
}

func pacesTable(runs []faultsRun) Table {
	t := Table{Title: "Speed", Head: []string{"answers that fail", "delay of each", "steps/s", "answered", "same model as without"}}
	last := len(runs[0].Paces) - 1
	for i, p := range runs[0].Paces {
		same := "–"
		if p.Delay > 0 {
			same = count(runs, func(r faultsRun) bool { return r.Paces[i].Model == r.Paces[last].Model })
		}
		t.Rows = append(t.Rows, []string{
			fmt.Sprintf("%.0f %%", 100*p.Fails), p.Delay.String(),
			over(runs, func(r faultsRun) float64 { return r.Paces[i].PerSecond }).text("%.2f"),
			over(runs, func(r faultsRun) float64 { return 100 * r.Paces[i].Answered }).text("%.0f") + " %", same,
		})
	}
	return t
}

func keptFindings(runs []faultsRun) (findings []string) {
	for i, f := range runs[0].Fails {
		if f.Fails != claimedFails {
			continue
		}
		for _, w := range faultsWays() {
			claim := fmt.Sprintf("with %.0f %% of answers failing, at least %.0f %% of the gain is kept (%s)", 100*f.Fails, 100*(1-claimedLoss), w.name)
			s, ok := kept(runs, i, w)
			if !ok {
				findings = append(findings, "Not to be said: "+claim+"; in some seed there is no gain without faults either.")
				continue
			}
			findings = append(findings, verdict(claim, s.Mean, 100*(1-claimedLoss), "%.1f %%"))
		}
	}
	last, on := len(runs[0].Fails)-1, faultsWays()[0]
	better := count(runs, func(r faultsRun) bool { return r.gain(last, on) > 0 })
	return append(findings, fmt.Sprintf("With %.0f %% of answers failing training goes on; the network on is better than alone in %s seeds.", 100*runs[0].Fails[last].Fails, better))
}

func paceFindings(runs []faultsRun) (findings []string) {
	last := len(runs[0].Paces) - 1
	free := over(runs, func(r faultsRun) float64 { return r.Paces[last].PerSecond })
	for i, p := range runs[0].Paces {
		if p.Delay == 0 {
			continue
		}
		rate := over(runs, func(r faultsRun) float64 { return r.Paces[i].PerSecond })
		// A step waits for answers that were asked for one step before.
		most := math.Min(free.Mean, 1/p.Delay.Seconds())
		findings = append(findings, fmt.Sprintf("A delay of %s slows training from %.2f to %.2f steps/s (one step for each delay would be %.2f) and never stops it; the model is the same to the bit in %s seeds.",
			p.Delay, free.Mean, rate.Mean, most, count(runs, func(r faultsRun) bool { return r.Paces[i].Model == r.Paces[last].Model })))
	}
	return findings
}

func faultsPlot(runs []faultsRun) Plot {
	p := Plot{File: "faults", Title: "Gain over alone", X: "answers that fail, %", Y: "gain, nats per byte"}
	for _, w := range faultsWays() {
		l := Line{Name: w.name}
		for i, f := range runs[0].Fails {
			l.add(100*f.Fails, over(runs, func(r faultsRun) float64 { return r.gain(i, w) }))
		}
		p.Lines = append(p.Lines, l)
	}
	return p
}
