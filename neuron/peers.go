package neuron

import (
	"context"
	"sync"
	"time"

	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/train"
)

// peers are the other neurons by way of the dendrite. It implements train.Network and
// train.Witness.
type peers struct {
	dendrite *dendrite.Dendrite
	// deadline of one batch; enough is the part of the peers that is waited for.
	deadline time.Duration
	enough   float64
	classes  int
	buffers  sync.Pool // *[]float32
}

func newPeers(d *dendrite.Dendrite, deadline time.Duration, classes int) *peers {
	p := &peers{dendrite: d, deadline: deadline, enough: 0.75, classes: classes}
	p.buffers.New = func() any { return new([]float32) }
	return p
}

// Live implements train.Network.
func (p *peers) Live() []uint32 {
	var live []uint32
	for _, peer := range p.dendrite.Peers() {
		if peer.Ready() {
			live = append(live, peer.UID())
		}
	}
	return live
}

// Forward implements train.Network.
func (p *peers) Forward(ctx context.Context, uids []uint32, in model.Input) train.Answers {
	ctx, cancel := context.WithTimeout(ctx, p.deadline)
	defer cancel()
	index := make(map[uint32]int, len(uids))
	buffers := make([]*[]float32, len(uids))
	for i, uid := range uids {
		index[uid] = i
		buffers[i] = p.buffers.Get().(*[]float32)
		*buffers[i] = sized(*buffers[i], in.Rows()*p.classes)
	}
	errs := p.dendrite.Ask(ctx, uids, int(p.enough*float64(len(uids))+0.5), func(ctx context.Context, peer *dendrite.Peer) error {
		return peer.Forward(ctx, in, *buffers[index[peer.UID()]])
	})
	rows := make([][]float32, len(uids))
	for i, err := range errs {
		if err == nil {
			rows[i] = *buffers[i]
		}
	}
	return train.Answers{Rows: rows, Release: func() {
		for _, b := range buffers {
			p.buffers.Put(b)
		}
	}}
}

// Follow implements train.Network. Of each context a peer is told what its model can
// look back on: the rest would be work for nothing, and more than it takes at once.
func (p *peers) Follow(ctx context.Context, uid uint32, sequences int, contexts [][]byte) (train.Stream, error) {
	peer, ok := p.dendrite.Peer(uid)
	if !ok {
		return nil, dendrite.ErrGone
	}
	if len(contexts) > 0 {
		d, err := peer.Describe(ctx)
		if err != nil {
			return nil, err
		}
		contexts = tails(contexts, d.Card.Context, d.Limits.Rows)
	}
	s, err := peer.Follow(ctx, sequences, contexts...)
	if err != nil {
		return nil, err
	}
	return followed{s}, nil
}

// tails are the last bytes of contexts, of one length: as many as a model looks back on
// and as fit into a request of so many rows. 0 is no bound.
func tails(contexts [][]byte, window, rows int) [][]byte {
	length := len(contexts[0])
	if window > 0 {
		length = min(length, window)
	}
	if rows > 0 {
		length = min(length, rows/len(contexts))
	}
	if length == 0 {
		return nil
	}
	cut := make([][]byte, len(contexts))
	for i, c := range contexts {
		cut[i] = c[len(c)-length:]
	}
	return cut
}

// Seen implements train.Witness.
func (p *peers) Seen(ctx context.Context, uid uint32, samples []score.Hash) ([]bool, error) {
	peer, ok := p.dendrite.Peer(uid)
	if !ok {
		return nil, dendrite.ErrGone
	}
	hashes := make([][32]byte, len(samples))
	for i, s := range samples {
		hashes[i] = s
	}
	ctx, cancel := context.WithTimeout(ctx, p.deadline)
	defer cancel()
	receipt, err := peer.Seen(ctx, hashes)
	if err != nil {
		return nil, err
	}
	return receipt.Seen, nil
}

// followed is a dendrite's stream as a train.Stream.
type followed struct{ *dendrite.Stream }

// Next implements train.Stream.
func (s followed) Next(ctx context.Context, bytes []byte, restart bool, dst []float32) error {
	if restart {
		s.Restart()
	}
	return s.Stream.Next(ctx, bytes, dst)
}

func sized(buffer []float32, size int) []float32 {
	if cap(buffer) < size {
		return make([]float32, size)
	}
	return buffer[:size]
}
