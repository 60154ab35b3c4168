package chain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/neuron/wallet"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

const (
	// freeLife is how long after the last block a free transaction may get into one; the
	// chain allows 30 s.
	freeLife = 20 * time.Second
	// spread is by how much time-outs differ at random, so that no two are alike, even of
	// two processes with one hotkey.
	spread = time.Second

	// A free transaction asks for 60,000 gas and 250 for each weight: a row uses about
	// 27,000 and 200, and the lane takes 10,000 and 150 to 250,000 and 400. What it uses
	// beyond that costs nothing either.
	freeGas       = 60_000
	freeGasWeight = 250
)

// nonce is the time-out of the next free transaction: never the same twice.
func (c *Client) nonce(block time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := block.Add(freeLife + rand.N(spread))
	if !t.After(c.last) && c.last.Before(block.Add(freeLife+2*spread)) {
		t = c.last.Add(1)
	}
	c.last = t
	return t
}

// free is a draft for the free lane: no fee, no sequence, void freeLife after block.
func (c *Client) free(number uint64, block time.Time, weights int, msgs ...sdk.Msg) draft {
	return draft{
		msgs: msgs, account: Account{Number: number}, gas: freeGas + freeGasWeight*uint64(weights), timeout: c.nonce(block),
	}
}

// Serve publishes where a hotkey serves in a subnet, in the free lane, and waits until it
// is in a block. A record that is there already is not sent again. It fails with
// ErrNotRegistered or, within serving_rate_limit blocks of the last, ErrRateLimited.
func (c *Client) Serve(ctx context.Context, hot *wallet.Hotkey, subnet uint64, axon Axon) (Sent, error) {
	msg := serveMessage(hot.Address(), subnet, axon)
	record := neurontypes.Axon{
		Host: msg.Host, Port: msg.Port, Version: msg.Version, Fingerprint: msg.Fingerprint, ModelHash: msg.ModelHash, Prices: msg.Prices,
	}
	if err := record.Validate(); err != nil {
		return Sent{}, fmt.Errorf("the axon record: %w", err)
	}
	n, err := c.Neuron(ctx, subnet, hot.Address())
	if err != nil {
		return Sent{}, err
	}
	if n.Axon != nil && n.Axon.Same(axon) {
		return Sent{Height: n.Axon.Height}, nil
	}
	account, err := c.Account(ctx, hot.Address())
	if err != nil {
		return Sent{}, err
	}
	for range attempts {
		var s Status
		if s, err = c.Status(ctx); err != nil {
			return Sent{}, err
		}
		var res *sdk.TxResponse
		if res, err = c.once(ctx, hot, c.free(account.Number, s.Time, 0, msg)); err == nil {
			return sentAs(res, 0), nil
		}
		// A row of this hotkey has the place; the next block frees it.
		if !errors.Is(err, ErrBusy) {
			break
		}
		if err := sleep(ctx, time.Second); err != nil {
			return Sent{}, err
		}
	}
	return Sent{}, fmt.Errorf("publishing the axon: %w", err)
}

func serveMessage(hotkey string, subnet uint64, axon Axon) *neurontypes.MsgServe {
	msg := &neurontypes.MsgServe{
		Hotkey: hotkey, Subnet: subnet, Host: axon.Host, Port: uint32(axon.Port), Version: axon.Version,
		Fingerprint: axon.Fingerprint[:], ModelHash: axon.ModelHash,
	}
	for unit, rao := range axon.Prices {
		msg.Prices = append(msg.Prices, neurontypes.Price{Unit: unit, Amount: rao})
	}
	slices.SortFunc(msg.Prices, func(a, b neurontypes.Price) int { return strings.Compare(a.Unit, b.Unit) })
	return msg
}

// Retire takes the axon record down. That is no free transaction: its fee is taken from
// what the coldkey granted with Registration.FeeAllowance.
func (c *Client) Retire(ctx context.Context, hot *wallet.Hotkey, subnet uint64) (Sent, error) {
	h, err := c.Hotkey(ctx, hot.Address())
	if err != nil {
		return Sent{}, err
	}
	granter, err := wallet.ParseAddress(h.Coldkey)
	if err != nil {
		return Sent{}, err
	}
	_, sent, err := c.pay(ctx, hot, granter, &neurontypes.MsgRetire{Hotkey: hot.Address(), Subnet: subnet})
	if err != nil {
		err = fmt.Errorf("taking the axon down at the cost of coldkey %s, which must have granted fees: %w", h.Coldkey, err)
	}
	return sent, err
}
