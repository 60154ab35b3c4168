package train

import (
	"context"
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
)

const (
	// gateRate is that of a gate that learns.
	gateRate = 0.01
	// The streams of randomness of a learner's seed, beside that of its batches, 0, and
	// of a judge, 1.
	gateStream, evaluationStream = 2, 3
)

// Tune lets the gate of single examples learn from so many batches of the gate part,
// asking the given peers. Their answers are kept for several passes. For text and for
// regressions there is nothing to do.
func (t *lessons) Tune(ctx context.Context, self model.Expert, network Network, peers []uint32, batches, passes int) error {
	g, ok := t.gates.(*learnedGates)
	if _, values := t.batches.(regression); !ok || values || len(peers) == 0 {
		return nil
	}
	width := self.Card().Width
	gate, sampler := g.learning(peers, width), data.NewSampler(t.cfg.Seed, gateStream)
	var known []answered
	for range batches {
		a, err := askFor(ctx, t.batches, data.Gate, sampler, self, network, peers)
		if err != nil {
			return fmt.Errorf("the gate: %w", err)
		}
		known = append(known, a)
	}
	for range passes {
		for i := range known {
			known[i].teach(gate, width)
		}
	}
	return nil
}

// answered is examples with what everybody gave their classes.
type answered struct {
	n, experts int
	p          []float32 // n x experts
	here       []bool    // by expert
	hidden     []float32 // n x width
}

// askFor draws a batch and asks self and peers about it.
func askFor(ctx context.Context, batches Batches, part data.Part, s *data.Sampler, self model.Expert, network Network, peers []uint32) (answered, error) {
	var b Batch
	if err := batches.Draw(part, s, &b); err != nil {
		return answered{}, err
	}
	own, hidden, err := says(ctx, self, b.In)
	if err != nil {
		return answered{}, err
	}
	answers := network.Forward(ctx, peers, b.In)
	defer answers.release()
	return gathered(batches.Classes(), b.Targets, hidden, append([][]float32{own}, answers.Rows...)), nil
}

// says is what a model answers and the hidden state that it comes from, nothing of one
// that does not give it.
func says(ctx context.Context, self model.Expert, in model.Input) (own, hidden []float32, err error) {
	card := self.Card()
	own, hidden = make([]float32, in.Rows()*card.Classes), make([]float32, in.Rows()*card.Width)
	if err := self.Forward(ctx, in, own); err != nil {
		return nil, nil, err
	}
	if card.Width > 0 {
		err = self.Hidden(ctx, in, hidden)
	}
	return own, hidden, err
}

// gathered keeps what each expert gave the class of each example.
func gathered(classes int, targets []int32, hidden []float32, experts [][]float32) answered {
	batch := moe.Batch{Classes: classes, Targets: targets, Experts: experts}
	a := answered{n: len(targets), experts: len(experts), hidden: hidden}
	a.p, a.here = make([]float32, a.n*a.experts), make([]bool, a.experts)
	for i, rows := range experts {
		a.here[i] = rows != nil
	}
	batch.Gather(a.p)
	return a
}

// row is what was given to one example, and its hidden state.
func (a *answered) row(i int) (p, hidden []float32) {
	width := len(a.hidden) / max(a.n, 1)
	return a.p[i*a.experts : (i+1)*a.experts], a.hidden[i*width : (i+1)*width]
}

// teach takes one step of the gate.
func (a *answered) teach(gate *moe.General, width int) {
	g := make([]float32, a.experts)
	for i := range a.n {
		p, hidden := a.row(i)
		gate.Reset(0)
		gate.Weigh(0, g, a.here, hidden[:min(width, len(hidden))])
		gate.Learn(0, p, hidden)
		gate.Reveal(0, p)
	}
	gate.Update(gateRate)
}

// EvaluateExamples measures self and the mixture on batches of a part of single
// examples, which are what Evaluation calls bytes and sequences. Of a regression the
// loss is half the squared error in units of the values' deviation, and there is no
// mixture.
func (t *lessons) EvaluateExamples(ctx context.Context, part data.Part, self model.Expert, network Network, peers []uint32, batches int) (Evaluation, error) {
	if r, ok := t.batches.(regression); ok {
		return evaluateValues(ctx, r, part, self, data.NewSampler(t.cfg.Seed, evaluationStream), batches)
	}
	e := Evaluation{Peers: peers, Gates: make([]float32, 1+len(peers)), Failed: make([]error, len(peers))}
	sampler := data.NewSampler(t.cfg.Seed, evaluationStream)
	var losses [2][]float32
	g := make([]float32, 1+len(peers))
	for range batches {
		a, err := askFor(ctx, t.batches, part, sampler, self, network, peers)
		if err != nil {
			return e, fmt.Errorf("evaluation: %w", err)
		}
		gate := t.gates.over(peers)
		for i := range a.n {
			p, hidden := a.row(i)
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

// evaluateValues measures a regression.
func evaluateValues(ctx context.Context, r regression, part data.Part, self model.Expert, sampler *data.Sampler, batches int) (Evaluation, error) {
	e := Evaluation{Gates: []float32{1}}
	var b Batch
	sum := 0.0
	for range batches {
		if err := r.Draw(part, sampler, &b); err != nil {
			return e, fmt.Errorf("evaluation: %w", err)
		}
		values := make([]float32, b.In.Rows())
		if err := self.Forward(ctx, b.In, values); err != nil {
			return e, fmt.Errorf("evaluation: %w", err)
		}
		sum += model.SquaredError(make([]float32, len(values)), values, b.Values, r.Unit()) * float64(len(values))
		e.Bytes += len(values)
	}
	e.Alone = sum / float64(max(e.Bytes, 1))
	e.Network = e.Alone
	return e, nil
}
