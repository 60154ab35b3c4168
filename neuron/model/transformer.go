package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/taonet/taonet/neuron/nn"
)

// TransformerConfig is the size of a bytelm-transformer.
type TransformerConfig struct {
	// Context is the longest sequence, Width that of a position, a multiple of Heads.
	Context, Width, Layers, Heads int
	// Dropout of what each block adds while training, 0 up to 1.
	Dropout float32
}

// Transformer predicts a byte from up to Context before it.
type Transformer struct {
	config               TransformerConfig
	embedding, positions *nn.Param
	blocks               []block
	gain, bias           *nn.Param
}

// block is attention and a layer of four times the width, each added to its input.
type block struct {
	gain1, bias1, qkv, qkvBias, project, projectBias *nn.Param
	gain2, bias2, up, upBias, down, downBias         *nn.Param
}

// NewTransformer returns a model with random parameters.
func NewTransformer(c TransformerConfig, seed uint64) *Transformer {
	s := newInitial(seed)
	m := &Transformer{
		config:    c,
		embedding: s.matrix("embedding", Vocabulary, c.Width, 0.05), positions: s.matrix("positions", c.Context, c.Width, 0.02),
		gain: gain("norm.weight", c.Width), bias: bias("norm.bias", c.Width),
	}
	w := c.Width
	residual := 1 / math.Sqrt(float64(2*c.Layers)) // so that the sum of all blocks has variance 1
	for i := range c.Layers {
		name := func(part string) string { return fmt.Sprintf("blocks.%d.%s", i, part) }
		m.blocks = append(m.blocks, block{
			gain1: gain(name("norm1.weight"), w), bias1: bias(name("norm1.bias"), w),
			qkv: s.weights(name("qkv.weight"), w, 3*w), qkvBias: bias(name("qkv.bias"), 3*w),
			project:     s.matrix(name("project.weight"), w, w, residual/math.Sqrt(float64(w))),
			projectBias: bias(name("project.bias"), w),
			gain2:       gain(name("norm2.weight"), w), bias2: bias(name("norm2.bias"), w),
			up: s.weights(name("up.weight"), w, 4*w), upBias: bias(name("up.bias"), 4*w),
			down:     s.matrix(name("down.weight"), 4*w, w, residual/math.Sqrt(float64(4*w))),
			downBias: bias(name("down.bias"), w),
		})
	}
	return m
}

// Card implements Language.
func (m *Transformer) Card() Card { return cardOf(m, m.config.Context, m.config.Width) }

// Architecture implements Language.
func (m *Transformer) Architecture() string { return "bytelm-transformer" }

// Params implements Language.
func (m *Transformer) Params() []*nn.Param {
	all := []*nn.Param{m.embedding, m.positions, m.gain, m.bias}
	for _, b := range m.blocks {
		all = append(all, b.gain1, b.bias1, b.qkv, b.qkvBias, b.project, b.projectBias,
			b.gain2, b.bias2, b.up, b.upBias, b.down, b.downBias)
	}
	return all
}

// Forward implements Language; sequences have at most Context bytes.
func (m *Transformer) Forward(t *nn.Tape, ids []uint8, length int) (logits, hidden *nn.Tensor) {
	checkSequences(ids, length, m.config.Context)
	positions := &m.positions.Tensor
	if length < m.config.Context {
		positions = t.Head(positions, length)
	}
	x := t.AddRows(t.Embed(&m.embedding.Tensor, ids), positions)
	return m.predict(t, x, func(_ int, qkv *nn.Tensor) *nn.Tensor { return t.Attention(qkv, length, m.config.Heads) })
}

// predict runs the blocks; attend is what attention is, in layer i. Where attend
// returns nil, nothing above it is wanted.
func (m *Transformer) predict(t *nn.Tape, x *nn.Tensor, attend func(i int, qkv *nn.Tensor) *nn.Tensor) (logits, hidden *nn.Tensor) {
	linear := func(x *nn.Tensor, w, b *nn.Param) *nn.Tensor { return t.Linear(x, &w.Tensor, &b.Tensor) }
	for i, b := range m.blocks {
		h := t.LayerNorm(x, &b.gain1.Tensor, &b.bias1.Tensor)
		h = attend(i, linear(h, b.qkv, b.qkvBias))
		if h == nil {
			return nil, nil
		}
		x = t.Residual(x, linear(h, b.project, b.projectBias), m.config.Dropout)
		h = t.LayerNorm(x, &b.gain2.Tensor, &b.bias2.Tensor)
		h = linear(t.GELU(linear(h, b.up, b.upBias)), b.down, b.downBias)
		x = t.Residual(x, h, m.config.Dropout)
	}
	hidden = t.LayerNorm(x, &m.gain.Tensor, &m.bias.Tensor)
	return t.MatMulTransposed(hidden, &m.embedding.Tensor), hidden
}

// Open implements Language. A sequence longer than the context goes on from its last
// quarter: three quarters of the positions cost one position each, and every
// prediction has a quarter of the context or more, as far as the sequence reaches.
func (m *Transformer) Open(sequences int) Session {
	s := &transformerSession{model: m, tails: make([][]uint8, sequences)}
	for range m.blocks {
		s.memories = append(s.memories, nn.NewMemory(sequences, m.config.Context, m.config.Width))
	}
	return s
}

type transformerSession struct {
	model    *Transformer
	memories []*nn.Memory
	// tails are the bytes in memory, sequence by sequence.
	tails [][]uint8
	at    []int32
	full  []int32
	bytes []uint8
}

// Restart implements Session.
func (s *transformerSession) Restart(sequence int) { s.tails[sequence] = s.tails[sequence][:0] }

// Next implements Session.
func (s *transformerSession) Next(t *nn.Tape, sequences []int32, bytes []uint8) *nn.Tensor {
	s.shift(t, sequences)
	return s.step(t, sequences, bytes)
}

// together is how many sequences make room at once: the passes stay small.
const together = 16

// shift makes room in the sequences whose memory is full.
func (s *transformerSession) shift(t *nn.Tape, sequences []int32) {
	s.full = s.full[:0]
	for _, sequence := range sequences {
		if len(s.tails[sequence]) == s.model.config.Context {
			s.full = append(s.full, sequence)
		}
	}
	for some := range slices.Chunk(s.full, together) {
		t.Aside(func() { s.remember(t, some) })
	}
}

// remember begins sequences anew with the last quarter of what they have read.
func (s *transformerSession) remember(t *nn.Tape, sequences []int32) {
	c := s.model.config
	kept := c.Context / 4
	if kept == 0 {
		for _, sequence := range sequences {
			s.Restart(int(sequence))
		}
		return
	}
	s.bytes = s.bytes[:0]
	for _, sequence := range sequences {
		tail := s.tails[sequence]
		s.bytes = append(s.bytes, tail[len(tail)-kept:]...)
		s.tails[sequence] = append(tail[:0], tail[len(tail)-kept:]...)
	}
	x := t.AddRows(t.Embed(&s.model.embedding.Tensor, s.bytes), t.Head(&s.model.positions.Tensor, kept))
	s.model.predict(t, x, func(i int, qkv *nn.Tensor) *nn.Tensor {
		if i+1 < c.Layers {
			return t.AttendFirst(s.memories[i], qkv, sequences, kept, c.Heads)
		}
		s.memories[i].Keep(qkv, sequences, kept, c.Heads)
		return nil
	})
}

// step adds one byte to sequences that have room.
func (s *transformerSession) step(t *nn.Tape, sequences []int32, bytes []uint8) *nn.Tensor {
	s.at = s.at[:0]
	x := t.Embed(&s.model.embedding.Tensor, bytes)
	for i, sequence := range sequences {
		position := len(s.tails[sequence])
		s.at = append(s.at, int32(position))
		s.tails[sequence] = append(s.tails[sequence], bytes[i])
		row := x.Row(i)
		for j, v := range s.model.positions.Row(position) {
			row[j] += v
		}
	}
	logits, _ := s.model.predict(t, x, func(i int, qkv *nn.Tensor) *nn.Tensor {
		return t.Attend(s.memories[i], qkv, sequences, s.at, s.model.config.Heads)
	})
	return logits
}
