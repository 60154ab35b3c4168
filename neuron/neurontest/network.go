// Package neurontest is a network of neurons in one process: peers that answer
// without a wire, with the faults and delays that a test asks for.
package neurontest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/train"
)

// ErrFault is the failure that was asked for.
var ErrFault = errors.New("neurontest: this call was made to fail")

// Peer is one neuron as the others see it.
type Peer struct {
	UID    uint32
	Expert model.Expert
	// Fails is the part of calls that fail, 0..1, and Delay how long each takes
	// besides the work, spent waiting and not computing.
	Fails float64
	Delay time.Duration
	// Witness says whether it claims to have seen a sample; nil never does.
	Witness func(score.Hash) bool
}

// Network is the peers of one neuron. It implements train.Network and train.Witness.
type Network struct {
	mu     sync.Mutex
	peers  []Peer // ascending by UID
	random *rand.Rand
	asked  int // rows that were computed
}

// NewNetwork of some peers; the seed decides which calls fail.
func NewNetwork(seed uint64, peers ...Peer) *Network {
	n := &Network{random: rand.New(rand.NewPCG(seed, 1))}
	n.Set(peers...)
	return n
}

// Set makes these the peers.
func (n *Network) Set(peers ...Peer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.peers = slices.Clone(peers)
	slices.SortFunc(n.peers, func(a, b Peer) int { return cmp.Compare(a.UID, b.UID) })
}

// Rows that peers have computed so far.
func (n *Network) Rows() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// Live implements train.Network.
func (n *Network) Live() []uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	uids := make([]uint32, len(n.peers))
	for i, p := range n.peers {
		uids[i] = p.UID
	}
	return uids
}

// call draws whether a call fails, and counts its rows.
func (n *Network) call(uid uint32, rows int) (Peer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, ok := slices.BinarySearchFunc(n.peers, uid, func(p Peer, uid uint32) int { return cmp.Compare(p.UID, uid) })
	if !ok {
		return Peer{}, fmt.Errorf("neurontest: there is no peer %d", uid)
	}
	p := n.peers[i]
	if p.Fails > 0 && n.random.Float64() < p.Fails {
		return p, ErrFault
	}
	n.asked += rows
	return p, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Forward implements train.Network. All peers wait side by side and compute one after
// the other.
func (n *Network) Forward(ctx context.Context, peers []uint32, in model.Input) train.Answers {
	rows := make([][]float32, len(peers))
	var waiting sync.WaitGroup
	for i, uid := range peers {
		p, err := n.call(uid, in.Rows())
		if err != nil {
			continue
		}
		waiting.Go(func() {
			if wait(ctx, p.Delay) != nil {
				return
			}
			answer := make([]float32, in.Rows()*p.Expert.Card().Classes)
			if p.Expert.Forward(ctx, in, answer) == nil {
				rows[i] = answer
			}
		})
	}
	waiting.Wait()
	return train.Answers{Rows: rows}
}

// Follow implements train.Network.
func (n *Network) Follow(ctx context.Context, uid uint32, sequences int, contexts [][]byte) (train.Stream, error) {
	p, err := n.call(uid, 0)
	if err != nil {
		return nil, err
	}
	follower, err := p.Expert.Follow(sequences)
	if err != nil {
		return nil, err
	}
	s := &stream{network: n, uid: uid, follower: follower}
	if len(contexts) == 0 {
		return s, nil
	}
	column, dst := make([]byte, len(contexts)), make([]float32, len(contexts)*model.Vocabulary)
	for at := range contexts[0] {
		for i, c := range contexts {
			column[i] = c[at]
		}
		if err := follower.Next(ctx, column, dst); err != nil {
			return nil, errors.Join(err, follower.Close())
		}
	}
	return s, nil
}

// Seen implements train.Witness.
func (n *Network) Seen(ctx context.Context, uid uint32, samples []score.Hash) ([]bool, error) {
	p, err := n.call(uid, 0)
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, p.Delay); err != nil {
		return nil, err
	}
	seen := make([]bool, len(samples))
	for i, sample := range samples {
		seen[i] = p.Witness != nil && p.Witness(sample)
	}
	return seen, nil
}

type stream struct {
	network  *Network
	uid      uint32
	follower model.Follower
}

// Next implements train.Stream.
func (s *stream) Next(ctx context.Context, bytes []byte, restart bool, dst []float32) error {
	p, err := s.network.call(s.uid, len(bytes))
	if err != nil {
		return err
	}
	if err := wait(ctx, p.Delay); err != nil {
		return err
	}
	if restart {
		s.follower.Restart()
	}
	return s.follower.Next(ctx, bytes, dst)
}

// Close implements train.Stream.
func (s *stream) Close() error { return s.follower.Close() }
