package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
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
	// Network says that peers are asked when the schedule lets them in. Whoever measures
	// sets it.
	Network bool

	cfg       Config
	task      Task
	tape      *nn.Tape
	optimiser *nn.AdamW
	dispatch  moe.Dispatch
	student   *distill.Student
	gates     gates
	step      uint64
	sampler   *data.Sampler
	now, next *lesson // now is learned while next is asked for

	teacher [][]float32 // experts of the lesson; the first is self
	local   []float32
	mean    []float32
}

// NewTrainer prepares the training of a task; nothing is drawn yet.
func NewTrainer(cfg Config, task Task, device *nn.Device) (*Trainer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t := &Trainer{
		Network: true, cfg: cfg, task: task, optimiser: nn.NewAdamW(cfg.Rate, cfg.Decay),
		tape:     nn.NewTape(device, cfg.Seed),
		sampler:  data.NewSampler(cfg.Seed, 0),
		dispatch: moe.Dispatch{Top: cfg.Top, Explore: cfg.Explore, Balance: 0.05},
		student:  &distill.Student{Loss: cfg.Loss, Schedule: cfg.Schedule},
		gates:    newGates(cfg, task),
		now:      &lesson{}, next: &lesson{},
		local: make([]float32, task.Window().Positions()*task.Classes()),
	}
	t.tape.Training = true
	return t, nil
}

// Steps that were made.
func (t *Trainer) Steps() uint64 { return t.step }

// Task that is learned.
func (t *Trainer) Task() Task { return t.task }

// Config that the trainer has.
func (t *Trainer) Config() Config { return t.cfg }

// Step learns from one batch. The peers of the next one are asked meanwhile; ctx
// bounds that too, so it must live longer than the step.
func (t *Trainer) Step(ctx context.Context, network Network) (Report, error) {
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	if !t.now.drawn {
		if err := t.draw(ctx, t.now, t.step, network); err != nil {
			return Report{}, err
		}
	}
	if err := t.draw(ctx, t.next, t.step+1, network); err != nil {
		return Report{}, err
	}
	report := t.learn(t.now)
	t.now.drawn = false
	t.now, t.next = t.next, t.now
	t.step++
	return report, nil
}

// Stop waits for the peers that were asked for a batch that nobody will learn from now.
// The batch itself is drawn again by the next Step.
func (t *Trainer) Stop() {
	for _, l := range []*lesson{t.now, t.next} {
		if l.drawn {
			l.wait().release()
			l.asked, l.answers = l.asked[:0], nil
		}
	}
}

// strength of the network's terms at a step.
func (t *Trainer) strength(step uint64) float32 {
	if _, values := t.task.(regression); values || !t.Network {
		return 0 // values are not mixed
	}
	return t.cfg.Schedule.Strength(int(min(step, uint64(t.cfg.Steps))), t.cfg.Steps)
}

// learn makes one step of the optimiser.
func (t *Trainer) learn(l *lesson) Report {
	logits, hidden := t.task.Forward(t.tape, &l.batch)
	report := Report{Step: l.step, Asked: len(l.asked)}
	gradient := t.local
	if regression, ok := t.task.(regression); ok {
		report.Loss = regression.Loss(gradient, logits, &l.batch)
		report.Mixed = report.Loss
	} else {
		moe.Softmax(t.local, logits.Data, t.task.Classes())
		answers := l.wait()
		t.mix(l, answers, hidden, &report)
		answers.release()
	}
	t.tape.Backward(logits, gradient)
	t.optimiser.Step(t.task.Params(), nn.Cosine(int(l.step), t.cfg.WarmUp, t.cfg.Steps, 0.1))
	t.tape.Reset()
	return report
}

// mix replaces the local answers by the gradient toward the logits.
func (t *Trainer) mix(l *lesson, answers Answers, hidden *nn.Tensor, report *Report) {
	t.teacher, l.peers = append(t.teacher[:0], t.local), l.peers[:0]
	for i, rows := range answers.Rows {
		if rows != nil {
			t.teacher, l.peers = append(t.teacher, rows), append(l.peers, l.asked[i])
		}
	}
	if report.Answered = len(l.peers); report.Answered > 0 {
		report.Strength = t.strength(l.step)
	}
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
		t.mean = grown(t.mean, len(t.teacher))
		moe.MeanGates(t.mean, t.student.Gates())
		for i, uid := range l.peers {
			t.dispatch.Note(uid, t.mean[i+1])
		}
	}
}

// lesson is one batch and who was asked for it.
type lesson struct {
	drawn   bool
	step    uint64
	before  []byte // the sampler's state before it was drawn
	batch   Batch
	asked   []uint32
	peers   []uint32 // those that answered
	answers chan Answers
}

// wait for what came back; nothing when nobody was asked.
func (l *lesson) wait() Answers {
	if l.answers == nil {
		return Answers{}
	}
	answers := <-l.answers
	l.answers = nil
	return answers
}

// draw makes the batch of a step and asks for it.
func (t *Trainer) draw(ctx context.Context, l *lesson, step uint64, network Network) error {
	if l.drawn {
		if l.step == step {
			return nil
		}
		return errors.New("training: a batch of another step is waiting")
	}
	var err error
	if l.before, err = t.sampler.AppendBinary(l.before[:0]); err != nil {
		return err
	}
	if err := t.task.Draw(data.Train, t.sampler, &l.batch); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	l.step, l.drawn, l.asked = step, true, l.asked[:0]
	if t.strength(step) == 0 {
		return nil
	}
	t.dispatch.SetLive(slices.Clone(network.Live()))
	if l.asked = t.dispatch.Next(l.asked); len(l.asked) == 0 {
		return nil
	}
	answers, asked, in := make(chan Answers, 1), l.asked, l.batch.In
	l.answers = answers
	go func() { answers <- network.Forward(ctx, asked, in) }()
	return nil
}

func grown(buffer []float32, size int) []float32 {
	if cap(buffer) < size {
		return make([]float32, size)
	}
	return buffer[:size]
}

// best are the peers with the largest weights so far, ascending by UID.
func (t *Trainer) best(peers []uint32, most int) []uint32 {
	t.dispatch.SetLive(slices.Clone(peers))
	known := slices.Clone(t.dispatch.Peers)
	slices.SortStableFunc(known, func(a, b moe.Peer) int { return cmp.Compare(b.Weight, a.Weight) })
	chosen := make([]uint32, 0, most)
	for _, p := range known[:min(most, len(known))] {
		chosen = append(chosen, p.UID)
	}
	slices.Sort(chosen)
	return chosen
}
