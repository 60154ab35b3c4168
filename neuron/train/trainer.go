package train

import (
	"context"
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// Config is how a model learns.
type Config struct {
	// Steps is the length of the schedules of rate and network; training may go on
	// after it, at the least rate.
	Steps int
	// Batch is the windows of a step, Length the bytes of each; of images and tables
	// Batch is the examples.
	Batch, Length int
	// Rate at the peak, reached after WarmUp steps; the least is a tenth of it.
	Rate   float32
	WarmUp int
	// Decay of the weights.
	Decay float32
	// Seed of the batches and of dropout.
	Seed uint64
	// Loss and Schedule of what the network teaches.
	Loss     distill.Loss
	Schedule distill.Schedule
	// Top peers are asked by weight and Explore others in turn.
	Top, Explore int
	// Share of the evidence and SelfPrior as in package moe.
	Share, SelfPrior float32
}

// DefaultConfig suits the built-in byte models.
func DefaultConfig() Config {
	return Config{
		Steps: 3000, Batch: 16, Length: 64, Rate: 3e-3, WarmUp: 100, Decay: 0.5, Seed: 1,
		Loss: distill.DefaultLoss(), Schedule: distill.Late(), Top: 4, Explore: 1,
		Share: moe.DefaultShare, SelfPrior: moe.SelfPrior,
	}
}

func (c Config) validate() error {
	for _, v := range []struct {
		name        string
		value       int
		least, most int
	}{
		{"steps", c.Steps, 1, 1 << 40}, {"batch", c.Batch, 1, 4096}, {"length", c.Length, 1, data.BlockSize - 1},
		{"warm-up", c.WarmUp, 0, c.Steps}, {"top", c.Top, 0, 4095}, {"explore", c.Explore, 0, 4095},
	} {
		if v.value < v.least || v.value > v.most {
			return fmt.Errorf("training: %s is %d, need %d to %d", v.name, v.value, v.least, v.most)
		}
	}
	if !(c.Rate > 0 && c.Rate <= 1) || !(c.Decay >= 0 && c.Decay <= 10) {
		return fmt.Errorf("training: a rate of %v needs to be above 0 and at most 1, a decay of %v 0 to 10", c.Rate, c.Decay)
	}
	if !(c.SelfPrior > 0 && c.SelfPrior < 1) || !(c.Share >= 0 && c.Share < 1) {
		return fmt.Errorf("training: a prior of self of %v needs to be between 0 and 1, a share of %v 0 up to 1", c.SelfPrior, c.Share)
	}
	return nil
}

// pace is the rate at a step, as a part of the peak.
func (c Config) pace(step uint64) float32 {
	return nn.Cosine(int(min(step, 1<<40)), c.WarmUp, c.Steps, 0.1)
}

// Report is what one step did.
type Report struct {
	// Step that was made, from 0.
	Step uint64
	// Loss of self alone and of the mixture on the batch, in nats per byte; equal when
	// nobody was asked.
	Loss, Mixed float64
	// Asked and Answered count peers.
	Asked, Answered int
	// Strength of the network's terms, 0..1.
	Strength float32
}

// Trainer makes steps of one task. It is for one goroutine; the model is its own while a
// step runs.
type Trainer struct {
	lessons

	task      Task
	tape      *nn.Tape
	optimiser *nn.AdamW
	student   *distill.Student
	local     []float32 // what self says of the lesson, and then the gradient
}

// NewTrainer prepares the training of a task; nothing is drawn yet.
func NewTrainer(cfg Config, task Task, device *nn.Device) (*Trainer, error) {
	l, err := newLessons(cfg, task)
	if err != nil {
		return nil, err
	}
	t := &Trainer{
		lessons: l, task: task, optimiser: nn.NewAdamW(cfg.Rate, cfg.Decay), tape: nn.NewTape(device, cfg.Seed),
		student: &distill.Student{Loss: cfg.Loss, Schedule: cfg.Schedule},
		local:   make([]float32, task.Window().Positions()*task.Classes()),
	}
	t.tape.Training = true
	return t, nil
}

// Task that is learned.
func (t *Trainer) Task() Task { return t.task }

// Step learns from one batch. The peers of the next one are asked meanwhile; ctx
// bounds that too, so it must live longer than the step.
func (t *Trainer) Step(ctx context.Context, network Network) (Report, error) {
	if err := t.prepare(ctx, network); err != nil {
		return Report{}, err
	}
	report := t.learn(t.now)
	t.done()
	return report, nil
}

// Rest implements Learner: the model is here and stays as it is.
func (t *Trainer) Rest(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// learn makes one step of the optimiser.
func (t *Trainer) learn(l *lesson) Report {
	logits, hidden := t.task.Forward(t.tape, &l.batch)
	report := Report{Step: l.step}
	gradient := t.local
	if regression, ok := t.task.(regression); ok {
		report.Loss = model.SquaredError(gradient, logits.Data, l.batch.Values, regression.Unit())
		report.Mixed = report.Loss
	} else {
		moe.Softmax(t.local, logits.Data, t.task.Classes())
		answers := l.wait()
		t.mix(l, answers, hidden, &report)
		answers.release()
	}
	t.tape.Backward(logits, gradient)
	t.optimiser.Step(t.task.Params(), t.cfg.pace(l.step))
	t.tape.Reset()
	return report
}

// mix replaces the local answers by the gradient toward the logits.
func (t *Trainer) mix(l *lesson, answers Answers, hidden *nn.Tensor, report *Report) {
	t.heard(l, t.local, answers, report)
	lesson := distill.Lesson{
		Window: t.task.Window(), Classes: t.task.Classes(), Experts: t.teacher, Targets: l.batch.Targets, Fresh: true,
	}
	// The strength is decided here and not by the student: peers may be missing.
	t.student.Schedule = distill.Schedule{Start: 1}
	step, steps := 0, 1
	if report.Strength > 0 {
		t.student.Gate, t.student.Schedule = t.gates.over(l.peers), t.cfg.Schedule
		step, steps = int(min(l.step, uint64(t.cfg.Steps))), t.cfg.Steps
		if hidden != nil {
			lesson.Hidden = hidden.Data
		}
	}
	sums := t.student.Gradient(t.local, &lesson, step, steps)
	rows := float64(lesson.Window.Positions())
	report.Loss, report.Mixed = sums.Self/rows, sums.Mix/rows
	if report.Strength > 0 {
		t.noted(l, t.student.Gates())
	}
}
