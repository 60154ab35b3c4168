package neuron

import (
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/train"
)

func (l *learning) task(c *Config, domains *Domains) (train.Task, error) {
	switch c.Model.Architecture {
	case "bytelm-mlp", "bytelm-transformer":
		return l.text(c, domains)
	case "image-mlp", "image-conv", "table-mlp":
		return l.examples(c)
	}
	return nil, fmt.Errorf("model.architecture %s cannot be made here: choose a built-in one", c.Model.Architecture)
}

func (l *learning) text(c *Config, domains *Domains) (train.Task, error) {
	m, err := c.language()
	if err != nil {
		return nil, err
	}
	if err := l.read(c, domains); err != nil {
		return nil, err
	}
	s, err := model.NewServed(m, 0)
	if err != nil {
		return nil, err
	}
	l.served, l.publish = s, func(step uint64) error { return s.Update(m, step) }
	return train.NewText(l.cfg, m, l.source), nil
}

// read loads the texts of a configuration.
func (l *learning) read(c *Config, domains *Domains) (err error) {
	if l.texts, err = c.texts(domains); err != nil {
		return err
	}
	if l.blocks = train.Blocks(data.Validation, validationBlocks, l.texts...); len(l.blocks) == 0 {
		return fmt.Errorf("data: %d bytes leave nothing for validation: give 50 kB or more", l.texts[0].Bytes())
	}
	for i, block := range l.blocks {
		l.blocks[i] = block[:validationLength]
	}
	if l.source, err = data.NewMixture(c.Train.Own, l.texts[0], l.texts[1:]...); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
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
	l.set = set
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
