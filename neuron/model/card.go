package model

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/taonet/taonet/neuron/nn"
)

// Card says what a model is.
type Card struct {
	Modality Modality
	// Architecture is its kind, bytelm-mlp for example.
	Architecture string
	// Classes that it chooses among; 1 for a regression.
	Classes int
	// Regression: its answer is a value, no distribution.
	Regression bool
	// Shape of one example of images and tensors, the last dimension running fastest.
	Shape []int
	// Context is the number of positions that it can look back on; 0 where there are none.
	Context int
	// Width of its hidden state, 0 when it does not give it.
	Width int
	// Parameters in all.
	Parameters int
	// Hash is that of the parameters: two models with one hash answer alike on the
	// same kind of CPU.
	Hash [sha256.Size]byte
	// Follows and Generates say that Expert's methods of these names are there.
	Follows, Generates bool
}

// cardOf describes a byte language model.
func cardOf(m Language, context, width int) Card {
	params := m.Params()
	return Card{
		Modality: Text, Architecture: m.Architecture(), Classes: Vocabulary, Context: context, Width: width,
		Parameters: size(params), Hash: hash(params), Follows: true, Generates: true,
	}
}

// hash covers names, shapes and values of all parameters.
func hash(params []*nn.Param) (sum [sha256.Size]byte) {
	const block = 1 << 12
	h, b := sha256.New(), make([]byte, 0, block)
	for _, p := range params {
		b = binary.LittleEndian.AppendUint32(append(b[:0], p.Name...), uint32(p.Rows))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Cols))
		for _, v := range p.Data {
			if len(b)+valueBytes > block {
				h.Write(b)
				b = b[:0]
			}
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		h.Write(b)
	}
	h.Sum(sum[:0])
	return sum
}

// size is the number of values of all parameters.
func size(params []*nn.Param) (n int) {
	for _, p := range params {
		n += len(p.Data)
	}
	return n
}
