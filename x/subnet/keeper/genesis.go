package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/types"
)

// InitGenesis loads the state. It fails when the module's account does not hold
// exactly the locks. Votes are counted when the stakes are there.
func (k *Keeper) InitGenesis(ctx context.Context, gs *types.GenesisState) error {
	if err := gs.Validate(); err != nil {
		return err
	}
	if err := errors.Join(
		k.Params.Set(ctx, gs.Params), k.NextID.Set(ctx, gs.NextId),
		k.Cost.Set(ctx, gs.CreationCost),
	); err != nil {
		return err
	}
	for _, subnet := range gs.Subnets {
		if err := k.checkOwners(subnet); err != nil {
			return err
		}
		if err := errors.Join(k.Subnets.Set(ctx, subnet.Id, subnet), k.Names.Set(ctx, subnet.Name, subnet.Id)); err != nil {
			return err
		}
	}
	for _, vote := range gs.Votes {
		hotkey, err := address("hotkey", vote.Hotkey)
		if err != nil {
			return err
		}
		if err := k.Votes.Set(ctx, hotkey, vote); err != nil {
			return err
		}
	}
	return k.Invariant(ctx)
}

// checkOwners checks that whom a subnet belongs to or is offered to can be paid.
func (k *Keeper) checkOwners(subnet types.Subnet) error {
	for _, text := range []string{subnet.Owner, subnet.OfferedTo} {
		if text == "" {
			continue
		}
		owner, err := address("owner", text)
		if err != nil {
			return err
		}
		if k.bank.BlockedAddr(owner) {
			return types.ErrInvalidGenesis.Wrapf("%s is a module's account and cannot own subnet %d: its lock could not return", text, subnet.Id)
		}
	}
	return nil
}

// ExportGenesis writes the state.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	gs := &types.GenesisState{}
	var err error
	if gs.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if gs.NextId, err = k.NextID.Get(ctx); err != nil {
		return nil, err
	}
	if gs.CreationCost, err = k.Cost.Get(ctx); err != nil && !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	err = k.Walk(ctx, func(subnet types.Subnet) (bool, error) {
		gs.Subnets = append(gs.Subnets, subnet)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	err = k.Votes.Walk(ctx, nil, func(_ []byte, vote types.Vote) (bool, error) {
		gs.Votes = append(gs.Votes, vote)
		return false, nil
	})
	return gs, err
}

// Invariant checks the state as a genesis, and that the module's account holds
// exactly the locks.
func (k *Keeper) Invariant(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := gs.Validate(); err != nil {
		return types.ErrInvariant.Wrap(err.Error())
	}
	holds := k.bank.GetBalance(sdk.UnwrapSDKContext(ctx), k.accounts.GetModuleAddress(types.ModuleName), types.Denom).Amount
	if want := coins(gs.LockSum()).AmountOf(types.Denom); !holds.Equal(want) {
		return types.ErrInvariant.Wrapf("the module account holds %s rao, locks are %s", holds, want)
	}
	return k.countInvariant(ctx)
}

// countInvariant checks that the sums are those of the counts, and that every hotkey
// counts for what it votes for now.
func (k *Keeper) countInvariant(ctx context.Context) error {
	sums := make(map[uint64]uint64)
	err := k.Counts.Walk(ctx, nil, func(hotkey []byte, counted types.Count) (bool, error) {
		for i, subnet := range counted.Subnets {
			sums[subnet] += counted.Stakes[i]
		}
		changed, err := k.Changed.Has(ctx, hotkey)
		if err != nil || changed {
			return err != nil, err
		}
		now, err := k.count(ctx, hotkey)
		if err == nil && !(slices.Equal(now.Subnets, counted.Subnets) && slices.Equal(now.Stakes, counted.Stakes)) {
			err = types.ErrInvariant.Wrapf("%s counts for subnets %d with %d rao, its vote is for %d with %d",
				sdk.AccAddress(hotkey), counted.Subnets, counted.Stakes, now.Subnets, now.Stakes)
		}
		return err != nil, err
	})
	if err != nil {
		return err
	}
	found := 0
	err = k.Sums.Walk(ctx, nil, func(subnet, sum uint64) (bool, error) {
		if sums[subnet] != sum {
			return true, types.ErrInvariant.Wrapf("%d rao count for subnet %d, the hotkeys' add up to %d", sum, subnet, sums[subnet])
		}
		found++
		return false, nil
	})
	if err == nil && found != len(sums) {
		err = types.ErrInvariant.Wrapf("there are sums for %d subnets, the hotkeys count for %d", found, len(sums))
	}
	return err
}
