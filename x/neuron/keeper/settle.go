package keeper

import (
	"context"
	"errors"
	"math/bits"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/types"
)

const million = 1_000_000

// scale is floor(a*b/c) of b <= c, c > 0.
func scale(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// Accrue books what an epoch paid: server and validator emission by uid, in rao.
// It is owed until it is settled. elapsed is the number of blocks since the last
// epoch; over immunity blocks recent pay fades.
func (k *Keeper) Accrue(ctx context.Context, subnet uint64, server, validator []uint64, elapsed, immunity uint64) error {
	n := len(server)
	incentive, err := k.column(ctx, subnet, incentiveColumn, n)
	if err != nil {
		return err
	}
	dividends, err := k.column(ctx, subnet, dividendsColumn, n)
	if err != nil {
		return err
	}
	recent, err := k.column(ctx, subnet, recentColumn, n)
	if err != nil {
		return err
	}
	total := uint64(0)
	for i := range n {
		incentive[i] += server[i]
		dividends[i] += validator[i]
		pay := server[i] + validator[i]
		total += pay
		if elapsed >= immunity {
			recent[i] = 0
		} else {
			recent[i] -= scale(recent[i], elapsed, immunity)
		}
		recent[i] += pay
	}
	if err := k.emission.Owe(ctx, subnet, total); err != nil {
		return err
	}
	for _, c := range []struct {
		kind   uint32
		values []uint64
	}{{incentiveColumn, incentive}, {dividendsColumn, dividends}, {recentColumn, recent}} {
		if err := k.setColumn(ctx, subnet, c.kind, c.values); err != nil {
			return err
		}
	}
	return nil
}

// PayOwner pays a subnet's owner its cut. An owner that has become a hotkey cannot
// be paid; then nothing happens and paid is 0.
func (k *Keeper) PayOwner(ctx context.Context, subnet uint64, owner sdk.AccAddress, amount uint64) (paid uint64, err error) {
	if hot, err := k.IsHotkey(ctx, owner); err != nil || hot || amount == 0 {
		return 0, err
	}
	if err := k.emission.Owe(ctx, subnet, amount); err != nil {
		return 0, err
	}
	return amount, k.emission.PayToAccount(ctx, owner, amount)
}

// settleParts is in how many epochs all uids of a subnet are settled, and
// settleLeast how many uids an epoch settles at least. A settlement writes a pool
// and moves coins; all of a full subnet at once would not fit a block.
const (
	settleParts = 64
	settleLeast = 4
)

// SettleNext settles the next 64th of a subnet's uids, so that whoever never
// touches anything is settled too.
func (k *Keeper) SettleNext(ctx context.Context, subnet uint64) error {
	n, err := k.Size(ctx, subnet)
	if err != nil || n == 0 {
		return err
	}
	next, err := k.Settled.Get(ctx, subnet)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if next >= uint32(n) {
		next = 0
	}
	last := min(next+max(uint32(n+settleParts-1)/settleParts, settleLeast), uint32(n))
	for uid := next; uid < last; uid++ {
		if err := k.settleUID(ctx, subnet, uid); err != nil {
			return err
		}
	}
	return k.Settled.Set(ctx, subnet, last%uint32(n))
}

// settle settles what a hotkey is owed in all its subnets.
func (k *Keeper) settle(ctx context.Context, hotkey []byte) error {
	subnets, err := k.subnetsOf(ctx, hotkey)
	if err != nil {
		return err
	}
	for _, subnet := range subnets {
		uid, err := k.Registrations.Get(ctx, collections.Join(hotkey, subnet))
		if err != nil {
			return err
		}
		if err := k.settleUID(ctx, subnet, uid); err != nil {
			return err
		}
	}
	return nil
}

// settleUID pays what one uid is owed. Of the dividends the owner takes its take of
// the part that others' stake earned; the rest raises the price of all shares.
// Incentive and take are the owner's: as new shares, or to the coldkey's balance.
func (k *Keeper) settleUID(ctx context.Context, subnet uint64, uid uint32) error {
	incentive, err := k.cell(ctx, subnet, incentiveColumn, uid)
	if err != nil {
		return err
	}
	dividends, err := k.cell(ctx, subnet, dividendsColumn, uid)
	if err != nil || incentive+dividends == 0 {
		return err
	}
	hotkey, ok, err := k.HotkeyAt(ctx, subnet, uint16(uid))
	if err != nil {
		return err
	}
	if !ok {
		return types.ErrInvariant.Wrapf("uid %d of subnet %d is owed %d rao and belongs to nobody", uid, subnet, incentive+dividends)
	}
	for _, kind := range []uint32{incentiveColumn, dividendsColumn} {
		if err := k.setCell(ctx, subnet, kind, uid, 0); err != nil {
			return err
		}
	}
	toOwner, err := k.payHotkey(ctx, hotkey, incentive, dividends)
	if err != nil {
		return err
	}
	return emit(ctx, &types.EventSettled{
		Subnet: subnet, Uid: uid, Hotkey: sdk.AccAddress(hotkey).String(),
		Incentive: incentive, Dividends: dividends, ToOwner: toOwner,
	})
}

// payHotkey pays owed incentive and dividends and returns the owner's part.
func (k *Keeper) payHotkey(ctx context.Context, addr []byte, incentive, dividends uint64) (toOwner uint64, err error) {
	h, err := k.hotkey(ctx, addr)
	if err != nil {
		return 0, err
	}
	p, err := poolOf(h)
	if err != nil {
		return 0, err
	}
	coldkey, err := sdk.AccAddressFromBech32(h.Coldkey)
	if err != nil {
		return 0, err
	}
	own, err := k.position(ctx, addr, coldkey)
	if err != nil {
		return 0, err
	}
	toOwner, donated := incentive+dividends, uint64(0)
	if !p.Shares.IsZero() && p.Assets > 0 {
		others := p.Assets - p.Value(own)
		take := scale(scale(dividends, others, p.Assets), uint64(h.Take), million)
		toOwner, donated = incentive+take, dividends-take
		if p, err = p.Donate(donated); err != nil {
			return 0, types.ErrPool.Wrap(err.Error())
		}
	}
	staked := donated
	if h.Payout == types.PAYOUT_STAKE && toOwner > 0 {
		// An amount too small for a share goes to the balance instead.
		if next, minted, err := p.Deposit(toOwner); err == nil {
			p, staked = next, donated+toOwner
			if err := k.addShares(ctx, addr, coldkey, minted, 0); err != nil {
				return 0, err
			}
		}
	}
	if err := k.emission.PayToModule(ctx, types.ModuleName, staked); err != nil {
		return 0, err
	}
	if err := k.emission.PayToAccount(ctx, coldkey, incentive+dividends-staked); err != nil {
		return 0, err
	}
	return toOwner, k.setPool(ctx, addr, h, p)
}
