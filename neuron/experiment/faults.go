package experiment

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/taonet/taonet/neuron/neurontest"
)

func faults() Experiment {
	return Experiment{
		Name: "faults", Title: "Faults: what failing and slow peers cost",
		Question: "The gain of the network, on and off, while a part of its answers fails, against the gain without faults; " +
			"and the steps per second with failing and with slow peers.",
		Run: runFaults,
	}
}

// faultsRun is one seed: what the networked neuron reaches by the part of answers that
// fails, and how fast it trains.
type faultsRun struct {
	Seed   uint64        `json:"seed"`
	Domain string        `json:"domain"`
	Alone  losses        `json:"alone"`
	Fails  []failsRun    `json:"fails"`
	Paces  []pace        `json:"paces"`
	Steps  int           `json:"steps"`
	Took   time.Duration `json:"took_ns"`
}

// failsRun is one part of answers that fail, in training and in measuring.
type failsRun struct {
	Fails float64 `json:"fails"`
	// On has the evidence gate, Kept one that remembers the weight of who is absent, and
	// Again the latter when who fails is asked up to tries times before the next byte is
	// told.
	On    losses `json:"on"`
	Kept  losses `json:"kept"`
	Again losses `json:"again"`
	Off   losses `json:"off"`
}

// pace is how fast some steps went with all peers asked from the first step.
type pace struct {
	Fails float64       `json:"fails"`
	Delay time.Duration `json:"delay_ns"`
	// PerSecond counts steps; Answered is the part of the questions that were answered.
	PerSecond float64 `json:"per_second"`
	Answered  float64 `json:"answered"`
	// Model names the parameters that came out.
	Model string `json:"model"`
}

// The gain that may be lost, and the part of failing answers of which that is asked.
const (
	claimedLoss  = 0.02
	claimedFails = 0.3

	tries = 3
)

func failingParts(quick bool) []float64 {
	if quick {
		return []float64{0, 0.3}
	}
	return []float64{0, 0.1, 0.3, 0.5}
}

func delays() []time.Duration { return []time.Duration{100 * time.Millisecond, time.Second} }

func runFaults(ctx context.Context, env *Env) (*Result, error) {
	if err := enough(env); err != nil {
		return nil, err
	}
	all := circles(env, circle{shards: 1, bytes: 300_000, sample: 5_000, steps: stepsOf(env, 1500, 100)})
	runs, err := each(ctx, all, circle.faults)
	if err != nil {
		return nil, err
	}
	// Speeds are measured one at a time: nothing else of this run computes meanwhile.
	for i, c := range all {
		if err := c.paces(ctx, &runs[i]); err != nil {
			return nil, err
		}
	}
	return faultsResult(env, runs), nil
}

// faults trains alone and with every part of failing answers.
func (c circle) faults(ctx context.Context) (faultsRun, error) {
	r := faultsRun{Seed: c.seed, Domain: c.env.Texts[c.own].Name, Steps: c.steps}
	stage := testStage(c.env, c.own)
	peers, err := c.peers(ctx, len(c.env.Texts)-1)
	if err != nil {
		return r, err
	}
	defer func() { _ = closeAll(peers) }()
	voices, err := stage.hearPeers(ctx, peers)
	if err != nil {
		return r, err
	}
	if r.Alone, err = c.aloneAt(ctx, stage, len(peers)); err != nil {
		return r, err
	}
	for _, part := range failingParts(c.env.Quick) {
		failingPeers := change(peers, func(p *neurontest.Peer) { p.Fails = part })
		self, err := c.networked(ctx, stage, fmt.Sprintf("fails-%g", part), failingPeers, nil)
		if err != nil {
			return r, err
		}
		experts, gone := append([][]voice{self}, voices...), failing(part, c.seed)
		r.Fails = append(r.Fails, failsRun{
			Fails: part, Off: stage.alone(self),
			On:    stage.mixed(experts, mixture{gate: evidenceGate(0), fails: gone}),
			Kept:  stage.mixed(experts, mixture{gate: newSleeping, fails: gone}),
			Again: stage.mixed(experts, mixture{gate: newSleeping, fails: failing(math.Pow(part, tries), c.seed)}),
		})
		last := r.Fails[len(r.Fails)-1]
		c.env.Say("%g of answers fail, seed %d, %s: alone %.4f, on %.4f (weights kept %.4f, asked again %.4f), off %.4f",
			part, c.seed, r.Domain, r.Alone.Mix, last.On.Mix, last.Kept.Mix, last.Again.Mix, last.Off.Mix)
	}
	return r, nil
}
