package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
)

// Evaluation is what held-out text says of self and of the mixture.
type Evaluation struct {
	// Alone and Network are mean losses in nats per byte.
	Alone, Network float64
	// Choice says whether the mixture is better by more than its error, over sequences.
	Choice moe.Choice
	// Gates are the mean weights of self and of the peers, in the order asked.
	Gates []float32
	// Peers that were asked.
	Peers []uint32
	// Failed says why peers went, in their order; nil for those that stayed.
	Failed []error
	// Bytes that were targets.
	Bytes int
}

// Blocks returns up to n blocks of a part, the texts in turn so that each is there.
func Blocks(p data.Part, n int, texts ...*data.Text) [][]byte {
	var blocks [][]byte
	for i, more := 0, true; more && len(blocks) < n; i++ {
		more = false
		for _, t := range texts {
			if i < t.Len(p) && len(blocks) < n {
				blocks, more = append(blocks, t.Block(p, i)), true
			}
		}
	}
	return blocks
}

// Evaluate walks blocks of one length with self and peers, sequences of them at a
// time, and measures the evidence mixture beside self.
func Evaluate(ctx context.Context, cfg Config, self model.Expert, network Network, peers []uint32, blocks [][]byte, sequences int) (Evaluation, error) {
	if len(blocks) == 0 {
		return Evaluation{}, errors.New("evaluation: there are no blocks in this part: give more text")
	}
	n := 1 + len(peers)
	e := &evaluator{
		gate:   newEvidence(cfg, min(sequences, len(blocks)), n),
		result: Evaluation{Peers: peers, Gates: make([]float32, n)},
	}
	w, err := openWalk(ctx, self, network, peers, min(sequences, len(blocks)), nil)
	if err != nil {
		return Evaluation{}, fmt.Errorf("evaluation: %w", err)
	}
	for at := 0; at < len(blocks) && err == nil; at += sequences {
		err = e.walk(ctx, w, blocks[at:min(at+sequences, len(blocks))])
	}
	if err = errors.Join(err, w.close()); err != nil {
		return Evaluation{}, fmt.Errorf("evaluation: %w", err)
	}
	e.finish(w)
	return e.result, nil
}

// evaluator sums losses by sequence.
type evaluator struct {
	gate   *moe.Evidence
	result Evaluation
	losses [2][]float32 // mean of each sequence: self, mixture
}

func (e *evaluator) walk(ctx context.Context, w *walk, blocks [][]byte) error {
	n := len(w.rows)
	column, p, g, answered := make([]byte, len(blocks)), make([]float32, len(blocks)*n), make([]float32, n), make([]bool, n)
	sums := [2][]float64{make([]float64, len(blocks)), make([]float64, len(blocks))}
	for s := range blocks {
		e.gate.Reset(s)
	}
	length := len(blocks[0])
	for at := range length {
		for s, block := range blocks {
			column[s] = block[at]
		}
		if at > 0 {
			w.given(p, column)
			w.answered(answered)
			for s := range blocks {
				row := p[s*n : (s+1)*n]
				e.gate.Weigh(s, g, answered, nil)
				mixed := float32(0)
				for j, weight := range g {
					mixed += weight * row[j]
					e.result.Gates[j] += weight
				}
				sums[0][s] += moe.NLL(row[0])
				sums[1][s] += moe.NLL(mixed)
				e.gate.Reveal(s, row)
			}
		}
		if at == length-1 {
			break
		}
		if err := w.tell(ctx, column, at == 0); err != nil {
			return err
		}
	}
	for s := range blocks {
		for i := range sums {
			e.losses[i] = append(e.losses[i], float32(sums[i][s]/float64(length-1)))
		}
	}
	e.result.Bytes += len(blocks) * (length - 1)
	return nil
}

func (e *evaluator) finish(w *walk) {
	for i := range e.result.Gates {
		e.result.Gates[i] /= float32(e.result.Bytes)
	}
	e.result.Alone, e.result.Network = mean(e.losses[0]), mean(e.losses[1])
	e.result.Choice = moe.Choose([][]float32{e.losses[0], e.losses[1]}, 1)
	e.result.Failed = w.failed[1:]
}

func mean(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}
