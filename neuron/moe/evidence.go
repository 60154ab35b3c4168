package moe

import (
	"fmt"
	"math"
)

// Defaults of Evidence. The results hardly depend on the share between 0.005 and 0.1.
const (
	SelfPrior    = 0.6
	DefaultShare = 0.02
)

// faint is the least weight of an expert that is present; 0 means absent.
const faint = 1e-30

// Evidence is the gate that needs no training: the weight of an expert is how well
// it predicted its sequence so far. It is its own state: any encoding that keeps
// float32 bits restores it exactly.
type Evidence struct {
	Sequences int
	Experts   int
	// Share of the weight that returns to the prior at each position, 0..1: how fast a
	// sequence may change hands.
	Share float32
	// Forget is f of the package comment, 0..1; 0 keeps all evidence but for Share.
	Forget float32
	// Prior of each expert, above 0 and with a sum of one.
	Prior []float32
	// Weights, sequences x experts, for the next position of each sequence. An expert
	// that is absent has 0; those present sum to one.
	Weights []float32
}

// NewEvidence starts every sequence at DefaultPrior, with DefaultShare.
func NewEvidence(sequences, experts int) *Evidence {
	e := &Evidence{
		Sequences: sequences, Experts: experts, Share: DefaultShare,
		Prior: DefaultPrior(experts), Weights: make([]float32, sequences*experts),
	}
	for s := range sequences {
		e.Reset(s)
	}
	return e
}

// DefaultPrior is SelfPrior for self and equal parts of the rest for the peers.
func DefaultPrior(experts int) []float32 {
	prior := make([]float32, experts)
	if experts == 1 {
		prior[0] = 1
		return prior
	}
	for j := range prior {
		prior[j] = (1 - SelfPrior) / float32(experts-1)
	}
	prior[0] = SelfPrior
	return prior
}

// Check says what is wrong with a state that was read back.
func (e *Evidence) Check() error {
	if e.Sequences < 0 || e.Experts < 1 || len(e.Prior) != e.Experts || len(e.Weights) != e.Sequences*e.Experts {
		return fmt.Errorf("evidence of %d sequences and %d experts has %d priors and %d weights",
			e.Sequences, e.Experts, len(e.Prior), len(e.Weights))
	}
	if !(e.Share >= 0 && e.Share <= 1 && e.Forget >= 0 && e.Forget <= 1) {
		return fmt.Errorf("evidence has share %v and forgets %v, the range of both is 0..1", e.Share, e.Forget)
	}
	for j, x := range e.Prior {
		if !(x > 0 && x <= 1) {
			return fmt.Errorf("evidence has prior %v for expert %d, it lies above 0 and up to 1", x, j)
		}
	}
	for i, x := range e.Weights {
		if !(x >= 0 && x <= 1.001) {
			return fmt.Errorf("evidence has weight %v for expert %d of sequence %d, the range is 0..1", x, i%e.Experts, i/e.Experts)
		}
	}
	return nil
}

// Reset implements Gate.
func (e *Evidence) Reset(sequence int) { copy(e.row(sequence), e.Prior) }

// Weigh implements Gate; hidden is not read.
func (e *Evidence) Weigh(sequence int, g []float32, answered []bool, _ []float32) {
	copy(g, e.admit(sequence, answered))
}

// Reveal implements Gate.
func (e *Evidence) Reveal(sequence int, p []float32) {
	w := e.row(sequence)
	if e.Forget > 0 {
		for j, x := range w {
			if x > 0 {
				w[j] = max(float32(math.Pow(float64(x), float64(1-e.Forget))), faint)
			}
		}
	}
	var sum, here float64
	for j, x := range w {
		if x > 0 {
			sum += float64(x) * Bounded(p[j])
			here += float64(e.Prior[j])
		}
	}
	keep, back := float64(1-e.Share)/sum, float64(e.Share)/here
	for j, x := range w {
		if x > 0 {
			w[j] = max(float32(keep*float64(x)*Bounded(p[j])+back*float64(e.Prior[j])), faint)
		}
	}
}

func (e *Evidence) row(sequence int) []float32 {
	return e.Weights[sequence*e.Experts : (sequence+1)*e.Experts]
}

// admit brings a sequence's weights in line with who answers now: who left has 0,
// who comes back has its part of the prior, and the others keep their proportions.
func (e *Evidence) admit(sequence int, answered []bool) []float32 {
	w := e.row(sequence)
	var here, back, stay float64 // prior of all present, of those coming back; weight of the others
	changed := false
	for j, x := range w {
		if !present(answered, j) {
			changed = changed || x > 0
			w[j] = 0
			continue
		}
		here += float64(e.Prior[j])
		if x > 0 {
			stay += float64(x)
		} else {
			back += float64(e.Prior[j])
			changed = true
		}
	}
	if !changed {
		return w
	}
	keep := 0.0
	if stay > 0 {
		keep = (1 - back/here) / stay
	}
	for j, x := range w {
		if x > 0 {
			w[j] = max(float32(keep*float64(x)), faint)
		} else if present(answered, j) {
			w[j] = float32(float64(e.Prior[j]) / here)
		}
	}
	return w
}

func present(answered []bool, expert int) bool {
	return expert == 0 || answered == nil || answered[expert]
}
