package arena

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
)

// answers is a dishonest expert: rows come from a function of what was read so far.
type answers struct {
	model.Expert
	// row writes the distribution after some bytes; next is the byte that follows, or -1.
	row func(dst []float32, read []byte, next int)
}

// Forward implements model.Expert.
func (a answers) Forward(_ context.Context, in model.Input, dst []float32) error {
	if in.Length == 0 {
		return model.ErrUnsupported
	}
	for s := range in.Count {
		tokens := in.Tokens[s*in.Length : (s+1)*in.Length]
		for t := range tokens {
			next := -1
			if t+1 < len(tokens) {
				next = int(tokens[t+1])
			}
			at := (s*in.Length + t) * model.Vocabulary
			a.row(dst[at:at+model.Vocabulary], tokens[:t+1], next)
		}
	}
	return nil
}

// Follow implements model.Expert.
func (a answers) Follow(int) (model.Follower, error) { return follows(a), nil }

type follows answers

// Next implements model.Follower.
func (f follows) Next(_ context.Context, bytes []byte, dst []float32) error {
	for s := range bytes {
		f.row(dst[s*model.Vocabulary:(s+1)*model.Vocabulary], bytes[s:s+1], -1)
	}
	return nil
}

// Restart implements model.Follower.
func (follows) Restart() {}

// Close implements model.Follower.
func (follows) Close() error { return nil }

// noise makes random distributions, sharp enough to look like a model's.
func noise(seed uint64) func(dst []float32, read []byte, next int) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 9))
	return func(dst []float32, _ []byte, _ int) {
		mu.Lock()
		defer mu.Unlock()
		sum := float32(0)
		for i := range dst {
			v := random.Float32()
			dst[i] = v * v * v * v
			sum += dst[i]
		}
		for i := range dst {
			dst[i] /= sum
		}
	}
}

// unigram answers with the frequencies of English text's bytes, a letter at a time.
func unigram() func(dst []float32, read []byte, next int) {
	u := score.NewUnigram(model.Vocabulary)
	u.AddBytes([]byte("the quick brown fox jumps over the lazy dog and then it is on its way to an end of the road again\n"))
	return func(dst []float32, _ []byte, _ int) {
		for i := range dst {
			dst[i] = u.P(i)
		}
	}
}

// peek answers the next byte when it is there.
func peek(seed uint64) func(dst []float32, read []byte, next int) {
	blind := noise(seed)
	return func(dst []float32, read []byte, next int) {
		if next < 0 {
			blind(dst, read, next)
			return
		}
		for i := range dst {
			dst[i] = 0.01 / model.Vocabulary
		}
		dst[next] += 0.99
	}
}

// later is an expert that is known when it is asked.
type later struct{ of func() model.Expert }

func (l later) Card() model.Card { return l.of().Card() }
func (l later) Forward(ctx context.Context, in model.Input, dst []float32) error {
	return l.of().Forward(ctx, in, dst)
}
func (l later) Hidden(ctx context.Context, in model.Input, dst []float32) error {
	return l.of().Hidden(ctx, in, dst)
}
func (l later) Follow(sequences int) (model.Follower, error) { return l.of().Follow(sequences) }
func (l later) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	return l.of().Generate(ctx, prompt, most, temperature, seed, emit)
}
