package chain_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/neuron/chain"
)

// troubles collects what Config.Trouble hears.
type troubles struct {
	mu    sync.Mutex
	heard []error
}

func (l *troubles) hear(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, err)
}

func (l *troubles) all() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error{}, l.heard...)
}

// tell is a configuration whose troubles are heard.
func (l *troubles) tell(cfg *chain.Config) { cfg.Trouble = l.hear }

func TestBlocksComeOnceAndInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		var l troubles
		c := dial(t, l.tell, w.node("a:9090"))
		ctx, cancel := context.WithCancel(t.Context())
		blocks, why := c.Blocks(ctx)
		start := time.Now()
		last := uint64(0)
		for range 10 {
			b := <-blocks
			if last > 0 {
				require.Equal(t, last+1, b.Height, "a reader in time misses none")
			}
			require.Equal(t, w.chain.Time(int64(b.Height)), b.Time.UTC())
			last = b.Height
		}
		require.Less(t, time.Since(start), 11*blockTime)
		time.Sleep(20 * blockTime)
		b := <-blocks
		require.GreaterOrEqual(t, b.Height, w.height()-1, "a late reader gets the newest")
		cancel()
		for range blocks { //nolint:revive // until it is closed
		}
		require.ErrorIs(t, why(), context.Canceled)
		require.Empty(t, l.all())
	})
}

// read takes blocks for a while, and checks that they ascend.
func read(t *testing.T, blocks <-chan chain.Block, d time.Duration) (got []uint64) {
	t.Helper()
	end := time.After(d)
	for {
		select {
		case b, open := <-blocks:
			if !open {
				return got
			}
			if len(got) > 0 {
				require.Greater(t, b.Height, got[len(got)-1])
			}
			got = append(got, b.Height)
		case <-end:
			return got
		}
	}
}

// kinds of what was heard, one after the other.
func kinds(heard []error) (out []string) {
	for _, err := range heard {
		switch {
		case err == nil:
			out = append(out, "over")
		case errors.Is(err, chain.ErrUnreachable):
			out = append(out, "unreachable")
		case errors.Is(err, chain.ErrLagging):
			out = append(out, "lagging")
		case errors.Is(err, chain.ErrWrongChain):
			out = append(out, "wrong chain")
		default:
			out = append(out, err.Error())
		}
	}
	return out
}

// TestBlocksOutliveTheirNode: what goes wrong with one node is said in one sentence,
// waited for, and over in time.
func TestBlocksOutliveTheirNode(t *testing.T) {
	app := newChain(t)
	for name, c := range map[string]struct {
		spoil, mend func(*fake)
		kind, says  string
	}{
		"away": {(*fake).stop, (*fake).start, "unreachable", "a:9090: "},
		"not ready": {
			func(f *fake) {
				f.fail = func(string) error {
					return status.Error(codes.Unknown, "codespace sdk code 26: invalid height: taod is not ready; please wait for first block")
				}
			}, func(f *fake) { f.fail = nil }, "lagging", "a:9090 has no state to answer from yet",
		},
		"another program": {
			func(f *fake) {
				f.fail = func(string) error { return status.Error(codes.Unimplemented, "unknown service") }
			},
			func(f *fake) { f.fail = nil }, "unreachable", "what listens on a:9090 is no taod",
		},
		"behind":      {func(f *fake) { f.stuck = 2 }, func(f *fake) { f.stuck = 0 }, "lagging", "a:9090 is at height"},
		"catching up": {func(f *fake) { f.syncing = true }, func(f *fake) { f.syncing = false }, "lagging", "it is catching up and at height"},
		"standstill": {
			func(f *fake) { f.w.mu.Lock(); f.w.halted = true; f.w.mu.Unlock() },
			func(f *fake) { f.w.mu.Lock(); f.w.halted = false; f.w.mu.Unlock() }, "lagging", "no block since",
		},
	} {
		t.Run(name, func(t *testing.T) {
			goOn(t, app, func(t *testing.T, w *world) {
				w.run()
				var l troubles
				node := w.node("a:9090")
				client := dial(t, l.tell, node)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				blocks, _ := client.Blocks(ctx)
				before := read(t, blocks, 10*blockTime)
				require.GreaterOrEqual(t, len(before), 9)
				require.Empty(t, l.all())

				change := func(f func(*fake)) {
					if name == "away" {
						f(node)
					} else {
						node.set(f)
					}
				}
				change(c.spoil)
				polls := node.called("Status")
				during := read(t, blocks, 40*blockTime)
				require.LessOrEqual(t, len(during), 1)
				require.Equal(t, []string{c.kind}, kinds(l.all()))
				require.ErrorContains(t, l.all()[0], c.says)
				require.Less(t, node.called("Status")-polls, 45, "it is asked less and less often")

				change(c.mend)
				after := read(t, blocks, 20*blockTime)
				require.GreaterOrEqual(t, len(after), 10)
				require.Greater(t, after[0], before[len(before)-1])
				require.Equal(t, []string{c.kind, "over"}, kinds(l.all()))
			})
		})
	}
}

// TestAnotherNodeTakesOver: with two nodes nobody notices any of it.
func TestAnotherNodeTakesOver(t *testing.T) {
	app := newChain(t)
	for name, spoil := range map[string]func(*fake){
		"away":        (*fake).stop,
		"wrong chain": func(f *fake) { f.stop(); f.set(func(f *fake) { f.id = "other" }); f.start() },
		"behind":      func(f *fake) { f.set(func(f *fake) { f.stuck = 4 }) },
		"hanging": func(f *fake) {
			f.set(func(f *fake) { f.fail = func(string) error { return status.Error(codes.DeadlineExceeded, "late") } })
		},
	} {
		t.Run(name, func(t *testing.T) {
			goOn(t, app, func(t *testing.T, w *world) {
				w.run()
				var l troubles
				a, b := w.node("a:9090"), w.node("b:9090")
				client := dial(t, l.tell, a, b)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				blocks, _ := client.Blocks(ctx)
				read(t, blocks, 15*blockTime)
				require.Zero(t, b.called("Status"), "the first is preferred")
				spoil(a)
				after := read(t, blocks, 20*blockTime)
				require.GreaterOrEqual(t, len(after), 18)
				require.Empty(t, l.all())
				require.Positive(t, b.called("Status"))
			})
		})
	}
}

func TestAnotherChainStops(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		var l troubles
		node := w.node("a:9090")
		client := dial(t, l.tell, node)
		blocks, why := client.Blocks(t.Context())
		read(t, blocks, 5*blockTime)
		node.stop()
		node.set(func(f *fake) { f.id = "other" })
		node.start()
		read(t, blocks, 60*blockTime)
		require.ErrorIs(t, why(), chain.ErrWrongChain)
		require.ErrorContains(t, why(), `a:9090 is of "other", this neuron of "tao-test"`)
		require.Equal(t, "wrong chain", kinds(l.all())[len(l.all())-1])

		_, err := client.Balance(t.Context(), apptest.NewNeuron("a", 1).Coldkey().String())
		require.ErrorIs(t, err, chain.ErrWrongChain)
	})
}

func TestChainIDOfTheFirstNode(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a, b := w.node("a:9090"), w.node("b:9090")
		b.set(func(f *fake) { f.id = "other" })
		client := dial(t, func(cfg *chain.Config) { cfg.ChainID = "" }, a, b)
		require.Empty(t, client.ChainID())
		s, err := client.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, chain.Status{ChainID: apptest.ChainID, Height: 1, Time: w.chain.Time(1)}, s)
		a.stop()
		_, err = client.Status(t.Context())
		require.ErrorIs(t, err, chain.ErrUnreachable, "what may pass is said first")
		require.ErrorContains(t, err, `b:9090 is of "other"`)
	})
}

func TestMinHeightIsBelieved(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		client := dial(t, func(cfg *chain.Config) { cfg.MinHeight = 20 }, w.node("a:9090"))
		_, err := client.Metagraph(t.Context(), 1)
		require.ErrorIs(t, err, chain.ErrLagging)
		require.ErrorContains(t, err, "a:9090 is at height 1 and 20 was seen before")
		for range 19 {
			w.block()
		}
		_, err = client.Metagraph(t.Context(), 1)
		require.NoError(t, err)
	})
}

func TestDialSaysWhatIsWrong(t *testing.T) {
	for _, address := range []string{"", "localhost", "http://localhost:9090", "localhost:0", ":9090", "localhost:grpc", "localhost:99999"} {
		_, err := chain.Dial(chain.Config{Nodes: []string{"localhost:9090", address}})
		require.ErrorContains(t, err, "is no host:port of a gRPC server", address)
	}
	_, err := chain.Dial(chain.Config{})
	require.ErrorContains(t, err, "no node is named")
	c, err := chain.Dial(chain.Config{Nodes: []string{"127.0.0.1:9", "[::1]:9"}, TLS: true})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = c.Status(ctx)
	require.ErrorIs(t, err, chain.ErrUnreachable)
	require.ErrorContains(t, err, "127.0.0.1:9")
	require.NoError(t, c.Close())
}
