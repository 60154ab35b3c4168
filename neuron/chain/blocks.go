package chain

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// firstPoll is how often the height is asked for while nothing is known of the pace.
	firstPoll = 500 * time.Millisecond
	// fastest and slowest bound how often the height is asked for.
	fastest = 100 * time.Millisecond
	slowest = 3 * time.Second
	// longestBackoff is how long a node that does not answer is left alone.
	longestBackoff = 5 * time.Second
	// standstill is after how many usual block times without a block, but leastStandstill
	// at least, a node counts as lagging.
	standstill      = 10
	leastStandstill = 15 * time.Second
)

// Block is a height that was reached.
type Block struct {
	Height uint64
	// Time of the block, by the clocks of the validators.
	Time time.Time
}

// Blocks tells new heights in ascending order, each once. Whoever reads late gets the
// newest: heights in between are left out. A node that is away, starts again, lags or
// shows an older height is waited for, and Config.Trouble hears of it. The channel closes
// when ctx ends or every node is of another chain; then why says so.
func (c *Client) Blocks(ctx context.Context) (blocks <-chan Block, why func() error) {
	out := make(chan Block)
	w := &watch{client: c, out: out, poll: firstPoll}
	go func() {
		defer close(out)
		w.err = w.run(ctx)
	}()
	return out, func() error { return w.err }
}

// watch is one run of Blocks.
type watch struct {
	client *Client
	out    chan<- Block
	err    error // set before out closes

	last    Block     // the newest that was seen
	told    uint64    // the height that the reader has
	arrived time.Time // when last came, by this machine's clock
	poll    time.Duration
	backoff time.Duration
}

func (w *watch) run(ctx context.Context) error {
	defer w.client.trouble.leave(w)
	w.arrived = time.Now()
	for {
		pause := w.poll
		switch err := w.look(ctx); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrWrongChain):
			w.client.trouble.tell(w, err)
			return err
		case err != nil:
			w.client.trouble.tell(w, err)
			w.backoff = min(max(2*w.backoff, w.poll), longestBackoff)
			pause = w.backoff
		default:
			w.client.trouble.tell(w, nil)
			w.backoff = 0
		}
		if err := w.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// wait offers what the reader does not have yet until it is time to look again.
func (w *watch) wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		var out chan<- Block
		if w.last.Height > w.told {
			out = w.out
		}
		select {
		case out <- w.last:
			w.told = w.last.Height
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look asks for the height once.
func (w *watch) look(ctx context.Context) error {
	s, err := w.client.Status(ctx)
	if err != nil {
		return err
	}
	if s.CatchingUp {
		w.client.nodes.turn()
		return fmt.Errorf("%w: it is catching up and at height %d; its newest blocks are waited for", ErrLagging, s.Height)
	}
	if s.Height <= w.last.Height {
		return w.stands(s)
	}
	if w.last.Height > 0 {
		w.pace(s)
	}
	w.last, w.arrived = Block{Height: s.Height, Time: s.Time}, time.Now()
	return nil
}

// stands says when a height has been the last for too long, and asks another node next.
func (w *watch) stands(s Status) error {
	usual := 2 * w.poll
	since := time.Since(w.arrived)
	if since < max(standstill*usual, leastStandstill) {
		return nil
	}
	w.client.nodes.turn()
	return fmt.Errorf("%w: no block since %d, %s ago; the chain stands still or the node has lost its peers", ErrLagging, s.Height, since.Round(time.Second))
}

// pace makes us look twice per block, by the time that the last blocks took.
func (w *watch) pace(s Status) {
	took := s.Time.Sub(w.last.Time) / time.Duration(s.Height-w.last.Height)
	w.poll = min(max((3*w.poll+took/2)/4, fastest), slowest)
}
