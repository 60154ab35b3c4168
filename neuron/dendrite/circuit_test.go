package dendrite

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"
)

// The pause doubles from the base to the ceiling and is never outside [d/2, d].
func TestPauseBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "base"))
		ceiling := time.Duration(rapid.Int64Range(int64(base), int64(24*time.Hour)).Draw(t, "ceiling"))
		n := rapid.IntRange(1, 200).Draw(t, "failures")
		u := rapid.Float64Range(0, 0.9999999).Draw(t, "u")
		d := float64(base)
		for range n - 1 {
			d = min(2*d, float64(ceiling))
		}
		d = min(d, float64(ceiling))
		got := pauseAfter(n, base, ceiling, u)
		require.GreaterOrEqual(t, float64(got), d/2)
		require.LessOrEqual(t, float64(got), d)
		require.LessOrEqual(t, pauseAfter(n, base, ceiling, u), pauseAfter(n+1, base, ceiling, u), "never shorter than before")
	})
}

// The time-out is between floor and ceiling, and three times a latency that 95 % do
// not exceed.
func TestTimeoutBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "floor"))
		ceiling := time.Duration(rapid.Int64Range(int64(floor), int64(time.Hour)).Draw(t, "ceiling"))
		list := rapid.SliceOfN(rapid.Int64Range(0, int64(2*time.Hour)), 0, 150).Draw(t, "latencies")
		var l latencies
		for _, d := range list {
			l.add(time.Duration(d))
		}
		got := l.timeout(floor, ceiling)
		require.GreaterOrEqual(t, got, floor)
		require.LessOrEqual(t, got, ceiling)
		last := list[max(0, len(list)-remembered):]
		require.Equal(t, len(last), l.samples())
		if len(last) < enoughLatencies {
			require.Equal(t, ceiling, got)
			return
		}
		p50, p95 := l.quantiles()
		require.Equal(t, max(min(3*p95, ceiling), floor), got)
		for _, q := range []struct {
			v    time.Duration
			part float64
		}{{p50, 0.5}, {p95, 0.95}} {
			below, upTo := 0, 0
			for _, d := range last {
				if time.Duration(d) < q.v {
					below++
				}
				if time.Duration(d) <= q.v {
					upTo++
				}
			}
			require.GreaterOrEqual(t, float64(upTo), q.part*float64(len(last)))
			require.Less(t, float64(below), q.part*float64(len(last)))
		}
	})
}

// TestCircuit walks one circuit through its states.
func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		d := n.dendrite(func(c *Config, _ *Deps) { c.OpenAfter = 3 })
		p := peer(t, d, 1)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		a.set(only("Forward", fails(status.Error(codes.Internal, "broken"))))
		for i := 1; i <= 3; i++ {
			require.Equal(t, Closed, p.Stats().Circuit)
			require.Equal(t, ReasonRejected, ReasonOf(forwardText(t.Context(), t, p, "a")))
			s := p.Stats()
			require.Equal(t, i, s.Consecutive)
			pause := time.Until(s.NextTry)
			require.InDelta(t, 0.75*float64(int(500)<<(i-1)), pause.Milliseconds(), 0.25*float64(int(500)<<(i-1))+1)
			if i < 3 {
				time.Sleep(pause)
			}
		}
		require.Equal(t, Open, p.Stats().Circuit)
		asked := a.asked("Forward")
		err := forwardText(t.Context(), t, p, "a")
		require.Equal(t, ReasonWaiting, ReasonOf(err))
		require.ErrorContains(t, err, "not asked: 3 failures in a row; next try in ")
		require.Equal(t, asked, a.asked("Forward"))

		time.Sleep(time.Until(p.Stats().NextTry))
		require.Equal(t, HalfOpen, p.Stats().Circuit)
		release := make(chan struct{})
		a.set(only("Forward", func(context.Context, string) error { <-release; return nil }))
		probe := make(chan error)
		go func() { probe <- forwardText(context.Background(), t, p, "a") }()
		synctest.Wait()
		require.False(t, p.Ready(), "a probe is under way")
		require.ErrorContains(t, forwardText(t.Context(), t, p, "a"), "a probe is under way")
		close(release)
		require.NoError(t, <-probe)
		require.Equal(t, Closed, p.Stats().Circuit)
		require.Zero(t, p.Stats().Consecutive)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
	})
}

// TestFailedProbe opens again for longer; one that is given up leaves the door to the
// next.
func TestFailedProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(func(c *Config, _ *Deps) { c.OpenAfter = 1 }), 1)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		a.set(only("Forward", fails(status.Error(codes.Internal, "broken"))))
		require.Error(t, forwardText(t.Context(), t, p, "a"))
		time.Sleep(time.Until(p.Stats().NextTry))
		require.Equal(t, ReasonRejected, ReasonOf(forwardText(t.Context(), t, p, "a")))
		require.GreaterOrEqual(t, time.Until(p.Stats().NextTry), 500*time.Millisecond, "it doubled")
		time.Sleep(time.Until(p.Stats().NextTry))

		a.set(only("Forward", stall))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := forwardText(ctx, t, p, "a")
		require.Equal(t, ReasonAbandoned, ReasonOf(err), "less than any time-out says nothing: %v", err)
		require.Equal(t, HalfOpen, p.Stats().Circuit)
		require.True(t, p.Ready())
		a.set(func(a *axon) { a.before = nil })
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
	})
}

// Calls that were under way together when the peer broke are one failure.
func TestBurstsCountOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		release := make(chan struct{})
		a.set(only("Forward", func(context.Context, string) error { <-release; return status.Error(codes.Internal, "broken") }))
		errs := make(chan error, 4)
		for range 4 {
			go func() { errs <- forwardText(context.Background(), t, p, "a") }()
		}
		time.Sleep(time.Second)
		close(release)
		for range 4 {
			require.Error(t, <-errs)
		}
		require.Equal(t, 1, p.Stats().Consecutive)
		require.Equal(t, uint64(4), p.Stats().Failures[ReasonRejected])
	})
}

// TestTimeoutFollowsLatency: a quick peer gets the floor, and one that has become slow
// is given more time until it answers again.
func TestTimeoutFollowsLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(func(c *Config, _ *Deps) { c.OpenAfter = 1000; c.BackoffCeiling = time.Second }), 1)
		takes := func(d time.Duration) {
			a.set(only("Forward", func(ctx context.Context, _ string) error {
				select {
				case <-time.After(d):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}))
		}
		forwardStats := func() MethodStats {
			for _, m := range p.Stats().Methods {
				if m.Method == "Forward" {
					return m
				}
			}
			return MethodStats{}
		}
		takes(100 * time.Millisecond)
		for range 64 {
			require.NoError(t, forwardText(t.Context(), t, p, "a"))
		}
		require.Equal(t, MethodStats{Method: "Forward", Samples: 64, P50: 100 * time.Millisecond, P95: 100 * time.Millisecond, Timeout: time.Second}, forwardStats())
		takes(4 * time.Second)
		failures := 0
		for err := error(nil); ; failures++ {
			if err = forwardText(t.Context(), t, p, "a"); err == nil {
				break
			}
			require.Equal(t, ReasonTimeout, ReasonOf(err))
			require.Less(t, failures, 20)
			time.Sleep(time.Second)
		}
		require.GreaterOrEqual(t, failures, 4)
		takes(400 * time.Millisecond)
		for range 64 {
			require.NoError(t, forwardText(t.Context(), t, p, "a"))
		}
		require.Equal(t, 1200*time.Millisecond, forwardStats().Timeout)
	})
}

// A peer that uses up all the time that whoever asked had has failed.
func TestDeadlineOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text()).set(only("Forward", stall))
		p := peer(t, n.dendrite(), 1)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		err := forwardText(ctx, t, p, "a")
		require.Equal(t, ReasonTimeout, ReasonOf(err))
		require.ErrorContains(t, err, "2 s, all that whoever asked had")
		require.Equal(t, 2*time.Second, time.Since(began))
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		time.Sleep(time.Second)
		require.Equal(t, ReasonAbandoned, ReasonOf(forwardText(ctx, t, p, "a")))
		require.Equal(t, map[Reason]uint64{ReasonTimeout: 1}, p.Stats().Failures)
		require.Equal(t, uint64(1), p.Stats().Abandoned)
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		var axons []*axon
		for range 3 {
			a := n.add(text())
			a.set(only("Forward", func(context.Context, string) error { time.Sleep(time.Second); return nil }))
			axons = append(axons, a)
		}
		d := n.dendrite(func(c *Config, _ *Deps) { c.Concurrency, c.PerPeer = 5, 2 })
		for _, p := range d.Peers() {
			_, err := p.Card(t.Context())
			require.NoError(t, err)
		}
		began := time.Now()
		errs := make(chan error)
		for i := range 30 {
			go func() { errs <- forwardText(context.Background(), t, d.Peers()[i%3], "a") }()
		}
		for range 30 {
			require.NoError(t, <-errs)
		}
		require.GreaterOrEqual(t, time.Since(began), 6*time.Second, "30 of 1 s, 5 at a time")
		for _, a := range axons {
			require.Equal(t, 2, a.most)
		}

		held := make(chan error)
		for range 2 {
			go func() { held <- forwardText(context.Background(), t, d.Peers()[0], "a") }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := forwardText(ctx, t, d.Peers()[0], "a")
		require.Equal(t, ReasonAbandoned, ReasonOf(err))
		require.ErrorContains(t, err, "other calls were still under way")
		require.NoError(t, <-held)
		require.NoError(t, <-held)
	})
}
