package train_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/train"
)

// even is a byte model without dropout: what it becomes follows from its file alone.
func even(seed uint64) model.Language {
	return model.NewMLP(model.MLPConfig{Context: 8, Embedding: 12, Hidden: 96}, seed)
}

// process serves a model as another process would, until stop.
func process(t testing.TB, address string, m model.Language) (stop func()) {
	t.Helper()
	s, err := remote.NewServer(m, 1)
	require.NoError(t, err)
	l, err := net.Listen("unix", address[len("unix:"):])
	require.NoError(t, err)
	g := grpc.NewServer(remote.ServerOptions()...)
	remote.RegisterModelServiceServer(g, s)
	done := make(chan struct{})
	go func() { defer close(done); _ = g.Serve(l) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			g.Stop()
			<-done
			require.NoError(t, s.Close())
		}
	}
	t.Cleanup(stop)
	return stop
}

func socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tao") // a socket's path has 107 bytes at most
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return "unix:" + filepath.Join(dir, "model")
}

func dialled(t testing.TB, address string) *remote.Model {
	t.Helper()
	m, err := remote.Dial(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func outside(t testing.TB, cfg train.Config, m train.Pupil, trouble func(error), texts ...*data.Text) *train.Remote {
	t.Helper()
	mixture, err := data.NewMixture(0.5, texts[0], texts[1:]...)
	require.NoError(t, err)
	if trouble == nil {
		trouble = func(err error) { t.Logf("trouble: %v", err) }
	}
	r, err := train.NewRemote(cfg, train.NewWindows(cfg, mixture), m, t.TempDir(), trouble)
	require.NoError(t, err)
	t.Cleanup(r.Stop)
	return r
}

func remoteSteps(t testing.TB, r *train.Remote, n int, network train.Network) (last train.Report) {
	t.Helper()
	for range n {
		var err error
		last, err = r.Step(context.Background(), network)
		require.NoError(t, err)
	}
	return last
}

// A model in another process learns, and the network teaches it what its data lacks.
func TestRemoteLearns(t *testing.T) {
	texts := domains(t)
	network := neurontest.NewNetwork(1, specialist(t, 1, texts[1]))
	samples := []*data.Text{texts[0], take(t, texts[1], 4096)}
	held := train.Blocks(data.Test, 8, texts[1])
	cfg := quick(240)
	losses := map[bool]float64{}
	for _, taught := range []bool{false, true} {
		address := socket(t)
		process(t, address, even(1))
		m := dialled(t, address)
		r := outside(t, cfg, m, nil, samples...)
		var n train.Network = train.Alone{}
		if taught {
			n = network
		}
		first := remoteSteps(t, r, 1, n)
		require.Zero(t, first.Asked)
		require.Equal(t, first.Loss, first.Mixed)
		last := remoteSteps(t, r, cfg.Steps-1, n)
		require.Less(t, last.Loss, first.Loss-1)
		require.EqualValues(t, cfg.Steps, r.Steps())
		if taught {
			require.Equal(t, 1, last.Answered)
			require.EqualValues(t, 1, last.Strength)
			require.Less(t, last.Mixed, last.Loss)
		}
		e, err := train.Evaluate(context.Background(), cfg, m, network, network.Live(), held, 8)
		require.NoError(t, err)
		require.Less(t, e.Network, e.Alone)
		losses[taught] = e.Alone
	}
	t.Logf("alone %.4f, taught %.4f", losses[false], losses[true])
	require.Less(t, losses[true], losses[false])
}

// What was cut off goes on to the same bits, when the process keeps its promise; a
// damaged checkpoint changes nothing.
func TestRemoteResumes(t *testing.T) {
	texts := domains(t)
	make := func(seed uint64) (*remote.Model, *train.Remote) {
		address := socket(t)
		process(t, address, even(seed))
		m := dialled(t, address)
		return m, outside(t, quick(60), m, nil, texts[0], texts[1])
	}
	whole, wholly := make(1)
	remoteSteps(t, wholly, 40, train.Alone{})

	_, first := make(1)
	remoteSteps(t, first, 17, train.Alone{})
	var file bytes.Buffer
	require.NoError(t, first.Save(&file, map[string]string{"name": "a"}))

	second, resumed := make(2)
	remoteSteps(t, resumed, 3, train.Alone{})
	metadata, err := resumed.Load(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Equal(t, "a", metadata["name"])
	require.EqualValues(t, 17, resumed.Steps())
	remoteSteps(t, resumed, 23, train.Alone{})
	require.Equal(t, whole.Card().Hash, second.Card().Hash)

	before := second.Card().Hash
	for name, damage := range map[string]func([]byte) []byte{
		"cut":      func(b []byte) []byte { return b[:len(b)-5] },
		"longer":   func(b []byte) []byte { return append(b, 0) },
		"a byte":   func(b []byte) []byte { b[len(b)/2]++; return b },
		"no state": func(b []byte) []byte { return bytes.Replace(b, []byte(`"train":"`), []byte(`"trine":"`), 1) },
		"other":    func(b []byte) []byte { return bytes.Replace(b, []byte(`bytelm-mlp`), []byte(`bytelm-xlp`), 1) },
		"nothing":  func([]byte) []byte { return nil },
	} {
		_, err := resumed.Load(bytes.NewReader(damage(bytes.Clone(file.Bytes()))))
		require.Error(t, err, name)
		require.Equal(t, before, second.Card().Hash, name)
		require.EqualValues(t, 40, resumed.Steps(), name)
	}
	// One of a built-in model is none of ours, and the other way round.
	own := trainer(t, quick(10), 1, 0.5, texts[0])
	var other bytes.Buffer
	require.NoError(t, own.Save(&other, nil))
	_, err = resumed.Load(&other)
	require.ErrorContains(t, err, "another process")
	_, err = own.Load(bytes.NewReader(file.Bytes()))
	require.Error(t, err)
}

// A process that ends is waited for, and goes on from the last checkpoint.
func TestRemoteIsWaitedFor(t *testing.T) {
	texts := domains(t)
	address := socket(t)
	stop := process(t, address, even(1))
	m := dialled(t, address)
	var told []error
	r := outside(t, quick(60), m, func(err error) {
		told = append(told, err)
		if len(told) == 1 {
			process(t, address, even(7)) // it comes back as another
		}
	}, texts[0])
	remoteSteps(t, r, 5, train.Alone{})
	var file bytes.Buffer
	require.NoError(t, r.Save(&file, nil))
	saved := m.Card().Hash
	remoteSteps(t, r, 2, train.Alone{})
	stop()
	require.NoError(t, r.Patiently(context.Background(), func() error {
		return m.Forward(context.Background(), model.Input{Count: 1, Length: 1, Tokens: []byte("a")}, make([]float32, model.Vocabulary))
	}))
	require.Equal(t, saved, m.Card().Hash)
	require.ErrorIs(t, told[0], remote.ErrUnreachable)
	require.NoError(t, told[len(told)-1])
	remoteSteps(t, r, 1, train.Alone{})
	require.EqualValues(t, 8, r.Steps())
	require.NotEqual(t, saved, m.Card().Hash)

	// Whoever stops is not kept waiting.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Patiently(ctx, func() error { return remote.ErrUnreachable }), remote.ErrUnreachable)
}

// pupil is a model of numbers: it predicts one and the same value and learns the mean.
type pupil struct {
	model.Expert
	mu      sync.Mutex
	value   float32
	saves   bool
	lessons []remote.Lesson
	down    atomic.Int32 // calls that fail
	loads   int
}

func (p *pupil) Card() model.Card {
	return model.Card{Modality: model.Tensor, Architecture: "mean", Classes: 1, Regression: true, Shape: []int{8}}
}
func (p *pupil) Saves() bool { return p.saves }
func (p *pupil) Save(_ context.Context, path string) error {
	return os.WriteFile(path, []byte{byte(p.has())}, 0o600)
}
func (p *pupil) Load(_ context.Context, path string) error {
	b, err := os.ReadFile(path)
	if err != nil || len(b) != 1 {
		return errors.New("no file of mine")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loads++
	p.value = float32(b[0])
	return nil
}
func (p *pupil) has() float32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.value
}
func (p *pupil) loaded() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loads
}
func (p *pupil) becomes(value float32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.value = value
}
func (p *pupil) Forward(_ context.Context, in model.Input, dst []float32) error {
	if p.down.Load() > 0 {
		p.down.Add(-1)
		return remote.ErrUnreachable
	}
	for i := range in.Count {
		dst[i] = p.has()
	}
	return nil
}
func (p *pupil) Step(_ context.Context, l remote.Lesson) (float64, error) {
	if p.down.Load() > 0 {
		p.down.Add(-1)
		return 0, remote.ErrUnreachable
	}
	l.Values = append([]float32(nil), l.Values...)
	p.lessons = append(p.lessons, l)
	return 8, nil
}

func numbers(t testing.TB, p *pupil, trouble func(error)) *train.Remote {
	t.Helper()
	cfg := quick(100)
	r, err := train.NewRemote(cfg, train.NewNumbers(cfg, table(t, 400, "sum", data.Regress)), p, t.TempDir(), trouble)
	require.NoError(t, err)
	return r
}

// A regression is sent values and no teacher, its loss comes in units of the deviation.
func TestRemoteRegression(t *testing.T) {
	p := &pupil{}
	r := numbers(t, p, nil)
	report, err := r.Step(context.Background(), neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: p}))
	require.NoError(t, err)
	require.Zero(t, report.Asked)
	require.Len(t, p.lessons, 1)
	require.Nil(t, p.lessons[0].Targets)
	require.Nil(t, p.lessons[0].Teacher)
	require.Len(t, p.lessons[0].Values, 8)
	require.InDelta(t, 3e-3/10, p.lessons[0].Rate, 1e-6, "the first of ten steps of warm-up")
	e, err := r.EvaluateExamples(context.Background(), data.Validation, p, train.Alone{}, nil, 50)
	require.NoError(t, err)
	require.Positive(t, e.Alone)
	require.Equal(t, e.Alone, e.Network)

	// It does not save: the state goes on alone.
	var file bytes.Buffer
	require.NoError(t, r.Save(&file, nil))
	again := numbers(t, &pupil{}, nil)
	_, err = again.Load(&file)
	require.NoError(t, err)
	require.EqualValues(t, 1, again.Steps())
}

// A resting learner notices that its process began anew, and brings it back.
func TestRemoteRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pupil{value: 3, saves: true}
		told := make(chan error, 100)
		r := numbers(t, p, func(err error) { told <- err })
		_, err := r.Step(context.Background(), train.Alone{})
		require.NoError(t, err)
		require.NoError(t, r.Save(io.Discard, nil))
		ctx, cancel := context.WithCancel(context.Background())
		rested := make(chan error)
		go func() { rested <- r.Rest(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, p.loaded(), "nothing happened")
		p.becomes(0) // it began anew
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, p.loaded())
		require.EqualValues(t, 3, p.has())
		p.down.Store(3)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		cancel()
		require.NoError(t, <-rested)
		close(told)
		var last error
		heard := 0
		for last = range told {
			heard++
		}
		require.Greater(t, heard, 1)
		require.NoError(t, last)
	})
}

// A loop with a remote learner checkpoints when it comes to rest.
func TestLoopOfARemote(t *testing.T) {
	p := &pupil{value: 3, saves: true}
	p.down.Store(1)
	r := numbers(t, p, func(error) {})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	kept := map[uint64]bool{}
	loop := &train.Loop{
		Config: train.LoopConfig{Evaluate: 4, Checkpoint: 1000, CheckpointEvery: time.Hour, Steps: 6}, Learner: r, Network: train.Alone{},
		Publish: func(uint64) error { return nil }, Now: time.Now, Checkpoints: keeper(kept),
		Measure: func(ctx context.Context, peers []uint32) (e train.Evaluation, err error) {
			err = r.Patiently(ctx, func() error {
				e, err = r.EvaluateExamples(ctx, data.Validation, p, train.Alone{}, peers, 2)
				return err
			})
			return e, err
		},
		Tell: func(p train.Progress) {
			if p.Resting {
				cancel()
			}
		},
	}
	require.NoError(t, loop.Run(ctx))
	require.Equal(t, map[uint64]bool{6: true}, kept)
}

type keeper map[uint64]bool

func (k keeper) Save(step uint64, write func(io.Writer) error) error {
	k[step] = true
	return write(io.Discard)
}

// FuzzRemoteCheckpoint: whatever is in a file, it is taken whole or refused.
func FuzzRemoteCheckpoint(f *testing.F) {
	dir := f.TempDir()
	p := &pupil{value: 3, saves: true}
	cfg := quick(10)
	r, err := train.NewRemote(cfg, train.NewNumbers(cfg, table(f, 100, "sum", data.Regress)), p, dir, func(error) {})
	require.NoError(f, err)
	var file bytes.Buffer
	require.NoError(f, r.Save(&file, map[string]string{"a": "b"}))
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:20])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		steps := r.Steps()
		if _, err := r.Load(bytes.NewReader(b)); err != nil && r.Steps() != steps {
			t.Fatal("a checkpoint that was refused changed the step")
		}
	})
}
