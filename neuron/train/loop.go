package train

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
)

// LoopConfig is how often a Loop does what besides training.
type LoopConfig struct {
	// Evaluate every so many steps.
	Evaluate int
	// Checkpoint every so many steps, or when so much time has passed.
	Checkpoint      uint64
	CheckpointEvery time.Duration
	// Patience is after how many evaluations without a lower loss training rests.
	// 0 never rests.
	Patience int
	// Steps to make before resting; 0 is no end.
	Steps uint64
	// Pace is the least time from one step to the next; 0 is as fast as it goes.
	Pace time.Duration
}

// DefaultLoop checkpoints every 200 steps or 30 seconds.
func DefaultLoop() LoopConfig {
	return LoopConfig{Evaluate: 250, Checkpoint: 200, CheckpointEvery: 30 * time.Second, Patience: 12}
}

// Checkpoints keeps what a Learner writes: store.Checkpoints.
type Checkpoints interface {
	Save(step uint64, write func(io.Writer) error) error
}

// Progress is what a Loop tells whoever watches.
type Progress struct {
	Report Report
	// Evaluation is the last one; Best the lowest loss of self so far.
	Evaluation Evaluation
	Best       float64
	// StepsPerSecond over the last seconds.
	StepsPerSecond float64
	// Resting: nothing more is to be learned from the data that is there.
	Resting bool
	// Network says that peers are asked.
	Network bool
}

// Learner is a model that can be taught: a Trainer has it in this process, a Remote in
// another one. It is for one goroutine.
type Learner interface {
	// Step learns from one batch. The peers of the next one are asked meanwhile.
	Step(ctx context.Context, network Network) (Report, error)
	// Steps that were made.
	Steps() uint64
	// Config that it learns by.
	Config() Config
	// Asks says whether peers are asked when the schedule lets them in, and Ask decides
	// it: whoever measures.
	Asks() bool
	Ask(on bool)
	// Candidates are those of the live peers whose answers the next steps could be made
	// with: nobody before the schedule lets the network in.
	Candidates(live []uint32) []uint32
	// Tune and EvaluateExamples are for the gate of single examples.
	Tune(ctx context.Context, self model.Expert, network Network, peers []uint32, batches, passes int) error
	EvaluateExamples(ctx context.Context, part data.Part, self model.Expert, network Network, peers []uint32, batches int) (Evaluation, error)
	// Save writes all that the next step depends on, Load goes on from it.
	Save(w io.Writer, metadata map[string]string) error
	Load(r io.Reader) (map[string]string, error)
	// Rest keeps the model as it is until ctx ends.
	Rest(ctx context.Context) error
	// Stop waits for the peers that are asked.
	Stop()
}

// Loop trains, evaluates, publishes and checkpoints until its context ends.
type Loop struct {
	Config  LoopConfig
	Learner Learner
	Network Network
	// Served answers peers with what was published last.
	Served model.Expert
	// Publish shows them what the trainer's model is after a step.
	Publish     func(step uint64) error
	Checkpoints Checkpoints
	// Measure says what held-out data says of Served and of the peers.
	Measure func(ctx context.Context, peers []uint32) (Evaluation, error)
	// Tell is called after each step, on the loop's goroutine.
	Tell func(Progress)
	Now  func() time.Time

	progress Progress
	waited   int // evaluations since the best
	saved    uint64
	savedAt  time.Time
	since    time.Time
	counted  uint64
}

// Run trains until ctx ends, which is no failure, and leaves a checkpoint behind.
func (l *Loop) Run(ctx context.Context) error {
	defer l.Learner.Stop()
	l.savedAt, l.since, l.counted, l.saved = l.Now(), l.Now(), l.Learner.Steps(), l.Learner.Steps()
	if err := l.evaluate(ctx); err != nil {
		return l.stopped(ctx, err)
	}
	for ctx.Err() == nil {
		if l.resting() {
			return l.stopped(ctx, l.rest(ctx))
		}
		if err := l.once(ctx); err != nil {
			return l.stopped(ctx, err)
		}
	}
	return l.stopped(ctx, nil)
}

// rest writes a checkpoint and goes on answering.
func (l *Loop) rest(ctx context.Context) error {
	if err := l.checkpoint(); err != nil {
		return err
	}
	if l.Config.Evaluate > 0 && l.Learner.Steps()%uint64(l.Config.Evaluate) != 0 {
		if err := l.evaluate(ctx); err != nil { // what was learned since is published too
			return err
		}
	}
	l.progress.Resting = true
	l.Tell(l.progress)
	return l.Learner.Rest(ctx)
}

// stopped writes a last checkpoint when the loop was asked to end.
func (l *Loop) stopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil {
		return err
	}
	return l.checkpoint()
}

func (l *Loop) resting() bool {
	return l.Config.Patience > 0 && l.waited >= l.Config.Patience ||
		l.Config.Steps > 0 && l.Learner.Steps() >= l.Config.Steps
}

// once makes one step and what is due after it.
func (l *Loop) once(ctx context.Context) error {
	began := l.Now()
	var err error
	if l.progress.Report, err = l.Learner.Step(ctx, l.Network); err != nil {
		return err
	}
	step := l.Learner.Steps()
	if l.Config.Evaluate > 0 && step%uint64(l.Config.Evaluate) == 0 {
		if err := l.evaluate(ctx); err != nil {
			return err
		}
	}
	if step-l.saved >= l.Config.Checkpoint || l.Now().Sub(l.savedAt) >= l.Config.CheckpointEvery {
		if err := l.checkpoint(); err != nil {
			return err
		}
	}
	if passed := l.Now().Sub(l.since); passed >= time.Second {
		l.progress.StepsPerSecond = float64(step-l.counted) / passed.Seconds()
		l.since, l.counted = l.Now(), step
	}
	l.Tell(l.progress)
	if rest := l.Config.Pace - l.Now().Sub(began); rest > 0 {
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
	}
	return nil
}

func (l *Loop) checkpoint() error {
	step := l.Learner.Steps()
	if step == l.saved {
		return nil
	}
	err := l.Checkpoints.Save(step, func(w io.Writer) error { return l.Learner.Save(w, nil) })
	if err != nil {
		return fmt.Errorf("the checkpoint of step %d: %w", step, err)
	}
	l.saved, l.savedAt = step, l.Now()
	return nil
}

// evaluate publishes the model, measures it and the mixture on the validation part,
// and says whether peers are asked from now on.
func (l *Loop) evaluate(ctx context.Context) error {
	step := l.Learner.Steps()
	if err := l.Publish(step); err != nil {
		return fmt.Errorf("publishing step %d: %w", step, err)
	}
	peers := l.Learner.Candidates(l.Network.Live())
	e, err := l.Measure(ctx, peers)
	if err != nil {
		return err
	}
	l.progress.Evaluation = e
	if len(peers) > 0 {
		// A network must never hurt: it is asked while it helps.
		l.Learner.Ask(e.Choice.Index > 0)
	}
	l.progress.Network = l.Learner.Asks() && len(peers) > 0
	if l.progress.Best == 0 || e.Alone < l.progress.Best {
		l.progress.Best, l.waited = e.Alone, 0
	} else {
		l.waited++
	}
	return nil
}
