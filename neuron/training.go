package neuron

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/train"
)

// train runs the loop of package train, or looks at a model that learns nothing here.
func (n *Neuron) train(ctx context.Context) error {
	l, t := n.learning, n.cfg.Train
	if !l.learns() {
		return n.look(ctx)
	}
	loop := &train.Loop{
		Config: train.LoopConfig{
			Evaluate: int(t.EvaluateEvery), Checkpoint: t.CheckpointEvery, CheckpointEvery: time.Duration(t.CheckpointInterval),
			Patience: t.Patience, Steps: t.Steps,
		},
		Learner: l.learner, Network: n.network, Served: l.served, Publish: l.publish,
		Measure: l.measure(n.network), Checkpoints: checkpoints{n}, Now: time.Now, Tell: n.progressed,
	}
	n.telemetry.Health.Set(partTraining, telemetry.OK, "at step %d", l.steps())
	err := loop.Run(ctx)
	n.board.change(func(s *Status) { s.Step = l.steps() })
	if err != nil {
		n.telemetry.Health.Set(partTraining, telemetry.Failing, "%v", err)
		return fmt.Errorf("training: %w", err)
	}
	return nil
}

// checkpoints are kept with a word to whoever looks.
type checkpoints struct{ *Neuron }

// Save implements train.Checkpoints. A model's process that is away keeps nobody from
// going on: the next checkpoint is as good.
func (c checkpoints) Save(step uint64, write func(io.Writer) error) error {
	began := time.Now()
	err := c.learning.checkpoints.Save(step, write)
	if errors.Is(err, remote.ErrUnreachable) {
		c.log.Warn("no checkpoint: the model's process is away; the one before it stays", "step", step, "error", err)
		return nil
	}
	if err == nil {
		c.telemetry.Meters.Checkpoint(time.Now(), time.Since(began))
		c.log.Debug("a checkpoint", "step", step, "took", time.Since(began))
	}
	return err
}

// look measures a model that does not learn now and then, where there is something to
// measure.
func (n *Neuron) look(ctx context.Context) error {
	n.tell()
	if n.learning.learner == nil {
		<-ctx.Done()
		return nil
	}
	measure, most := n.learning.measure(n.network), n.learning.cfg.Top+n.learning.cfg.Explore
	ticker := time.NewTicker(time.Duration(n.cfg.Score.Every))
	defer ticker.Stop()
	for ctx.Err() == nil {
		live := n.network.Live()
		e, err := measure(ctx, live[:min(most, len(live))])
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.telemetry.Health.Set(partTraining, telemetry.Failing, "%v", err)
			return fmt.Errorf("measuring: %w", err)
		}
		n.board.change(func(s *Status) {
			s.Alone, s.Network, s.Best, s.Peers, s.Time = e.Alone, e.Network, e.Alone, len(live), time.Now()
		})
		n.tell()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// progressed hears of every step.
func (n *Neuron) progressed(p train.Progress) {
	served := n.served.Load()
	n.board.change(func(s *Status) {
		s.Step, s.StepsPerSecond, s.Loss = n.learning.steps(), p.StepsPerSecond, p.Report.Loss
		s.RowsPerSecond = p.StepsPerSecond * float64(n.learning.rows())
		s.Alone, s.Network, s.Best = p.Evaluation.Alone, p.Evaluation.Network, p.Best
		s.Asking, s.Resting, s.Time = p.Network, p.Resting, time.Now()
		s.Peers, s.Served = len(n.network.Live()), served
	})
	took := time.Duration(0)
	if p.StepsPerSecond > 0 {
		took = time.Duration(float64(time.Second) / p.StepsPerSecond)
	}
	if p.Resting {
		n.log.Info("training rests: nothing more is to be learned from the data that is there, or all steps are made; the neuron goes on answering", "step", n.learning.steps())
		n.telemetry.Health.Set(partTraining, telemetry.OK, "rests at step %d and goes on answering", n.learning.steps())
	} else {
		n.telemetry.Meters.Step(p.Report.Step, p.Report.Loss, p.Report.Mixed, took)
	}
	n.tell()
}

func (n *Neuron) tell() {
	if n.deps.Watch != nil {
		n.deps.Watch(n.Status())
	}
}
