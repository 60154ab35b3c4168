package arena

import (
	"context"
	"errors"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/train"
)

// relayed passes every request on to one peer.
type relayed struct {
	model.Expert
	network train.Network
	to      func() uint32
}

var errNobody = errors.New("arena: the one to pass it on to does not answer")

// Forward implements model.Expert.
func (r relayed) Forward(ctx context.Context, in model.Input, dst []float32) error {
	a := r.network.Forward(ctx, []uint32{r.to()}, in)
	if a.Release != nil {
		defer a.Release()
	}
	if a.Rows[0] == nil {
		return errNobody
	}
	copy(dst, a.Rows[0])
	return nil
}

// Follow implements model.Expert.
func (r relayed) Follow(sequences int) (model.Follower, error) {
	return &relayedFollower{relayed: r, sequences: sequences, read: make([][]byte, sequences)}, nil
}

// relayedFollower passes a walk on: as a stream, or, since a neuron opens only a few
// streams for one caller and many ask the relay, as windows of what was read.
type relayedFollower struct {
	relayed
	sequences int
	read      [][]byte // the last bytes of each sequence
	stream    train.Stream
	refused   bool
	restart   bool
}

// window is as far as a bytelm-mlp looks back.
const window = 16

// Next implements model.Follower.
func (f *relayedFollower) Next(ctx context.Context, bytes []byte, dst []float32) error {
	for s, b := range bytes {
		if f.read[s] = append(f.read[s], b); len(f.read[s]) > window {
			f.read[s] = f.read[s][1:]
		}
	}
	if f.stream == nil && !f.refused {
		if f.stream, _ = f.network.Follow(ctx, f.to(), f.sequences, nil); f.stream == nil {
			f.refused = true
		}
	}
	if f.stream == nil {
		return f.windows(ctx, len(bytes), dst)
	}
	restart := f.restart
	f.restart = false
	return f.stream.Next(ctx, bytes, restart, dst)
}

// windows asks for what follows the last bytes of the first n sequences.
func (f *relayedFollower) windows(ctx context.Context, n int, dst []float32) error {
	in := model.Input{Count: n, Length: len(f.read[0])}
	for _, read := range f.read[:n] {
		if len(read) != in.Length {
			return errNobody // they are not in step
		}
		in.Tokens = append(in.Tokens, read...)
	}
	all := make([]float32, in.Rows()*model.Vocabulary)
	if err := f.Forward(ctx, in, all); err != nil {
		return err
	}
	for s := range n {
		copy(dst[s*model.Vocabulary:(s+1)*model.Vocabulary], all[((s+1)*in.Length-1)*model.Vocabulary:])
	}
	return nil
}

// Restart implements model.Follower.
func (f *relayedFollower) Restart() {
	f.restart = true
	for s := range f.read {
		f.read[s] = f.read[s][:0]
	}
}

// Close implements model.Follower.
func (f *relayedFollower) Close() error {
	if f.stream == nil {
		return nil
	}
	return f.stream.Close()
}
