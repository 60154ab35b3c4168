package remote

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/tensor"
)

// MaxRate is the highest learning rate of a Lesson.
const MaxRate = 10

// Lesson is one batch to learn from.
type Lesson struct {
	model.Input
	// Targets has the class of each row, -1 where none is known.
	Targets []int32
	// Values of a regression, one for each row, in place of targets.
	Values []float32
	// Teacher is rows x classes of probabilities to learn from too; may be nil.
	Teacher []float32
	// Beta weighs KL(Teacher || model) beside the cross-entropy with the targets.
	Beta float32
	// Rate of learning for this step.
	Rate float32
}

// check says whether the lesson is one for a model with that card.
func (l *Lesson) check(card model.Card) error {
	if err := card.Check(l.Input); err != nil {
		return err
	}
	rows := l.Rows()
	switch {
	case card.Regression && (len(l.Values) != rows || l.Targets != nil || l.Teacher != nil):
		return fmt.Errorf("%d values for %d rows, %d targets and a teacher of %d: a regression learns from one value for each row",
			len(l.Values), rows, len(l.Targets), len(l.Teacher))
	case !card.Regression && (len(l.Targets) != rows || l.Values != nil):
		return fmt.Errorf("%d targets for %d rows and %d values: give a class for each row, -1 where none is known", len(l.Targets), rows, len(l.Values))
	case l.Teacher != nil && len(l.Teacher) != rows*card.Classes:
		return fmt.Errorf("a teacher of %d probabilities, there are %d rows of %d", len(l.Teacher), rows, card.Classes)
	case !(l.Beta >= 0 && l.Beta <= math.MaxFloat32):
		return fmt.Errorf("beta %v, it is 0 or more", l.Beta)
	case !(l.Rate >= 0 && l.Rate <= MaxRate):
		return fmt.Errorf("a learning rate of %v, possible is 0 to %v", l.Rate, MaxRate)
	}
	for i, y := range l.Targets {
		if y < -1 || int(y) >= card.Classes {
			return fmt.Errorf("target %d is %d, there are %d classes, and -1 for none", i, y, card.Classes)
		}
	}
	for i, y := range l.Values {
		if y-y != 0 {
			return fmt.Errorf("value %d is %v, it must be finite", i, y)
		}
	}
	return nil
}

// Step trains on one batch and returns the loss before. It is not repeated when it
// fails: whether the process learned is then not known.
func (m *Model) Step(ctx context.Context, l Lesson) (loss float64, err error) {
	card, err := m.ready(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.check(card); err != nil {
		return 0, err
	}
	request := &StepRequest{Targets: l.Targets, Values: l.Values, Beta: l.Beta, Rate: l.Rate}
	if request.Input, err = frame(card, l.Input); err != nil {
		return 0, err
	}
	if l.Teacher != nil {
		h := tensor.Header{Modality: tensor.Modality(card.Modality), DType: tensor.F32, Shape: tensor.Shape{l.Rows(), card.Classes}}
		if request.Teacher, err = tensor.AppendFrame(nil, h, l.Teacher); err != nil {
			return 0, err
		}
	}
	ctx, stop := context.WithTimeout(ctx, m.answer)
	defer stop()
	response, err := m.client.Step(ctx, request)
	if err != nil {
		return 0, m.explain("Step", err)
	}
	m.changed()
	if math.IsNaN(response.Loss) || math.IsInf(response.Loss, 0) {
		return 0, m.wrong("Step", fmt.Errorf("a loss of %v: lower the learning rate, and load a checkpoint", response.Loss))
	}
	return response.Loss, nil
}

// changed says that the card's hash is an old one.
func (m *Model) changed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trained = true
}

// Save makes the process write a checkpoint to a path on this machine, a whole one.
func (m *Model) Save(ctx context.Context, path string) error {
	return m.store(ctx, "Save", path, func(ctx context.Context) error {
		_, err := m.client.Save(ctx, &SaveRequest{Path: path})
		return err
	})
}

// Load makes the process go on from a checkpoint.
func (m *Model) Load(ctx context.Context, path string) error {
	defer m.changed()
	return m.store(ctx, "Load", path, func(ctx context.Context) error {
		_, err := m.client.Load(ctx, &LoadRequest{Path: path})
		return err
	})
}

func (m *Model) store(ctx context.Context, call, path string, do func(ctx context.Context) error) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("path %q: two processes can have different working directories, give it whole", path)
	}
	if _, err := m.ready(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, storeTime)
	defer stop()
	if err := do(ctx); err != nil {
		return m.explain(call, err)
	}
	return nil
}
