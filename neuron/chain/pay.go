package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/status"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
)

const (
	// attempts is how often a transaction is mended and signed anew.
	attempts = 5
	// patientBlocks is for how many blocks a transaction that pays may wait for one.
	patientBlocks = 30
	// A transaction asks for the gas of its simulation and half as much again, as taod's
	// --gas auto does: what it costs depends on the block it gets into.
	gasTimes, gasOver = 3, 2
)

// bill is what was learned of the price of a transaction.
type bill struct {
	sequence uint64 // the least that the node takes
	fee      uint64 // the least that the node takes, rao
}

// pay signs messages, brings them into a block and waits for it. Gas is that of a
// simulation and half as much again, its price the least that nodes ask for
// (app.MinGasPrice) or what this one says it wants. What would fail is found out by the
// simulation, before anything is paid.
func (c *Client) pay(ctx context.Context, key signer, granter sdk.AccAddress, msgs ...sdk.Msg) (*sdk.TxResponse, Sent, error) {
	var (
		b   bill
		err error
	)
	for range attempts {
		var d draft
		if d, err = c.price(ctx, key, granter, b, msgs); err == nil {
			var res *sdk.TxResponse
			if res, err = c.once(ctx, key, d); res != nil {
				return res, sentAs(res, d.fee), err
			}
		}
		r := refused(err)
		switch {
		case r == nil:
			return nil, Sent{}, err
		case errors.Is(err, errSequence):
			b.sequence = numberIn(expectedSequence, r.Log)
		case errors.Is(err, errFee):
			b.fee = numberIn(requiredFee, r.Log)
		case errors.Is(err, ErrBusy):
			if err := sleep(ctx, time.Second); err != nil {
				return nil, Sent{}, err
			}
		default:
			return nil, Sent{}, err
		}
	}
	return nil, Sent{}, fmt.Errorf("after %d attempts: %w", attempts, err)
}

// once signs and delivers. It returns the response of a transaction that is in a block,
// with the Refusal of one that failed there.
func (c *Client) once(ctx context.Context, key signer, d draft) (*sdk.TxResponse, error) {
	raw, err := c.sign(ctx, key, d)
	if err != nil {
		return nil, err
	}
	return c.deliver(ctx, raw, d)
}

// price finds out account, gas and fee.
func (c *Client) price(ctx context.Context, key signer, granter sdk.AccAddress, b bill, msgs []sdk.Msg) (draft, error) {
	d := draft{msgs: msgs, granter: granter}
	s, err := c.Status(ctx)
	if err != nil {
		return d, err
	}
	d.until = s.Height + patientBlocks
	d.account, err = c.Account(ctx, key.Address())
	if errors.Is(err, ErrNotFound) {
		return d, &Refusal{Reason: ErrNoFunds, detail: key.Address() + " has never received any; send some to it first"}
	}
	if err != nil {
		return d, err
	}
	d.account.Sequence = max(d.account.Sequence, b.sequence)
	used, err := c.simulate(ctx, key, d)
	if err != nil {
		return d, err
	}
	d.gas = used * gasTimes / gasOver
	if d.fee, err = feeOf(d.gas); err != nil {
		return d, err
	}
	d.fee = max(d.fee, b.fee)
	return d, nil
}

// feeOf gas in rao, rounded up.
func feeOf(gas uint64) (uint64, error) {
	price, err := sdk.ParseDecCoin(app.MinGasPrice)
	if err != nil {
		return 0, fmt.Errorf("the price of gas: %w", err)
	}
	return price.Amount.MulInt(sdkmath.NewIntFromUint64(gas)).Ceil().TruncateInt().Uint64(), nil
}

// simulate asks a node what messages would use. A message that would fail is a Refusal.
func (c *Client) simulate(ctx context.Context, key signer, d draft) (uint64, error) {
	builder, _, err := c.build(key, d)
	if err != nil {
		return 0, err
	}
	raw, err := c.codecs.tx.TxEncoder()(builder.GetTx())
	if err != nil {
		return 0, err
	}
	res, err := c.txs().Simulate(ctx, &txtypes.SimulateRequest{TxBytes: raw})
	if err != nil {
		if isNodes(err) || ctx.Err() != nil {
			return 0, fmt.Errorf("a simulation: %w", err)
		}
		return 0, refusalIn(status.Convert(err).Message())
	}
	return res.GetGasInfo().GetGasUsed(), nil
}

// Cost is what a transaction took from the balance of its signer in words, such as
// "0.000001tao": the fee and, of a registration, the price.
func Cost(rao ...uint64) string {
	var sum uint64
	for _, r := range rao {
		sum += r
	}
	return amount.FormatRao(sum)
}

// sleep waits, or fails when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
