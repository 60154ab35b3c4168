// Package heldout measures the neuron of a home on text that nobody learned from: by
// itself, with the network, and against a twin that never had one.
//
// It opens the home as neuron run does and reads the newest checkpoint, so that it cannot
// be used while a neuron runs there; nothing is trained, served or published.
package heldout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/train"
)

// Losses on the test parts of domains, means over them in nats per byte.
type Losses struct {
	Step    uint64   `json:"step"`
	Domains []string `json:"domains"`
	Bytes   int      `json:"bytes"`
	// Off is the model by itself: after distillation, with the network switched off.
	Off float64 `json:"off"`
	// On is the mixture with the peers that answered; absent when none did. Peers is how
	// many were up.
	On    *float64 `json:"on,omitempty"`
	Peers int      `json:"peers"`
	// Alone is a twin that trained as many steps with nobody to ask; absent unless wanted.
	Alone *float64 `json:"alone,omitempty"`
}

// Config says what to measure.
type Config struct {
	Neuron *neuron.Config
	// Deps as neuron run has them.
	Deps neuron.Deps
	// Domains by name; none for those of the configuration.
	Domains []string
	// Patience is how long peers are waited for.
	Patience time.Duration
	// Twin trains one, which takes as long as the training did.
	Twin bool
	// Say tells what is going on.
	Say func(format string, args ...any)
}

// ErrUntrained says that there is no checkpoint.
var ErrUntrained = errors.New("this neuron has learned nothing yet: there is no checkpoint to measure; neuron run makes one")

// Run measures.
func Run(ctx context.Context, c Config) (*Losses, error) {
	if err := c.domains(); err != nil {
		return nil, err
	}
	l := &Losses{Domains: c.Domains}
	if err := c.measure(ctx, l); err != nil {
		return nil, err
	}
	if !c.Twin {
		return l, nil
	}
	c.Say("training a twin alone for %d steps", l.Step)
	return l, c.twin(ctx, l)
}

// domains are those that the configuration names.
func (c *Config) domains() error {
	if len(c.Domains) > 0 {
		return nil
	}
	d := c.Neuron.Data
	if d.Kind != neuron.KindDomain {
		return fmt.Errorf("data.kind is %s, and what is measured are the domains that come with Go: name some, such as --domains go,docs", d.Kind)
	}
	c.Domains = []string{d.Domain}
	for _, s := range d.Samples {
		if s.Domain != "" && !slices.Contains(c.Domains, s.Domain) {
			c.Domains = append(c.Domains, s.Domain)
		}
	}
	return nil
}

// quiet is a configuration that opens the home and neither learns, serves nor scores.
func (c *Config) quiet() *neuron.Config {
	quiet := *c.Neuron
	quiet.Train.Steps = 1 // it has made more
	quiet.Axon.Listen, quiet.Axon.Advertise, quiet.Telemetry.Listen = "", "", ""
	quiet.Score.Every = neuron.Duration(24 * time.Hour)
	return &quiet
}

// measure the model, and the mixture where there is a chain.
func (c *Config) measure(ctx context.Context, l *Losses) (err error) {
	n, err := c.open(ctx, c.quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	l.Step = n.Status().Step
	if err := n.rests(ctx); err != nil {
		return err
	}
	if !c.Neuron.Chain.None {
		c.Say("waiting for peers, %s at most", c.Patience)
		l.Peers = n.peers(ctx, c.Patience)
	}
	e, err := n.Test(ctx, c.Deps.Domains, c.Domains)
	if err != nil {
		return err
	}
	c.take(l, e)
	return nil
}

func (c *Config) take(l *Losses, e train.Evaluation) {
	l.Off, l.Bytes = e.Alone, e.Bytes
	// Whoever answers has some weight, so that equal losses are those of self alone.
	if l.Peers > 0 && e.Network != e.Alone {
		l.On = &e.Network
	}
}

// running is a neuron at work.
type running struct {
	*neuron.Neuron
	end   context.CancelFunc
	ended chan error
}

// open makes a neuron of a home and lets it run until stop.
func (c *Config) open(ctx context.Context, cfg *neuron.Config) (*running, error) {
	n, err := neuron.New(cfg, c.Deps)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	trained := n.Status().Step > 0
	if !trained {
		end() // Run then only closes
	}
	r := &running{n, end, make(chan error, 1)}
	go func() { r.ended <- n.Run(ctx) }()
	if !trained {
		return nil, errors.Join(ErrUntrained, r.stop())
	}
	return r, nil
}

// stop ends it; it may be called once.
func (r *running) stop() error {
	r.end()
	return <-r.ended
}

// rests waits until the neuron has published what its checkpoint holds.
func (r *running) rests(ctx context.Context) error {
	for !r.Status().Resting {
		select {
		case err := <-r.ended:
			r.ended <- nil // it is said once
			return errors.Join(errors.New("the neuron ended before it was measured"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// peers waits until their number has not changed for a while.
func (r *running) peers(ctx context.Context, patience time.Duration) int {
	const settled = 3 * time.Second
	deadline, since, last := time.Now().Add(patience), time.Now(), 0
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
			return last
		case <-tick.C:
		}
		if have := r.Status().Peers; have != last {
			last, since = have, time.Now()
		}
		if last > 0 && time.Since(since) > settled {
			return last
		}
	}
	return last
}

// twin trains one that has nobody to ask.
func (c *Config) twin(ctx context.Context, l *Losses) (err error) {
	alone := *c.Neuron
	alone.Chain.None, alone.Telemetry.Listen = true, ""
	n, err := neuron.New(&alone, c.Deps)
	if err != nil {
		return err
	}
	defer func() {
		ended, end := context.WithCancel(ctx)
		end()
		err = errors.Join(err, n.Run(ended)) // gives back what New took
	}()
	loss, err := n.Twin(ctx, c.Deps.Domains, l.Domains)
	l.Alone = &loss
	return err
}
