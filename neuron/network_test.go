package neuron

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/train"
)

// guesses is an expert that has learned nothing.
type guesses struct{ model.Expert }

type guessing struct{ model.Follower }

func (g guesses) Forward(_ context.Context, in model.Input, dst []float32) error {
	return guessing{}.Next(context.Background(), make([]byte, in.Rows()), dst)
}
func (g guesses) Follow(n int) (model.Follower, error) {
	f, err := g.Expert.Follow(n)
	return guessing{f}, err
}

// Next of a guess is sharp and wrong.
func (g guessing) Next(_ context.Context, bytes []byte, dst []float32) error {
	for i := range bytes {
		row := dst[i*model.Vocabulary : (i+1)*model.Vocabulary]
		for j := range row {
			row[j] = 0.2 / model.Vocabulary
		}
		row[(i*37)%model.Vocabulary] += 0.8
	}
	return nil
}

// member is a neuron of a network without a node: the test tells it what the chain would.
type member struct {
	*Neuron
	said *book
	mu   sync.Mutex
	row  []score.Weight
}

func (m *member) last() []score.Weight {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.row
}

// members serve, ask, learn and score over the wire; the node that they know is away.
func members(t *testing.T, domains *Domains, names []string, edit func(i int, c *Config, d *Deps)) []*member {
	t.Helper()
	var all []*member
	for i, name := range names {
		home, m := t.TempDir(), &member{said: &book{}}
		c := joined(t, home)
		c.Name, c.Axon.Advertise = fmt.Sprint("n", i), c.Axon.Listen
		c.Data.Domain, c.Data.Bytes, c.Data.Samples = name, 200_000, nil
		for _, other := range names {
			if other != name && other != "prose" {
				c.Data.Samples = append(c.Data.Samples, Sample{Domain: other, Bytes: 60_000})
			}
		}
		c.Model.Seed, c.Train.Seed = uint64(i)+1, uint64(i)+1
		c.Train.Steps, c.Network.Start, c.Train.EvaluateEvery = 100_000, 0.0005, 50
		c.Network.Deadline = Duration(10 * time.Second)
		c.Score.Every, c.Score.Sequences, c.Score.Positions, c.Score.Probes = Duration(time.Second), 16, 24, 8
		deps := Deps{
			Domains: domains, Log: m.said.log(), axon: func(c *axon.Config) { c.Restart = 0 },
			Row: func(row []score.Weight) []score.Weight {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.row = row
				return row
			},
		}
		edit(i, c, &deps)
		n, err := New(c, deps)
		require.NoError(t, err)
		m.Neuron = n
		all = append(all, m)
	}
	return all
}

// graph is the metagraph of members, all with permits and stake.
func graph(t *testing.T, all []*member, height uint64) chain.Metagraph {
	t.Helper()
	g := chain.Metagraph{Subnet: 1, Height: height}
	for uid, m := range all {
		record, err := m.axonRecord()
		require.NoError(t, err)
		g.Neurons = append(g.Neurons, chain.Neuron{UID: uint32(uid), Hotkey: m.hotkey.Address(), Stake: 100, Permit: true, Axon: &record})
	}
	return g
}

// Three neurons teach each other and find out who of them knows nothing, with no chain
// to be reached.
func TestNetworkOfThree(t *testing.T) {
	domains := &Domains{Seed: 1}
	all := members(t, domains, []string{"sums", "log", "prose"}, func(i int, c *Config, d *Deps) {
		if i == 2 {
			d.Expert = func(own model.Expert, _ train.Network) model.Expert { return guesses{own} }
			c.Train.Steps = 1 // it does not learn
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	group, running := errgroup.WithContext(ctx)
	for _, m := range all {
		group.Go(func() error { return m.Run(running) })
	}
	learned := func() bool { return all[0].Status().Step > 100 && all[1].Status().Step > 100 && running.Err() == nil }
	require.Eventually(t, learned, 3*time.Minute, 20*time.Millisecond)
	g := graph(t, all, 100)
	for _, m := range all {
		m.saw(chain.Block{Height: 100}, g, chain.Pay{Incentive: 5, Dividends: 7})
	}
	earned := func() bool {
		for _, m := range all[:2] {
			s := m.Status()
			if s.Rounds < 2 || s.Scores[uint32(1-s.UID)] == 0 || s.Peers != 2 || !s.Asking || s.Served == 0 {
				return false
			}
		}
		return running.Err() == nil
	}
	if !assert.Eventually(t, earned, 3*time.Minute, 50*time.Millisecond) {
		for _, m := range all {
			t.Logf("%+v", m.Status())
		}
		t.FailNow()
	}
	for uid, m := range all[:2] {
		s := m.Status()
		require.EqualValues(t, uid, s.UID)
		require.EqualValues(t, 100, s.Height)
		require.EqualValues(t, 5, s.EarnedIncentive)
		require.EqualValues(t, 7, s.EarnedDividends)
		require.EqualValues(t, 100, s.Stake)
		require.True(t, s.Permit)
		require.Less(t, s.Network, s.Alone)
		require.Less(t, s.Scores[2], s.Scores[uint32(1-uid)]/5, "who guesses")
		row := m.last()
		require.Len(t, row, 2)
		require.EqualValues(t, 1-uid, row[0].UID)
		require.EqualValues(t, 65535, row[0].Value)
	}

	// The guesser's uid goes to somebody else: what is known of it goes with it.
	g.Neurons[2].Hotkey, g.Neurons[2].Axon, g.Height = "somebody else", nil, 101
	rounds := all[0].Status().Rounds
	for _, m := range all[:2] {
		m.saw(chain.Block{Height: 101}, g, chain.Pay{})
	}
	require.Eventually(t, func() bool { return all[0].Status().Rounds > rounds+1 }, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, 1, all[0].Status().Peers)
	cancel()
	require.NoError(t, group.Wait())
	require.Equal(t, "somebody else", all[0].scored.by[2])
	require.FileExists(t, filepath.Join(all[0].home.dir, fileHotkeys))
	require.FileExists(t, filepath.Join(all[0].home.dir, fileScores))
	require.NotEmpty(t, steps(t, all[0].home.dir))

	// A restart goes on with the scores.
	deps := Deps{Domains: domains, Log: all[0].said.log()}
	again, err := New(all[0].cfg, deps)
	require.NoError(t, err)
	require.Positive(t, again.judge.Score(1))
	require.Equal(t, all[0].Status().Step, again.Status().Step)
	require.NoError(t, again.close())
}

// Two neurons of images ask and score each other.
func TestNetworkOfImages(t *testing.T) {
	dir := t.TempDir()
	paths := idx(t, dir, 800)
	all := members(t, &Domains{Seed: 1}, []string{"sums", "log"}, func(_ int, c *Config, _ *Deps) {
		c.Model.Architecture, c.Data = "image-mlp", Data{Kind: KindIDX, Paths: paths, Of: 1}
		c.Train.Steps, c.Network.Start = 10_000, 0.01
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	group, running := errgroup.WithContext(ctx)
	for _, m := range all {
		group.Go(func() error { return m.Run(running) })
	}
	g := graph(t, all, 100)
	for _, m := range all {
		m.saw(chain.Block{Height: 100}, g, chain.Pay{})
	}
	require.Eventually(t, func() bool {
		for _, m := range all {
			if s := m.Status(); s.Rounds < 2 || s.Peers != 1 || s.Served == 0 {
				return false
			}
		}
		return running.Err() == nil
	}, 60*time.Second, 50*time.Millisecond)
	cancel()
	require.NoError(t, group.Wait())
	require.NotContains(t, all[0].said.String(), "level=ERROR")
}

func TestAxonRecord(t *testing.T) {
	c := joined(t, t.TempDir())
	c.Axon.Advertise, c.Axon.Prices = c.Axon.Listen, []Price{{Unit: "request", Amount: 3}}
	n, err := New(c, Deps{Domains: &Domains{Seed: 1}, Log: (&book{}).log()})
	require.NoError(t, err)
	defer func() { require.NoError(t, n.close()) }()
	record, err := n.axonRecord()
	require.NoError(t, err)
	require.Equal(t, c.Axon.Advertise, net.JoinHostPort(record.Host, strconv.Itoa(int(record.Port))))
	require.Equal(t, map[string]uint64{"request": 3}, record.Prices)
	require.Equal(t, n.axon.Fingerprint(), record.Fingerprint)
}
