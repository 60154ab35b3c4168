package train

import (
	"context"

	"github.com/taonet/taonet/neuron/model"
)

// Network is who can be asked. It is safe for concurrent use.
type Network interface {
	// Live are the peers that may answer now, ascending by UID, without this neuron.
	Live() []uint32
	// Forward asks peers for one batch at once and returns when enough have answered,
	// or when no more will. It never fails: who did not answer is missing.
	Forward(ctx context.Context, peers []uint32, in model.Input) Answers
	// Follow opens a stream to a peer. contexts are what each sequence has read
	// already, all of one length; nil when they begin.
	Follow(ctx context.Context, peer uint32, sequences int, contexts [][]byte) (Stream, error)
}

// Answers is what came back for a batch.
type Answers struct {
	// Rows[i] holds rows x classes probabilities of the i-th peer that was asked, nil
	// when it did not answer.
	Rows [][]float32
	// Release gives the buffers back; nil when there is nothing to give.
	Release func()
}

func (a Answers) release() {
	if a.Release != nil {
		a.Release()
	}
}

// Stream walks sequences at a peer. It is for one goroutine.
type Stream interface {
	// Next tells one byte of each of the first len(bytes) sequences and writes the
	// distributions of those that follow to dst, len(bytes) x 256. With restart all
	// sequences begin anew with these bytes.
	Next(ctx context.Context, bytes []byte, restart bool, dst []float32) error
	Close() error
}

// Alone is a network without peers.
type Alone struct{}

// Live implements Network.
func (Alone) Live() []uint32 { return nil }

// Forward implements Network.
func (Alone) Forward(_ context.Context, peers []uint32, _ model.Input) Answers {
	return Answers{Rows: make([][]float32, len(peers))}
}

// Follow implements Network.
func (Alone) Follow(context.Context, uint32, int, [][]byte) (Stream, error) {
	return nil, model.ErrUnsupported
}
