package model

import (
	"context"
	"fmt"

	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// valuesAtOnce bounds the memory of one pass over large examples.
const valuesAtOnce = 1 << 19

// ServedClassifier is a model of images or tables as an Expert. It answers with a copy
// of the parameters, so that the model itself may learn meanwhile; Update publishes
// what it has learned. It is safe for concurrent use.
type ServedClassifier struct {
	*serving[Classifier]
	blank func() Classifier
	// card of the first snapshot; the others differ in the hash alone.
	card Card
}

// NewServedClassifier serves a copy of m, as of step 0, with so many workers; 0 is one
// for each CPU that Go may use. Close ends them.
func NewServedClassifier(m Classifier, workers int) (*ServedClassifier, error) {
	s := &ServedClassifier{blank: m.Blank}
	var err error
	if s.serving, err = newServing(m, s.blank, workers); err != nil {
		return nil, err
	}
	s.card = s.Card()
	return s, nil
}

// Update publishes the parameters that a model of the same size has after a step of
// its training, as Served.Update does.
func (s *ServedClassifier) Update(from Classifier, step uint64) error {
	return s.publish(from, s.blank, step)
}

// Forward implements Expert.
func (s *ServedClassifier) Forward(ctx context.Context, in Input, dst []float32) error {
	if s.card.Regression {
		return s.pass(ctx, in, 1, dst, func(dst []float32, value, _ *nn.Tensor) { copy(dst, value.Data) })
	}
	return s.pass(ctx, in, s.card.Classes, dst, func(dst []float32, logits, _ *nn.Tensor) {
		moe.Softmax(dst, logits.Data, logits.Cols)
	})
}

// Hidden implements Expert.
func (s *ServedClassifier) Hidden(ctx context.Context, in Input, dst []float32) error {
	return s.pass(ctx, in, s.card.Width, dst, func(dst []float32, _, hidden *nn.Tensor) { copy(dst, hidden.Data) })
}

// pass runs the model over the batch, some examples at a time.
func (s *ServedClassifier) pass(ctx context.Context, in Input, cols int, dst []float32, write func(dst []float32, logits, hidden *nn.Tensor)) error {
	if err := s.card.Check(in); err != nil {
		return err
	}
	if err := CheckRoom(dst, in.Rows(), cols); err != nil {
		return err
	}
	held := s.hold()
	defer s.release(held)
	dim := volume(s.card.Shape)
	each := max(1, min(rowsAtOnce, valuesAtOnce/dim))
	for at := 0; at < in.Count; at += each {
		n := min(each, in.Count-at)
		err := s.with(ctx, func(taken *slot[Classifier]) {
			logits, hidden := taken.borrow(held, s.blank).Forward(taken.tape, in.Values[at*dim:][:n*dim], n)
			write(dst[at*cols:][:n*cols], logits, hidden)
		})
		if err != nil {
			return err
		}
	}
	for i, v := range dst {
		if v-v != 0 {
			return fmt.Errorf("the answer to example %d is %v: its values are far from those that the model knows", i/cols, v)
		}
	}
	return nil
}

// Follow implements Expert: there is no text to follow.
func (s *ServedClassifier) Follow(int) (Follower, error) {
	return nil, fmt.Errorf("%w: only models of text are followed", ErrUnsupported)
}

// Generate implements Expert: there is no text to continue.
func (s *ServedClassifier) Generate(context.Context, []byte, int, float32, uint64, func([]byte) error) error {
	return fmt.Errorf("%w: only models of text generate", ErrUnsupported)
}
