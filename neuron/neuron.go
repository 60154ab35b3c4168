package neuron

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/tensor"
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
	rows     *chain.Rows
	dendrite *dendrite.Dendrite
	axon     *axon.Server
	listener net.Listener
	network  train.Network
	judge    *train.Judge
	subnet   subnet
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
	if n.learning, err = newLearning(n.cfg, n.deps.Domains, n.home.path(dirCheckpoints)); err != nil {
		return err
	}
	n.board.status = Status{Name: n.cfg.Name, UID: -1, Step: n.learning.trainer.Steps()}
	if n.cfg.Chain.None {
		return nil
	}
	return n.openChain()
}

// openChain prepares everything that has to do with others.
func (n *Neuron) openChain() error {
	path, err := n.cfg.Path(n.cfg.Wallet.Hotkey)
	if err != nil {
		return err
	}
	if n.hotkey, err = wallet.LoadHotkey(path); err != nil {
		return err
	}
	n.board.status.Hotkey = n.hotkey.Address()
	n.client, err = chain.Dial(chain.Config{Nodes: n.cfg.Chain.Nodes, ChainID: n.cfg.Chain.ID, Trouble: n.trouble})
	if err != nil {
		return err
	}
	n.rows, err = n.client.Rows(chain.RowsConfig{
		Hotkey: n.hotkey, Subnet: n.cfg.Chain.Subnet, Journal: chain.FileJournal{Path: n.home.path(fileRows)}, Report: n.reported,
	})
	if err != nil {
		return err
	}
	if err := n.openDendrite(); err != nil {
		return err
	}
	if err := n.openJudge(); err != nil {
		return err
	}
	return n.openAxon()
}

func (n *Neuron) openDendrite() error {
	encoding, err := tensor.ParseDType(n.cfg.Network.Encoding)
	if err != nil {
		return err
	}
	cfg := dendrite.Config{
		ChainID: n.cfg.Chain.ID, Subnet: n.cfg.Chain.Subnet, AllowPrivate: n.cfg.Network.AllowPrivate,
		Encoding: encoding, Concurrency: n.cfg.Network.Concurrency,
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	n.dendrite = dendrite.New(cfg, dendrite.Deps{
		Signer: n.hotkey, Verifier: wallet.Verifier{}, Log: n.log,
		Observe: func(e dendrite.Event) {
			n.telemetry.Meters.Asked(e.UID, e.Reason == dendrite.ReasonNone, e.Latency)
		},
	})
	n.network = newPeers(n.dendrite, time.Duration(n.cfg.Network.Deadline), n.learning.served.Card().Classes)
	return nil
}

func (n *Neuron) openJudge() error {
	if len(n.learning.texts) == 0 {
		return nil // examples are measured by what they do to the mixture; see README
	}
	s := n.cfg.Score
	cfg := train.DefaultJudge()
	cfg.Sequences, cfg.Positions, cfg.Probes, cfg.Canaries, cfg.Seed = s.Sequences, s.Positions, s.Probes, s.Canaries, n.cfg.Train.Seed
	var err error
	n.judge, err = train.NewJudge(cfg, n.learning.served, n.network, n.learning.source,
		func(state []byte) error { return n.home.write(fileScores, state) }, n.learning.texts...)
	if err != nil {
		return err
	}
	state, err := n.home.read(fileScores)
	if err != nil || state == nil {
		return err
	}
	return n.judge.Restore(state)
}

func (n *Neuron) openAxon() error {
	if n.cfg.Axon.Listen == "" {
		return nil
	}
	certificate, err := n.home.certificate()
	if err != nil {
		return err
	}
	var expert model.Expert = n.learning.served
	if n.deps.Expert != nil {
		expert = n.deps.Expert(expert, n.network)
	}
	a := n.cfg.Axon
	cfg := axon.DefaultConfig()
	cfg.ChainID, cfg.Certificate, cfg.Version, cfg.Open, cfg.Backward = n.cfg.Chain.ID, certificate, n.deps.Version, a.Open, a.Backward
	cfg.Queue, cfg.BatchRows, cfg.Delay = a.MaxQueue, a.Batch, time.Duration(a.BatchDelay)
	cfg.RowsPerSecond, cfg.RowBurst = a.RowsPerSecond, max(4*a.RowsPerSecond, cfg.RowBurst)
	cfg.Connections = a.Connections
	for _, p := range a.Prices {
		cfg.Prices = append(cfg.Prices, &synapse.Price{Unit: p.Unit, Amount: p.Amount})
	}
	n.axon, err = axon.New(cfg, axon.Deps{
		Expert: func() model.Expert { return expert }, Signer: n.hotkey, Verifier: wallet.Verifier{}, Registry: &n.subnet,
		Log: n.log, Meter: meter{n.telemetry.Meters},
	})
	if err != nil {
		return err
	}
	if n.listener, err = net.Listen("tcp", a.Listen); err != nil {
		return fmt.Errorf("axon.listen %s: %w: choose another port, or stop what uses it", a.Listen, err)
	}
	return nil
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
		group.Go(func() error { return n.sendRows(ctx) })
		if n.judge != nil {
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

// axonRecord is where peers find this neuron.
func (n *Neuron) axonRecord() (chain.Axon, error) {
	host, port, err := net.SplitHostPort(n.cfg.Axon.Advertise)
	if err != nil {
		return chain.Axon{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return chain.Axon{}, err
	}
	record := chain.Axon{Host: host, Port: uint16(number), Version: synapseVersion, Fingerprint: n.axon.Fingerprint()}
	for _, p := range n.cfg.Axon.Prices {
		if record.Prices == nil {
			record.Prices = map[string]uint64{}
		}
		record.Prices[p.Unit] = p.Amount
	}
	return record, nil
}

// Home is the folder of a configuration.
func Home(cfg *Config) (string, error) {
	dir, err := cfg.Path(cfg.Home)
	return filepath.Clean(dir), err
}

// Expert is the neuron's own model as it is published.
func (n *Neuron) Expert() model.Expert { return n.learning.served }
