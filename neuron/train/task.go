package train

import (
	"fmt"
	"math"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// Batches are data as a learner takes it.
type Batches interface {
	// Classes that an answer distributes over; 1 for a regression.
	Classes() int
	// Window says how the rows of a batch belong together.
	Window() moe.Window
	// Draw makes the next batch of a part.
	Draw(p data.Part, s *data.Sampler, b *Batch) error
}

// Task is a model of this process and the data that it learns from.
type Task interface {
	model.Network
	Batches
	// Forward returns a row of logits for each row of the batch, and the hidden state that
	// it comes from. The batch must stay as it is until the tape's Backward.
	Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor)
}

// regression is batches whose answers are values; they are not mixed with others'.
type regression interface {
	Batches
	// Unit of the loss: the deviation of the values.
	Unit() float32
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

// Windows are batches of text: every byte but the first of a window is a target.
type Windows struct {
	Source Source
	// Batch is the windows of a step, Length the bytes of each.
	Batch, Length int
}

// NewWindows cuts a source into the batches of a configuration.
func NewWindows(cfg Config, source Source) *Windows {
	return &Windows{Source: source, Batch: cfg.Batch, Length: cfg.Length}
}

// Classes implements Batches.
func (x *Windows) Classes() int { return model.Vocabulary }

// Window implements Batches.
func (x *Windows) Window() moe.Window { return moe.Window{Sequences: x.Batch, Steps: x.Length} }

// Draw implements Batches.
func (x *Windows) Draw(p data.Part, s *data.Sampler, b *Batch) error {
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

// Text is the task of a byte language model.
type Text struct {
	model.Language
	*Windows
}

// NewText is the task of m on a source, with the batches of a configuration.
func NewText(cfg Config, m model.Language, source Source) *Text {
	return &Text{Language: m, Windows: NewWindows(cfg, source)}
}

// Forward implements Task.
func (x *Text) Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor) {
	return x.Language.Forward(t, b.In.Tokens, x.Length)
}

// Rows are batches of examples with classes: images, or rows of a table.
type Rows struct {
	Set *data.Labelled
	// Batch is the examples of a step.
	Batch int
}

// NewRows draws from a set, with the batches of a configuration.
func NewRows(cfg Config, set *data.Labelled) *Rows { return &Rows{Set: set, Batch: cfg.Batch} }

// Classes implements Batches.
func (x *Rows) Classes() int { return max(len(x.Set.Labels), 1) }

// Window implements Batches: examples have nothing to do with one another.
func (x *Rows) Window() moe.Window { return moe.Window{Sequences: x.Batch, Steps: 1} }

// Draw implements Batches.
func (x *Rows) Draw(p data.Part, s *data.Sampler, b *Batch) error {
	if len(b.Values) != x.Batch {
		b.Values, b.Targets = make([]float32, x.Batch), make([]int32, x.Batch)
		b.In = model.Input{Count: x.Batch, Values: make([]float32, x.Batch*x.Set.Dim())}
	}
	if err := x.Set.Examples(p, s, x.Batch, b.In.Values, b.Values); err != nil {
		return fmt.Errorf("a batch of %d examples: %w", x.Batch, err)
	}
	if x.Set.Labels != nil {
		for i, v := range b.Values {
			b.Targets[i] = int32(v)
		}
	}
	return nil
}

// Numbers are batches of examples with a value to predict.
type Numbers struct {
	*Rows
	deviation float32
}

// NewNumbers draws from a set for a regression. Its losses are in units of the
// deviation of the train part's values.
func NewNumbers(cfg Config, set *data.Labelled) *Numbers {
	x, sum, square := make([]float32, set.Dim()), 0.0, 0.0
	n := set.Len(data.Train)
	for i := range n {
		y := float64(set.Row(data.Train, i, x))
		sum, square = sum+y, square+y*y
	}
	mean := sum / float64(max(n, 1))
	deviation := float32(math.Sqrt(max(0, square/float64(max(n, 1))-mean*mean)))
	if !(deviation > 0) {
		deviation = 1 // they are all alike
	}
	return &Numbers{Rows: NewRows(cfg, set), deviation: deviation}
}

// Unit implements regression; 1 where all values are alike.
func (x *Numbers) Unit() float32 { return x.deviation }

// Examples is the task of a classifier.
type Examples struct {
	model.Classifier
	*Rows
}

// NewExamples is the task of m on a set, with the batches of a configuration. m must
// have been standardised.
func NewExamples(cfg Config, m model.Classifier, set *data.Labelled) *Examples {
	return &Examples{Classifier: m, Rows: NewRows(cfg, set)}
}

// Forward implements Task.
func (x *Examples) Forward(t *nn.Tape, b *Batch) (logits, hidden *nn.Tensor) {
	return x.Classifier.Forward(t, b.In.Values, x.Batch)
}

// Values is the task of a regression. Its loss is half the squared error in units of
// the deviation that the model has measured.
type Values struct{ *Examples }

// Unit implements regression.
func (x Values) Unit() float32 { return x.Deviation() }
