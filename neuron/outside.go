package neuron

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/model/openai"
	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/train"
)

// The architectures of models that live elsewhere.
const (
	archRemote = "remote"
	archOpenAI = "openai"
)

const (
	// OpenAIKeyVariable of the environment holds what a server of openai wants to see as
	// a bearer token. It is no key of the configuration, so that nothing shows it.
	OpenAIKeyVariable = EnvPrefix + "OPENAI_KEY"
	// dialPatience is how long a model's process may take to say what it is.
	dialPatience = 30 * time.Second
)

// outside is a model in another process as peers see it: what it learns is there at
// once, and the step is told with the answers.
type outside struct {
	*remote.Model
	step *atomic.Uint64
}

// Step of training.
func (o outside) Step() uint64 { return o.step.Load() }

// windowed is outside with Follow made of Forward.
type windowed struct {
	follows
	outside outside
}

// Step of training.
func (w windowed) Step() uint64 { return w.outside.Step() }

// Close ends the connection.
func (w windowed) Close() error { return w.outside.Close() }

// remote connects to the process of a model and teaches it, if it learns.
func (l *learning) remote(c *Config, domains *Domains, dir string, trouble func(error)) error {
	var options []remote.Option
	if c.Model.AllowAnyHost {
		options = append(options, remote.AllowAnyHost())
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialPatience)
	defer cancel()
	m, err := remote.Dial(ctx, c.Model.Address, options...)
	if err != nil {
		return fmt.Errorf("model.address: %w", err)
	}
	step := &atomic.Uint64{}
	o := outside{m, step}
	l.served, l.publish = o, func(at uint64) error { step.Store(at); return nil }
	if card := m.Card(); card.Modality == model.Text && !card.Follows {
		l.served = windowed{follows{o}, o}
	}
	batches, err := l.batches(c, domains, m.Card())
	if err != nil {
		return err
	}
	if !m.Trains() {
		l.still = fmt.Sprintf("the model at %s does not train: it answers peers and scores them, and stays as it is", c.Model.Address)
	}
	l.learner, err = train.NewRemote(l.cfg, batches, m, dir, trouble)
	return err
}

// batches are the data of a configuration for a model that says of itself what it is.
func (l *learning) batches(c *Config, domains *Domains, card model.Card) (train.Batches, error) {
	isText := slices.Contains(modelData("bytelm-mlp"), c.Data.Kind)
	if isText != (card.Modality == model.Text) {
		return nil, fmt.Errorf("data.kind is %s, and the %s at %s is %s: choose data that it can learn", c.Data.Kind, card.Architecture, c.Model.Address, kindOfModel(card))
	}
	if isText {
		if err := l.read(c, domains); err != nil {
			return nil, err
		}
		return train.NewWindows(l.cfg, l.source), nil
	}
	var err error
	if l.set, err = c.labelled(); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	classes := max(len(l.set.Labels), 1)
	if !slices.Equal(card.Shape, l.set.Shape) || card.Classes != classes || card.Regression != c.Data.Regression {
		return nil, fmt.Errorf("data: %d examples of shape %v with %d classes (1 is a number to predict), and the %s at %s takes shape %v with %d: choose data that it can learn",
			l.set.Len(data.Train), l.set.Shape, classes, card.Architecture, c.Model.Address, card.Shape, card.Classes)
	}
	if c.Data.Regression {
		return train.NewNumbers(l.cfg, l.set), nil
	}
	return train.NewRows(l.cfg, l.set), nil
}

func kindOfModel(card model.Card) string {
	switch card.Modality {
	case model.Text:
		return "a model of text"
	case model.Image:
		return "a model of images"
	}
	return "a model of tables"
}

// openai connects to a server that generates text, and nothing else.
func (l *learning) openai(c *Config) error {
	options := []openai.Option{openai.Name(c.Model.Name)}
	if key := os.Getenv(OpenAIKeyVariable); key != "" {
		options = append(options, openai.Key(key))
	}
	if c.Model.AllowAnyHost {
		options = append(options, openai.AllowAnyHost())
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialPatience)
	defer cancel()
	m, err := openai.Dial(ctx, c.Model.Address, options...)
	if err != nil {
		return fmt.Errorf("model.address: %w; a key is taken from %s", err, OpenAIKeyVariable)
	}
	l.served = m
	l.still = fmt.Sprintf("the server at %s generates text and knows no probabilities of bytes: this neuron answers with text, and neither learns, asks nor scores", c.Model.Address)
	return nil
}
