package arena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
)

const (
	tao       = 1_000_000_000
	firstPort = 9200 // of the axons
	// subnet that all are in.
	subnet = 1
)

// Member is one neuron of the network.
type Member struct {
	Name string
	Role Role
	// Stake in rao.
	Stake uint64
	// Config changes the configuration that the arena made.
	Config func(*neuron.Config)
	// Trained is a checkpoint that the member goes on from; empty begins anew.
	Trained string
	// Of is the index of the member that a copier copies, or a relay passes requests on
	// to. The one that is copied comes first.
	Of int
	// Friends are the members that a liar's row is for.
	Friends []int
	// Echo makes the member say the median of what the honest ones say, whatever its role
	// answers; it measures next to nothing itself.
	Echo bool
	// Row makes a member without model and axon, which costs next to nothing: all it does
	// is to say this row, a weight for each member by index. Of its other fields only Name
	// and Stake count.
	Row []uint16
}

// Config of an arena.
type Config struct {
	// Home is a folder that is used for nothing else; what is in it is removed.
	Home string
	// Taod is the chain's program.
	Taod string
	// PortOffset is added to every port.
	PortOffset int
	Members    []Member
	Domains    *neuron.Domains
	// Say tells what is going on.
	Say func(format string, args ...any)
}

// Arena is a running network.
type Arena struct {
	cfg    Config
	node   *node
	logs   []io.Closer
	opened time.Time
	said   said
	Seats  []*Seat
}

// Seat is a member with its neuron.
type Seat struct {
	Member
	// Neuron is nil for a member without a model.
	Neuron *neuron.Neuron
	UID    uint32
	hotkey *wallet.Hotkey
	cold   *wallet.Coldkey
	rows   *chain.Rows // of a member without a model
}

// Start starts the chain, registers the members and puts their neurons together. Run
// lets them work; Stop must be called in any case.
func Start(ctx context.Context, cfg Config) (*Arena, error) {
	home, err := filepath.Abs(cfg.Home) // the neurons' own paths begin at their homes
	if err != nil {
		return nil, err
	}
	cfg.Home = home
	for i, m := range cfg.Members {
		if (m.Role == Copier && m.Of >= i) || m.Of < 0 || m.Of >= len(cfg.Members) {
			return nil, fmt.Errorf("%s is member %d and of member %d: a copier comes after the one that it copies", m.Name, i, m.Of)
		}
	}
	if err := os.RemoveAll(cfg.Home); err != nil {
		return nil, fmt.Errorf("the home of an earlier run: %w", err)
	}
	a := &Arena{cfg: cfg}
	cfg.Say("the chain starts")
	if a.node, err = startNode(ctx, cfg.Taod, filepath.Join(cfg.Home, "chain"), cfg.PortOffset); err != nil {
		return nil, err
	}
	if err := a.seat(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// Client asks the arena's chain.
func (a *Arena) Client() *chain.Client { return a.node.client }

// Run lets all neurons work until ctx ends or one of them fails.
func (a *Arena) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range a.Seats {
		group.Go(func() error {
			if err := s.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *Seat) run(ctx context.Context) error {
	if s.Neuron != nil {
		return s.Neuron.Run(ctx)
	}
	if err := s.rows.Run(ctx); ctx.Err() == nil {
		return fmt.Errorf("rows: %w", err)
	}
	return nil
}

// Stop ends the chain.
func (a *Arena) Stop() error {
	var errs []error
	if a.node != nil {
		errs = append(errs, a.node.stop())
	}
	for _, log := range a.logs {
		errs = append(errs, log.Close())
	}
	return errors.Join(errs...)
}

// Hotkey is the address of a seat's hotkey.
func (s *Seat) Hotkey() string { return s.hotkey.Address() }
