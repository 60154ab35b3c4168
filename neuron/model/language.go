package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/taonet/taonet/neuron/nn"
)

// Vocabulary of byte language models.
const Vocabulary = 256

// Language is a byte language model.
type Language interface {
	// Architecture is its kind, bytelm-mlp for example.
	Architecture() string
	// Card describes it; its hash is computed anew from all parameters.
	Card() Card
	// Params are what training changes, in a fixed order.
	Params() []*nn.Param
	// Forward reads sequences of the given length, one after the other in ids, and
	// returns a row for each position: 256 logits for the byte that follows, and the
	// hidden state that they come from. On a tape that trains, dropout is on. The ids
	// must stay as they are until the tape's Backward.
	Forward(t *nn.Tape, ids []uint8, length int) (logits, hidden *nn.Tensor)
	// Longest is the longest sequence that Forward reads.
	Longest() int
	// Open starts to follow parallel sequences, byte by byte.
	Open(sequences int) Session
	// Blank is a model of the same size with parameters of its own, of any values. They
	// have neither gradients nor moments: it answers and cannot learn.
	Blank() Language
}

// Session follows parallel sequences: a byte costs one position, not a window. It is
// for one goroutine and must not outlive a change of the model's parameters. It only
// reads its model: several sessions of one model may run at the same time.
type Session interface {
	// Next takes one byte for each of the given sequences, all different, and returns
	// the logits for the bytes that follow, row by row; they are valid until the
	// tape's Reset. The tape must not be training.
	Next(t *nn.Tape, sequences []int32, bytes []uint8) *nn.Tensor
	// Restart forgets what a sequence has read.
	Restart(sequence int)
}

// architectures by name, with the sizes that stand in NewLanguage's place.
func architectures() map[string]func(seed uint64) Language {
	return map[string]func(seed uint64) Language{
		"bytelm-mlp": func(seed uint64) Language {
			return NewMLP(MLPConfig{Context: 16, Embedding: 24, Hidden: 544, Dropout: 0.2}, seed)
		},
		"bytelm-transformer": func(seed uint64) Language {
			return NewTransformer(TransformerConfig{Context: 128, Width: 128, Layers: 4, Heads: 4, Dropout: 0.1}, seed)
		},
	}
}

// NewLanguage makes a built-in model of the usual size; the seed decides its first
// parameters.
func NewLanguage(architecture string, seed uint64) (Language, error) {
	known := architectures()
	if build, ok := known[architecture]; ok {
		return build(seed), nil
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	sort.Strings(names)
	return nil, fmt.Errorf("no model is called %q; there are %s", architecture, strings.Join(names, ", "))
}

// initial fills parameters from one random source, in order.
type initial struct{ random *rand.Rand }

func newInitial(seed uint64) initial { return initial{rand.New(rand.NewPCG(seed, 0x5851f42d4c957f2d))} }

// matrix draws from a normal distribution of the given deviation.
func (s initial) matrix(name string, rows, cols int, deviation float64) *nn.Param {
	p := nn.NewParam(name, rows, cols, true)
	for i := range p.Data {
		p.Data[i] = float32(s.random.NormFloat64() * deviation)
	}
	return p
}

// weights keep the variance of rows inputs.
func (s initial) weights(name string, rows, cols int) *nn.Param {
	return s.matrix(name, rows, cols, 1/math.Sqrt(float64(rows)))
}

// kernels of a convolution keep the variance of their patches.
func (s initial) kernels(name string, channels, patch int) *nn.Param {
	return s.matrix(name, channels, patch, 1/math.Sqrt(float64(patch)))
}

// output weights are small: a model begins with answers that are about even.
func (s initial) output(name string, rows, cols int) *nn.Param {
	return s.matrix(name, rows, cols, 0.5/math.Sqrt(float64(rows)))
}

func gain(name string, cols int) *nn.Param {
	p := nn.NewParam(name, 1, cols, false)
	for i := range p.Data {
		p.Data[i] = 1
	}
	return p
}

func bias(name string, cols int) *nn.Param { return nn.NewParam(name, 1, cols, false) }

// checkSequences panics on ids that are not sequences of the given length: callers
// check what comes from outside.
func checkSequences(ids []uint8, length, most int) {
	if length < 1 || length > most || len(ids) == 0 || len(ids)%length != 0 {
		panic(fmt.Sprintf("model: %d bytes as sequences of %d, at most %d", len(ids), length, most))
	}
}
