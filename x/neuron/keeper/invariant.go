package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	"github.com/taonet/taonet/x/neuron/types"
)

// indexInvariant checks that each index has exactly one entry for each thing in it:
// an entry for every thing, and no more entries than things.
func (k *Keeper) indexInvariant(ctx context.Context, gs *types.GenesisState) error {
	seen := make(map[string]int)
	need := func(index string, has bool, err error) error {
		if err == nil && !has {
			err = types.ErrInvariant.Wrapf("the index %s lacks an entry", index)
		}
		seen[index]++
		return err
	}
	for _, h := range gs.Hotkeys {
		coldkey, hotkey, err := pairOf(h.Coldkey, h.Address)
		if err != nil {
			return err
		}
		has, err := k.Owned.Has(ctx, collections.Join([]byte(coldkey), []byte(hotkey)))
		if err := need("owned", has, err); err != nil {
			return err
		}
	}
	for _, n := range gs.Neurons {
		if err := k.neuronIndexed(ctx, n, need); err != nil {
			return err
		}
	}
	for _, p := range gs.Positions {
		coldkey, hotkey, err := pairOf(p.Coldkey, p.Hotkey)
		if err != nil {
			return err
		}
		has, err := k.PositionsByColdkey.Has(ctx, collections.Join([]byte(coldkey), []byte(hotkey)))
		if err := need("positions_by_coldkey", has, err); err != nil {
			return err
		}
	}
	for _, u := range gs.Unbondings {
		if err := k.unbondingIndexed(ctx, u, need); err != nil {
			return err
		}
	}
	for _, s := range gs.Swaps {
		coldkey, err := address("coldkey", s.Coldkey)
		if err != nil {
			return err
		}
		has, err := k.SwapQueue.Has(ctx, collections.Join(s.Height, []byte(coldkey)))
		if err := need("swap_queue", has, err); err != nil {
			return err
		}
	}
	return k.indexSizes(ctx, seen)
}

func (k *Keeper) neuronIndexed(ctx context.Context, n types.Neuron, need func(string, bool, error) error) error {
	hotkey, err := address("hotkey", n.Hotkey)
	if err != nil {
		return err
	}
	coldkey, _, err := k.Coldkey(ctx, hotkey)
	if err != nil {
		return err
	}
	uid, ok, err := k.UID(ctx, n.Subnet, hotkey)
	if err := need("registrations", ok && uint32(uid) == n.Uid, err); err != nil {
		return err
	}
	has, err := k.OwnedUids.Has(ctx, collections.Join3(n.Subnet, []byte(coldkey), n.Uid))
	return need("owned_uids", has, err)
}

func (k *Keeper) unbondingIndexed(ctx context.Context, u types.Unbonding, need func(string, bool, error) error) error {
	coldkey, hotkey, err := pairOf(u.Coldkey, u.Hotkey)
	if err != nil {
		return err
	}
	queued, err := k.UnbondingQueue.Has(ctx, collections.Join(u.Completes, u.Id))
	if err := need("unbonding_queue", queued, err); err != nil {
		return err
	}
	cold, err := k.UnbondingByColdkey.Has(ctx, collections.Join([]byte(coldkey), u.Id))
	if err := need("unbonding_by_coldkey", cold, err); err != nil {
		return err
	}
	hot, err := k.UnbondingByHotkey.Has(ctx, collections.Join([]byte(hotkey), u.Id))
	return need("unbonding_by_hotkey", hot, err)
}

// indexSizes compares the number of entries of each index with what was seen.
func (k *Keeper) indexSizes(ctx context.Context, seen map[string]int) error {
	registrations := func(ctx context.Context, rng collections.Ranger[addrID], visit func(addrID) (bool, error)) error {
		return k.Registrations.Walk(ctx, rng, func(key addrID, _ uint32) (bool, error) { return visit(key) })
	}
	return errors.Join(
		counted(ctx, "owned", k.Owned.Walk, seen),
		counted(ctx, "owned_uids", k.OwnedUids.Walk, seen),
		counted(ctx, "registrations", registrations, seen),
		counted(ctx, "positions_by_coldkey", k.PositionsByColdkey.Walk, seen),
		counted(ctx, "unbonding_queue", k.UnbondingQueue.Walk, seen),
		counted(ctx, "unbonding_by_coldkey", k.UnbondingByColdkey.Walk, seen),
		counted(ctx, "unbonding_by_hotkey", k.UnbondingByHotkey.Walk, seen),
		counted(ctx, "swap_queue", k.SwapQueue.Walk, seen),
	)
}

// counted checks that a walk visits as many entries of an index as were seen.
func counted[K any](
	ctx context.Context, index string, walk func(context.Context, collections.Ranger[K], func(K) (bool, error)) error, seen map[string]int,
) error {
	count := 0
	err := walk(ctx, nil, func(K) (bool, error) {
		count++
		return false, nil
	})
	if err == nil && count != seen[index] {
		err = types.ErrInvariant.Wrapf("the index %s has %d entries, there are %d things in it", index, count, seen[index])
	}
	return err
}
