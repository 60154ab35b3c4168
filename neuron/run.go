package neuron

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/telemetry"
)

// Names of the parts in health.
const (
	partTraining = "training"
	partChain    = "chain"
	partRows     = "rows"
	partAxon     = "axon"
	partScores   = "scores"
)

// follow keeps up with the chain: who is there, and what was earned.
func (n *Neuron) follow(ctx context.Context) error {
	blocks, why := n.client.Blocks(ctx)
	var earned *chain.Earned
	n.telemetry.Health.Set(partChain, telemetry.Starting, "no block was seen yet")
	for block := range blocks {
		m, err := n.client.Metagraph(ctx, n.cfg.Chain.Subnet)
		if err != nil {
			if ctx.Err() == nil {
				n.telemetry.Health.Set(partChain, telemetry.Failing, "%v", err)
				n.log.Warn("the metagraph was not read", "error", err)
			}
			continue
		}
		if earned == nil {
			earned = n.client.Earned(n.cfg.Chain.Subnet, n.hotkey.Address(), m.Epoch)
		}
		pay, err := earned.Count(ctx, m)
		if err != nil && ctx.Err() == nil {
			n.log.Warn("pay was not counted", "error", err)
		}
		n.saw(block, m, pay)
	}
	if err := why(); ctx.Err() == nil {
		return fmt.Errorf("chain: %w", err)
	}
	return nil
}

// saw takes in a new metagraph.
func (n *Neuron) saw(block chain.Block, m chain.Metagraph, pay chain.Pay) {
	for _, uid := range n.subnet.set(m) {
		n.telemetry.Meters.Forget(uid)
	}
	n.dendrite.SetPeers(endpoints(m))
	me, registered := m.Of(n.hotkey.Address())
	n.board.change(func(s *Status) {
		s.Height, s.UID, s.Served = block.Height, -1, n.served.Load()
		s.EarnedIncentive, s.EarnedDividends = pay.Incentive, pay.Dividends
		if registered {
			s.UID, s.Stake, s.Incentive, s.Dividends, s.Permit = int64(me.UID), me.Stake, me.Incentive, me.Dividends, me.Permit
		}
	})
	n.telemetry.Meters.Height(int64(block.Height))
	n.telemetry.Meters.Earned(pay.Rao())
	n.telemetry.Meters.PeersUp(len(n.network.Live()))
	if registered {
		n.telemetry.Health.Set(partChain, telemetry.OK, "uid %d at height %d", me.UID, block.Height)
	} else {
		n.telemetry.Health.Set(partChain, telemetry.Starting, "not registered in subnet %d: run neuron register", m.Subnet)
	}
	n.tell()
}

// trouble hears what is wrong with the nodes, and nil when it is over.
func (n *Neuron) trouble(err error) {
	if err == nil {
		n.log.Info("the chain is back")
		return
	}
	n.log.Warn("the chain is away; training goes on", "error", err)
	if n.telemetry != nil {
		n.telemetry.Health.Set(partChain, telemetry.Failing, "%v", err)
	}
}

// sendRows brings rows into blocks. A neuron that is not registered, or not any more,
// goes on learning and looks again.
func (n *Neuron) sendRows(ctx context.Context) error {
	for {
		err := n.rows.Load().Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, chain.ErrNotRegistered) {
			return fmt.Errorf("rows: %w", err)
		}
		n.say("not registered in subnet %d: run neuron register; training goes on", n.cfg.Chain.Subnet)
		if !n.registered(ctx) {
			return nil
		}
		if err := n.openRows(); err != nil {
			return err
		}
	}
}

// registered waits until the hotkey has a uid; false when ctx ended.
func (n *Neuron) registered(ctx context.Context) bool {
	for {
		if _, ok := n.subnet.Caller(n.hotkey.Address()); ok {
			return true
		}
		if !pause(ctx, time.Second) {
			return false
		}
	}
}

// say puts a sentence into the log and the status, when it is a new one.
func (n *Neuron) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fresh := false
	n.board.change(func(s *Status) { fresh, s.Says = s.Says != text, text })
	if fresh {
		n.log.Info(text)
	}
}

// reported hears what became of rows.
func (n *Neuron) reported(o chain.Outcome) {
	switch {
	case o.Err == nil:
		n.board.change(func(s *Status) { s.Row, s.Says = o.Height, o.String() })
		n.telemetry.Health.Set(partRows, telemetry.OK, "%s", o)
		n.telemetry.Meters.Row(true)
		n.log.Debug(o.String())
	case o.Waiting:
		n.say("%s", o)
	default:
		n.say("%s", o)
		n.telemetry.Health.Set(partRows, telemetry.Failing, "%s", o)
		n.telemetry.Meters.Row(false)
	}
}

// retryServe is how long to wait before the record is sent again.
const retryServe = 10 * time.Second

// advertise keeps the axon record on chain as it is configured.
func (n *Neuron) advertise(ctx context.Context) error {
	if n.cfg.Axon.Advertise == "" {
		return nil
	}
	record, err := n.axonRecord()
	if err != nil {
		return fmt.Errorf("axon.advertise %q: %w", n.cfg.Axon.Advertise, err)
	}
	n.telemetry.Health.Set(partAxon, telemetry.Starting, "the record is not on chain yet")
	for n.registered(ctx) {
		sent, err := n.client.Serve(ctx, n.hotkey, n.cfg.Chain.Subnet, record)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			n.say("the axon is not on chain: %v", err)
			n.telemetry.Health.Set(partAxon, telemetry.Failing, "not on chain: %v", err)
			if !pause(ctx, retryServe) {
				return nil
			}
			continue
		}
		n.telemetry.Health.Set(partAxon, telemetry.OK, "%s is on chain since block %d", n.cfg.Axon.Advertise, sent.Height)
		n.log.Info("the axon is on chain", "address", n.cfg.Axon.Advertise, "height", sent.Height)
		// It goes when the hotkey is registered anew, or somebody takes it down.
		for n.subnet.serves(n.hotkey.Address(), record, sent.Height) {
			if !pause(ctx, time.Second) {
				return nil
			}
		}
	}
	return nil
}

// pause waits; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
