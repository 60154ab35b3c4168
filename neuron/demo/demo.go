// Package demo is the main job on one machine: a chain with one validator, four neurons
// that learn four domains of real text from and with each other, a noise peer and a
// relay; who adds knowledge earns.
package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/experiment"
)

const tao = 1_000_000_000

// Config of a demo.
type Config struct {
	// Home is a folder used for nothing else.
	Home, Taod string
	PortOffset int
	// Steps of training and Blocks of the chain after which it ends; 0 and 0 never do.
	Steps, Blocks uint64
	// Goroot is where the text is found.
	Goroot string
	// Say tells what is going on; Show gets the table about once a second.
	Say  func(format string, args ...any)
	Show func(Table)
}

// Table is what all neurons are doing.
type Table struct {
	Height uint64
	Rows   []Row
}

// Row is one neuron.
type Row struct {
	Name, Role, Domain string
	neuron.Status
}

// Result is what came of it.
type Result struct {
	Height  uint64        `json:"height"`
	Took    time.Duration `json:"took"`
	Neurons []Outcome     `json:"neurons"`
	// Problems are the checks that failed; empty is success.
	Problems []string `json:"problems"`
}

// Outcome is what came of one neuron.
type Outcome struct {
	Name   string `json:"name"`
	Role   string `json:"role"`
	Domain string `json:"domain"`
	UID    uint32 `json:"uid"`
	// Losses on the test parts of all domains, in nats per byte: a twin that trained
	// alone with the same settings, the neuron with the network, and without it after
	// distillation. 0 for dishonest ones.
	Alone float64 `json:"alone,omitempty"`
	On    float64 `json:"on,omitempty"`
	Off   float64 `json:"off,omitempty"`
	// Incentive and Dividends in rao, counted after the first third of the blocks.
	Incentive uint64 `json:"incentive"`
	Dividends uint64 `json:"dividends"`
}

// domains of the four honest neurons.
func domains() []string { return []string{"go", "assembly", "opticks", "docs"} }

const (
	ownBytes    = 300_000
	sampleBytes = 20_000
	// endless is the length of the schedules of a demo without an end.
	endless = 4000
	stake   = 100 * tao
)

// members of the demo: four honest neurons, noise and a relay, all with equal stake.
func members(steps uint64, names []string) []arena.Member {
	if steps == 0 {
		steps = endless
	}
	configure := func(domain string) func(*neuron.Config) {
		return func(c *neuron.Config) {
			c.Data.Domain, c.Data.Bytes, c.Data.Samples = domain, ownBytes, nil
			for _, other := range names {
				if other != domain {
					c.Data.Samples = append(c.Data.Samples, neuron.Sample{Domain: other, Bytes: sampleBytes})
				}
			}
			c.Train.Steps, c.Train.EvaluateEvery, c.Train.Patience = steps, max(steps/8, 1), 0
			c.Score.Every, c.Score.Positions, c.Score.Sequences = neuron.Duration(10*time.Second), 16, 64
			c.Network.Deadline = neuron.Duration(5 * time.Second)
			c.Axon.RowsPerSecond = 200_000
		}
	}
	var list []arena.Member
	for _, d := range names {
		list = append(list, arena.Member{Name: d, Role: arena.Honest, Stake: stake, Config: configure(d)})
	}
	for i, r := range []arena.Role{arena.Noise, arena.Relay} {
		quiet := configure(names[i])
		list = append(list, arena.Member{Name: string(r), Role: r, Stake: stake, Config: func(c *neuron.Config) {
			quiet(c)
			c.Train.Steps, c.Train.Batch, c.Train.EvaluateEvery = 1, 1, 1<<20 // it does not learn
		}})
	}
	return list
}

// Run runs the demo. It fails when something could not run; checks that fail are in the
// result.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	began := time.Now()
	d := &neuron.Domains{Goroot: cfg.Goroot, Seed: 1}
	names, err := d.Names(domains())
	if err != nil {
		return nil, err
	}
	cfg.Say("the domains are %s", strings.Join(names, ", "))
	a, err := arena.Start(ctx, arena.Config{
		Home: cfg.Home, Taod: cfg.Taod, PortOffset: cfg.PortOffset, Members: members(cfg.Steps, names), Domains: d, Say: cfg.Say,
	})
	if err != nil {
		return nil, err
	}
	s := &show{cfg: cfg, arena: a, domains: d, names: names}
	result, err := s.run(ctx)
	if err = errors.Join(err, a.Stop()); err != nil {
		return nil, err
	}
	result.Took = time.Since(began)
	return result, nil
}

// show is a running demo.
type show struct {
	cfg     Config
	arena   *arena.Arena
	domains *neuron.Domains
	names   []string
	pay     []chain.Pay // after a third, by seat
	history []experiment.Line
	result  Result
}

func (s *show) run(ctx context.Context) (*Result, error) {
	status, err := s.arena.Client().Status(ctx)
	if err != nil {
		return nil, err
	}
	first := status.Height
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.arena.Run(running) }()
	s.cfg.Say("training, answering, scoring; the neurons' logs are in %s", filepath.Join(s.cfg.Home, "*/neuron.log"))
	watching := s.watch(running, ended, first)
	if watching == nil {
		watching = s.measure(ctx)
	}
	stop()
	if err := <-ended; watching == nil && err != nil {
		return nil, err
	}
	if watching != nil {
		return nil, watching
	}
	if err := s.draw(); err != nil {
		return nil, err
	}
	return &s.result, s.judge(ctx)
}

// watch shows the table until steps and blocks are reached.
func (s *show) watch(ctx context.Context, ended chan error, first uint64) error {
	counters := s.counters(first)
	third := first + s.cfg.Blocks/3
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			ended <- err
			return errors.Join(errors.New("the neurons ended"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		table := s.table()
		s.cfg.Show(table)
		s.remember(table)
		if s.pay == nil && table.Height >= third {
			counters = s.counters(table.Height)
			s.pay = make([]chain.Pay, len(counters))
		}
		if err := s.count(ctx, counters); err != nil {
			s.cfg.Say("pay was not counted: %v", err)
		}
		if s.done(table, first) {
			s.result.Height = table.Height
			return nil
		}
	}
}

func (s *show) table() Table {
	t := Table{}
	for _, seat := range s.arena.Seats {
		row := Row{Name: seat.Name, Role: string(seat.Role), Status: seat.Neuron.Status()}
		t.Height = max(t.Height, row.Height)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// done says whether both ends are reached.
func (s *show) done(t Table, first uint64) bool {
	if s.cfg.Steps == 0 && s.cfg.Blocks == 0 || t.Height < first+s.cfg.Blocks {
		return false
	}
	for i, row := range t.Rows {
		if s.arena.Seats[i].Role.IsHonest() && row.Step < s.cfg.Steps {
			return false
		}
	}
	return true
}

// counters count pay from a height on.
func (s *show) counters(since uint64) []*chain.Earned {
	var list []*chain.Earned
	for _, seat := range s.arena.Seats {
		list = append(list, s.arena.Client().Earned(1, seat.Hotkey(), since))
	}
	return list
}

func (s *show) count(ctx context.Context, counters []*chain.Earned) error {
	m, err := s.arena.Client().Metagraph(ctx, 1)
	if err != nil {
		return err
	}
	for i, c := range counters {
		pay, err := c.Count(ctx, m)
		if err != nil {
			return err
		}
		if s.pay != nil {
			s.pay[i] = pay
		}
	}
	return nil
}

// measure compares every honest neuron with the network, while it still runs.
func (s *show) measure(ctx context.Context) error {
	s.cfg.Say("measuring on the test parts, with the network and without")
	for i, seat := range s.arena.Seats {
		o := Outcome{Name: seat.Name, Role: string(seat.Role), UID: seat.UID}
		if s.pay != nil {
			o.Incentive, o.Dividends = s.pay[i].Incentive, s.pay[i].Dividends
		}
		if seat.Role.IsHonest() {
			o.Domain = seat.Name
			e, err := seat.Neuron.Test(ctx, s.domains, s.names)
			if err != nil {
				return fmt.Errorf("%s: %w", seat.Name, err)
			}
			o.On, o.Off = e.Network, e.Alone
		}
		s.result.Neurons = append(s.result.Neurons, o)
	}
	return nil
}
