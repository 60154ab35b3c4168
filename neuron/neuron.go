package neuron

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/train"
	"github.com/taonet/taonet/neuron/wallet"
)

// Deps is what a Neuron gets from outside. The zero value is right for a program.
type Deps struct {
	// Version of the program.
	Version string
	// Domains are where data.domain finds its text.
	Domains *Domains
	// Log in place of that of the configuration.
	Log *slog.Logger
	// Expert answers peers in place of the neuron's own model: experiments put in there
	// what a dishonest neuron would.
	Expert func(own model.Expert, network train.Network) model.Expert
	// Row is what the neuron says in place of what it measured, for the same reason.
	Row func(row []score.Weight) []score.Weight
	// Watch hears the status after every step and block; it must return soon.
	Watch func(Status)

	// axon changes what an axon is bounded by, for tests.
	axon func(*axon.Config)
}

// Neuron is a running sidecar: a model that learns, an axon, a dendrite, and a view of
// the chain.
type Neuron struct {
	cfg       *Config
	deps      Deps
	home      *home
	telemetry *telemetry.Telemetry
	log       *slog.Logger
	board     board
	learning  *learning

	// What follows is nil without a chain.
	hotkey   *wallet.Hotkey
	client   *chain.Client
	rows     atomic.Pointer[chain.Rows]
	dendrite *dendrite.Dendrite
	axon     *axon.Server
	listener net.Listener
	network  train.Network
	judge    judge // nil too when nobody can be scored
	scored   hotkeys
	subnet   subnet
	served   atomic.Uint64 // calls
}

// judge scores peers: by text, or by examples.
type judge interface {
	Round(ctx context.Context, now int64) (train.Round, error)
	Row(live []uint32, self uint32, bounds score.Bounds) []score.Weight
	Score(uid uint32) float64
	Forget(uid uint32)
	Restore(state []byte) error
	Close() error
}

// New puts a neuron together: it reads its files, takes its addresses and loads its
// model and data, but asks nobody yet. Run makes it work; it closes what New opened.
func New(cfg *Config, deps Deps) (*Neuron, error) {
	if problems := cfg.Validate(); len(problems) > 0 {
		return nil, problems
	}
	if deps.Domains == nil {
		deps.Domains = &Domains{}
	}
	n := &Neuron{cfg: cfg, deps: deps, network: train.Alone{}}
	if err := n.open(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *Neuron) open() error {
	dir, err := n.cfg.Path(n.cfg.Home)
	if err != nil {
		return err
	}
	if n.home, err = openHome(dir); err != nil {
		return err
	}
	t := n.cfg.Telemetry
	n.telemetry, err = telemetry.New(telemetry.Config{
		Listen: t.Listen, Pprof: t.Pprof, Log: t.Log, Level: t.Level, Traces: t.Traces, Version: n.deps.Version,
	})
	if err != nil {
		return err
	}
	if n.log = n.deps.Log; n.log == nil {
		n.log = n.telemetry.Log
	}
	if n.learning, err = newLearning(n.cfg, n.deps.Domains, n.home, n.modelTrouble); err != nil {
		return err
	}
	n.board.status = Status{Name: n.cfg.Name, UID: -1, Step: n.learning.steps(), Model: n.learning.served.Card().Architecture}
	n.loaded()
	if n.cfg.Chain.None {
		return nil
	}
	return n.openChain()
}

// loaded says what was found.
func (n *Neuron) loaded() {
	l := n.learning
	if l.skipped != nil {
		n.log.Warn("a checkpoint cannot be read and is passed over; training goes on from one before it", "step", l.step, "error", l.skipped)
	}
	card := l.served.Card()
	n.log.Info("loaded", append([]any{"model", card.Architecture, "parameters", card.Parameters, "step", l.steps(), "kernel", l.kernel()}, l.sizes()...)...)
	if l.still != "" {
		n.say("%s", l.still)
		n.telemetry.Health.Set(partTraining, telemetry.OK, "%s", l.still)
	}
}

// modelTrouble hears what is wrong with the process of the model, and nil when it is over.
func (n *Neuron) modelTrouble(err error) {
	if err == nil {
		n.say("the model's process is back")
		n.telemetry.Health.Set(partTraining, telemetry.OK, "the model's process is back")
		return
	}
	n.say("training waits: %v", err)
	n.telemetry.Health.Set(partTraining, telemetry.Failing, "%v", err)
}

// Status is how the neuron is now.
func (n *Neuron) Status() Status { return n.board.read() }

// Run works until ctx ends, which is no failure, or until something is wrong that does
// not mend itself.
func (n *Neuron) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.telemetry.Serve(ctx) })
	group.Go(func() error { return n.train(ctx) })
	if n.client != nil {
		group.Go(func() error { return n.follow(ctx) })
		if n.judge != nil {
			group.Go(func() error { return n.sendRows(ctx) })
			group.Go(func() error { return n.measure(ctx) })
		}
		if n.axon != nil {
			listener := n.listener
			n.listener = nil // Serve closes it
			group.Go(func() error { return n.axon.Serve(ctx, listener) })
			group.Go(func() error { return n.advertise(ctx) })
		}
	}
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, n.close())
}

// close gives back what New took.
func (n *Neuron) close() error {
	var errs []error
	if n.judge != nil {
		errs = append(errs, n.judge.Close())
	}
	if n.listener != nil {
		errs = append(errs, n.listener.Close())
	}
	if n.dendrite != nil {
		n.dendrite.Close()
	}
	if n.client != nil {
		errs = append(errs, n.client.Close())
	}
	if n.learning != nil {
		errs = append(errs, n.learning.close())
	}
	if n.telemetry != nil {
		errs = append(errs, n.telemetry.Close())
	}
	if n.home != nil {
		errs = append(errs, n.home.close())
	}
	return errors.Join(errs...)
}

// Home is the folder of a configuration.
func Home(cfg *Config) (string, error) {
	dir, err := cfg.Path(cfg.Home)
	return filepath.Clean(dir), err
}

// Expert is the neuron's own model as it is published.
func (n *Neuron) Expert() model.Expert { return n.learning.served }
