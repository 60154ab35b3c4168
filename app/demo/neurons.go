package demo

import (
	"context"
	"fmt"
	"time"

	sdkmath "cosmossdk.io/math"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/sign"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// role is how a neuron behaves.
type role string

const (
	honest role = "honest"
	cabal  role = "cabal"
	copier role = "copier"
	silent role = "silent"
)

const (
	tao = 1_000_000_000
	// copied is the uid whose row the copier repeats.
	copied = 0
)

// neuron is one actor. What its answers are worth is scripted: in a real network
// its peers measure it.
type neuron struct {
	role role
	// quality of its answers, 0..100.
	quality uint32
	stake   uint64 // rao
	balance bool   // pay goes to the balance instead of the stake
	hot     cryptotypes.PrivKey
	cold    cryptotypes.PrivKey
	uid     uint32

	hotAccount, coldAccount account
}

// account is what a signature needs to know.
type account struct{ number, sequence uint64 }

// cast is the eight neurons: the cabal has a fifth of the stake. The honest ones have
// a majority for each of their own even without it, the copier and the silent one.
func cast() []*neuron {
	neurons := []*neuron{
		{role: honest, quality: 100, stake: 200 * tao},
		{role: honest, quality: 80, stake: 200 * tao, balance: true},
		{role: honest, quality: 90, stake: 200 * tao},
		{role: honest, quality: 70, stake: 200 * tao},
		{role: cabal, quality: 5, stake: 120 * tao},
		{role: cabal, quality: 5, stake: 120 * tao},
		{role: copier, quality: 20, stake: 50 * tao},
		{role: silent, quality: 80, stake: 100 * tao},
	}
	for i, n := range neurons {
		n.uid = uint32(i)
		n.cold = secp256k1.GenPrivKey()
		if i%2 == 0 {
			n.hot = ed25519.GenPrivKey()
		} else {
			n.hot = secp256k1.GenPrivKey()
		}
	}
	return neurons
}

func (n *neuron) coldAddress() sdk.AccAddress { return sign.Address(n.cold) }
func (n *neuron) hotAddress() sdk.AccAddress  { return sign.Address(n.hot) }

// funds pay for stake, registration and fees.
func (n *neuron) funds() uint64 { return n.stake + 10*tao }

// register buys a uid for every neuron, one after the other so that uids are in order.
func (d *demo) register(ctx context.Context) error {
	d.say("eight neurons register and stake by transactions")
	for _, n := range d.neurons {
		msgs, err := d.registration(ctx, n)
		if err != nil {
			return err
		}
		if n.coldAccount, err = d.node.account(ctx, n.coldAddress()); err != nil {
			return err
		}
		hash, err := d.node.mustSend(ctx, n, msgs...)
		if err != nil {
			return fmt.Errorf("neuron %d registers: %w", n.uid, err)
		}
		if err := d.node.included(ctx, hash); err != nil {
			return fmt.Errorf("neuron %d registers: %w", n.uid, err)
		}
		if n.hotAccount, err = d.node.account(ctx, n.hotAddress()); err != nil {
			return err
		}
	}
	return nil
}

// registration is what a coldkey signs: register, stake, and where pay goes.
func (d *demo) registration(ctx context.Context, n *neuron) ([]sdk.Msg, error) {
	height, err := d.node.height(ctx)
	if err != nil {
		return nil, err
	}
	key, err := codectypes.NewAnyWithValue(n.hot.PubKey())
	if err != nil {
		return nil, err
	}
	expiry := uint64(height) + 100
	consent, err := n.hot.Sign(neurontypes.ConsentBytes(localnet.ChainID, n.coldAddress(), n.hotAddress(), subnet, expiry))
	if err != nil {
		return nil, err
	}
	cold, hot := n.coldAddress().String(), n.hotAddress().String()
	msgs := []sdk.Msg{
		&neurontypes.MsgRegister{Coldkey: cold, Hotkey: key, Subnet: subnet, MaxPrice: rao(5 * tao), Expiry: expiry, Consent: consent},
		&neurontypes.MsgAddStake{Coldkey: cold, Hotkey: hot, Amount: rao(n.stake)},
	}
	if n.balance {
		msgs = append(msgs, &neurontypes.MsgSetPayout{Coldkey: cold, Hotkey: hot, Payout: neurontypes.PAYOUT_BALANCE})
	}
	return msgs, nil
}

func rao(amountOf uint64) sdk.Coin {
	return sdk.NewCoin(amount.BaseDenom, sdkmath.NewIntFromUint64(amountOf))
}

// row is what a neuron says of its peers at a height, nil when it says nothing.
func (d *demo) row(ctx context.Context, n *neuron, height int64) (*weightstypes.MsgSetWeights, error) {
	msg := &weightstypes.MsgSetWeights{Hotkey: n.hotAddress().String(), Subnet: subnet}
	switch n.role {
	case cabal:
		for _, peer := range d.neurons {
			if peer.role == cabal && peer != n {
				msg.Uids, msg.Weights = append(msg.Uids, peer.uid), append(msg.Weights, weightstypes.U16Max)
			}
		}
	case copier:
		original, err := d.node.row(ctx, copied)
		if err != nil || original == nil {
			return nil, err
		}
		for _, e := range original.Entries {
			msg.Uids, msg.Weights = append(msg.Uids, e.Uid), append(msg.Weights, e.Value)
		}
	default:
		for _, peer := range d.neurons {
			if peer != n {
				msg.Uids, msg.Weights = append(msg.Uids, peer.uid), append(msg.Weights, measured(n, peer, height))
			}
		}
	}
	return msg, nil
}

// measured is the quality of a peer with an error of a few per cent that differs
// from neuron to neuron and block to block.
func measured(n, peer *neuron, height int64) uint32 {
	wobble := uint32((int64(n.uid)*7 + int64(peer.uid)*13 + height*3) % 11)
	return peer.quality * 100 * (95 + wobble) / 100
}

// freeTimeout is how long a row may wait for a block.
const freeTimeout = 15 * time.Second
