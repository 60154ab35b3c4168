package axon

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/model"
)

func newTestQueue(change func(*Config)) *queue {
	c := DefaultConfig()
	c.Queue, c.BatchRows, c.BatchRequests, c.Delay = 8, 12, 3, 0
	if change != nil {
		change(&c)
	}
	return newQueue(&c, silent{})
}

// work is a Forward of so many sequences of a length.
func work(ctx context.Context, caller string, stake uint64, count, length int) *job {
	return &job{ctx: ctx, caller: caller, rank: rank{stake: stake}, in: model.Input{Count: count, Length: length}, shape: shape{length: length}}
}

func callersOf(batch []*job) (names []string) {
	for _, j := range batch {
		names = append(names, j.caller)
	}
	return names
}

func TestMoreStakeIsFirstAndEqualShapesRunTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTestQueue(nil)
		ctx, leave := context.WithCancel(context.Background())
		paying := work(ctx, "paying", 0, 1, 4)
		paying.rank.paid = 1
		outcomes := make(chan outcome, 8)
		for _, j := range []*job{
			work(ctx, "small", 1, 1, 4), work(ctx, "large", 9, 1, 5), work(ctx, "small later", 1, 1, 4),
			work(ctx, "middle", 5, 1, 4), paying, work(ctx, "long", 0, 20, 4),
		} {
			go func() { outcomes <- q.do(j) }()
			synctest.Wait()
		}
		require.Equal(t, []string{"paying", "middle", "small"}, callersOf(q.next()), "three requests at most")
		require.Equal(t, []string{"large"}, callersOf(q.next()))
		require.Equal(t, []string{"small later"}, callersOf(q.next()), "12 rows at most")
		require.Equal(t, []string{"long"}, callersOf(q.next()), "more than that alone")
		require.Empty(t, q.by)
		require.Zero(t, q.counted)
		leave() // nobody runs what was taken
		for range 6 {
			requireCode(t, codes.Canceled, (<-outcomes).refusal)
		}
		q.close()
		require.Nil(t, q.next())
		requireCode(t, codes.Unavailable, q.do(work(context.Background(), "late", 1, 1, 1)).refusal, "stopping")
	})
}

func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTestQueue(nil)
		ctx, leave := context.WithCancel(context.Background())
		go q.do(work(ctx, "poor", 0, 1, 1))
		time.Sleep(time.Millisecond)
		turns := 0
		for name := ""; name != "poor"; turns++ {
			go q.do(work(ctx, "rich", 9, 1, 2))
			synctest.Wait()
			name = q.next()[0].caller
			require.Less(t, turns, 2*oldestEvery)
		}
		require.Equal(t, oldestEvery, turns)
		leave()
	})
}

func TestAFullQueueKeepsThoseWithMoreStake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTestQueue(func(c *Config) { c.Queue = 4 })
		ctx, leave := context.WithCancel(context.Background())
		outcomes := map[string]outcome{}
		results := make(chan struct {
			name string
			o    outcome
		}, 16)
		put := func(name string, stake uint64) {
			go func() {
				o := q.do(work(ctx, name, stake, 1, 1))
				results <- struct {
					name string
					o    outcome
				}{name, o}
			}()
			synctest.Wait()
			for len(results) > 0 {
				r := <-results
				outcomes[r.name] = r.o
			}
		}
		for i, name := range []string{"a", "b", "c", "d"} {
			put(name, uint64(10+i))
		}
		put("a", 99) // one of four
		requireCode(t, codes.ResourceExhausted, outcomes["a"].refusal, "your requests wait")
		delete(outcomes, "a")
		put("poor", 10)
		requireCode(t, codes.ResourceExhausted, outcomes["poor"].refusal, "more payment or stake")
		require.Len(t, outcomes, 1)
		put("rich", 50)
		requireCode(t, codes.ResourceExhausted, outcomes["a"].refusal, "more payment or stake")
		require.Len(t, q.waiting, 4)
		require.Equal(t, "rich", q.waiting[0].caller)

		// Steps of streams have a place always.
		go func() {
			q.do(&job{ctx: ctx, caller: "poor", exempt: true, run: func(context.Context) error { return nil }})
			results <- struct {
				name string
				o    outcome
			}{"step", outcome{}}
		}()
		synctest.Wait()
		require.Len(t, q.waiting, 5)

		leave() // who hangs up is dropped
		synctest.Wait()
		require.Empty(t, q.waiting)
		require.Zero(t, q.counted)
		require.Empty(t, q.by)
		require.Len(t, results, 5)
	})
}

func TestARequestWaitsForOthersNoLongerThanTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTestQueue(func(c *Config) { c.Delay = 5 * time.Millisecond })
		ctx, leave := context.WithCancel(context.Background())
		defer leave()
		began := time.Now()
		taken := make(chan []*job)
		go func() { taken <- q.next() }()
		go q.do(work(ctx, "first", 1, 1, 4))
		time.Sleep(2 * time.Millisecond)
		go q.do(work(ctx, "second", 9, 1, 4))
		require.Equal(t, []string{"second", "first"}, callersOf(<-taken))
		require.Equal(t, 5*time.Millisecond, time.Since(began))

		// A full batch, and what runs alone, do not wait.
		began = time.Now()
		go q.do(work(ctx, "alone", 1, 1, 4))
		synctest.Wait()
		j := &job{ctx: ctx, caller: "step", run: func(context.Context) error { return nil }}
		go q.do(j)
		synctest.Wait()
		require.Equal(t, []string{"step"}, callersOf(q.next()))
		go q.do(work(ctx, "a", 1, 1, 4))
		go q.do(work(ctx, "b", 1, 1, 4))
		synctest.Wait()
		require.Len(t, q.next(), 3)
		require.Zero(t, time.Since(began))
		j.done <- outcome{}
	})
}

func TestRequestsThatWaitTogetherRunTogether(t *testing.T) {
	o := textOracle()
	hold, held := make(chan struct{}), make(chan struct{}, 1)
	o.before = func(context.Context, model.Input) error {
		select {
		case held <- struct{}{}:
			<-hold
		default:
		}
		return nil
	}
	s := serve(t, o, func(c *Config, _ *Deps) { c.Workers, c.Delay = 1, 0 })
	answers := make(chan []int, 8)
	ask := func(n, length int) {
		c := s.neuron(5)
		go func() {
			x, err := c.forward(within(t), n, length)
			if err != nil {
				x = nil
			}
			answers <- peaks(x, 256)
		}()
	}
	ask(1, 1)
	eventually(t, "the worker is busy", func() bool { return len(held) == 1 })
	ask(2, 2)
	ask(3, 2)
	ask(1, 3)
	eventually(t, "three wait", func() bool { s.queue.mu.Lock(); defer s.queue.mu.Unlock(); return len(s.queue.waiting) == 3 })
	close(hold)
	got := map[int][]int{}
	for range 4 {
		a := <-answers
		got[len(a)] = a
	}
	require.Equal(t, map[int][]int{1: {0}, 4: {0, 1, 2, 5}, 6: {0, 1, 2, 5, 4, 9}, 3: {0, 1, 3}}, got)
	require.ElementsMatch(t, []int{1, 5, 1}, o.passes())
}

func TestDeadlinesAndHangingUp(t *testing.T) {
	o := textOracle()
	hold, held, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	o.before = func(ctx context.Context, in model.Input) error {
		if in.Count != 1 {
			return nil
		}
		close(held)
		<-ctx.Done() // the only caller hung up
		close(stopped)
		<-hold
		return ctx.Err()
	}
	s := serve(t, o, func(c *Config, _ *Deps) { c.Workers, c.Delay = 1, 0 })
	ctx, leave := context.WithCancel(within(t))
	first, second := s.neuron(5), s.neuron(5)
	go func() { _, _ = first.forward(ctx, 1, 1) }()
	<-held
	short, cancel := context.WithTimeout(within(t), 50*time.Millisecond)
	defer cancel()
	_, err := second.forward(short, 2, 1)
	requireCode(t, codes.DeadlineExceeded, err)
	eventually(t, "it is dropped", func() bool { s.queue.mu.Lock(); defer s.queue.mu.Unlock(); return len(s.queue.waiting) == 0 })
	leave()
	<-stopped
	close(hold)
	_, err = second.forward(within(t), 3, 1)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, o.passes(), "what was dropped was never computed")
}

func TestTheServersOwnDeadline(t *testing.T) {
	o := textOracle()
	o.before = func(ctx context.Context, _ model.Input) error { <-ctx.Done(); return ctx.Err() }
	s := serve(t, o, func(c *Config, _ *Deps) { c.Longest = 20 * time.Millisecond })
	_, err := s.neuron(5).forward(within(t), 1, 1)
	requireCode(t, codes.DeadlineExceeded, err)
}
