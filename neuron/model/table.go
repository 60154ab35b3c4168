package model

import (
	"fmt"
	"math"

	"github.com/taonet/taonet/neuron/nn"
)

// TableConfig is the size of a table-mlp.
type TableConfig struct {
	// Shape of one row, [values] for example.
	Shape []int
	// Classes that it tells apart; 1 is a regression.
	Classes int
	// Hidden is the width of both layers.
	Hidden int
	// Dropout of the second layer while training, 0 up to 1.
	Dropout float32
}

// farthest is how many deviations from the mean an input counts at most: an outlier,
// or a peer that sends one, must not drown all others.
const farthest = 10

// TableMLP is a table-mlp: inputs in units of their deviation, two dense layers, and
// for a regression a value in units of the target's deviation around its mean.
type TableMLP struct {
	config                               TableConfig
	in, inBias, middle, middleBias       *nn.Param
	out, end                             *nn.Param
	mean, spread, targetMean, targetUnit *nn.Param
	standard                             []float32
}

// NewTableMLP returns a model with random parameters, which standardises nothing yet.
func NewTableMLP(c TableConfig, seed uint64) *TableMLP {
	s, dim := newInitial(seed), volume(c.Shape)
	return &TableMLP{
		config: c,
		in:     s.weights("in.weight", dim, c.Hidden), inBias: bias("in.bias", c.Hidden),
		middle: s.weights("middle.weight", c.Hidden, c.Hidden), middleBias: bias("middle.bias", c.Hidden),
		out: s.output("out.weight", c.Hidden, c.Classes), end: bias("out.bias", c.Classes),
		mean: bias("input.mean", dim), spread: gain("input.deviation", dim),
		targetMean: bias("target.mean", 1), targetUnit: gain("target.deviation", 1),
	}
}

// Architecture implements Classifier.
func (m *TableMLP) Architecture() string { return tableMLP }

// Card implements Classifier.
func (m *TableMLP) Card() Card {
	return classifierCard(m, Tensor, m.config.Shape, m.config.Classes, m.config.Hidden)
}

// Params implements Classifier. What was measured is among them, so that a checkpoint,
// a hash and a snapshot have it; its gradient stays zero, and AdamW leaves it alone.
func (m *TableMLP) Params() []*nn.Param {
	return []*nn.Param{
		m.in, m.inBias, m.middle, m.middleBias, m.out, m.end,
		m.mean, m.spread, m.targetMean, m.targetUnit,
	}
}

// Forward implements Classifier.
func (m *TableMLP) Forward(t *nn.Tape, values []float32, n int) (logits, hidden *nn.Tensor) {
	dim := volume(m.config.Shape)
	checkExamples(values, n, dim)
	standard := room(&m.standard, n*dim)
	for i := range n {
		row := standard[i*dim:][:dim]
		for j, v := range values[i*dim:][:dim] {
			row[j] = max(-farthest, min(farthest, (v-m.mean.Data[j])/m.spread.Data[j]))
		}
	}
	x := t.GELU(dense(t, nn.Constant(n, dim, standard), m.in, m.inBias))
	hidden = t.Dropout(t.GELU(dense(t, x, m.middle, m.middleBias)), m.config.Dropout)
	logits = dense(t, hidden, m.out, m.end)
	if m.config.Classes == 1 {
		mean := nn.Constant(1, 1, m.targetMean.Data)
		logits = t.AddRows(t.Scale(logits, m.targetUnit.Data[0]), mean)
	}
	return logits, hidden
}

// Standardise implements Classifier. A column that never changes keeps the unit 1.
func (m *TableMLP) Standardise(values, targets []float32) error {
	dim := volume(m.config.Shape)
	n := len(values) / dim
	if n < 2 || n*dim != len(values) {
		return fmt.Errorf("%d values to standardise by, needed are two rows of %d or more", len(values), dim)
	}
	if m.config.Classes == 1 {
		if len(targets) != n {
			return fmt.Errorf("%d targets to standardise by for %d rows: give one for each", len(targets), n)
		}
		m.targetMean.Data[0], m.targetUnit.Data[0] = moments(targets, 0, 1)
	}
	for j := range dim {
		m.mean.Data[j], m.spread.Data[j] = moments(values, j, dim)
	}
	return nil
}

// moments are mean and deviation of every step-th value from the first on.
func moments(values []float32, first, step int) (mean, deviation float32) {
	n, sum := 0.0, 0.0
	for i := first; i < len(values); i += step {
		sum += float64(values[i])
		n++
	}
	middle, squares := sum/n, 0.0
	for i := first; i < len(values); i += step {
		d := float64(values[i]) - middle
		squares += d * d
	}
	deviation = float32(math.Sqrt(squares / n))
	if !(deviation > 1e-30 && deviation <= math.MaxFloat32) {
		deviation = 1
	}
	return float32(middle), deviation
}

// Deviation implements Classifier.
func (m *TableMLP) Deviation() float32 { return m.targetUnit.Data[0] }

// Blank implements Classifier.
func (m *TableMLP) Blank() Classifier { return bare(NewTableMLP(m.config, 0)) }
