package experiment

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/train"
)

// learner is one training of a byte MLP, of which the best by validation is kept.
type learner struct {
	// name under which it is kept; empty is not kept.
	name string
	seed uint64
	// wide has four times the parameters.
	wide                      bool
	dropout, decay, smoothing float32
	// own is the share of windows from the own domain.
	own float64
	// slices trains on the gate and score parts too.
	slices bool
	steps  int
	beta   float32
	start  float64
	// texts are what it holds, its own domain first.
	texts   []*data.Text
	network train.Network // nil learns alone
	// extra text to learn from once the network is in, each as often as a sample.
	extra []*data.Text
	// top peers are asked in a step, and explore others in turn; 0 and 0 are 8 and 0.
	top, explore int
	// share of the evidence; 0 is the default.
	share float32
	// checks is how often validation looks; 0 is validate.
	checks int
}

// basic is the training that was found good for a model alone.
func basic(seed uint64, steps int, texts []*data.Text) learner {
	return learner{seed: seed, dropout: 0.2, decay: 0.5, own: 0.5, steps: steps, beta: 1, start: 0.6, texts: texts}
}

const (
	windows  = 16 // of a batch
	length   = 64 // bytes of a window
	validate = 12 // times in a training
)

// learned is a trained model and its loss on validation.
type learned struct {
	*model.Served
	validation float64
	params     int
}

func (l learner) blank() *model.MLP {
	c := model.MLPConfig{Context: 16, Embedding: 24, Hidden: 544, Dropout: l.dropout}
	if l.wide {
		c.Embedding, c.Hidden = 48, 1380
	}
	return model.NewMLP(c, l.seed)
}

func (l learner) config() train.Config {
	c := train.DefaultConfig()
	c.Steps, c.Batch, c.Length, c.Decay, c.Seed = l.steps, windows, length, l.decay, l.seed
	c.Loss.Smoothing, c.Loss.Beta = l.smoothing, l.beta
	c.WarmUp = min(c.WarmUp, l.steps/4)
	c.Schedule = distill.Schedule{Start: l.start, Ramp: 0.05}
	c.Top, c.Explore = 8, 0
	if l.top > 0 {
		c.Top, c.Explore = l.top, l.explore
	}
	if l.share > 0 {
		c.Share = l.share
	}
	return c
}

// source draws from the parts that the learner may train on.
func (l learner) source() (train.Source, error) {
	mixture, err := data.NewMixture(l.own, l.texts[0], l.texts[1:]...)
	switch {
	case err != nil:
		return nil, err
	case l.slices:
		return allParts{mixture}, nil
	case len(l.extra) == 0:
		return mixture, nil
	}
	late, err := data.NewMixture(l.own, l.texts[0], append(append([]*data.Text{}, l.texts[1:]...), l.extra...)...)
	return &staged{mixture, late, int(l.start * float64(l.steps))}, err
}

// staged draws so many batches from one source and then from another.
type staged struct {
	first, then train.Source
	left        int
}

// Windows implements train.Source.
func (s *staged) Windows(p data.Part, sampler *data.Sampler, batch, length int, into []byte) error {
	if s.left > 0 {
		s.left--
		return s.first.Windows(p, sampler, batch, length, into)
	}
	return s.then.Windows(p, sampler, batch, length, into)
}

// allParts draws from train, gate and score in their proportions.
type allParts struct{ *data.Mixture }

// Windows implements train.Source.
func (a allParts) Windows(_ data.Part, s *data.Sampler, batch, length int, into []byte) error {
	parts := []data.Part{data.Train, data.Gate, data.Score}
	var draw [1]byte
	for i := range batch {
		window := into[i*length : (i+1)*length]
		if err := a.Mixture.Windows(data.Train, s, 1, 1, draw[:]); err != nil {
			return err
		}
		p := parts[0]
		if n := int(draw[0]) % 47; n >= 40 { // 80 : 8 : 6 of 94
			p = parts[1+min(1, (n-40)/4)]
		}
		if err := a.Mixture.Windows(p, s, 1, length, window); err != nil {
			return err
		}
	}
	return nil
}

// held are the blocks that choose the best step: of its own domain those of the
// validation part, of a sample all that it does not train on.
func (l learner) held() [][][]byte {
	held := [][][]byte{train.Blocks(data.Validation, 12, l.texts[0])}
	for _, t := range l.texts[1:] {
		var blocks [][]byte
		parts := []data.Part{data.Validation, data.Score, data.Gate}
		if l.slices {
			parts = parts[:1]
		}
		for _, p := range parts {
			blocks = append(blocks, train.Blocks(p, 4-len(blocks), t)...)
		}
		if len(blocks) > 0 {
			held = append(held, blocks)
		}
	}
	return held
}

// learn trains, or reads what was trained before.
func (l learner) learn(ctx context.Context, env *Env) (learned, error) {
	m := l.blank()
	if kept, ok := l.read(env, m); ok {
		return kept, nil
	}
	source, err := l.source()
	if err != nil {
		return learned{}, err
	}
	device := nn.NewDevice(1)
	defer device.Close()
	trainer, err := train.NewTrainer(l.config(), train.NewText(l.config(), m, source), device)
	if err != nil {
		return learned{}, err
	}
	defer trainer.Stop()
	served, err := model.NewServed(m, 1)
	if err != nil {
		return learned{}, err
	}
	best := learned{Served: served, params: served.Card().Parameters}
	network, held := l.network, l.held()
	if network == nil {
		network = train.Alone{}
	}
	var checkpoint bytes.Buffer
	for step := 1; step <= l.steps; step++ {
		if _, err := trainer.Step(ctx, network); err != nil {
			return learned{}, err
		}
		if step%max(1, l.steps/cmp.Or(l.checks, validate)) != 0 && step != l.steps {
			continue
		}
		trial, err := model.NewServed(m, 1)
		if err != nil {
			return learned{}, err
		}
		loss, err := meanLoss(ctx, l.config(), trial, held)
		if err = errors.Join(err, trial.Close()); err != nil {
			return learned{}, err
		}
		if best.validation == 0 || loss < best.validation {
			best.validation = loss
			checkpoint.Reset()
			err := model.Save(&checkpoint, m, map[string]string{"validation": strconv.FormatFloat(loss, 'g', -1, 64)})
			if err = errors.Join(err, served.Update(m, uint64(step))); err != nil {
				return learned{}, err
			}
		}
	}
	return best, l.write(env, checkpoint.Bytes())
}

// meanLoss is the mean over groups of blocks of a model's loss alone.
func meanLoss(ctx context.Context, cfg train.Config, m model.Expert, groups [][][]byte) (float64, error) {
	sum := 0.0
	for _, blocks := range groups {
		e, err := train.Evaluate(ctx, cfg, m, train.Alone{}, nil, blocks, len(blocks))
		if err != nil {
			return 0, err
		}
		sum += e.Alone
	}
	return sum / float64(len(groups)), nil
}

func (l learner) path(env *Env) string {
	return filepath.Join(env.Kept, l.name+".safetensors")
}

func (l learner) read(env *Env, m *model.MLP) (learned, bool) {
	if l.name == "" || env.Kept == "" {
		return learned{}, false
	}
	f, err := os.Open(l.path(env))
	if err != nil {
		return learned{}, false // it was not trained yet
	}
	metadata, err := model.Load(io.Reader(f), m)
	if errors.Join(err, f.Close()) != nil {
		return learned{}, false
	}
	loss, err := strconv.ParseFloat(metadata["validation"], 64)
	if err != nil {
		return learned{}, false
	}
	served, err := model.NewServed(m, 1)
	if err != nil {
		return learned{}, false
	}
	return learned{served, loss, served.Card().Parameters}, true
}

func (l learner) write(env *Env, checkpoint []byte) error {
	if l.name == "" || env.Kept == "" {
		return nil
	}
	if err := os.MkdirAll(env.Kept, 0o755); err != nil {
		return fmt.Errorf("the folder for what was trained: %w", err)
	}
	partial := l.path(env) + ".partial"
	if err := os.WriteFile(partial, checkpoint, 0o644); err != nil {
		return err
	}
	return os.Rename(partial, l.path(env))
}
