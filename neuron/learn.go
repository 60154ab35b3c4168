package neuron

import (
	"context"
	"errors"
	"fmt"
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
	cfg         train.Config
	device      *nn.Device
	trainer     *train.Trainer
	served      served
	publish     func(step uint64) error
	texts       []*data.Text // of a language model, its own first
	source      train.Source
	blocks      [][]byte // of the validation part
	checkpoints *store.Checkpoints
}

// served is what peers are answered by.
type served interface {
	model.Expert
	io.Closer
}

const (
	validationBlocks  = 24
	validationBatches = 8
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

// newLearning loads data and model, and the newest checkpoint when there is one.
func newLearning(c *Config, domains *Domains, dir string) (*learning, error) {
	checkpoints, err := store.OpenCheckpoints(dir)
	if err != nil {
		return nil, err
	}
	l := &learning{cfg: c.trainConfig(), device: nn.NewDevice(0), checkpoints: checkpoints}
	task, err := l.task(c, domains)
	if err != nil {
		l.device.Close()
		return nil, err
	}
	if l.trainer, err = train.NewTrainer(l.cfg, task, l.device); err == nil {
		err = l.restore()
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// restore goes on from the newest checkpoint that can be read.
func (l *learning) restore() error {
	_, _, err := l.checkpoints.Load(func(r io.Reader) error {
		_, err := l.trainer.Load(r)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}

func (l *learning) task(c *Config, domains *Domains) (train.Task, error) {
	switch c.Model.Architecture {
	case "bytelm-mlp", "bytelm-transformer":
		return l.text(c, domains)
	case "image-mlp", "image-conv", "table-mlp":
		return l.examples(c)
	}
	return nil, fmt.Errorf("model.architecture %s cannot be trained here: choose a built-in one", c.Model.Architecture)
}

func (l *learning) text(c *Config, domains *Domains) (train.Task, error) {
	m, err := c.language()
	if err != nil {
		return nil, err
	}
	if l.texts, err = c.texts(domains); err != nil {
		return nil, err
	}
	if l.blocks = train.Blocks(data.Validation, validationBlocks, l.texts...); len(l.blocks) == 0 {
		return nil, fmt.Errorf("data: %d bytes leave nothing for validation: give 50 kB or more", l.texts[0].Bytes())
	}
	mixture, err := data.NewMixture(c.Train.Own, l.texts[0], l.texts[1:]...)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	l.source = mixture
	s, err := model.NewServed(m, 0)
	if err != nil {
		return nil, err
	}
	l.served, l.publish = s, func(step uint64) error { return s.Update(m, step) }
	return train.NewText(l.cfg, m, mixture), nil
}

// language is the byte model of a configuration, with its dropout.
func (c *Config) language() (model.Language, error) {
	if c.Model.Architecture == "bytelm-mlp" {
		return model.NewMLP(model.MLPConfig{Context: 16, Embedding: 24, Hidden: 544, Dropout: float32(c.Train.Dropout)}, c.Model.Seed), nil
	}
	return model.NewTransformer(model.TransformerConfig{Context: 128, Width: 128, Layers: 4, Heads: 4, Dropout: float32(c.Train.Dropout)}, c.Model.Seed), nil
}

func (l *learning) examples(c *Config) (train.Task, error) {
	set, err := c.labelled()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	classes := max(len(set.Labels), 1)
	m, err := model.NewClassifier(c.Model.Architecture, set.Shape, classes, c.Model.Seed)
	if err != nil {
		return nil, err
	}
	n := min(set.Len(data.Train), 4096)
	values, targets := make([]float32, n*set.Dim()), make([]float32, n)
	for i := range n {
		targets[i] = set.Row(data.Train, i, values[i*set.Dim():(i+1)*set.Dim()])
	}
	if err := m.Standardise(values, targets); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	s, err := model.NewServedClassifier(m, 0)
	if err != nil {
		return nil, err
	}
	l.served, l.publish = s, func(step uint64) error { return s.Update(m, step) }
	task := train.NewExamples(l.cfg, m, set)
	if classes == 1 {
		return train.Values{Examples: task}, nil
	}
	return task, nil
}

// labelled is the set of examples of a configuration.
func (c *Config) labelled() (set *data.Labelled, err error) {
	kind := data.Classify
	if c.Data.Regression {
		kind = data.Regress
	}
	switch c.Data.Kind {
	case KindIDX:
		set, err = data.LoadIDX(c.Name, c.Data.Paths[0], c.Data.Paths[1])
	case KindPNG:
		set, err = data.LoadPNG(c.Name, c.Data.Paths[0])
	case KindCSV:
		set, err = data.LoadCSV(c.Name, c.Data.Paths[0], c.Data.Target, kind)
	case KindNPY:
		set, err = data.LoadNPY(c.Name, c.Data.Paths[0], c.Data.Paths[1], kind)
	default:
		return nil, fmt.Errorf("%s has no examples: a %s learns from idx, png, csv or npy", c.Data.Kind, c.Model.Architecture)
	}
	if err == nil && c.Data.Of > 1 {
		set, err = set.Shard(data.Shard{Index: c.Data.Shard, Count: c.Data.Of})
	}
	if n := int(c.Data.Bytes); err == nil && n > 0 {
		set, err = set.Take(n)
	}
	return set, err
}

// measure says what held-out data says of the model and of the mixture with peers.
func (l *learning) measure(network train.Network) func(context.Context, []uint32) (train.Evaluation, error) {
	return func(ctx context.Context, peers []uint32) (train.Evaluation, error) {
		if len(l.texts) > 0 {
			return train.Evaluate(ctx, l.cfg, l.served, network, peers, l.blocks, len(l.blocks))
		}
		if err := l.trainer.Tune(ctx, l.served, network, peers, validationBatches, 20); err != nil {
			return train.Evaluation{}, err
		}
		return l.trainer.EvaluateExamples(ctx, data.Validation, l.served, network, peers, validationBatches)
	}
}

func (l *learning) close() error {
	l.device.Close()
	if l.served == nil {
		return nil
	}
	return l.served.Close()
}
