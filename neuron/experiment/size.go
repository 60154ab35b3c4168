package experiment

import (
	"context"
	"fmt"
	"math"
)

func size() Experiment {
	return Experiment{
		Name: "size", Title: "Size: what more neurons are worth to one",
		Question: "Held-out loss of one neuron over the size of its network, on and off; and what that costs.",
		Run:      runSize,
	}
}

// sizeRun is one seed.
type sizeRun struct {
	Seed   uint64     `json:"seed"`
	Domain string     `json:"domain"`
	Sizes  []sizePart `json:"sizes"`
}

// sizePart is one size of the network, the subject included.
type sizePart struct {
	Neurons int `json:"neurons"`
	// On is the mixture of the subject trained in this network, Frozen that of the
	// subject trained alone. Off is what the former says alone.
	On     losses `json:"on"`
	Frozen losses `json:"frozen"`
	Off    losses `json:"off"`
	// Rows that peers computed for its training, and Work of that in units of a training
	// alone.
	Rows int     `json:"rows"`
	Work float64 `json:"work"`
}

func sizes(quick bool) []int {
	if quick {
		return []int{1, 2, 4, 8}
	}
	return []int{1, 2, 4, 8, 16}
}

func runSize(ctx context.Context, env *Env) (*Result, error) {
	if err := enough(env); err != nil {
		return nil, err
	}
	c := circle{shards: shardsFor(sizes(env.Quick), len(env.Texts)), sample: 5_000, steps: stepsOf(env, 1000, 100)}
	least, err := smallest(env, c.shards)
	if err != nil {
		return nil, err
	}
	c.bytes = min(least, 300_000)
	runs, err := each(ctx, circles(env, c), circle.sizes)
	if err != nil {
		return nil, err
	}
	return sizeResult(env, c, runs), nil
}

// shardsFor is how many shards of each domain the largest network needs.
func shardsFor(sizes []int, domains int) int {
	return (sizes[len(sizes)-1] + domains - 1) / domains
}

// sizes measures a subject in ever larger networks.
func (c circle) sizes(ctx context.Context) (sizeRun, error) {
	all := sizes(c.env.Quick)
	r, stage := sizeRun{Seed: c.seed, Domain: c.env.Texts[c.own].Name}, testStage(c.env, c.own)
	peers, err := c.peers(ctx, all[len(all)-1]-1)
	if err != nil {
		return r, err
	}
	defer func() { _ = closeAll(peers) }()
	voices, err := stage.hearPeers(ctx, peers)
	if err != nil {
		return r, err
	}
	first, err := c.networked(ctx, stage, "alone", nil, func(l *learner) { l.network = nil })
	if err != nil {
		return r, err
	}
	for _, n := range all {
		self := first
		part := sizePart{Neurons: n, Frozen: stage.mixed(append([][]voice{first}, voices[:n-1]...), mixture{gate: evidenceGate(0)})}
		if n > 1 && !c.env.Quick {
			if self, err = c.networked(ctx, stage, "taught", peers[:n-1], nil); err != nil {
				return r, err
			}
		}
		if err := c.cost(&part, n-1); err != nil {
			return r, err
		}
		part.Off = stage.alone(self)
		part.On = stage.mixed(append([][]voice{self}, voices[:n-1]...), mixture{gate: evidenceGate(0)})
		r.Sizes = append(r.Sizes, part)
		c.env.Say("%d neurons, seed %d, %s: on %.4f, off %.4f", n, c.seed, r.Domain, part.On.Mix, part.Off.Mix)
	}
	return r, nil
}

// cost of a training with so many peers: every batch of a step with the network is
// asked for, and so is the one after the last step.
func (c circle) cost(p *sizePart, peers int) error {
	l, err := c.learner(0)
	if err != nil {
		return err
	}
	schedule := l.config().Schedule
	for step := range l.steps + 1 {
		if peers > 0 && schedule.Strength(min(step, l.steps), l.steps) > 0 {
			p.Rows += peers * windows * length
		}
	}
	p.Work = l.work(peers)
	return nil
}

func sizeResult(env *Env, c circle, runs []sizeRun) *Result {
	r := &Result{Raw: runs, Setup: []string{
		fmt.Sprintf("Byte MLP of 355,104 parameters, %d steps. Each neuron holds %d KB of one of %d domains, in turn, no two the same text, and 5 KB of each other one.", c.steps, c.bytes/1000, len(env.Texts)),
		"On is the evidence mixture over the subject and all its peers, frozen the same with the subject as it was trained alone, off the subject without them after training in that network. Loss is the mean over all domains on test parts that nobody trained on, in nats per byte.",
		"Rows are the positions that peers computed for the subject's training; work counts a peer's forward pass as a third of a step.",
	}}
	if env.Quick {
		r.Setup = append(r.Setup, "Quick: short trainings, fewer sizes, and the subject is trained alone throughout: on is frozen, and rows and work are what its training in the network would cost.")
	}
	r.Tables = []Table{sizeTable(runs)}
	r.Findings = sizeFindings(runs)
	plot := Plot{File: "size", Title: "Loss of the mix against one neuron alone", X: "neurons, log2", Y: "change, %"}
	for _, line := range []struct {
		name string
		of   func(sizePart) float64
	}{{"on", func(p sizePart) float64 { return p.On.Mix }}, {"off", func(p sizePart) float64 { return p.Off.Mix }}} {
		l := Line{Name: line.name}
		for i, p := range runs[0].Sizes {
			s := over(runs, func(r sizeRun) float64 { return 100 * (line.of(r.Sizes[i])/r.Sizes[0].Off.Mix - 1) })
			l.add(math.Log2(float64(p.Neurons)), s)
		}
		plot.Lines = append(plot.Lines, l)
	}
	r.Plots = []Plot{plot}
	return r
}

func sizeTable(runs []sizeRun) Table {
	t := Table{Title: "Loss over size", Head: []string{"neurons", "on", "against one alone", "on, own domain", "frozen", "off", "off against one alone", "rows asked", "work"}}
	for i, p := range runs[0].Sizes {
		part := func(r sizeRun) sizePart { return r.Sizes[i] }
		one := func(r sizeRun) losses { return r.Sizes[0].Off }
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(p.Neurons),
			over(runs, func(r sizeRun) float64 { return part(r).On.Mix }).String(),
			over(runs, func(r sizeRun) float64 { return part(r).On.Mix/one(r).Mix - 1 }).percent(),
			over(runs, func(r sizeRun) float64 { return part(r).On.Own/one(r).Own - 1 }).percent(),
			over(runs, func(r sizeRun) float64 { return part(r).Frozen.Mix }).String(),
			over(runs, func(r sizeRun) float64 { return part(r).Off.Mix }).String(),
			over(runs, func(r sizeRun) float64 { return part(r).Off.Mix/one(r).Mix - 1 }).percent(),
			fmt.Sprint(p.Rows), fmt.Sprintf("%.2f", p.Work),
		})
	}
	return t
}

// sizeFindings say whether the loss falls from each size to the next.
func sizeFindings(runs []sizeRun) (findings []string) {
	for i := 1; i < len(runs[0].Sizes); i++ {
		fall := over(runs, func(r sizeRun) float64 { return r.Sizes[i-1].On.Mix - r.Sizes[i].On.Mix })
		wins := count(runs, func(r sizeRun) bool { return r.Sizes[i].On.Mix < r.Sizes[i-1].On.Mix })
		word := "Reached"
		if !(fall.Mean > 0) {
			word = "Missed"
		}
		findings = append(findings, fmt.Sprintf("%s: the loss falls from %d to %d neurons. By %s nats per byte, in %s seeds.",
			word, runs[0].Sizes[i-1].Neurons, runs[0].Sizes[i].Neurons, fall, wins))
	}
	return findings
}
