package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/moe"
)

const (
	// A process that does not answer is asked again after a pause, which doubles.
	firstPause, longestPause = 250 * time.Millisecond, 5 * time.Second
	// restEvery is how often a resting learner looks whether its process is still the
	// one that learned, and restTolerance how far its answers may be off.
	restEvery, restTolerance = 10 * time.Second, 1e-3
)

// Pupil is a model in another process that learns there: a remote.Model.
type Pupil interface {
	model.Expert
	// Step trains on one batch and returns the loss before.
	Step(ctx context.Context, l remote.Lesson) (loss float64, err error)
	// Saves says that Save and Load are there: the process keeps its own state in files
	// of this machine.
	Saves() bool
	Save(ctx context.Context, path string) error
	Load(ctx context.Context, path string) error
}

// Remote teaches a model in another process. A step sends the batch with its targets
// and, where peers answered, the mixture of their answers and the model's own as the
// teacher:
//
//	L = CE(p, y) + β s KL(stop(p_mix) || p)
//
// with the strength s of the schedule. A Trainer's middle term, CE(p_mix, y), is not
// there: its gradient goes through the mixture, and tao.model.v1 knows targets and a
// teacher. Decay and dropout are the process's own. Of a regression the values are sent
// alone.
//
// A process that ends is waited for. When it is back it loads the last checkpoint and
// training goes on from there; steps since then are lost, as they are for the process.
// Remote is for one goroutine.
type Remote struct {
	lessons

	pupil   Pupil
	dir     string
	trouble func(error)
	kept    bool          // dir has the file of the last checkpoint
	every   time.Duration // restEvery

	own, mixture, weights, given []float32
}

// NewRemote prepares the teaching of a pupil by batches of its kind. dir is a folder
// that both processes can write to; it holds the pupil's file while a checkpoint is
// made. trouble hears what is wrong with the process, and nil when that is over.
func NewRemote(cfg Config, batches Batches, pupil Pupil, dir string, trouble func(error)) (*Remote, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("training: the folder %q for the other process's files: give its whole path", dir)
	}
	if card := pupil.Card(); card.Classes != batches.Classes() {
		return nil, fmt.Errorf("training: the model answers %d classes and the data has %d: give it data of its kind", card.Classes, batches.Classes())
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("training: the folder for the other process's files: %w", err)
	}
	l, err := newLessons(cfg, batches)
	if err != nil {
		return nil, err
	}
	size := batches.Window().Positions() * batches.Classes()
	return &Remote{
		lessons: l, pupil: pupil, dir: dir, trouble: trouble, every: restEvery,
		own: make([]float32, size), mixture: make([]float32, size),
	}, nil
}

// Step implements Learner. It fails when ctx ends or the process answers what no model
// answers; one that does not answer is waited for.
func (r *Remote) Step(ctx context.Context, network Network) (report Report, err error) {
	if err := r.prepare(ctx, network); err != nil {
		return Report{}, err
	}
	err = r.Patiently(ctx, func() error {
		report, err = r.learn(ctx, r.now)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("step %d: %w", r.step, err)
	}
	r.done()
	return report, nil
}

// learn teaches one batch.
func (r *Remote) learn(ctx context.Context, l *lesson) (Report, error) {
	report, unit := Report{Step: l.step}, 1.0
	lesson := remote.Lesson{Input: l.batch.In, Rate: r.cfg.Rate * r.cfg.pace(l.step)}
	if values, ok := r.batches.(regression); ok {
		lesson.Values, unit = l.batch.Values, float64(values.Unit())
	} else {
		lesson.Targets = l.batch.Targets
	}
	answers := l.wait() // nothing when the lesson is repeated
	defer answers.release()
	if r.heard(l, r.own, answers, &report); report.Strength > 0 {
		if err := r.pupil.Forward(ctx, l.batch.In, r.own); err != nil {
			return report, err
		}
		sums, rows := r.mix(l), float64(l.batch.In.Rows())
		report.Loss, report.Mixed = sums.Self/rows, sums.Mix/rows
		lesson.Teacher, lesson.Beta = r.mixture, r.cfg.Loss.Beta*report.Strength
	}
	loss, err := r.pupil.Step(ctx, lesson)
	if lesson.Teacher == nil {
		report.Loss = loss / (unit * unit)
		report.Mixed = report.Loss
	}
	return report, err
}

// mix walks the gate over the lesson and writes the mixture.
func (r *Remote) mix(l *lesson) moe.Sums {
	window, experts := r.batches.Window(), len(r.teacher)
	r.weights, r.given = grown(r.weights, window.Positions()*experts), grown(r.given, window.Positions()*experts)
	batch := moe.Batch{Classes: r.batches.Classes(), Experts: r.teacher, Gates: r.weights, Targets: l.batch.Targets}
	gate := r.gates.over(l.peers)
	for s := range window.Sequences {
		gate.Reset(s)
	}
	batch.Gather(r.given)
	moe.Walk(gate, window, batch.Gates, r.given, nil, nil)
	r.noted(l, batch.Gates)
	return batch.Combine(r.mixture)
}

// Patiently calls do until the process answers. A process that was away is brought back
// to its last checkpoint first, since it may have begun anew.
func (r *Remote) Patiently(ctx context.Context, do func() error) error {
	err := do()
	told := false
	for pause := firstPause; errors.Is(err, remote.ErrUnreachable) && ctx.Err() == nil; pause = min(2*pause, longestPause) {
		r.trouble(err)
		told = true
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		if err = r.reload(ctx); err == nil {
			err = do()
		}
	}
	if told && err == nil {
		r.trouble(nil)
	}
	return err
}

// reload brings the process back to the last checkpoint, if there is one.
func (r *Remote) reload(ctx context.Context) error {
	if !r.kept {
		return nil
	}
	return r.pupil.Load(ctx, r.file())
}

// Rest implements Learner. A process that was started anew meanwhile would answer as if
// it had learned nothing: it is asked the same now and then, and loads the last
// checkpoint when it answers otherwise.
func (r *Remote) Rest(ctx context.Context) error {
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	known := make([]float32, len(r.own))
	err := r.prepare(ctx, Alone{})
	if err == nil {
		err = r.Patiently(ctx, func() error { return r.pupil.Forward(ctx, r.now.batch.In, known) })
	}
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			err = r.Patiently(ctx, func() error { return r.look(ctx, known) })
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// look compares answers with those that are known.
func (r *Remote) look(ctx context.Context, known []float32) error {
	if err := r.pupil.Forward(ctx, r.now.batch.In, r.own); err != nil {
		return err
	}
	unit := float32(1)
	if values, ok := r.batches.(regression); ok {
		unit = values.Unit()
	}
	for i, v := range r.own {
		if d := (v - known[i]) / unit; d > restTolerance || d < -restTolerance {
			return r.reload(ctx)
		}
	}
	return nil
}

func (r *Remote) file() string { return filepath.Join(r.dir, "model") }
