package chain

import (
	"context"
	"errors"
	"fmt"

	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// catchUp is how many epochs that were missed are asked for at once.
const catchUp = 64

// Earned counts the pay of one hotkey in one subnet, epoch by epoch, from a height on.
// What an epoch pays is booked as owed and later becomes stake or balance, as the payout
// says; counting it where it is booked makes it independent of deposits, withdrawals and
// of when it is settled. It is for one goroutine.
//
// Dividends go to all who staked at the hotkey, in proportion, less the owner's take.
type Earned struct {
	c      *Client
	subnet uint64
	hotkey string

	last  uint64
	total Pay
}

// Pay in rao.
type Pay struct {
	// Incentive is for being scored, Dividends for scoring.
	Incentive, Dividends uint64
	// Epochs that were counted, and Missed ones whose state the node has pruned.
	Epochs, Missed uint64
	// Last is the pay of the last epoch, which was at height Epoch and covers the blocks
	// since Previous.
	Last, Epoch, Previous uint64
}

// Rao is all of it.
func (p Pay) Rao() uint64 { return p.Incentive + p.Dividends }

// PerDay is what the last epoch comes to in a day of so many blocks, in rao.
func (p Pay) PerDay(blocks uint64) uint64 {
	if p.Epoch <= p.Previous {
		return 0
	}
	// Not p.Last * blocks: the product may not fit.
	span := p.Epoch - p.Previous
	return p.Last/span*blocks + p.Last%span*blocks/span
}

// Earned counts epochs above the height since. To go on after a restart, begin with the
// height of the last epoch and add what was counted before.
func (c *Client) Earned(subnet uint64, hotkey string, since uint64) *Earned {
	return &Earned{c: c, subnet: subnet, hotkey: hotkey, last: since}
}

// Count adds the epochs up to that of a metagraph, which a neuron reads anyway. Epochs
// between the last one counted and this are asked for, back to those whose state the node
// still has.
func (e *Earned) Count(ctx context.Context, m Metagraph) (Pay, error) {
	if m.Epoch <= e.last {
		return e.total, nil
	}
	var sum Pay
	sum.add(m, e.hotkey)
	at := m.Previous
	for steps := 0; at > e.last; steps++ {
		if steps == catchUp {
			sum.Missed++
			break
		}
		past, err := e.epoch(ctx, at)
		if errors.Is(err, errPruned) {
			sum.Missed++ // at least this one
			break
		}
		if err != nil {
			return e.total, err
		}
		sum.add(past, e.hotkey)
		at = past.Previous
	}
	e.total.Incentive += sum.Incentive
	e.total.Dividends += sum.Dividends
	e.total.Epochs += sum.Epochs
	e.total.Missed += sum.Missed
	e.total.Last, e.total.Epoch, e.total.Previous = sum.Last, m.Epoch, m.Previous
	e.last = m.Epoch
	return e.total, nil
}

// add an epoch; the first one added is the newest.
func (p *Pay) add(m Metagraph, hotkey string) {
	n, _ := m.Of(hotkey) // who is not in it earned nothing
	p.Incentive += n.ServerEmission
	p.Dividends += n.ValidatorEmission
	if p.Epochs == 0 {
		p.Last = n.ServerEmission + n.ValidatorEmission
	}
	p.Epochs++
}

// errPruned says that a node has no state of a height.
var errPruned = errors.New("the node has pruned that height")

// epoch asks for what the epoch of a past height paid.
func (e *Earned) epoch(ctx context.Context, height uint64) (Metagraph, error) {
	res, err := e.c.weights().Metagraph(at(ctx, height), &weightstypes.QueryMetagraphRequest{
		Subnet: e.subnet, Columns: uint32(weightstypes.COLUMN_HOTKEY | weightstypes.COLUMN_EMISSION),
	})
	switch {
	case err == nil:
	case isNodes(err) || ctx.Err() != nil:
		return Metagraph{}, fmt.Errorf("the epoch of height %d: %w", height, err)
	default:
		return Metagraph{}, fmt.Errorf("%w: %d: %w", errPruned, height, err)
	}
	return Metagraph{
		Height: height, Epoch: res.Epoch.Height, Previous: res.Epoch.Previous, Epochs: res.Epoch.Count, Neurons: mapped(res.Neurons, neuronOf),
	}, nil
}

// Holdings is what a coldkey has by one hotkey, and what it can spend.
type Holdings struct {
	// Stake is the coldkey's part of the hotkey's pool in rao, Owed what the hotkey earned
	// in all subnets and is not settled yet, Balance what the coldkey can spend.
	Stake, Owed, Balance uint64
	// ToBalance says that settled pay goes to the balance and not to the stake.
	ToBalance bool
}

// Rao is all of it.
func (h Holdings) Rao() uint64 { return h.Stake + h.Owed + h.Balance }

// Holdings asks for what belongs to the owner of a hotkey now. It fails with
// ErrNotRegistered when the hotkey never was.
func (c *Client) Holdings(ctx context.Context, hotkey string) (Holdings, error) {
	h, err := c.Hotkey(ctx, hotkey)
	if err != nil {
		return Holdings{}, err
	}
	held := Holdings{ToBalance: h.ToBalance}
	for _, p := range h.Places {
		held.Owed += p.Owed
	}
	stakes, err := c.Stakes(ctx, h.Coldkey)
	if err != nil {
		return Holdings{}, err
	}
	for _, s := range stakes {
		if s.Hotkey == hotkey {
			held.Stake = s.Rao
		}
	}
	held.Balance, err = c.Balance(ctx, h.Coldkey)
	return held, err
}
