package train

import (
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// Task is a model and the data that it learns from.
type Task interface {
	model.Network
	// Classes that an answer distributes over; 1 for a regression.
	Classes() int
	// Window says how the rows of a batch belong together.
	Window() moe.Window
	// Draw makes the next batch of a part.
	Draw(p data.Part, s *data.Sampler, b *Batch) error
	// Forward returns a row of logits for each row of the batch, and the hidden state that
	// it comes from. The batch must stay as it is until the tape's Backward.
	Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor)
}

// Batch is what one step learns from.
type Batch struct {
	In model.Input
	// Targets has the class of each row; Values the number of a regression.
	Targets []int32
	Values  []float32

	windows []byte
}

// Source gives windows of text: a data.Mixture, or a data.Text.
type Source interface {
	Windows(p data.Part, s *data.Sampler, batch, length int, into []byte) error
}

// Text is the task of a byte language model.
type Text struct {
	model.Language
	Source Source
	// Batch is the windows of a step, Length the bytes of each.
	Batch, Length int
}

// NewText is the task of m on a source, with the batches of a configuration.
func NewText(cfg Config, m model.Language, source Source) *Text {
	return &Text{Language: m, Source: source, Batch: cfg.Batch, Length: cfg.Length}
}

// Classes implements Task.
func (x *Text) Classes() int { return model.Vocabulary }

// Window implements Task.
func (x *Text) Window() moe.Window { return moe.Window{Sequences: x.Batch, Steps: x.Length} }

// Draw implements Task.
func (x *Text) Draw(p data.Part, s *data.Sampler, b *Batch) error {
	rows := x.Batch * x.Length
	if len(b.Targets) != rows {
		b.windows, b.Targets = make([]byte, rows+x.Batch), make([]int32, rows)
		b.In = model.Input{Count: x.Batch, Length: x.Length, Tokens: make([]byte, rows)}
	}
	if err := x.Source.Windows(p, s, x.Batch, x.Length+1, b.windows); err != nil {
		return fmt.Errorf("a batch of %d windows of %d bytes: %w", x.Batch, x.Length+1, err)
	}
	for i := range x.Batch {
		window := b.windows[i*(x.Length+1) : (i+1)*(x.Length+1)]
		copy(b.In.Tokens[i*x.Length:], window[:x.Length])
		for j, next := range window[1:] {
			b.Targets[i*x.Length+j] = int32(next)
		}
	}
	return nil
}

// Forward implements Task.
func (x *Text) Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor) {
	return x.Language.Forward(t, b.In.Tokens, x.Length)
}

// Examples is the task of a classifier: images or rows of a table.
type Examples struct {
	model.Classifier
	Set *data.Labelled
	// Batch is the examples of a step.
	Batch int

	card model.Card
}

// NewExamples is the task of m on a set, with the batches of a configuration. m must
// have been standardised.
func NewExamples(cfg Config, m model.Classifier, set *data.Labelled) *Examples {
	return &Examples{Classifier: m, Set: set, Batch: cfg.Batch, card: m.Card()}
}

// Classes implements Task.
func (x *Examples) Classes() int { return x.card.Classes }

// Window implements Task: examples have nothing to do with one another.
func (x *Examples) Window() moe.Window { return moe.Window{Sequences: x.Batch, Steps: 1} }

// Draw implements Task.
func (x *Examples) Draw(p data.Part, s *data.Sampler, b *Batch) error {
	if len(b.Values) != x.Batch {
		b.Values, b.Targets = make([]float32, x.Batch), make([]int32, x.Batch)
		b.In = model.Input{Count: x.Batch, Values: make([]float32, x.Batch*x.Set.Dim())}
	}
	if err := x.Set.Examples(p, s, x.Batch, b.In.Values, b.Values); err != nil {
		return fmt.Errorf("a batch of %d examples: %w", x.Batch, err)
	}
	for i, v := range b.Values {
		b.Targets[i] = int32(v)
	}
	return nil
}

// Forward implements Task.
func (x *Examples) Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor) {
	return x.Classifier.Forward(t, b.In.Values, x.Batch)
}

// regression is a task whose answers are values; they are not mixed with others'.
type regression interface {
	Task
	// Loss writes the gradient toward the predictions and returns the mean loss.
	Loss(gradient []float32, predicted *nn.Tensor, b *Batch) float64
}

// Values is the task of a regression.
type Values struct{ *Examples }

// Loss implements regression: the mean of half the squared error in units of the
// targets' deviation.
func (x Values) Loss(gradient []float32, predicted *nn.Tensor, b *Batch) float64 {
	return model.SquaredError(gradient, predicted.Data, b.Values, x.Deviation())
}
