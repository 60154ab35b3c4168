package neuron

import (
	"context"
	"errors"
	"io"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/store"
	"github.com/taonet/taonet/neuron/train"
)

// learning is the part of a neuron that learns: model, data and what is shown to peers.
type learning struct {
	cfg    train.Config
	device *nn.Device // nil of a model in another process
	// learner is nil of a model that nothing can be measured of here.
	learner train.Learner
	// still is why the model does not learn here, in one sentence; empty when it does.
	still   string
	served  served
	publish func(step uint64) error
	texts   []*data.Text // of a language model, its own first
	source  train.Source
	blocks  [][]byte       // of the validation part
	set     *data.Labelled // of images and tables

	checkpoints *store.Checkpoints
	step        uint64 // that was loaded; 0 begins
	skipped     error  // newer checkpoints that could not be read
}

// served is what peers are answered by.
type served interface {
	model.Expert
	io.Closer
}

const (
	validationBlocks  = 24
	validationLength  = 160 // bytes of each: training waits for the walk
	validationBatches = 16  // of examples
	gatePasses        = 20
	// schedule is how long the schedules are when training has no end.
	schedule = 6000
)

// trainConfig is a configuration's part for package train.
func (c *Config) trainConfig() train.Config {
	t := train.DefaultConfig()
	t.Steps = int(min(c.Train.Steps, 1<<40))
	if t.Steps == 0 {
		t.Steps = schedule
	}
	t.Batch, t.Length, t.Seed = c.Train.Batch, c.Train.Length, c.Train.Seed
	t.Rate, t.WarmUp, t.Decay = float32(c.Train.Rate), min(int(c.Train.Warmup), t.Steps), float32(c.Train.WeightDecay)
	t.Loss.Beta = float32(c.Network.Beta)
	t.Schedule = distill.Schedule{Start: c.Network.Start, Ramp: 0.05}
	t.Top, t.Explore = c.Network.Peers, c.Network.Explore
	t.Share, t.SelfPrior = float32(c.Network.Share), float32(c.Network.SelfPrior)
	return t
}

// newLearning loads data and model, and the newest checkpoint when there is one. trouble
// hears of a model's process that is away, and nil when it is back.
func newLearning(c *Config, domains *Domains, home *home, trouble func(error)) (*learning, error) {
	checkpoints, err := store.OpenCheckpoints(home.path(dirCheckpoints))
	if err != nil {
		return nil, err
	}
	l := &learning{cfg: c.trainConfig(), checkpoints: checkpoints}
	switch c.Model.Architecture {
	case archRemote:
		err = l.remote(c, domains, home.path(dirRemote), trouble)
	case archOpenAI:
		err = l.openai(c)
	default:
		err = l.builtIn(c, domains)
	}
	if err == nil && l.still == "" {
		err = l.restore()
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// builtIn is a model of this process.
func (l *learning) builtIn(c *Config, domains *Domains) error {
	l.device = nn.NewDevice(0)
	task, err := l.task(c, domains)
	if err != nil {
		return err
	}
	l.learner, err = train.NewTrainer(l.cfg, task, l.device)
	return err
}

// restore goes on from the newest checkpoint that can be read.
func (l *learning) restore() error {
	step, skipped, err := l.checkpoints.Load(func(r io.Reader) error {
		_, err := l.learner.Load(r)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	l.step, l.skipped = step, skipped
	if err == nil && l.publish != nil {
		err = l.publish(step) // peers are answered by what was learned, from the first call on
	}
	return err
}

// learns says whether the model is trained here.
func (l *learning) learns() bool { return l.learner != nil && l.still == "" }

// steps that the model has made; 0 of one that does not learn here.
func (l *learning) steps() uint64 {
	if l.learner == nil {
		return 0
	}
	return l.learner.Steps()
}

// kernel that multiplies; empty where the model is elsewhere.
func (l *learning) kernel() string {
	if l.device == nil {
		return ""
	}
	return l.device.Kernel()
}

// sizes are what each part of the data holds, in blocks of text or examples, for a log.
func (l *learning) sizes() (pairs []any) {
	for part := data.Train; part < data.Parts; part++ {
		n := 0
		for _, t := range l.texts {
			n += t.Len(part)
		}
		if l.set != nil {
			n = l.set.Len(part)
		}
		if n > 0 {
			pairs = append(pairs, part.String(), n)
		}
	}
	return pairs
}

// rows of a step.
func (l *learning) rows() int {
	if len(l.texts) > 0 {
		return l.cfg.Batch * l.cfg.Length
	}
	return l.cfg.Batch
}

// measure says what held-out data says of the model and of the mixture with peers.
func (l *learning) measure(network train.Network) func(context.Context, []uint32) (train.Evaluation, error) {
	measure := func(ctx context.Context, peers []uint32) (train.Evaluation, error) {
		if len(l.texts) > 0 {
			return train.Evaluate(ctx, l.cfg, l.served, network, peers, l.blocks, len(l.blocks))
		}
		if err := l.learner.Tune(ctx, l.served, network, peers, validationBatches, gatePasses); err != nil {
			return train.Evaluation{}, err
		}
		return l.learner.EvaluateExamples(ctx, data.Validation, l.served, network, peers, validationBatches)
	}
	outside, ok := l.learner.(*train.Remote)
	if !ok {
		return measure
	}
	return func(ctx context.Context, peers []uint32) (e train.Evaluation, err error) {
		err = outside.Patiently(ctx, func() error {
			e, err = measure(ctx, peers)
			return err
		})
		return e, err
	}
}

func (l *learning) close() error {
	if l.device != nil {
		l.device.Close()
	}
	if l.served == nil {
		return nil
	}
	return l.served.Close()
}
