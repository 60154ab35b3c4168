package train

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/taonet/taonet/neuron/model"
)

// Dream lets a peer tell what it knows without any text of its domain: sequences are
// walked as in measuring, and each next byte is drawn from the answer about it. What
// comes back are sequences of length bytes that the peer finds likely; with the peer's
// own answers as the teacher they are training data (sequence-level distillation, Kim
// and Rush, 2016). A peer that answers badly is given no weight by the evidence, here
// as everywhere. All sequences begin with a newline, which is not part of them.
func Dream(ctx context.Context, network Network, peer uint32, sequences, length int, seed uint64) ([][]byte, error) {
	if sequences < 1 || length < 1 {
		return nil, fmt.Errorf("dreaming: %d sequences of %d bytes, need 1 or more", sequences, length)
	}
	stream, err := network.Follow(ctx, peer, sequences, nil)
	if err != nil {
		return nil, fmt.Errorf("dreaming: %w", err)
	}
	random := rand.New(rand.NewPCG(seed, uint64(peer)))
	column, dst := make([]byte, sequences), make([]float32, sequences*model.Vocabulary)
	texts := make([][]byte, sequences)
	for i := range column {
		column[i] = '\n'
		texts[i] = make([]byte, 0, length)
	}
	for at := range length {
		if err := stream.Next(ctx, column, at == 0, dst); err != nil {
			_ = stream.Close() // the failure is known already
			return nil, fmt.Errorf("dreaming: %w", err)
		}
		for i := range column {
			column[i] = draw(dst[i*model.Vocabulary:(i+1)*model.Vocabulary], random.Float32())
			texts[i] = append(texts[i], column[i])
		}
	}
	return texts, stream.Close()
}

// draw is the class at a point 0..1 of a distribution.
func draw(p []float32, point float32) byte {
	for class, share := range p {
		if point -= share; point < 0 {
			return byte(class)
		}
	}
	best := 0 // rounding left a rest: the likeliest
	for class, share := range p {
		if share > p[best] {
			best = class
		}
	}
	return byte(best)
}
