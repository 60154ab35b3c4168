package dendrite

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/model"
)

// delayed are peers 1.. that answer Forward after so many seconds each, or never when
// it is negative.
func delayed(t *testing.T, seconds ...int) (*Dendrite, []uint32) {
	n := newNetwork(t)
	var uids []uint32
	for i, s := range seconds {
		n.add(text()).set(only("Forward", func(ctx context.Context, method string) error {
			if s < 0 {
				return stall(ctx, method)
			}
			time.Sleep(time.Duration(s) * time.Second)
			return ctx.Err()
		}))
		uids = append(uids, uint32(i+1))
	}
	d := n.dendrite()
	for _, p := range d.Peers() {
		_, err := p.Card(t.Context())
		require.NoError(t, err)
	}
	return d, uids
}

func answered(outcomes []error) (list []bool) {
	for _, err := range outcomes {
		list = append(list, err == nil)
	}
	return list
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name     string
		delays   []int
		k        int
		deadline time.Duration
		want     []bool
		took     time.Duration
	}{
		{"all", []int{1, 2, 3}, 3, time.Minute, []bool{true, true, true}, 3 * time.Second},
		{"two of three", []int{1, 8, 2}, 2, time.Minute, []bool{true, false, true}, 2500 * time.Millisecond},
		{"one who is within the grace", []int{8, 9, 20}, 1, time.Minute, []bool{true, true, false}, 10 * time.Second},
		{"one stalls", []int{1, -1, 2}, 3, 10 * time.Second, []bool{true, false, true}, 10 * time.Second},
		{"nobody answers", []int{-1, -1}, 1, 5 * time.Second, []bool{false, false}, 5 * time.Second},
		{"all fail before the deadline", []int{-1, -1}, 1, time.Hour, []bool{false, false}, 30 * time.Second},
		{"more than there are", []int{1, 2}, 9, time.Minute, []bool{true, true}, 2 * time.Second},
		{"none needed is one", []int{4, 9}, 0, time.Minute, []bool{true, false}, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, uids := delayed(t, c.delays...)
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				defer cancel()
				began := time.Now()
				outcomes := d.Ask(ctx, uids, c.k, func(ctx context.Context, p *Peer) error { return forwardText(ctx, t, p, "a") })
				require.Equal(t, c.took, time.Since(began))
				require.Equal(t, c.want, answered(outcomes))
			})
		})
	}
}

func TestOutcomesOfAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := delayed(t, 1, 9)
		outcomes := d.Ask(t.Context(), []uint32{2, 77, 1, 1}, 2, func(ctx context.Context, p *Peer) error { return forwardText(ctx, t, p, "a") })
		require.Equal(t, []bool{false, false, true, true}, answered(outcomes))
		require.ErrorIs(t, outcomes[0], ErrEnough)
		require.ErrorContains(t, outcomes[0], "peer 2 (10.0.0.2:9000), Ask: no longer waited for: enough others have answered; this does not count against it")
		require.ErrorIs(t, outcomes[1], ErrGone)
		require.ErrorContains(t, outcomes[1], "peer 77 (no record)")
		synctest.Wait()
		require.Empty(t, peer(t, d, 2).Stats().Failures)
		require.Equal(t, uint64(1), peer(t, d, 2).Stats().Abandoned)
		require.Empty(t, d.Ask(t.Context(), nil, 1, nil))
	})
}

// TestNothingIsWrittenLate hands over an answer that came in before, but whose call
// goes on after Ask has returned. Under -race a write would be found as well.
func TestNothingIsWrittenLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, uids := delayed(t, 1, 0)
		in := model.Input{Count: 1, Length: 1, Tokens: []byte("a")}
		dst := make([]float32, 256)
		late := make(chan error, 1)
		release := make(chan struct{})
		outcomes := d.Ask(t.Context(), uids, 1, func(ctx context.Context, p *Peer) error {
			if p.UID() == 2 {
				return nil
			}
			<-release // a call that does not notice that its context has ended
			err := p.deliver(ctx, forward, func() { dst[0] = 1 })
			late <- errors.Join(err, p.Forward(context.WithoutCancel(ctx), in, dst))
			return nil
		})
		require.Equal(t, []bool{false, true}, answered(outcomes))
		close(release)
		err := <-late
		require.ErrorContains(t, err, "it answered too late")
		require.Equal(t, ReasonAbandoned, ReasonOf(err))
		require.Equal(t, make([]float32, 256), dst, "and not a byte was written")
	})
}

// TestReuseOfBuffers asks again and again into the same memory while some are late; the
// race detector is the judge.
func TestReuseOfBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, uids := delayed(t, 0, 0, 0, 0, 1, -1)
		buffers := make([][]float32, len(uids)+1)
		for i := range buffers {
			buffers[i] = make([]float32, 256)
		}
		var total atomic.Int64
		for range 20 {
			outcomes := d.Ask(t.Context(), uids, 2, func(ctx context.Context, p *Peer) error {
				return p.Forward(ctx, model.Input{Count: 1, Length: 1, Tokens: []byte("a")}, buffers[p.UID()])
			})
			for i, err := range outcomes {
				if err == nil {
					requireSuccessors(t, []byte("a"), buffers[uids[i]])
					total.Add(1)
				}
				clear(buffers[uids[i]])
			}
		}
		require.GreaterOrEqual(t, total.Load(), int64(40))
	})
}

// TestStreamsOfAsk are kept for those that answered and closed for those that did not.
func TestStreamsOfAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		for range 3 {
			n.add(text())
		}
		d := n.dendrite()
		release := make(chan struct{})
		failed := errors.New("failed")
		var streams [4]*Stream
		outcomes := d.Ask(t.Context(), []uint32{1, 2, 3}, 1, func(ctx context.Context, p *Peer) (err error) {
			s, err := p.Follow(ctx, 1)
			require.NoError(t, err)
			streams[p.UID()] = s
			switch p.UID() {
			case 1:
				synctest.Wait() // the others are first
			case 2:
				return failed
			case 3:
				<-release
			}
			return nil
		})
		require.Equal(t, []bool{true, false, false}, answered(outcomes))
		require.NoError(t, streams[1].Next(t.Context(), []byte("a"), make([]float32, 256)))
		require.NoError(t, streams[1].Close())
		require.ErrorIs(t, streams[2].Next(t.Context(), []byte("a"), make([]float32, 256)), ErrClosed)
		require.ErrorIs(t, streams[3].Next(t.Context(), []byte("a"), make([]float32, 256)), ErrClosed)
		close(release)
		synctest.Wait()
		for _, p := range d.Peers() {
			require.Zero(t, p.Stats().Streams)
		}
	})
}
