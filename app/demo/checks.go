package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// balances asks for every coldkey's Tao with the chain's command line.
func (d *demo) balances(ctx context.Context) error {
	d.say("\nevery coldkey's balance, by the command line:")
	for _, n := range d.neurons {
		args := []string{"query", "bank", "balance", n.coldAddress().String(), "rao", "--home", d.cfg.Home, "--output", "json"}
		d.say("$ taod %s", strings.Join(args, " "))
		out, err := exec.CommandContext(ctx, d.cfg.Binary, args...).Output()
		if err != nil {
			return fmt.Errorf("taod %s: %w: %s", strings.Join(args, " "), err, out)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, out); err != nil {
			return fmt.Errorf("taod %s printed no JSON: %w: %s", strings.Join(args, " "), err, out)
		}
		d.say("  uid %d (%s): %s", n.uid, n.role, &line)
	}
	return nil
}

// check compares what happened with what the chain promises.
func (d *demo) check(ctx context.Context, graph *weightstypes.QueryMetagraphResponse) error {
	d.say("\nchecks at height %d, after %d rows:", graph.Height, d.sent)
	height, err := d.node.height(ctx)
	if err != nil {
		return err
	}
	at := emissiontypes.NewQueryClient(d.node.ctx.WithHeight(height)) // both of one state
	supply, err := at.Supply(ctx, &emissiontypes.QuerySupplyRequest{})
	if err != nil {
		return err
	}
	pots, err := at.Pots(ctx, &emissiontypes.QueryPotsRequest{})
	if err != nil {
		return err
	}
	return errors.Join(d.checkSupply(supply), d.checkPots(supply.Ledger, pots.Pots), d.checkRows(), d.checkPay(graph))
}

func (d *demo) verdict(ok bool, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if ok {
		d.say("  ok      %s", text)
		return nil
	}
	d.say("  FAILED  %s", text)
	return errors.New("check failed: " + text)
}

// checkSupply: every rao comes from genesis or the emission.
func (d *demo) checkSupply(s *emissiontypes.QuerySupplyResponse) error {
	l := s.Ledger
	expected := d.genesis + l.Minted + l.Validators + l.Treasury - l.Recycled - l.Burned
	var held uint64
	for _, h := range s.Holdings {
		held += h.Amount
	}
	return errors.Join(
		d.verdict(s.Supply == expected, "supply %d = genesis %d + minted %d + validators %d + treasury %d - recycled %d - burned %d",
			s.Supply, d.genesis, l.Minted, l.Validators, l.Treasury, l.Recycled, l.Burned),
		d.verdict(held == s.Supply, "balances, stakes, pots and all else hold %d of %d rao", held, s.Supply),
		d.verdict(s.Supply <= s.Cap, "supply %d is within the cap %d", s.Supply, s.Cap),
	)
}

// checkPots: minted = paid + owed + recycled + pots.
func (d *demo) checkPots(l emissiontypes.Ledger, pots []emissiontypes.Pot) error {
	var sum uint64
	for _, p := range pots {
		sum += p.Amount
	}
	return d.verdict(l.Minted == l.Paid+l.Owed+l.Recycled+sum, "minted %d = paid %d + owed %d + recycled %d + pots %d",
		l.Minted, l.Paid, l.Owed, l.Recycled, sum)
}

// checkRows: the chain took the rows. One that comes before the row of the block
// before is in a block is turned away: the next one replaces it. Under load that
// happens now and then; any other refusal is a fault.
func (d *demo) checkRows() error {
	early, other := 0, 0
	slotHeld := refusalPrefix(sdkerrors.ErrMempoolIsFull.Codespace(), sdkerrors.ErrMempoolIsFull.ABCICode())
	for _, reason := range slices.Sorted(maps.Keys(d.refused)) {
		if strings.HasPrefix(reason, slotHeld) {
			early += d.refused[reason]
			continue
		}
		other += d.refused[reason]
		d.say("  refused %d times: %s", d.refused[reason], reason)
	}
	return errors.Join(
		d.verdict(other == 0, "%d of %d rows refused", other, d.sent),
		d.verdict(early*4 <= d.sent, "%d of %d rows came before the one of the block before was in a block, at most a quarter", early, d.sent),
	)
}

// checkPay: knowledge earns, collusion, copying and silence do not.
func (d *demo) checkPay(graph *weightstypes.QueryMetagraphResponse) error {
	perStake := func(n *neuron) uint64 { return d.earned[n.uid] / (n.stake / tao) }
	least := ^uint64(0)
	for _, n := range d.neurons {
		if n.role == honest {
			least = min(least, perStake(n))
		}
	}
	var errs []error
	for _, n := range d.neurons {
		switch n.role {
		case cabal:
			errs = append(errs, d.verdict(2*perStake(n) < least, "cabal uid %d earned %d rao per tao staked, less than half of the poorest honest neuron's %d", n.uid, perStake(n), least))
		case copier:
			// Rows are public, so a copy of a good row earns dividends like the original;
			// commit-reveal is what takes that away. Its answers earn it little.
			original := d.neurons[copied]
			errs = append(errs, d.verdict(perStake(n) < perStake(original), "copier uid %d earned %d rao per tao staked, less than the %d of uid %d whose row it copies", n.uid, perStake(n), perStake(original), original.uid))
		case silent:
			now := graph.Neurons[n.uid]
			errs = append(errs, d.verdict(now.Dividends == 0 && !now.Active, "silent uid %d has dividends %d, active %t", n.uid, now.Dividends, now.Active))
		}
	}
	return errors.Join(errs...)
}
