package train_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
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
type peeker struct{ model.Expert }

type peek struct{}

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

// order is a network that notes what a peer was told, in all lives of the neuron.
type order struct {
	train.Network
	t      *testing.T
	blocks [][]byte
	most   map[int]int // by block, bytes of it that were told
	told   [][]byte    // by sequence, in this life
}

type ordered struct {
	train.Stream
	*order
}

// Follow implements train.Network. What a context holds may be no target from now on.
func (o *order) Follow(ctx context.Context, uid uint32, sequences int, contexts [][]byte) (train.Stream, error) {
	s, err := o.Network.Follow(ctx, uid, sequences, contexts)
	o.told = make([][]byte, sequences)
	for i := range contexts {
		o.told[i] = bytes.Clone(contexts[i])
		for b, block := range o.blocks {
			if bytes.HasPrefix(block, contexts[i]) && len(contexts[i]) >= unmistakable {
				o.most[b] = max(o.most[b], len(contexts[i]))
			}
		}
	}
	return ordered{s, o}, err
}

// Next implements train.Stream: the byte that the answer predicts was never told.
func (o ordered) Next(ctx context.Context, column []byte, restart bool, dst []float32) error {
	for i, b := range column {
		if restart {
			o.told[i] = nil
		}
		o.told[i] = append(o.told[i], b)
		length := len(o.told[i])
		for at, block := range o.blocks {
			if bytes.HasPrefix(block, o.told[i]) && length >= unmistakable {
				assert.LessOrEqual(o.t, o.most[at], length, "byte %d of block %d was told before its answer", length, at)
				o.most[at] = max(o.most[at], length)
			}
		}
	}
	return o.Stream.Next(ctx, column, restart, dst)
}

// unmistakable is from how many bytes on a beginning names its block.
const unmistakable = 24

// No byte is a target once a peer has heard it, a neuron that was killed in between
// included: every answer comes before the byte it predicts is told to anybody.
func TestTargetsAreFresh(t *testing.T) {
	texts := domains(t)
	own := take(t, texts[0], 30_000)
	cfg := measuring()
	cfg.Sequences, cfg.Positions, cfg.Probes, cfg.Canaries = 2, 7, 0, false
	watched := &order{
		Network: neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: serve(t, small(2))}),
		t:       t, most: map[int]int{}, blocks: train.Blocks(data.Score, 1<<20, own),
	}
	self := serve(t, small(1))
	for i, block := range watched.blocks {
		for _, other := range watched.blocks[:i] {
			require.NotEqual(t, block[:unmistakable], other[:unmistakable])
		}
	}

	var state []byte
	targets := 0
	for life := range 24 {
		j := judge(t, cfg, self, watched, func(b []byte) error { state = bytes.Clone(b); return nil }, own)
		if life > 0 {
			require.NoError(t, j.Restore(state))
		}
		for i := range 3 {
			r, err := j.Round(context.Background(), int64(i))
			require.NoError(t, err)
			targets += r.Positions
		}
		require.NoError(t, j.Close())
	}
	require.Greater(t, targets, data.BlockSize)

	// A state that could not be kept: nobody is told anything.
	full := errors.New("disk full")
	before := fmt.Sprint(watched.most)
	j := judge(t, cfg, self, watched, func([]byte) error { return full }, own)
	_, err := j.Round(context.Background(), 0)
	require.ErrorIs(t, err, full)
	require.Equal(t, before, fmt.Sprint(watched.most))
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

// When nobody answers, nothing is spent and nobody loses a score.
func TestNobodyAnswers(t *testing.T) {
	texts := domains(t)
	own := take(t, texts[0], 30_000)
	cfg := measuring()
	base := serve(t, small(2))
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: base, Fails: 1}, neurontest.Peer{UID: 2, Expert: base, Fails: 1})
	j := judge(t, cfg, serve(t, small(1)), network, func([]byte) error { return nil }, own)
	for range 5 {
		r, err := j.Round(context.Background(), 0)
		require.NoError(t, err)
		require.Zero(t, r.Positions)
		require.Error(t, r.Silent[0])
	}
	network.Set(neurontest.Peer{UID: 1, Expert: base}, neurontest.Peer{UID: 2, Expert: base})
	total := 0
	for range 20 {
		r, err := j.Round(context.Background(), 0)
		require.NoError(t, err)
		total += r.Positions
	}
	require.Equal(t, own.Len(data.Score)*(data.BlockSize-1), total)
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

// What a peer dreams is its domain and no other: a judge of bytes that knows both finds
// the dreams of a specialist likelier under the specialist.
func TestDream(t *testing.T) {
	texts := domains(t)
	one, two := specialist(t, 1, texts[1]), specialist(t, 2, texts[2])
	network := neurontest.NewNetwork(1, one, two)
	dreams, err := train.Dream(context.Background(), network, 1, 8, 200, 5)
	require.NoError(t, err)
	require.Len(t, dreams, 8)
	again, err := train.Dream(context.Background(), network, 1, 8, 200, 5)
	require.NoError(t, err)
	require.Equal(t, dreams, again)
	loss := func(m model.Expert) float64 {
		e, err := train.Evaluate(context.Background(), quick(1), m, train.Alone{}, nil, dreams, 8)
		require.NoError(t, err)
		return e.Alone
	}
	require.Less(t, loss(one.Expert), loss(two.Expert)-1)
	_, err = train.Dream(context.Background(), network, 9, 8, 200, 5)
	require.Error(t, err)
	_, err = train.Dream(context.Background(), network, 1, 0, 200, 5)
	require.Error(t, err)
}
