package experiment

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
)

// circle is one subject and its peers. Neuron i holds shard i/D of domain own+i, of D
// domains in turn, and a sample of each other domain; neuron 0 is the subject.
type circle struct {
	env  *Env
	seed uint64
	own  int
	// shards that each domain is cut into, and how many bytes of one a neuron holds.
	shards, bytes int
	sample        int
	steps         int
}

// circles are one for each seed, each with another domain as its own.
func circles(env *Env, c circle) []circle {
	var all []circle
	for _, seed := range env.Seeds {
		c.env, c.seed, c.own = env, seed, int(seed%uint64(len(env.Texts)))
		all = append(all, c)
	}
	return all
}

// each runs one thing for every circle, as many side by side as the Env says.
func each[R any](ctx context.Context, all []circle, run func(circle, context.Context) (R, error)) ([]R, error) {
	results := make([]R, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, all[0].env.Workers))
	for i, c := range all {
		group.Go(func() (err error) {
			if results[i], err = run(c, ctx); err != nil {
				return fmt.Errorf("seed %d: %w", c.seed, err)
			}
			return nil
		})
	}
	return results, group.Wait()
}

// stepsOf a training: what the Env says, or the experiment's own number.
func stepsOf(env *Env, full, quick int) int {
	switch {
	case env.Steps > 0:
		return env.Steps
	case env.Quick:
		return quick
	}
	return full
}

// enough says whether there are domains to learn from one another.
func enough(env *Env) error {
	if len(env.Texts) < 2 || len(env.Seeds) == 0 {
		return fmt.Errorf("%d domains and %d seeds: give at least 2 and 1", len(env.Texts), len(env.Seeds))
	}
	return nil
}

// smallest shard of so many of any domain, in bytes.
func smallest(env *Env, shards int) (int, error) {
	least := 0
	for _, t := range env.Texts {
		for i := range shards {
			s, err := t.Shard(data.Shard{Index: i, Count: shards})
			if err != nil {
				return 0, err
			}
			if least == 0 || s.Bytes() < least {
				least = s.Bytes()
			}
		}
	}
	return least, nil
}

// domain of neuron i.
func (c circle) domain(i int) int { return (c.own + i) % len(c.env.Texts) }

// holding of neuron i, its own text first.
func (c circle) holding(i int) ([]*data.Text, error) {
	domain := c.domain(i)
	own, err := c.env.Texts[domain].Shard(data.Shard{Index: i / len(c.env.Texts) % c.shards, Count: c.shards})
	if err != nil {
		return nil, err
	}
	if own, err = own.Take(min(c.bytes, own.Bytes())); err != nil {
		return nil, err
	}
	texts := []*data.Text{own}
	for j, t := range c.env.Texts {
		if j == domain {
			continue
		}
		sample, err := t.Take(min(c.sample, t.Bytes()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, sample)
	}
	return texts, nil
}

// learner of neuron i. Quick runs look at validation less often.
func (c circle) learner(i int) (learner, error) {
	texts, err := c.holding(i)
	if err != nil {
		return learner{}, err
	}
	l := basic(c.seed*100+uint64(i), c.steps, texts)
	if i > 0 {
		l.own = 0.6
	}
	if c.env.Quick {
		l.checks = 3
	}
	l.name = c.name(fmt.Sprintf("%d-of-%d", i, c.shards))
	return l, nil
}

// name under which something of this circle is kept.
func (c circle) name(what string) string {
	quick := ""
	if c.env.Quick {
		quick = "quick-"
	}
	return fmt.Sprintf("circle-%s%s-%d-%d-%d-%d-%d", quick, what, c.steps, c.own, c.bytes, c.sample, c.seed)
}

// peers are the first n neurons after the subject, trained alone.
func (c circle) peers(ctx context.Context, n int) ([]neurontest.Peer, error) {
	var peers []neurontest.Peer
	for i := 1; i <= n; i++ {
		l, err := c.learner(i)
		if err != nil {
			return nil, errors.Join(err, closeAll(peers))
		}
		m, err := l.learn(ctx, c.env)
		if err != nil {
			return nil, errors.Join(err, closeAll(peers))
		}
		peers = append(peers, neurontest.Peer{UID: uint32(i), Expert: m})
	}
	return peers, nil
}

// closeAll gives back what peers compute with.
func closeAll(peers []neurontest.Peer) (err error) {
	for _, p := range peers {
		if m, ok := p.Expert.(*model.Served); ok {
			err = errors.Join(err, m.Close())
		} else if m, ok := p.Expert.(learned); ok {
			err = errors.Join(err, m.Close())
		}
	}
	return err
}

// work of a training with so many peers in units of one alone: a forward pass of a peer
// is a third of a step, in those steps in which it is asked.
func (l learner) work(peers int) float64 { return 1 + float64(peers)/3*(1-l.start) }

// longer is the learner with as many more steps as a network's work would buy.
func (l learner) longer(work float64) learner {
	l.steps = int(float64(l.steps) * work)
	return l
}

// change is a copy of peers, each changed.
func change(peers []neurontest.Peer, by func(*neurontest.Peer)) []neurontest.Peer {
	changed := append([]neurontest.Peer{}, peers...)
	for i := range changed {
		by(&changed[i])
	}
	return changed
}

// aloneAt is the subject without a network, with the work that one would cost.
func (c circle) aloneAt(ctx context.Context, s stage, peers int) (losses, error) {
	l, err := c.learner(0)
	if err != nil {
		return losses{}, err
	}
	l = l.longer(l.work(peers))
	l.name = c.name(fmt.Sprintf("alone-%d", l.steps))
	m, err := l.learn(ctx, c.env)
	if err != nil {
		return losses{}, err
	}
	voices, err := s.hear(ctx, m)
	return s.alone(voices), errors.Join(err, m.Close())
}

// networked trains the subject with peers, with what edit changes, and says what it
// says of the stage.
func (c circle) networked(ctx context.Context, s stage, name string, peers []neurontest.Peer, edit func(*learner)) ([]voice, error) {
	m, err := c.taught(ctx, name, peers, edit)
	if err != nil {
		return nil, err
	}
	voices, err := s.hear(ctx, m)
	return voices, errors.Join(err, m.Close())
}

// taught is the subject after training with peers.
func (c circle) taught(ctx context.Context, name string, peers []neurontest.Peer, edit func(*learner)) (learned, error) {
	l, err := c.learner(0)
	if err != nil {
		return learned{}, err
	}
	l.network, l.name = neurontest.NewNetwork(c.seed, peers...), c.name(fmt.Sprintf("with-%d-%s", len(peers), name))
	l.top = len(peers)
	if edit != nil {
		edit(&l)
	}
	return l.learn(ctx, c.env)
}
