package arena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/wallet"
)

const (
	// valid is for how many blocks a consent counts.
	valid = 100
	// mostPrice is what a uid may cost; it rises by a quarter with each.
	mostPrice = 100 * tao
	// spending is what a member gets besides its stake.
	spending = mostPrice + 10*tao
)

// seat makes everybody's neurons and registers them. The neurons come first: an axon
// refuses all calls for a while after it was made, and registering takes its time, too.
func (a *Arena) seat(ctx context.Context) error {
	ring, err := wallet.OpenKeyring(wallet.KeyringConfig{Dir: filepath.Join(a.cfg.Home, "chain"), Backend: wallet.BackendTest})
	if err != nil {
		return err
	}
	faucet, err := ring.Open("faucet")
	if err != nil {
		return err
	}
	for i, m := range a.cfg.Members {
		s := &Seat{Member: m, hotkey: wallet.NewHotkey()}
		a.Seats = append(a.Seats, s)
		if s.cold, _, err = ring.Create(m.Name); err == nil {
			err = a.open(i, s)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	a.opened = time.Now()
	a.cfg.Say("%d neurons register and stake", len(a.cfg.Members))
	if err := a.enrol(ctx, faucet); err != nil {
		return err
	}
	return a.sayRows()
}

// enrol funds, registers and stakes, each step of a member while the next member makes
// the one before: uids are in the order of the members.
func (a *Arena) enrol(ctx context.Context, faucet *wallet.Coldkey) error {
	c, n := a.node.client, len(a.Seats)
	funded, registered := make(chan *Seat, n), make(chan *Seat, n)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(funded)
		for _, s := range a.Seats {
			if _, err := c.Transfer(ctx, faucet, s.cold.Address(), s.Stake+spending); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			funded <- s
		}
		return nil
	})
	group.Go(func() error {
		defer close(registered)
		for s := range funded {
			if err := a.register(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			registered <- s
		}
		return nil
	})
	group.Go(func() error {
		for s := range registered {
			if _, err := c.Stake(ctx, s.cold, s.Hotkey(), s.Stake); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
		return nil
	})
	return group.Wait()
}

// register buys a uid.
func (a *Arena) register(ctx context.Context, s *Seat) error {
	status, err := a.node.client.Status(ctx)
	if err != nil {
		return err
	}
	consent, err := s.hotkey.Consent(chainID, s.cold.Address(), subnet, status.Height+valid)
	if err != nil {
		return err
	}
	registered, err := a.node.client.Register(ctx, s.cold, chain.Registration{Consent: consent, MaxPrice: mostPrice})
	s.UID = registered.UID
	return err
}

// Settle waits until every axon takes calls, so that nobody's first round is spent on
// refusals.
func (a *Arena) Settle(ctx context.Context) error {
	ready := a.opened.Add(axon.DefaultConfig().Restart + time.Second)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(ready)):
		return nil
	}
}

// open makes the neuron of a member, or what sends its row.
func (a *Arena) open(i int, s *Seat) error {
	home := filepath.Join(a.cfg.Home, s.Name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if s.Row != nil {
		var err error
		s.rows, err = a.node.client.Rows(chain.RowsConfig{
			Hotkey: s.hotkey, Subnet: subnet, Journal: chain.FileJournal{Path: filepath.Join(home, "rows.json")},
		})
		return err
	}
	if s.Trained != "" {
		if err := copyFile(s.Trained, filepath.Join(home, "checkpoints", filepath.Base(s.Trained))); err != nil {
			return fmt.Errorf("what was trained: %w", err)
		}
	}
	hotkey := filepath.Join(home, "hotkey.json")
	if err := s.hotkey.Save(hotkey); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(home, "neuron.log"))
	if err != nil {
		return err
	}
	a.logs = append(a.logs, log)
	s.Neuron, err = neuron.New(a.configure(i, s, home, hotkey), a.deps(i, s, log))
	return err
}

// configure is a member's configuration.
func (a *Arena) configure(i int, s *Seat, home, hotkey string) *neuron.Config {
	address := "127.0.0.1:" + strconv.Itoa(firstPort+a.cfg.PortOffset+i)
	cfg := neuron.Default()
	cfg.Name, cfg.Home, cfg.Wallet.Hotkey = s.Name, home, hotkey
	cfg.Chain.Nodes, cfg.Chain.ID, cfg.Chain.Subnet = []string{"localhost:" + strconv.Itoa(grpcPort+a.cfg.PortOffset)}, chainID, subnet
	cfg.Network.AllowPrivate, cfg.Telemetry.Listen = true, ""
	cfg.Axon.Listen, cfg.Axon.Advertise = address, address
	cfg.Model.Seed, cfg.Train.Seed = uint64(i)+1, uint64(i)+1
	if s.Config != nil {
		s.Config(cfg)
	}
	if s.Role == Offline {
		cfg.Axon.Listen, cfg.Axon.Advertise = "", ""
	}
	if s.Echo || s.Role == Liar {
		glances(cfg)
	}
	return cfg
}

// deps are what makes a member's role.
func (a *Arena) deps(i int, s *Seat, log io.Writer) neuron.Deps {
	deps := neuron.Deps{
		Version: "arena", Domains: a.cfg.Domains, Log: slog.New(slog.NewTextHandler(log, nil)),
		Expert: s.Role.expert(uint64(i), other{
			expert: func() model.Expert { return a.Seats[s.Of].Neuron.Expert() },
			uid:    func() uint32 { return a.Seats[s.Of].UID },
		}),
	}
	switch {
	case s.Echo:
		deps.Row = a.said.median(s)
	case s.Role == Liar:
		deps.Row = a.friends(s)
	case s.Role.IsHonest():
		deps.Row = a.said.note(s)
	}
	return deps
}

// friends is a liar's row: everything for its friends, whatever was measured.
func (a *Arena) friends(s *Seat) func([]score.Weight) []score.Weight {
	return func([]score.Weight) []score.Weight {
		var row []score.Weight
		for _, i := range s.Friends {
			if i < len(a.Seats) && a.Seats[i] != s {
				row = append(row, score.Weight{UID: a.Seats[i].UID, Value: 65535})
			}
		}
		return row
	}
}

// sayRows gives the members without a model the rows that they say.
func (a *Arena) sayRows() error {
	for _, s := range a.Seats {
		if s.rows == nil {
			continue
		}
		if err := s.Say(a, s.Row); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// Say changes the row of a member without a model: a weight for each member by index;
// what is meant for itself is left out.
func (s *Seat) Say(a *Arena, weights []uint16) error {
	if s.rows == nil || len(weights) > len(a.Seats) {
		return fmt.Errorf("a row of %d weights for %d members: only a member with a row can say one, and of no more weights", len(weights), len(a.Seats))
	}
	var row []score.Weight
	for i, w := range weights {
		if a.Seats[i] != s {
			row = append(row, score.Weight{UID: a.Seats[i].UID, Value: w})
		}
	}
	return s.rows.Set(row)
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
