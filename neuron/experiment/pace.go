package experiment

import (
	"context"
	"fmt"
	"time"

	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/train"
)

// paces times a few steps with every fault, all peers asked from the first step on.
func (c circle) paces(ctx context.Context, r *faultsRun) error {
	peers, err := c.peers(ctx, len(c.env.Texts)-1)
	if err != nil {
		return err
	}
	defer func() { _ = closeAll(peers) }()
	steps := min(c.steps, 40)
	for _, part := range failingParts(c.env.Quick) {
		p, err := c.pace(ctx, peers, pace{Fails: part}, steps)
		if err != nil {
			return err
		}
		r.Paces = append(r.Paces, p)
	}
	for _, delay := range delays() {
		p, err := c.pace(ctx, peers, pace{Delay: delay}, min(steps, 8))
		if err != nil {
			return err
		}
		r.Paces = append(r.Paces, p)
	}
	// The same few steps without a delay, for comparison.
	p, err := c.pace(ctx, peers, pace{}, min(steps, 8))
	r.Paces = append(r.Paces, p)
	return err
}

func (c circle) pace(ctx context.Context, peers []neurontest.Peer, p pace, steps int) (pace, error) {
	l, err := c.learner(0)
	if err != nil {
		return p, err
	}
	l.start, l.top, l.steps = 0, len(peers), max(steps, 2)
	source, err := l.source()
	if err != nil {
		return p, err
	}
	m, device := l.blank(), nn.NewDevice(1)
	defer device.Close()
	cfg := l.config()
	trainer, err := train.NewTrainer(cfg, train.NewText(cfg, m, source), device)
	if err != nil {
		return p, err
	}
	defer trainer.Stop()
	network := neurontest.NewNetwork(c.seed, change(peers, func(x *neurontest.Peer) { x.Fails, x.Delay = p.Fails, p.Delay })...)
	asked, answered, began := 0, 0, time.Now()
	for range steps {
		report, err := trainer.Step(ctx, network)
		if err != nil {
			return p, err
		}
		asked, answered = asked+report.Asked, answered+report.Answered
	}
	p.PerSecond = float64(steps) / time.Since(began).Seconds()
	p.Answered = float64(answered) / float64(max(asked, 1))
	hash := m.Card().Hash
	p.Model = fmt.Sprintf("%x", hash[:8])
	return p, nil
}
