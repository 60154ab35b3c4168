package dendrite

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Ask makes a call to each of some peers at once and returns when k have answered and
// a grace has passed, Config.Grace of the time that it took; or when all have ended; or
// when ctx has. Entry i of what it returns is nil if peers[i] answered, that is if call
// returned nil in time, and says why not otherwise: ErrEnough for one that was no
// longer waited for. k below 1 is 1, above the number of peers all.
//
// call gets a context that ends when Ask returns. A call that is late keeps running
// until it notices, but the methods of Peer and Stream write nothing to their dst
// after Ask has returned, and a Stream that was opened for a call which did not answer
// is closed. Whatever else call writes must be its own until Ask says that it answered.
func (d *Dendrite) Ask(ctx context.Context, peers []uint32, k int, call func(context.Context, *Peer) error) []error {
	ctx, cancel := context.WithCancelCause(ctx)
	n := len(peers)
	a := &ask{
		ctx: ctx, began: time.Now(), k: min(max(k, 1), n), grace: max(d.cfg.Grace, 0), pending: n,
		calls: make([]asked, n), results: make(chan result, n),
	}
	for i, uid := range peers {
		p, ok := d.Peer(uid)
		a.calls[i] = asked{uid: uid, peer: p}
		if !ok {
			a.results <- result{i, a.problem(i, ReasonGone, ErrGone)}
			continue
		}
		go func() {
			a.results <- result{i, call(context.WithValue(ctx, handoverKey{}, &a.calls[i].handover), p)}
		}()
	}
	a.collect()
	cancel(ErrEnough)
	return a.finish()
}

// ask is one Ask.
type ask struct {
	ctx               context.Context
	began             time.Time
	k                 int
	answered, pending int
	grace             float64
	calls             []asked
	results           chan result
}

// asked is one of its calls.
type asked struct {
	uid      uint32
	peer     *Peer // nil when there is none
	handover handover
	ended    bool
	err      error
}

type result struct {
	i   int
	err error
}

// collect takes results until nothing more is to be waited for.
func (a *ask) collect() {
	var enough <-chan time.Time
	for a.pending > 0 {
		select {
		case r := <-a.results:
			a.take(r)
		case <-enough:
			return
		case <-a.ctx.Done():
			return
		}
		if a.answered >= a.k && enough == nil {
			enough = time.After(time.Duration(a.grace * float64(time.Since(a.began))))
		}
	}
}

func (a *ask) take(r result) {
	c := &a.calls[r.i]
	c.ended, c.err = true, r.err
	a.pending--
	if r.err == nil {
		a.answered++
		return
	}
	c.handover.close()
}

// finish takes what has come meanwhile, closes the door to what has not, and says how
// each call ended.
func (a *ask) finish() []error {
	for came := true; came; {
		select {
		case r := <-a.results:
			a.take(r)
		default:
			came = false
		}
	}
	outcomes := make([]error, len(a.calls))
	for i := range a.calls {
		c := &a.calls[i]
		if !c.ended {
			c.handover.close()
			c.err = a.problem(i, ReasonAbandoned, fmt.Errorf("no longer waited for: %w", context.Cause(a.ctx)))
		}
		outcomes[i] = c.err
	}
	return outcomes
}

func (a *ask) problem(i int, reason Reason, err error) error {
	c := &a.calls[i]
	host := "no record"
	if c.peer != nil {
		host = c.peer.endpoint.String()
	}
	return &Error{UID: c.uid, Host: host, Method: "Ask", Reason: reason, Err: err}
}

// handover is the door through which the answers of one call of an Ask reach the
// caller's memory. It is in the call's context.
type handover struct {
	mu      sync.Mutex
	closed  bool
	streams []*Stream
}

type handoverKey struct{}

func (h *handover) close() {
	h.mu.Lock()
	h.closed = true
	streams := h.streams
	h.streams = nil
	h.mu.Unlock()
	for _, s := range streams {
		_ = s.Close() // always nil
	}
}

// deliver runs write unless the Ask that ctx belongs to has returned.
func (p *Peer) deliver(ctx context.Context, m method, write func()) error {
	h, ok := ctx.Value(handoverKey{}).(*handover)
	if !ok {
		write()
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return p.problem(m, ReasonAbandoned, 0, fmt.Errorf("it answered too late: %w", ErrEnough))
	}
	write()
	return nil
}

// register makes an Ask close a stream whose call does not answer.
func (p *Peer) register(ctx context.Context, s *Stream) error {
	return p.deliver(ctx, follow, func() {
		if h, ok := ctx.Value(handoverKey{}).(*handover); ok {
			h.streams = append(h.streams, s)
		}
	})
}
