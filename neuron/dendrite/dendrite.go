package dendrite

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/status"
)

// Dendrite asks peers. It is safe for concurrent use.
type Dendrite struct {
	cfg  Config
	deps Deps
	// slots bound the calls under way.
	slots slots
	// scratch holds *[]float32: where an answer is decoded before it is handed over.
	scratch sync.Pool

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu    sync.RWMutex
	peers map[uint32]*Peer
}

// New makes a Dendrite without peers. Config.Validate says what is wrong with a cfg; a
// negative number is taken for the default here.
func New(cfg Config, deps Deps) *Dendrite {
	cfg = cfg.withDefaults()
	d := &Dendrite{cfg: cfg, deps: deps.withDefaults(), slots: make(slots, cfg.Concurrency), peers: map[uint32]*Peer{}}
	d.scratch.New = func() any { return new([]float32) }
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// SetPeers takes the metagraph's live axons. A Peer whose record did not change stays
// as it is, with its connection and its statistics; the others are closed, and their
// calls under way fail with ErrGone. This neuron's own record is passed over; of two
// with one uid the last counts.
func (d *Dendrite) SetPeers(endpoints []Endpoint) {
	d.mu.Lock()
	old := d.peers
	d.peers = make(map[uint32]*Peer, len(endpoints))
	for _, e := range endpoints {
		switch p := old[e.UID]; {
		case d.ctx.Err() != nil || e.Hotkey == d.deps.Signer.Address():
		case p != nil && p.endpoint == e:
			d.peers[e.UID] = p
		default:
			d.peers[e.UID] = newPeer(d, e)
		}
	}
	var gone []*Peer
	for uid, p := range old {
		if d.peers[uid] != p {
			gone = append(gone, p)
		}
	}
	d.mu.Unlock()
	for _, p := range gone {
		p.close()
	}
}

// Close closes all peers. Calls under way end; later ones fail with ErrGone.
func (d *Dendrite) Close() {
	d.cancel()
	d.SetPeers(nil)
}

// Peers are those of the last SetPeers, ascending by UID.
func (d *Dendrite) Peers() []*Peer {
	d.mu.RLock()
	defer d.mu.RUnlock()
	peers := make([]*Peer, 0, len(d.peers))
	for _, uid := range slices.Sorted(maps.Keys(d.peers)) {
		peers = append(peers, d.peers[uid])
	}
	return peers
}

// Peer with that uid, if there is one.
func (d *Dendrite) Peer(uid uint32) (*Peer, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	p, ok := d.peers[uid]
	return p, ok
}

// Stats of all peers, ascending by UID.
func (d *Dendrite) Stats() []Stats {
	peers := d.Peers()
	stats := make([]Stats, len(peers))
	for i, p := range peers {
		stats[i] = p.Stats()
	}
	return stats
}

func (d *Dendrite) pause(failures int) time.Duration {
	return pauseAfter(failures, d.cfg.BackoffBase, d.cfg.BackoffCeiling, rand.Float64())
}

// floats lends a buffer until the function that comes with it is called.
func (d *Dendrite) floats() (*[]float32, func()) {
	b := d.scratch.Get().(*[]float32)
	return b, func() { d.scratch.Put(b) }
}

// slots bound how many hold one at a time.
type slots chan struct{}

// take waits for a slot, at most until ctx ends.
func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s slots) give() { <-s }

// statusText is what a server says in an error; it may be anything.
func statusText(err error) string { return shortened(status.Convert(err).Message()) }
