package keeper

import (
	"context"

	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
)

// InitGenesis loads the state. It fails when bank holds more than the cap, or when
// the module's account does not hold exactly the pots and what is owed.
func (k *Keeper) InitGenesis(ctx context.Context, gs *types.GenesisState) error {
	if err := gs.Validate(); err != nil {
		return err
	}
	if supply := k.bank.GetSupply(ctx, types.Denom).Amount; supply.GT(coins(schedule.Cap)[0].Amount) {
		return types.ErrInvalidGenesis.Wrapf("the supply is %s rao, the cap is %d", supply, uint64(schedule.Cap))
	}
	if err := k.Params.Set(ctx, gs.Params); err != nil {
		return err
	}
	if err := k.Sums.Set(ctx, gs.Ledger); err != nil {
		return err
	}
	for _, pot := range gs.Pots {
		if err := k.Pots.Set(ctx, pot.Subnet, pot.Amount); err != nil {
			return err
		}
	}
	if err := k.SetWeights(ctx, gs.Weights); err != nil {
		return err
	}
	return k.Invariant(ctx)
}

// ExportGenesis writes the state.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	ledger, err := k.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	gs := &types.GenesisState{Params: params, Ledger: ledger}
	gs.Pots, gs.Weights, err = k.lists(ctx)
	return gs, err
}

// lists reads pots and weights in ascending order of subnet.
func (k *Keeper) lists(ctx context.Context) (pots []types.Pot, weights []types.SubnetWeight, err error) {
	err = k.Pots.Walk(ctx, nil, func(subnet, amount uint64) (bool, error) {
		pots = append(pots, types.Pot{Subnet: subnet, Amount: amount})
		return false, nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = k.Weights.Walk(ctx, nil, func(subnet, weight uint64) (bool, error) {
		weights = append(weights, types.SubnetWeight{Subnet: subnet, Weight: weight})
		return false, nil
	})
	return pots, weights, err
}

// Invariant checks that the supply is within the cap, that minted = paid + owed +
// recycled + pots, and that the module's account holds exactly pots and owed.
func (k *Keeper) Invariant(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := gs.Validate(); err != nil {
		return types.ErrInvariant.Wrap(err.Error())
	}
	if supply := k.issuance(ctx); supply > schedule.Cap {
		return types.ErrInvariant.Wrapf("the supply is %d rao, the cap is %d", supply, uint64(schedule.Cap))
	}
	holds := k.bank.GetBalance(ctx, k.accounts.GetModuleAddress(types.ModuleName), types.Denom).Amount
	if want := coins(gs.PotSum() + gs.Ledger.Owed).AmountOf(types.Denom); !holds.Equal(want) {
		return types.ErrInvariant.Wrapf("the module account holds %s rao, pots and owed are %s", holds, want)
	}
	return nil
}
