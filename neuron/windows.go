package neuron

import (
	"context"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/model"
)

// mostWindow is how far a model that does not follow text is made to look back: every
// byte costs a whole window.
const mostWindow = 64

// follows is a model of text that answers windows and nothing else, made to follow: it
// is asked for the last bytes of each sequence again with every byte.
type follows struct{ model.Expert }

// Card implements model.Expert.
func (f follows) Card() model.Card {
	card := f.Expert.Card()
	card.Follows, card.Generates = true, true
	return card
}

// Follow implements model.Expert.
func (f follows) Follow(sequences int) (model.Follower, error) {
	if sequences < 1 || sequences > model.MaxSequences {
		return nil, fmt.Errorf("%d sequences to follow, 1 to %d are possible: open several followers", sequences, model.MaxSequences)
	}
	window := f.Card().Context
	if window < 1 || window > mostWindow {
		window = mostWindow
	}
	return &windows{expert: f.Expert, window: window, tails: make([][]byte, sequences)}, nil
}

// Generate implements model.Expert.
func (f follows) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	if err := model.CheckGenerate(most, temperature); err != nil {
		return err
	}
	w, err := f.Follow(1)
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }() // it has nothing to give back
	return model.Generate(ctx, w, f.Card().Context, prompt, most, temperature, seed, emit)
}

// windows is the follower.
type windows struct {
	expert  model.Expert
	window  int
	tails   [][]byte
	answers []float32
	closed  bool
}

// Next implements model.Follower.
func (w *windows) Next(ctx context.Context, bytes []byte, dst []float32) error {
	switch {
	case w.closed:
		return model.ErrClosed
	case len(bytes) < 1 || len(bytes) > len(w.tails):
		return fmt.Errorf("bytes for %d sequences, followed are 1 to %d", len(bytes), len(w.tails))
	}
	if err := model.CheckRoom(dst, len(bytes), model.Vocabulary); err != nil {
		return err
	}
	var lengths []int
	for s, b := range bytes {
		if len(w.tails[s]) == w.window {
			w.tails[s] = slices.Delete(w.tails[s], 0, 1)
		}
		w.tails[s] = append(w.tails[s], b)
		if n := len(w.tails[s]); !slices.Contains(lengths, n) {
			lengths = append(lengths, n)
		}
	}
	for _, length := range lengths {
		if err := w.ask(ctx, length, len(bytes), dst); err != nil {
			return err
		}
	}
	return nil
}

// ask answers those of the first n sequences that have read so much.
func (w *windows) ask(ctx context.Context, length, n int, dst []float32) error {
	in := model.Input{Length: length}
	var which []int
	for s, tail := range w.tails[:n] {
		if len(tail) == length {
			in.Tokens, which = append(in.Tokens, tail...), append(which, s)
		}
	}
	in.Count = len(which)
	w.answers = sized(w.answers, in.Rows()*model.Vocabulary)
	if err := w.expert.Forward(ctx, in, w.answers); err != nil {
		return err
	}
	for i, s := range which {
		last := ((i+1)*length - 1) * model.Vocabulary
		copy(dst[s*model.Vocabulary:(s+1)*model.Vocabulary], w.answers[last:])
	}
	return nil
}

// Restart implements model.Follower.
func (w *windows) Restart() {
	for s := range w.tails {
		w.tails[s] = w.tails[s][:0]
	}
}

// Close implements model.Follower.
func (w *windows) Close() error {
	w.closed = true
	return nil
}
