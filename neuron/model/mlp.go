package model

import (
	"math"

	"github.com/taonet/taonet/neuron/nn"
)

// MLPConfig is the size of a bytelm-mlp.
type MLPConfig struct {
	// Context is how many bytes it sees, Embedding the width of each, Hidden that of
	// the layer above.
	Context, Embedding, Hidden int
	// Dropout of the hidden layer while training, 0 up to 1.
	Dropout float32
}

// MLP predicts a byte from the last few.
type MLP struct {
	config                          MLPConfig
	embedding, in, inBias, out, end *nn.Param
	windows                         []uint8
}

// NewMLP returns a model with random parameters.
func NewMLP(c MLPConfig, seed uint64) *MLP {
	s := newInitial(seed)
	return &MLP{
		config:    c,
		embedding: s.matrix("embedding", Vocabulary, c.Embedding, 1),
		in:        s.weights("in.weight", c.Context*c.Embedding, c.Hidden), inBias: bias("in.bias", c.Hidden),
		out: s.matrix("out.weight", c.Hidden, Vocabulary, 0.5/math.Sqrt(float64(c.Hidden))), end: bias("out.bias", Vocabulary),
	}
}

// Card implements Language.
func (m *MLP) Card() Card { return cardOf(m, m.config.Context, m.config.Hidden) }

// Architecture implements Language.
func (m *MLP) Architecture() string { return "bytelm-mlp" }

// Params implements Language.
func (m *MLP) Params() []*nn.Param { return []*nn.Param{m.embedding, m.in, m.inBias, m.out, m.end} }

// Forward implements Language. What lies before a sequence is zero bytes.
func (m *MLP) Forward(t *nn.Tape, ids []uint8, length int) (logits, hidden *nn.Tensor) {
	checkSequences(ids, length, math.MaxInt)
	context := m.config.Context
	if need := len(ids) * context; cap(m.windows) < need {
		m.windows = make([]uint8, need)
	}
	windows := m.windows[:len(ids)*context]
	for i := range ids {
		w := windows[i*context:][:context]
		seen := min(i%length+1, context)
		clear(w[:context-seen])
		copy(w[context-seen:], ids[i+1-seen:i+1])
	}
	return m.predict(t, windows)
}

// predict reads windows of Context bytes.
func (m *MLP) predict(t *nn.Tape, windows []uint8) (logits, hidden *nn.Tensor) {
	x := t.Embed(&m.embedding.Tensor, windows)
	x = t.Reshape(x, len(windows)/m.config.Context, m.config.Context*m.config.Embedding)
	x = t.GELU(t.Linear(x, &m.in.Tensor, &m.inBias.Tensor))
	hidden = t.Dropout(x, m.config.Dropout)
	return t.Linear(hidden, &m.out.Tensor, &m.end.Tensor), hidden
}

// Open implements Language.
func (m *MLP) Open(sequences int) Session {
	return &mlpSession{model: m, windows: make([]uint8, sequences*m.config.Context)}
}

type mlpSession struct {
	model   *MLP
	windows []uint8
	batch   []uint8
}

func (s *mlpSession) window(sequence int) []uint8 {
	context := s.model.config.Context
	return s.windows[sequence*context:][:context]
}

// Restart implements Session.
func (s *mlpSession) Restart(sequence int) { clear(s.window(sequence)) }

// Next implements Session.
func (s *mlpSession) Next(t *nn.Tape, sequences []int32, bytes []uint8) *nn.Tensor {
	s.batch = s.batch[:0]
	for i, sequence := range sequences {
		w := s.window(int(sequence))
		copy(w, w[1:])
		w[len(w)-1] = bytes[i]
		s.batch = append(s.batch, w...)
	}
	logits, _ := s.model.predict(t, s.batch)
	return logits
}
