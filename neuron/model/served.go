package model

import (
	"context"
	"fmt"

	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// MaxSequences is the most sequences that a follower walks.
const MaxSequences = 1024

// Served is a byte language model as an Expert. It answers with a copy of the
// parameters, so that the model itself may learn meanwhile; Update publishes what it
// has learned. It is safe for concurrent use.
type Served struct {
	*serving[Language]
	blank   func() Language
	longest int
	// card of the first snapshot; the others differ in the hash alone.
	card Card
}

// NewServed serves a copy of m, as of step 0, with so many workers; 0 is one for each
// CPU that Go may use. Close ends them.
func NewServed(m Language, workers int) (*Served, error) {
	s := &Served{blank: m.Blank, longest: m.Longest()}
	var err error
	if s.serving, err = newServing(m, s.blank, workers); err != nil {
		return nil, err
	}
	s.card = s.Card()
	return s, nil
}

// Update publishes the parameters that a model of the same size has after a step of
// its training; it must not be training during the call. Calls and followers that
// began with other parameters end with them. An update with a value that is not
// finite is refused, and what was served goes on.
func (s *Served) Update(from Language, step uint64) error { return s.publish(from, s.blank, step) }

// Forward implements Expert. Sequences longer than the model reads are refused.
func (s *Served) Forward(ctx context.Context, in Input, dst []float32) error {
	return s.pass(ctx, in, s.card.Classes, dst, func(dst []float32, logits, _ *nn.Tensor) {
		moe.Softmax(dst, logits.Data, logits.Cols)
	})
}

// Hidden implements Expert.
func (s *Served) Hidden(ctx context.Context, in Input, dst []float32) error {
	return s.pass(ctx, in, s.card.Width, dst, func(dst []float32, _, hidden *nn.Tensor) { copy(dst, hidden.Data) })
}

// pass runs the model over the batch, a few sequences at a time.
func (s *Served) pass(ctx context.Context, in Input, cols int, dst []float32, write func(dst []float32, logits, hidden *nn.Tensor)) error {
	if err := s.check(in, cols, dst); err != nil {
		return err
	}
	held := s.hold()
	defer s.release(held)
	each := max(1, rowsAtOnce/in.Length) * in.Length
	for at := 0; at < len(in.Tokens); at += each {
		tokens := in.Tokens[at:min(at+each, len(in.Tokens))]
		err := s.with(ctx, func(taken *slot[Language]) {
			logits, hidden := taken.borrow(held, s.blank).Forward(taken.tape, tokens, in.Length)
			write(dst[at*cols:][:len(tokens)*cols], logits, hidden)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Served) check(in Input, cols int, dst []float32) error {
	if in.Length > s.longest {
		return fmt.Errorf("sequences of %d bytes, the model reads %d at most: cut them, or follow them byte by byte", in.Length, s.longest)
	}
	if err := s.card.Check(in); err != nil {
		return err
	}
	return CheckRoom(dst, in.Rows(), cols)
}

// Follow implements Expert.
func (s *Served) Follow(sequences int) (Follower, error) {
	if sequences < 1 || sequences > MaxSequences {
		return nil, fmt.Errorf("%d sequences to follow, 1 to %d are possible: open several followers", sequences, MaxSequences)
	}
	held := s.hold()
	f := &servedFollower{served: s, held: held, session: held.model.Open(sequences), which: make([]int32, sequences)}
	for i := range f.which {
		f.which[i] = int32(i)
	}
	return f, nil
}

type servedFollower struct {
	served  *Served
	held    *snapshot[Language]
	session Session
	which   []int32
}

// Next implements Follower.
func (f *servedFollower) Next(ctx context.Context, bytes []byte, dst []float32) error {
	switch {
	case f.held == nil:
		return ErrClosed
	case len(bytes) < 1 || len(bytes) > len(f.which):
		return fmt.Errorf("bytes for %d sequences, followed are 1 to %d", len(bytes), len(f.which))
	}
	if err := CheckRoom(dst, len(bytes), f.served.card.Classes); err != nil {
		return err
	}
	return f.served.with(ctx, func(taken *slot[Language]) {
		logits := f.session.Next(taken.tape, f.which[:len(bytes)], bytes)
		moe.Softmax(dst, logits.Data, logits.Cols)
	})
}

// Restart implements Follower.
func (f *servedFollower) Restart() {
	if f.held == nil {
		return
	}
	for _, sequence := range f.which {
		f.session.Restart(int(sequence))
	}
}

// Close implements Follower.
func (f *servedFollower) Close() error {
	if f.held != nil {
		f.served.release(f.held)
		f.held, f.session = nil, nil
	}
	return nil
}

// Generate implements Expert, as the function Generate does.
func (s *Served) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	f, err := s.Follow(1)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return Generate(ctx, f, s.card.Context, prompt, most, temperature, seed, emit)
}
