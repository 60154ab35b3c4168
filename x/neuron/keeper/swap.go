package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/pool"
	"github.com/taonet/taonet/x/neuron/types"
)

// swapBatch is how many records of a coldkey move per block.
const swapBatch = 200

// SwapHotkey exchanges a hotkey; uids, rows, bonds, pool, positions and unbondings
// stay. The sender pays gas for every position.
func (s msgServer) SwapHotkey(ctx context.Context, msg *types.MsgSwapHotkey) (*types.MsgSwapHotkeyResponse, error) {
	old, h, err := s.ownHotkey(ctx, msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	coldkey, err := address("coldkey", msg.Coldkey)
	if err != nil {
		return nil, err
	}
	pub, err := consent(ctx, coldkey, msg.NewHotkey, 0, msg.Expiry, msg.Consent)
	if err != nil {
		return nil, err
	}
	addr := sdk.AccAddress(pub.Address())
	if known, err := s.IsHotkey(ctx, addr); err != nil {
		return nil, err
	} else if known {
		return nil, types.ErrUnsuitableKey.Wrapf("%s is a hotkey already; use a fresh key", addr)
	}
	if _, err := s.newHotkey(ctx, pub, coldkey); err != nil {
		return nil, err
	}
	h.Address = addr.String()
	if err := errors.Join(
		s.Hotkeys.Set(ctx, addr, h),
		s.Hotkeys.Remove(ctx, old),
		s.Owned.Remove(ctx, collections.Join([]byte(coldkey), old)),
		s.moveRegistrations(ctx, old, addr),
		s.movePositions(ctx, old, addr),
		s.renameUnbondings(ctx, old, addr),
		s.subnets.HotkeySwapped(ctx, old, addr),
	); err != nil {
		return nil, err
	}
	return &types.MsgSwapHotkeyResponse{}, emit(ctx, &types.EventHotkeySwapped{Old: msg.Hotkey, New: h.Address, Coldkey: msg.Coldkey})
}

func (k *Keeper) moveRegistrations(ctx context.Context, old, addr []byte) error {
	subnets, err := k.subnetsOf(ctx, old)
	if err != nil {
		return err
	}
	for _, subnet := range subnets {
		uid, err := k.Registrations.Get(ctx, collections.Join(old, subnet))
		if err != nil {
			return err
		}
		if err := errors.Join(
			k.Registrations.Remove(ctx, collections.Join(old, subnet)),
			k.Registrations.Set(ctx, collections.Join(addr, subnet), uid),
			k.Neurons.Set(ctx, collections.Join(subnet, uid), addr),
		); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) movePositions(ctx context.Context, old, addr []byte) error {
	var positions []types.Position
	var owners [][]byte
	err := k.Positions.Walk(ctx, collections.NewPrefixedPairRange[[]byte, []byte](old), func(key addrPair, p types.Position) (bool, error) {
		positions, owners = append(positions, p), append(owners, key.K2())
		return false, nil
	})
	if err != nil {
		return err
	}
	for i, p := range positions {
		p.Hotkey = sdk.AccAddress(addr).String()
		if err := errors.Join(
			k.Positions.Remove(ctx, collections.Join(old, owners[i])),
			k.PositionsByColdkey.Remove(ctx, collections.Join(owners[i], old)),
			k.Positions.Set(ctx, collections.Join(addr, owners[i]), p),
			k.PositionsByColdkey.Set(ctx, collections.Join(owners[i], addr)),
		); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) renameUnbondings(ctx context.Context, old, addr []byte) error {
	var ids []uint64
	err := k.UnbondingByHotkey.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](old), func(key addrID) (bool, error) {
		ids = append(ids, key.K2())
		return false, nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		u, err := k.Unbondings.Get(ctx, id)
		if err != nil {
			return err
		}
		u.Hotkey = sdk.AccAddress(addr).String()
		if err := errors.Join(
			k.Unbondings.Set(ctx, id, u),
			k.UnbondingByHotkey.Remove(ctx, collections.Join(old, id)),
			k.UnbondingByHotkey.Set(ctx, collections.Join(addr, id)),
		); err != nil {
			return err
		}
	}
	return nil
}

// SwapColdkey asks for a change of owner after a delay.
func (s msgServer) SwapColdkey(ctx context.Context, msg *types.MsgSwapColdkey) (*types.MsgSwapColdkeyResponse, error) {
	old, next, err := pairOf(msg.Coldkey, msg.NewColdkey)
	if err != nil {
		return nil, err
	}
	if old.Equals(next) {
		return nil, types.ErrUnsuitableKey.Wrapf("%s is the coldkey already", next)
	}
	if pending, err := s.Swaps.Get(ctx, old); err == nil {
		return nil, types.ErrSwapPending.Wrapf("to %s at height %d; cancel it first", pending.NewColdkey, pending.Height)
	}
	if err := s.MayReceive(ctx, next); err != nil {
		return nil, err
	}
	params, err := s.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	swap := types.ColdkeySwap{Coldkey: msg.Coldkey, NewColdkey: msg.NewColdkey, Height: height(ctx) + params.ColdkeySwapDelay}
	if err := s.setSwap(ctx, old, swap); err != nil {
		return nil, err
	}
	return &types.MsgSwapColdkeyResponse{Height: swap.Height}, emit(ctx, &types.EventColdkeySwapScheduled{
		Coldkey: msg.Coldkey, NewColdkey: msg.NewColdkey, Height: swap.Height,
	})
}

// MayReceive checks that an address may take a coldkey's place. It must be unused:
// nobody can press hotkeys, stake or an identity on somebody who has their own.
func (k *Keeper) MayReceive(ctx context.Context, addr sdk.AccAddress) error {
	if hot, err := k.IsHotkey(ctx, addr); err != nil {
		return err
	} else if hot || k.bank.BlockedAddr(addr) {
		return types.ErrUnsuitableKey.Wrapf("%s is a hotkey or a module's account", addr)
	}
	return k.unused(ctx, addr)
}

func (k *Keeper) setSwap(ctx context.Context, coldkey []byte, swap types.ColdkeySwap) error {
	return errors.Join(
		k.Swaps.Set(ctx, coldkey, swap),
		k.SwapQueue.Set(ctx, collections.Join(swap.Height, coldkey)),
	)
}

func (k *Keeper) removeSwap(ctx context.Context, coldkey []byte, swap types.ColdkeySwap) error {
	return errors.Join(
		k.Swaps.Remove(ctx, coldkey),
		k.SwapQueue.Remove(ctx, collections.Join(swap.Height, coldkey)),
	)
}

// CancelColdkeySwap takes a swap back.
func (s msgServer) CancelColdkeySwap(ctx context.Context, msg *types.MsgCancelColdkeySwap) (*types.MsgCancelColdkeySwapResponse, error) {
	coldkey, err := address("coldkey", msg.Coldkey)
	if err != nil {
		return nil, err
	}
	swap, err := s.Swaps.Get(ctx, coldkey)
	if err != nil {
		return nil, types.ErrNoSwap.Wrapf("%s", msg.Coldkey)
	}
	if err := s.removeSwap(ctx, coldkey, swap); err != nil {
		return nil, err
	}
	return &types.MsgCancelColdkeySwapResponse{}, emit(ctx, &types.EventColdkeySwapCancelled{Coldkey: msg.Coldkey})
}

// completeSwaps moves what is due: a bounded number of records per swap and block,
// so that the largest owner cannot stop a block. Every step leaves a whole state.
func (k *Keeper) completeSwaps(ctx context.Context) error {
	var due [][]byte
	now := height(ctx)
	err := k.SwapQueue.Walk(ctx, nil, func(key collections.Pair[uint64, []byte]) (bool, error) {
		if key.K1() > now || len(due) == 4 {
			return true, nil
		}
		due = append(due, key.K2())
		return false, nil
	})
	if err != nil {
		return err
	}
	for _, old := range due {
		swap, err := k.Swaps.Get(ctx, old)
		if err != nil {
			return err
		}
		if err := k.removeSwap(ctx, old, swap); err != nil {
			return err
		}
		if err := isolated(ctx, func(ctx context.Context) error { return k.completeSwap(ctx, old, swap) }); err != nil {
			sdk.UnwrapSDKContext(ctx).Logger().Info("coldkey swap cancelled", "coldkey", swap.Coldkey, "error", err)
			if err := emit(ctx, &types.EventColdkeySwapCancelled{Coldkey: swap.Coldkey, Error: err.Error()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// isolated runs a step whose failure must leave neither a trace nor a halted chain.
func isolated(ctx context.Context, step func(context.Context) error) error {
	cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	if err := step(cached); err != nil {
		return err
	}
	write()
	return nil
}

func (k *Keeper) completeSwap(ctx context.Context, old []byte, swap types.ColdkeySwap) error {
	next, err := address("new_coldkey", swap.NewColdkey)
	if err != nil {
		return err
	}
	if !swap.Started { // it may have come into use since
		if err := k.MayReceive(ctx, next); err != nil {
			return err
		}
	}
	left := swapBatch
	for _, move := range []func(context.Context, []byte, []byte, int) (int, error){
		k.moveOwned, k.moveStakes, k.moveUnbondings,
	} {
		moved, err := move(ctx, old, next, left)
		if err != nil {
			return err
		}
		left -= moved
	}
	if left <= 0 { // more next block
		swap.Height, swap.Started = height(ctx)+1, true
		return k.setSwap(ctx, old, swap)
	}
	if identity, err := k.Identities.Get(ctx, old); err == nil {
		if err := errors.Join(k.Identities.Set(ctx, next, identity), k.Identities.Remove(ctx, old)); err != nil {
			return err
		}
	}
	return emit(ctx, &types.EventColdkeySwapped{Coldkey: swap.Coldkey, NewColdkey: swap.NewColdkey})
}

// firstPairs lists up to limit second halves of the pairs of a key.
func firstPairs(ctx context.Context, set collections.KeySet[addrPair], of []byte, limit int) (list [][]byte, err error) {
	if limit <= 0 {
		return nil, nil
	}
	err = set.Walk(ctx, collections.NewPrefixedPairRange[[]byte, []byte](of), func(key addrPair) (bool, error) {
		list = append(list, key.K2())
		return len(list) == limit, nil
	})
	return list, err
}

// moveOwned hands hotkeys over; each counts as one record and one for each uid.
func (k *Keeper) moveOwned(ctx context.Context, old, next []byte, limit int) (int, error) {
	hotkeys, err := firstPairs(ctx, k.Owned, old, limit)
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, hotkey := range hotkeys {
		if moved >= limit {
			break
		}
		// What the old owner earned is settled to it: its shares move below.
		if err := k.settle(ctx, hotkey); err != nil {
			return 0, err
		}
		h, err := k.hotkey(ctx, hotkey)
		if err != nil {
			return 0, err
		}
		subnets, err := k.subnetsOf(ctx, hotkey)
		if err != nil {
			return 0, err
		}
		moved += 1 + len(subnets)
		h.Coldkey = sdk.AccAddress(next).String()
		if err := errors.Join(
			k.Hotkeys.Set(ctx, hotkey, h),
			k.Owned.Remove(ctx, collections.Join(old, hotkey)),
			k.Owned.Set(ctx, collections.Join(next, hotkey)),
			k.moveOwnedUids(ctx, hotkey, old, next),
		); err != nil {
			return 0, err
		}
	}
	return moved, nil
}

func (k *Keeper) moveOwnedUids(ctx context.Context, hotkey, old, next []byte) error {
	return k.Registrations.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](hotkey), func(key addrID, uid uint32) (bool, error) {
		return false, errors.Join(
			k.OwnedUids.Remove(ctx, collections.Join3(key.K2(), old, uid)),
			k.OwnedUids.Set(ctx, collections.Join3(key.K2(), next, uid)),
		)
	})
}

func (k *Keeper) moveStakes(ctx context.Context, old, next []byte, limit int) (int, error) {
	hotkeys, err := firstPairs(ctx, k.PositionsByColdkey, old, limit)
	if err != nil {
		return 0, err
	}
	for _, hotkey := range hotkeys {
		p, err := k.Positions.Get(ctx, collections.Join(hotkey, old))
		if err != nil {
			return 0, err
		}
		shares, err := pool.ParseShares(p.Shares)
		if err != nil {
			return 0, err
		}
		if err := errors.Join(
			k.takeShares(ctx, hotkey, old, shares),
			k.addShares(ctx, hotkey, next, shares, p.Moved),
		); err != nil {
			return 0, err
		}
	}
	return len(hotkeys), nil
}

func (k *Keeper) moveUnbondings(ctx context.Context, old, next []byte, limit int) (int, error) {
	if limit <= 0 {
		return 0, nil
	}
	var ids []uint64
	err := k.UnbondingByColdkey.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](old), func(key addrID) (bool, error) {
		ids = append(ids, key.K2())
		return len(ids) == limit, nil
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		u, err := k.Unbondings.Get(ctx, id)
		if err != nil {
			return 0, err
		}
		u.Coldkey = sdk.AccAddress(next).String()
		if err := errors.Join(
			k.Unbondings.Set(ctx, id, u),
			k.UnbondingByColdkey.Remove(ctx, collections.Join(old, id)),
			k.UnbondingByColdkey.Set(ctx, collections.Join(next, id)),
		); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// EndBlock completes unbondings and swaps that are due.
func (k *Keeper) EndBlock(ctx context.Context) error {
	if err := k.completeUnbondings(ctx); err != nil {
		return err
	}
	return k.completeSwaps(ctx)
}
