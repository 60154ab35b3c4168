package neuron

import (
	"context"
	"errors"
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/train"
)

const testBlocks = 16 // of each domain

// Test measures a language model on the test parts of whole domains, alone and with the
// network, at its best parameters. Losses are means over the domains.
func (n *Neuron) Test(ctx context.Context, domains *Domains, names []string) (train.Evaluation, error) {
	return n.learning.test(ctx, n.learning.served, n.network, domains, names)
}

func (l *learning) test(ctx context.Context, self model.Expert, network train.Network, domains *Domains, names []string) (train.Evaluation, error) {
	var sum train.Evaluation
	for _, name := range names {
		text, err := domains.find(KindDomain, name)
		if err != nil {
			return sum, err
		}
		blocks := train.Blocks(data.Test, testBlocks, text)
		e, err := train.Evaluate(ctx, l.cfg, self, network, network.Live(), blocks, len(blocks))
		if err != nil {
			return sum, err
		}
		sum.Alone += e.Alone / float64(len(names))
		sum.Network += e.Network / float64(len(names))
		sum.Bytes += e.Bytes
	}
	return sum, nil
}

// Twin trains a model like this neuron's from the same beginning for as many steps
// with nobody to ask, and measures it as Test does.
func (n *Neuron) Twin(ctx context.Context, domains *Domains, names []string) (loss float64, err error) {
	twin := &learning{cfg: n.cfg.trainConfig()}
	defer func() { err = errors.Join(err, twin.close()) }()
	if err := twin.builtIn(n.cfg, domains); err != nil {
		return 0, fmt.Errorf("a twin: %w", err)
	}
	for range n.Status().Step {
		if _, err := twin.learner.Step(ctx, train.Alone{}); err != nil {
			return 0, err
		}
	}
	if err := twin.publish(twin.learner.Steps()); err != nil {
		return 0, err
	}
	e, err := twin.test(ctx, twin.served, train.Alone{}, domains, names)
	return e.Alone, err
}
