package dendrite

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/taonet/taonet/neuron/synapse"
)

// method of the protocol.
type method int

const (
	describe method = iota
	forward
	follow
	backward
	seen
	generate
	methods
)

// String is the method's short name.
func (m method) String() string {
	return [...]string{"Describe", "Forward", "Follow", "Backward", "Seen", "Generate"}[m]
}

// full is the name that is signed and called.
func (m method) full() string {
	return "/" + synapse.SynapseService_ServiceDesc.ServiceName + "/" + m.String()
}

// Peer is a live axon. It is safe for concurrent use; once its record has changed it
// only fails with ErrGone.
type Peer struct {
	d        *Dendrite
	endpoint Endpoint
	// slots bound the calls under way; setup and describing are held by the one that
	// connects, and by the one that asks for the description.
	slots, setup, describing slots

	ctx    context.Context // ends with close
	cancel context.CancelFunc

	bytesIn, bytesOut atomic.Uint64
	streams           atomic.Int64

	mu          sync.Mutex
	link        *link
	addresses   []netip.Addr // nil before the look-up
	blocked     error        // not asked until the record changes
	circuit     circuit
	counts      counts
	latencies   [methods]latencies
	description *Description
	described   time.Time
}

func newPeer(d *Dendrite, e Endpoint) *Peer {
	p := &Peer{
		d: d, endpoint: e, slots: make(slots, d.cfg.PerPeer), setup: make(slots, 1), describing: make(slots, 1),
	}
	p.ctx, p.cancel = context.WithCancel(d.ctx)
	if err := e.Validate(d.cfg.AllowPrivate); err != nil {
		p.block(ReasonAddress, err)
	}
	return p
}

// UID of the neuron.
func (p *Peer) UID() uint32 { return p.endpoint.UID }

// Hotkey is its address.
func (p *Peer) Hotkey() string { return p.endpoint.Hotkey }

// Endpoint is its record.
func (p *Peer) Endpoint() Endpoint { return p.endpoint }

// Ready says that a call now would go out: no pause, no open circuit, nothing refused.
func (p *Peer) Ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctx.Err() == nil && p.blocked == nil && p.circuit.ready(p.d.deps.Now(), p.d.cfg.OpenAfter)
}

// close ends all calls. One that is connecting looks again before it keeps the
// connection.
func (p *Peer) close() {
	p.cancel()
	p.mu.Lock()
	l := p.link
	p.link = nil
	p.mu.Unlock()
	if l != nil {
		_ = l.Close() // it says only that it was closed before
	}
}

// block sees to it that the peer is not called until its record changes.
func (p *Peer) block(reason Reason, err error) {
	p.mu.Lock()
	first := p.blocked == nil
	if first {
		p.blocked = &fault{reason, err}
	}
	p.mu.Unlock()
	if first {
		p.d.deps.Log.Warn("a peer is not asked until its record changes", "uid", p.endpoint.UID, "host", p.endpoint.String(), "reason", err)
	}
}

// problem is an Error of this peer.
func (p *Peer) problem(m method, reason Reason, next time.Duration, err error) error {
	return &Error{UID: p.endpoint.UID, Host: p.endpoint.String(), Method: m.String(), Reason: reason, Next: next, Err: err}
}

// refuse is the Error of a call that does not go out for what is wrong with it.
func (p *Peer) refuse(m method, err error) error {
	return p.problem(m, ReasonLocal, 0, err)
}

// attempt is one exchange as it is being made.
type attempt struct {
	began   time.Time
	latency time.Duration // 0: until the end
	probe   bool
	limit   time.Duration
}

// call makes one exchange: it waits for a slot and for the circuit, connects, runs do
// within the time-out and judges what came of it. limit 0 is the peer's own time-out.
func (p *Peer) call(ctx context.Context, m method, limit time.Duration, do func(context.Context, *grpc.ClientConn, *attempt) error) error {
	leave, err := p.enter(ctx, m)
	if err != nil {
		return err
	}
	defer leave()
	probe, err := p.admit(m)
	if err != nil {
		return err
	}
	return p.run(ctx, m, &attempt{probe: probe, limit: limit}, func(limited context.Context, a *attempt) error {
		l, err := p.connection(limited)
		if err != nil {
			return err
		}
		defer p.release(l)
		return do(limited, l.ClientConn, a)
	})
}

// run is call with the slot and the circuit's consent there.
func (p *Peer) run(ctx context.Context, m method, a *attempt, do func(context.Context, *attempt) error) error {
	p.mu.Lock()
	p.counts.asked++
	if a.limit == 0 {
		a.limit = p.latencies[m].timeout(p.d.cfg.TimeoutFloor, p.d.cfg.TimeoutCeiling)
	}
	p.mu.Unlock()
	limited, cancel := context.WithTimeout(ctx, a.limit)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)() // a peer that is closed ends its calls
	a.began = p.d.deps.Now()
	return p.settle(ctx, m, a, do(limited, a))
}

// enter takes a slot of the peer and one of all.
func (p *Peer) enter(ctx context.Context, m method) (leave func(), err error) {
	err = p.slots.take(ctx)
	if err == nil {
		if err = p.d.slots.take(ctx); err != nil {
			p.slots.give()
		}
	}
	if err != nil {
		return nil, p.problem(m, ReasonAbandoned, 0, fmt.Errorf("not asked, other calls were still under way: %w", err))
	}
	return func() { p.d.slots.give(); p.slots.give() }, nil
}

// admit asks the circuit.
func (p *Peer) admit(m method) (probe bool, err error) {
	if p.ctx.Err() != nil {
		return false, p.problem(m, ReasonGone, 0, ErrGone)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := (*fault)(nil); errors.As(p.blocked, &f) {
		return false, p.problem(m, f.reason, 0, f.err)
	}
	probe, wait, why := p.circuit.admit(p.d.deps.Now(), p.d.cfg.OpenAfter, p.d.cfg.BackoffBase)
	if why != nil {
		return false, p.problem(m, ReasonWaiting, wait, why)
	}
	return probe, nil
}
