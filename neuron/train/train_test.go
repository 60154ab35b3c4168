package train_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/train"
)

// small is a byte model that learns the generated languages in a second.
func small(seed uint64) model.Language {
	return model.NewMLP(model.MLPConfig{Context: 8, Embedding: 12, Hidden: 96, Dropout: 0.1}, seed)
}

func quick(steps int) train.Config {
	c := train.DefaultConfig()
	c.Steps, c.Batch, c.Length, c.WarmUp, c.Decay = steps, 8, 32, 10, 0.05
	return c
}

func domains(t testing.TB) []*data.Text {
	t.Helper()
	texts, err := data.Generated(7, 60_000)
	require.NoError(t, err)
	return texts
}

func take(t testing.TB, text *data.Text, n int) *data.Text {
	t.Helper()
	part, err := text.Take(n)
	require.NoError(t, err)
	return part
}

func trainer(t testing.TB, cfg train.Config, seed uint64, own float64, texts ...*data.Text) *train.Trainer {
	t.Helper()
	mixture, err := data.NewMixture(own, texts[0], texts[1:]...)
	require.NoError(t, err)
	device := nn.NewDevice(1)
	t.Cleanup(device.Close)
	tr, err := train.NewTrainer(cfg, train.NewText(cfg, small(seed), mixture), device)
	require.NoError(t, err)
	return tr
}

func steps(t testing.TB, tr *train.Trainer, n int, network train.Network) (last train.Report) {
	t.Helper()
	for range n {
		var err error
		last, err = tr.Step(context.Background(), network)
		require.NoError(t, err)
	}
	return last
}

func serve(t testing.TB, m model.Language) *model.Served {
	t.Helper()
	s, err := model.NewServed(m, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// specialist is a peer that was trained on one domain.
func specialist(t testing.TB, uid uint32, text *data.Text) neurontest.Peer {
	t.Helper()
	tr := trainer(t, quick(400), uint64(uid)+100, 1, text)
	steps(t, tr, 400, train.Alone{})
	return neurontest.Peer{UID: uid, Expert: serve(t, language(tr))}
}

func params(m model.Language) (all []float32) {
	for _, p := range m.Params() {
		all = append(all, p.Data...)
	}
	return all
}

// A training that was cut off goes on to the same bits.
func TestResumeIsBitExact(t *testing.T) {
	texts := domains(t)
	whole := trainer(t, quick(60), 1, 0.5, texts[0], texts[1])
	steps(t, whole, 60, train.Alone{})

	first := trainer(t, quick(60), 1, 0.5, texts[0], texts[1])
	steps(t, first, 23, train.Alone{})
	var file bytes.Buffer
	require.NoError(t, first.Save(&file, map[string]string{"name": "a"}))
	saved := bytes.Clone(file.Bytes())

	second := trainer(t, quick(60), 2, 0.5, texts[0], texts[1])
	steps(t, second, 3, train.Alone{})
	metadata, err := second.Load(&file)
	require.NoError(t, err)
	require.Equal(t, "a", metadata["name"])
	require.EqualValues(t, 23, second.Steps())
	steps(t, second, 37, train.Alone{})
	require.Equal(t, params(language(whole)), params(language(second)))

	// A damaged file changes nothing.
	before := params(language(second))
	for _, damage := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)/2] },
		func(b []byte) []byte { return bytes.Replace(b, []byte(`"train":"`), []byte(`"train":"!`), 1) },
		func(b []byte) []byte { return bytes.Replace(b, []byte(`"train":"`), []byte(`"trine":"`), 1) },
	} {
		_, err = second.Load(bytes.NewReader(damage(bytes.Clone(saved))))
		require.Error(t, err)
		require.Equal(t, before, params(language(second)))
		require.EqualValues(t, 60, second.Steps())
	}
}

// With peers that know the other domains a neuron learns them better than alone, and
// the mixture is better still.
func TestNetworkTeaches(t *testing.T) {
	texts := domains(t)
	network := neurontest.NewNetwork(1, specialist(t, 1, texts[1]), specialist(t, 2, texts[2]))
	samples := []*data.Text{texts[0], take(t, texts[1], 4096), take(t, texts[2], 4096)}
	held := train.Blocks(data.Test, 24, texts[1], texts[2])

	cfg := quick(500)
	losses := map[string]float64{}
	for name, n := range map[string]train.Network{"alone": train.Alone{}, "taught": network} {
		tr := trainer(t, cfg, 1, 0.5, samples...)
		last := steps(t, tr, cfg.Steps, n)
		if name == "taught" {
			require.Equal(t, 2, last.Answered)
			require.Less(t, last.Mixed, last.Loss)
		}
		self := serve(t, language(tr))
		e, err := train.Evaluate(context.Background(), cfg, self, network, network.Live(), held, 24)
		require.NoError(t, err)
		losses[name] = e.Alone
		require.Less(t, e.Network, e.Alone)
		require.Equal(t, 1, e.Choice.Index)
		require.Equal(t, len(held)*(data.BlockSize-1), e.Bytes)
	}
	require.Less(t, losses["taught"], losses["alone"])
}

// Peers that fail cost their answers and nothing else.
func TestFailingPeers(t *testing.T) {
	texts := domains(t)
	good, bad := specialist(t, 1, texts[1]), neurontest.Peer{UID: 2, Expert: serve(t, small(9)), Fails: 1}
	network := neurontest.NewNetwork(1, good, bad)
	cfg := quick(40)
	cfg.Schedule.Start = 0
	tr := trainer(t, cfg, 1, 0.5, texts[0], take(t, texts[1], 4096))
	for range cfg.Steps {
		r, err := tr.Step(context.Background(), network)
		require.NoError(t, err)
		require.Equal(t, 1, r.Answered)
		require.Equal(t, 2, r.Asked)
	}
	e, err := train.Evaluate(context.Background(), cfg, serve(t, language(tr)), network, network.Live(), train.Blocks(data.Test, 8, texts[0]), 8)
	require.NoError(t, err)
	require.ErrorIs(t, e.Failed[1], neurontest.ErrFault)
	require.Zero(t, e.Gates[2])

	tr.Network = false // nobody is asked
	r, err := tr.Step(context.Background(), network)
	require.NoError(t, err)
	_ = r // the batch that was drawn before had been asked for
	r, err = tr.Step(context.Background(), network)
	require.NoError(t, err)
	require.Zero(t, r.Asked)
	require.Equal(t, r.Loss, r.Mixed)
}

// peeker answers the byte that follows when it was told, and is sure of it.
type peeker struct {
	model.Expert
	told map[string]bool // everything it heard, to notice targets before answers
}

type peek struct{ last []byte }

func (p peeker) Follow(int) (model.Follower, error) { return &peek{}, nil }

// Next of a peeker repeats the last byte: it knows nothing of the next one.
func (p *peek) Next(_ context.Context, bytes []byte, dst []float32) error {
	for i := range dst {
		dst[i] = 0.1 / model.Vocabulary
	}
	for s, b := range bytes {
		dst[s*model.Vocabulary+int(b)] += 0.9
	}
	return nil
}
func (p *peek) Restart()     {}
func (p *peek) Close() error { return nil }

// Forward of a peeker reads the answer from the window.
func (p peeker) Forward(_ context.Context, in model.Input, dst []float32) error {
	for i := range dst {
		dst[i] = 0.01 / model.Vocabulary
	}
	for row := range in.Rows() {
		next := 0
		if (row+1)%in.Length != 0 {
			next = int(in.Tokens[row+1])
		}
		dst[row*model.Vocabulary+next] += 0.99
	}
	return nil
}

// noise answers anything.
type noise struct{ model.Expert }

type noisy struct{ random *rand.Rand }

func (noise) Follow(int) (model.Follower, error) { return noisy{rand.New(rand.NewPCG(1, 2))}, nil }
func (n noisy) Restart()                         {}
func (n noisy) Close() error                     { return nil }
func (n noisy) Next(_ context.Context, bytes []byte, dst []float32) error {
	for s := range bytes {
		sum := float32(0)
		row := dst[s*model.Vocabulary : (s+1)*model.Vocabulary]
		for i := range row {
			row[i] = n.random.Float32()
			sum += row[i]
		}
		for i := range row {
			row[i] /= sum
		}
	}
	return nil
}
func (noise) Forward(ctx context.Context, in model.Input, dst []float32) error {
	n := noisy{rand.New(rand.NewPCG(uint64(in.Count), 2))}
	return n.Next(ctx, make([]byte, in.Rows()), dst)
}

func judge(t testing.TB, cfg train.JudgeConfig, self model.Expert, network train.Network, keep func([]byte) error, texts ...*data.Text) *train.Judge {
	t.Helper()
	mixture, err := data.NewMixture(0.5, texts[0], texts[1:]...)
	require.NoError(t, err)
	j, err := train.NewJudge(cfg, self, network, mixture, keep, texts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func measuring() train.JudgeConfig {
	cfg := train.DefaultJudge()
	cfg.Sequences, cfg.Positions = 24, 40
	return cfg
}

// The specialist earns; noise, a peeker and who is silent do not.
func TestScores(t *testing.T) {
	texts := domains(t)
	base := serve(t, small(5))
	silent := neurontest.Peer{UID: 5, Expert: base, Fails: 1}
	network := neurontest.NewNetwork(1,
		specialist(t, 1, texts[1]), neurontest.Peer{UID: 2, Expert: noise{base}},
		neurontest.Peer{UID: 3, Expert: peeker{Expert: base}}, silent)
	tr := trainer(t, quick(300), 1, 0.8, texts[0], take(t, texts[1], 4096))
	steps(t, tr, 300, train.Alone{})
	j := judge(t, measuring(), serve(t, language(tr)), network, func([]byte) error { return nil }, texts[0], take(t, texts[1], 30_000))
	for i := range 8 {
		r, err := j.Round(context.Background(), int64(i))
		require.NoError(t, err)
		require.Less(t, r.Network, r.Alone)
		require.Equal(t, []uint32{1, 2, 3, 5}, r.Peers)
		require.Error(t, r.Silent[3])
	}
	t.Logf("scores %v %v %v %v", j.Score(1), j.Score(2), j.Score(3), j.Score(5))
	require.Positive(t, j.Score(1))
	for _, uid := range []uint32{2, 3, 5} {
		require.Less(t, j.Score(uid), j.Score(1)/20, uid)
	}
	row := j.Row(network.Live(), 0, score.Bounds{})
	require.Len(t, row, 4)
	require.Equal(t, score.Weight{UID: 1, Value: 65535}, row[0])
}

// order is a network that notes what every peer was told before each answer.
type order struct {
	train.Network
	told *[][]byte
}

type ordered struct {
	train.Stream
	told *[][]byte
}

func (o order) Follow(ctx context.Context, uid uint32, sequences int, contexts [][]byte) (train.Stream, error) {
	s, err := o.Network.Follow(ctx, uid, sequences, contexts)
	for i := range contexts {
		(*o.told)[i] = append((*o.told)[i], contexts[i]...)
	}
	return ordered{s, o.told}, err
}

func (o ordered) Next(ctx context.Context, bytes []byte, restart bool, dst []float32) error {
	for i, b := range bytes {
		(*o.told)[i] = append((*o.told)[i], b)
	}
	return o.Stream.Next(ctx, bytes, restart, dst)
}

// No byte is a target once a peer has heard it, a neuron that was killed in between
// included: over all rounds and lives, every byte is told at most once.
func TestTargetsAreFresh(t *testing.T) {
	texts := domains(t)
	own := take(t, texts[0], 30_000)
	cfg := measuring()
	cfg.Sequences, cfg.Positions, cfg.Probes, cfg.Canaries = 2, 7, 0, false
	peer := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: serve(t, small(2))})
	self := serve(t, small(1))

	var state []byte
	targets := 0
	var heard []byte
	for life := range 12 {
		told := make([][]byte, cfg.Sequences)
		j := judge(t, cfg, self, order{peer, &told}, func(b []byte) error { state = bytes.Clone(b); return nil }, own)
		if life > 0 {
			require.NoError(t, j.Restore(state))
		}
		for i := range 3 {
			r, err := j.Round(context.Background(), int64(i))
			require.NoError(t, err)
			targets += r.Positions
		}
		require.NoError(t, j.Close())
		for _, told := range told {
			heard = append(heard, told...)
		}
	}
	require.LessOrEqual(t, targets, own.Len(data.Score)*data.BlockSize)
	require.Positive(t, targets)

	// A state that could not be kept: nobody is told anything.
	told := make([][]byte, cfg.Sequences)
	failing := errors.New("disk full")
	j := judge(t, cfg, self, order{peer, &told}, func([]byte) error { return failing }, own)
	_, err := j.Round(context.Background(), 0)
	require.ErrorIs(t, err, failing)
	require.Empty(t, told[0])
}

func TestUsedUp(t *testing.T) {
	texts := domains(t)
	own := take(t, texts[0], 12_000)
	cfg := measuring()
	cfg.Positions, cfg.Probes, cfg.Canaries = data.BlockSize, 0, false
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: serve(t, small(2))})
	j := judge(t, cfg, serve(t, small(1)), network, func([]byte) error { return nil }, own)
	total := 0
	for range 4 {
		r, err := j.Round(context.Background(), 0)
		require.NoError(t, err)
		total += r.Positions
		if r.UsedUp {
			require.Zero(t, r.Positions)
		}
	}
	require.Equal(t, own.Len(data.Score)*(data.BlockSize-1), total, "every byte but the first of a block, once")
}

// A relay is convicted by the receipts of two peers, and earns nothing.
func TestRelayIsConvicted(t *testing.T) {
	texts := domains(t)
	seen := map[score.Hash]bool{}
	base := specialist(t, 1, texts[1])
	witness := func(h score.Hash) bool { return seen[h] }
	relay := neurontest.Peer{UID: 4, Expert: recorder{base.Expert, seen}, Witness: witness}
	source := neurontest.Peer{UID: 1, Expert: base.Expert, Witness: witness} // the relay asks it
	third := specialist(t, 2, texts[2])
	network := neurontest.NewNetwork(1, source, third, relay)
	cfg := measuring()
	cfg.Positions = 4
	j := judge(t, cfg, serve(t, small(1)), network, func([]byte) error { return nil }, texts[0], take(t, texts[1], 30_000))
	var relays []uint32
	for i := range 6 {
		r, err := j.Round(context.Background(), int64(i))
		require.NoError(t, err)
		relays = append(relays, r.Relays...)
	}
	require.Equal(t, []uint32{4}, relays)
	require.Zero(t, j.Score(4))
}

// recorder notes the samples that it was asked.
type recorder struct {
	model.Expert
	seen map[score.Hash]bool
}

func (r recorder) Forward(ctx context.Context, in model.Input, dst []float32) error {
	for i := range in.Count {
		r.seen[sha(in.Tokens[i*in.Length:(i+1)*in.Length])] = true
	}
	return r.Expert.Forward(ctx, in, dst)
}

func TestConfigIsChecked(t *testing.T) {
	texts := domains(t)
	for i, edit := range []func(*train.Config){
		func(c *train.Config) { c.Steps = 0 }, func(c *train.Config) { c.Batch = 0 }, func(c *train.Config) { c.Length = 512 },
		func(c *train.Config) { c.Rate = 0 }, func(c *train.Config) { c.SelfPrior = 1 }, func(c *train.Config) { c.WarmUp = 1 << 30 },
	} {
		cfg := quick(10)
		edit(&cfg)
		_, err := train.NewTrainer(cfg, train.NewText(quick(10), small(1), texts[0]), nil)
		require.Error(t, err, fmt.Sprint(i))
	}
}

func sha(b []byte) score.Hash { return sha256.Sum256(b) }

func language(t *train.Trainer) model.Language { return t.Task().(*train.Text).Language }
