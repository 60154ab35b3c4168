package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/taonet/taonet/neuron/nn"
)

const (
	// MaxExample is the most values of one image or row.
	MaxExample = 1 << 16
	// MaxClasses is the most classes of a classifier.
	MaxClasses = 1 << 12
)

// Classifier is a model of images or tables: it tells classes, or a value.
type Classifier interface {
	// Architecture is its kind, image-conv for example.
	Architecture() string
	// Card describes it; its hash is computed anew from all parameters.
	Card() Card
	// Params are what training changes, in a fixed order, and what Standardise has
	// measured, which has no gradient.
	Params() []*nn.Param
	// Forward reads n examples, one after the other in values, and returns a row for
	// each: a logit for each class or, of a regression, the value; and the hidden state
	// that it comes from. On a tape that trains, dropout is on. The values must stay as
	// they are, and no other Forward may run, until the tape's Backward.
	Forward(t *nn.Tape, values []float32, n int) (logits, hidden *nn.Tensor)
	// Standardise measures how inputs are spread, and the targets of a regression, one
	// for each example, before training begins. A model of images takes pixels of 0 to 1
	// as they are and measures nothing.
	Standardise(values, targets []float32) error
	// Deviation of the targets as measured, the unit of SquaredError; 1 for classes.
	Deviation() float32
	// Blank is a model of the same size with parameters of its own, of any values. They
	// have neither gradients nor moments: it answers and cannot learn.
	Blank() Classifier
}

// The architectures of classifiers.
const (
	imageMLP  = "image-mlp"
	imageConv = "image-conv"
	tableMLP  = "table-mlp"
)

// NewClassifier makes a built-in model of the usual size for examples of a shape as in
// package data: [height, width] or [height, width, channels] of images, anything of
// tables, the last dimension running fastest. One class makes a table a regression.
// The seed decides the first parameters.
func NewClassifier(architecture string, shape []int, classes int, seed uint64) (Classifier, error) {
	if err := checkShape(shape); err != nil {
		return nil, fmt.Errorf("%s: %w", architecture, err)
	}
	least := 2
	if architecture == tableMLP {
		least = 1
	}
	if classes < least || classes > MaxClasses {
		return nil, fmt.Errorf("%s: %d classes, possible are %d to %d", architecture, classes, least, MaxClasses)
	}
	shape = slices.Clone(shape)
	switch architecture {
	case tableMLP:
		return NewTableMLP(TableConfig{Shape: shape, Classes: classes, Hidden: 64, Dropout: 0.1}, seed), nil
	case imageMLP, imageConv:
		if len(shape) != 2 && len(shape) != 3 {
			return nil, fmt.Errorf("%s: images of shape %v, they have [height width] or [height width channels]", architecture, shape)
		}
		if architecture == imageMLP {
			return NewImageMLP(ImageConfig{Shape: shape, Classes: classes, Hidden: 128, Dropout: 0.2}, seed), nil
		}
		return NewImageConv(ImageConfig{Shape: shape, Classes: classes, Hidden: 64, Dropout: 0.2}, seed), nil
	}
	return nil, fmt.Errorf("no classifier is called %q; there are %s", architecture, strings.Join([]string{imageConv, imageMLP, tableMLP}, ", "))
}

func checkShape(shape []int) error {
	if len(shape) == 0 {
		return fmt.Errorf("examples without a shape: give their dimensions")
	}
	values := 1
	for _, d := range shape {
		if d < 1 || d > MaxExample/values {
			return fmt.Errorf("examples of shape %v, every dimension is at least 1 and there are at most %d values: make them smaller", shape, MaxExample)
		}
		values *= d
	}
	return nil
}

// volume is the number of values of a shape that was checked.
func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// checkExamples panics on values that are not n examples: callers check what comes
// from outside.
func checkExamples(values []float32, n, dim int) {
	if n < 1 || len(values) != n*dim {
		panic(fmt.Sprintf("model: %d values as %d examples of %d", len(values), n, dim))
	}
}

// SquaredError is the mean of e²/2, where e = (predicted - target) / deviation, and
// writes its gradient toward the predictions, e / (n deviation), for Backward.
func SquaredError(gradient, predicted, targets []float32, deviation float32) float64 {
	sum, n := 0.0, float32(len(predicted))
	for i, v := range predicted {
		e := (v - targets[i]) / deviation
		sum += float64(e) * float64(e) / 2
		gradient[i] = e / (n * deviation)
	}
	return sum / float64(n)
}

// dense is x W + b.
func dense(t *nn.Tape, x *nn.Tensor, w, b *nn.Param) *nn.Tensor {
	return t.AddRows(t.MatMul(x, &w.Tensor), &b.Tensor)
}

// classifierCard describes a classifier.
func classifierCard(m Classifier, modality Modality, shape []int, classes, width int) Card {
	params := m.Params()
	return Card{
		Modality: modality, Architecture: m.Architecture(), Classes: classes, Regression: classes == 1,
		Shape: slices.Clone(shape), Width: width, Parameters: size(params), Hash: hash(params),
	}
}

// room returns n values of a buffer that grows.
func room(buffer *[]float32, n int) []float32 {
	if cap(*buffer) < n {
		*buffer = make([]float32, n)
	}
	return (*buffer)[:n]
}
