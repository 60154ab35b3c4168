package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron/pool"
	"github.com/taonet/taonet/x/neuron/types"
)

// position returns a coldkey's shares of a hotkey's pool.
func (k *Keeper) position(ctx context.Context, hotkey, coldkey []byte) (pool.Shares, error) {
	p, err := k.Positions.Get(ctx, collections.Join(hotkey, coldkey))
	if errors.Is(err, collections.ErrNotFound) {
		return pool.Shares{}, nil
	}
	if err != nil {
		return pool.Shares{}, err
	}
	return pool.ParseShares(p.Shares)
}

// addShares gives shares to a position. moved is the height of a move, 0 for none.
func (k *Keeper) addShares(ctx context.Context, hotkey, coldkey []byte, shares pool.Shares, moved uint64) error {
	key := collections.Join(hotkey, coldkey)
	p, err := k.Positions.Get(ctx, key)
	if errors.Is(err, collections.ErrNotFound) {
		p = types.Position{Hotkey: sdk.AccAddress(hotkey).String(), Coldkey: sdk.AccAddress(coldkey).String(), Shares: "0"}
		err = k.PositionsByColdkey.Set(ctx, collections.Join(coldkey, hotkey))
	}
	if err != nil {
		return err
	}
	held, err := pool.ParseShares(p.Shares)
	if err != nil {
		return err
	}
	if held, err = held.Add(shares); err != nil {
		return types.ErrPool.Wrap(err.Error())
	}
	p.Shares, p.Moved = held.String(), max(p.Moved, moved)
	return k.Positions.Set(ctx, key, p)
}

// takeShares takes shares from a position; it must have them.
func (k *Keeper) takeShares(ctx context.Context, hotkey, coldkey []byte, shares pool.Shares) error {
	key := collections.Join(hotkey, coldkey)
	p, err := k.Positions.Get(ctx, key)
	if err != nil {
		return err
	}
	held, err := pool.ParseShares(p.Shares)
	if err != nil {
		return err
	}
	if held, err = held.Sub(shares); err != nil {
		return types.ErrNotEnoughStake.Wrap(err.Error())
	}
	if held.IsZero() {
		return errors.Join(k.Positions.Remove(ctx, key), k.PositionsByColdkey.Remove(ctx, collections.Join(coldkey, hotkey)))
	}
	p.Shares = held.String()
	return k.Positions.Set(ctx, key, p)
}

// deposit puts amount rao, which the module's account holds already, into a
// settled pool and returns the shares minted.
func (k *Keeper) deposit(ctx context.Context, hotkey, coldkey []byte, amount, moved uint64) (pool.Shares, error) {
	h, err := k.hotkey(ctx, hotkey)
	if err != nil {
		return pool.Shares{}, err
	}
	p, err := poolOf(h)
	if err != nil {
		return pool.Shares{}, err
	}
	p, minted, err := p.Deposit(amount)
	if err != nil {
		return pool.Shares{}, types.ErrPool.Wrap(err.Error())
	}
	if err := k.addShares(ctx, hotkey, coldkey, minted, moved); err != nil {
		return pool.Shares{}, err
	}
	return minted, k.setPool(ctx, hotkey, h, p)
}

// withdraw takes amount rao, or all of a position, out of a settled pool. The coins
// stay in the module's account; the residue of an emptied pool is burned.
func (k *Keeper) withdraw(ctx context.Context, hotkey, coldkey []byte, amount uint64, all bool) (uint64, pool.Shares, error) {
	h, err := k.hotkey(ctx, hotkey)
	if err != nil {
		return 0, pool.Shares{}, err
	}
	p, err := poolOf(h)
	if err != nil {
		return 0, pool.Shares{}, err
	}
	held, err := k.position(ctx, hotkey, coldkey)
	if err != nil {
		return 0, pool.Shares{}, err
	}
	value := p.Value(held)
	if held.IsZero() || (!all && amount > value) {
		return 0, pool.Shares{}, types.ErrNotEnoughStake.Wrapf("%s has %d rao at %s, %d are asked for", sdk.AccAddress(coldkey), value, sdk.AccAddress(hotkey), amount)
	}
	shares := held
	if !all && amount < value {
		if shares, err = p.SharesFor(amount); err != nil {
			return 0, pool.Shares{}, types.ErrPool.Wrap(err.Error())
		}
		if shares.Cmp(held) > 0 {
			shares = held
		}
	}
	p, got, residue, err := p.Withdraw(shares)
	if err != nil {
		return 0, pool.Shares{}, types.ErrPool.Wrap(err.Error())
	}
	if err := k.takeShares(ctx, hotkey, coldkey, shares); err != nil {
		return 0, pool.Shares{}, err
	}
	if err := k.emission.BurnFromModule(ctx, types.ModuleName, residue, 0, emissiontypes.ReasonResidue); err != nil {
		return 0, pool.Shares{}, err
	}
	return got, shares, k.setPool(ctx, hotkey, h, p)
}

// changeOf reads the amount of a change and holds it to the minimum.
func (k *Keeper) changeOf(ctx context.Context, field string, coin sdk.Coin) (uint64, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return 0, err
	}
	amount, err := types.Amount(field, coin)
	if err != nil {
		return 0, err
	}
	if amount < params.MinStakeChange {
		return 0, types.ErrTooSmall.Wrapf("%s is %d rao, the least is %d", field, amount, params.MinStakeChange)
	}
	return amount, nil
}

// unbond opens an unbonding of amount rao, which the stake account holds.
func (k *Keeper) unbond(ctx context.Context, hotkey, coldkey []byte, amount uint64) (types.Unbonding, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return types.Unbonding{}, err
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, types.UnbondingName, coins(amount)); err != nil {
		return types.Unbonding{}, err
	}
	id, err := k.NextUnbonding.Get(ctx)
	if err != nil {
		return types.Unbonding{}, err
	}
	u := types.Unbonding{
		Id: id, Hotkey: sdk.AccAddress(hotkey).String(), Coldkey: sdk.AccAddress(coldkey).String(),
		Amount: amount, Completes: height(ctx) + params.Unbonding,
	}
	return u, errors.Join(k.NextUnbonding.Set(ctx, id+1), k.setUnbonding(ctx, hotkey, coldkey, u))
}

func (k *Keeper) setUnbonding(ctx context.Context, hotkey, coldkey []byte, u types.Unbonding) error {
	return errors.Join(
		k.Unbondings.Set(ctx, u.Id, u),
		k.UnbondingQueue.Set(ctx, collections.Join(u.Completes, u.Id)),
		k.UnbondingByColdkey.Set(ctx, collections.Join(coldkey, u.Id)),
		k.UnbondingByHotkey.Set(ctx, collections.Join(hotkey, u.Id)),
	)
}

func (k *Keeper) removeUnbonding(ctx context.Context, u types.Unbonding) error {
	hotkey, err := address("hotkey", u.Hotkey)
	if err != nil {
		return err
	}
	coldkey, err := address("coldkey", u.Coldkey)
	if err != nil {
		return err
	}
	return errors.Join(
		k.Unbondings.Remove(ctx, u.Id),
		k.UnbondingQueue.Remove(ctx, collections.Join(u.Completes, u.Id)),
		k.UnbondingByColdkey.Remove(ctx, collections.Join([]byte(coldkey), u.Id)),
		k.UnbondingByHotkey.Remove(ctx, collections.Join([]byte(hotkey), u.Id)),
	)
}

// roomToUnbond checks the number of open unbondings of a coldkey at a hotkey.
func (k *Keeper) roomToUnbond(ctx context.Context, hotkey, coldkey []byte) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	open, next := uint32(0), uint64(0)
	at := sdk.AccAddress(hotkey).String()
	err = k.UnbondingByColdkey.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](coldkey), func(key addrID) (bool, error) {
		u, err := k.Unbondings.Get(ctx, key.K2())
		if err == nil && u.Hotkey == at {
			open++
			if next == 0 || u.Completes < next {
				next = u.Completes
			}
		}
		return false, err
	})
	if err == nil && open >= params.MaxUnbondings {
		err = types.ErrTooManyUnbondings.Wrapf("%d are open at %s, the bound is %d; the next completes at height %d", open, at, params.MaxUnbondings, next)
	}
	return err
}

// completeUnbondings pays those that are due, a bounded number per block.
func (k *Keeper) completeUnbondings(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	var due []uint64
	now := height(ctx)
	err = k.UnbondingQueue.Walk(ctx, nil, func(key collections.Pair[uint64, uint64]) (bool, error) {
		if key.K1() > now || len(due) == int(params.MaxCompletions) {
			return true, nil
		}
		due = append(due, key.K2())
		return false, nil
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := k.completeUnbonding(ctx, id, params); err != nil {
			return err
		}
	}
	return nil
}

// completeUnbonding pays one unbonding. One that cannot be paid is tried again after
// another unbonding time, and stops neither those behind it nor the chain.
func (k *Keeper) completeUnbonding(ctx context.Context, id uint64, params types.Params) error {
	u, err := k.Unbondings.Get(ctx, id)
	if err != nil {
		return err
	}
	coldkey, hotkey, err := pairOf(u.Coldkey, u.Hotkey)
	if err != nil {
		return err
	}
	if err := k.removeUnbonding(ctx, u); err != nil {
		return err
	}
	err = isolated(ctx, func(ctx context.Context) error {
		return k.bank.SendCoinsFromModuleToAccount(ctx, types.UnbondingName, coldkey, coins(u.Amount))
	})
	if err != nil {
		sdk.UnwrapSDKContext(ctx).Logger().Error("unbonding not paid", "id", id, "coldkey", u.Coldkey, "error", err)
		u.Completes = height(ctx) + params.Unbonding
		return k.setUnbonding(ctx, hotkey, coldkey, u)
	}
	return emit(ctx, &types.EventUnbonded{Id: id, Hotkey: u.Hotkey, Coldkey: u.Coldkey, Amount: u.Amount})
}
