package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
)

// gates are over self and whichever peers answered.
type gates interface {
	over(peers []uint32) moe.Gate
}

func newGates(cfg Config, task Task) gates {
	if task.Window().Steps > 1 {
		return evidence{cfg, task.Window().Sequences, map[int]*moe.Evidence{}}
	}
	return &learnedGates{cfg: cfg, sequences: task.Window().Sequences}
}

// evidence weighs by what was already revealed of a sequence: it learns nothing that
// would have to be kept from one batch to the next.
type evidence struct {
	cfg       Config
	sequences int
	byCount   map[int]*moe.Evidence
}

func (e evidence) over(peers []uint32) moe.Gate {
	n := 1 + len(peers)
	gate, ok := e.byCount[n]
	if !ok {
		gate = newEvidence(e.cfg, e.sequences, n)
		e.byCount[n] = gate
	}
	return gate
}

func newEvidence(cfg Config, sequences, experts int) *moe.Evidence {
	gate := moe.NewEvidence(sequences, experts)
	gate.Share, gate.Prior = cfg.Share, prior(experts, cfg.SelfPrior)
	return gate
}

// prior gives self its part and the others equal ones of the rest.
func prior(experts int, self float32) []float32 {
	p := make([]float32, experts)
	for i := range p {
		p[i] = (1 - self) / float32(max(experts-1, 1))
	}
	p[0] = self
	if experts == 1 {
		p[0] = 1
	}
	return p
}

// learnedGates weigh single examples by the hidden state: nothing else is known of them.
// Its parameters learn on the gate part alone.
type learnedGates struct {
	cfg       Config
	sequences int
	peers     []uint32 // the experts of gate, after self
	gate      *moe.General
}

func (g *learnedGates) over(peers []uint32) moe.Gate {
	if g.gate == nil || !slices.Equal(peers, g.peers) {
		return newEvidence(g.cfg, g.sequences, 1+len(peers)) // not learned for these: the prior
	}
	return g.gate
}

// Tune lets the gate of single examples learn from so many batches of the gate part,
// asking the given peers, and says what the mixture's loss was over the last quarter.
// For text there is nothing to do. The answers are kept for several passes.
func (t *Trainer) Tune(ctx context.Context, self model.Expert, network Network, peers []uint32, batches, passes int) error {
	g, ok := t.gates.(*learnedGates)
	if !ok || len(peers) == 0 {
		return nil
	}
	width := self.Card().Width
	if g.gate == nil || !slices.Equal(g.peers, peers) || g.gate.Width != width {
		g.peers = slices.Clone(peers)
		g.gate = moe.NewGeneral(newEvidence(t.cfg, g.sequences, 1+len(peers)), width)
	}
	sampler := data.NewSampler(t.cfg.Seed, 2)
	var known []answered
	for range batches {
		a, err := askFor(ctx, t.task, data.Gate, sampler, self, network, peers)
		if err != nil {
			return fmt.Errorf("the gate: %w", err)
		}
		known = append(known, a)
	}
	for range passes {
		for i := range known {
			known[i].teach(g.gate, width)
		}
	}
	return nil
}

// answered is one batch of examples with what everybody gave its targets.
type answered struct {
	n, experts int
	p          []float32 // n x experts
	here       []bool    // by expert
	hidden     []float32 // n x width
}

// askFor draws a batch and asks self and peers about it.
func askFor(ctx context.Context, task Task, part data.Part, s *data.Sampler, self model.Expert, network Network, peers []uint32) (answered, error) {
	var b Batch
	if err := task.Draw(part, s, &b); err != nil {
		return answered{}, err
	}
	rows, classes, width := b.In.Rows(), task.Classes(), self.Card().Width
	own := make([]float32, rows*classes)
	a := answered{n: rows, experts: 1 + len(peers), hidden: make([]float32, rows*width)}
	if err := self.Forward(ctx, b.In, own); err != nil {
		return a, err
	}
	if err := self.Hidden(ctx, b.In, a.hidden); err != nil {
		return a, err
	}
	answers := network.Forward(ctx, peers, b.In)
	defer answers.release()
	batch := moe.Batch{Classes: classes, Targets: b.Targets, Experts: append([][]float32{own}, answers.Rows...)}
	a.p, a.here = make([]float32, rows*a.experts), make([]bool, a.experts)
	for i, rows := range batch.Experts {
		a.here[i] = rows != nil
	}
	batch.Gather(a.p)
	return a, nil
}

// teach takes one step of the gate.
func (a answered) teach(gate *moe.General, width int) {
	g := make([]float32, a.experts)
	for i := range a.n {
		p, hidden := a.p[i*a.experts:(i+1)*a.experts], a.hidden[i*width:(i+1)*width]
		gate.Reset(0)
		gate.Weigh(0, g, a.here, hidden)
		gate.Learn(0, p, hidden)
		gate.Reveal(0, p)
	}
	gate.Update(gateRate)
}

const gateRate = 0.01

// EvaluateExamples measures self and the mixture on batches of a part of single
// examples. Sequences are the examples.
func (t *Trainer) EvaluateExamples(ctx context.Context, part data.Part, self model.Expert, network Network, peers []uint32, batches int) (Evaluation, error) {
	e := Evaluation{Peers: peers, Gates: make([]float32, 1+len(peers)), Failed: make([]error, len(peers))}
	sampler, width := data.NewSampler(t.cfg.Seed, 3), self.Card().Width
	var losses [2][]float32
	g := make([]float32, 1+len(peers))
	for range batches {
		a, err := askFor(ctx, t.task, part, sampler, self, network, peers)
		if err != nil {
			return e, fmt.Errorf("evaluation: %w", err)
		}
		gate := t.gates.over(peers)
		for i := range a.n {
			p, hidden := a.p[i*a.experts:(i+1)*a.experts], a.hidden[i*width:(i+1)*width]
			gate.Reset(0)
			gate.Weigh(0, g, a.here, hidden)
			mixed := float32(0)
			for j, weight := range g {
				mixed += weight * p[j]
				e.Gates[j] += weight
			}
			gate.Reveal(0, p)
			losses[0], losses[1] = append(losses[0], float32(moe.NLL(p[0]))), append(losses[1], float32(moe.NLL(mixed)))
		}
	}
	e.Bytes = len(losses[0])
	for i := range e.Gates {
		e.Gates[i] /= float32(max(e.Bytes, 1))
	}
	e.Alone, e.Network = mean(losses[0]), mean(losses[1])
	e.Choice = moe.Choose([][]float32{losses[0], losses[1]}, 1)
	return e, nil
}
