package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
)

// BeginBlock mints the block's emission and splits it: to CometBFT's validators,
// to the community pool, and the rest to the subnets' pots by weight.
func (k *Keeper) BeginBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	amount := schedule.PerBlock(k.issuance(ctx), schedule.Cap, params.Base)
	if amount == 0 {
		return nil
	}
	if err := k.bank.MintCoins(ctx, types.ModuleName, coins(amount)); err != nil {
		return err
	}
	validators := schedule.Share(amount, params.ValidatorShare)
	treasury := schedule.Share(amount, params.TreasuryShare)
	pots := amount - validators - treasury
	if validators > 0 {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, k.collector, coins(validators)); err != nil {
			return err
		}
	}
	if treasury > 0 {
		if err := k.community.FundCommunityPool(ctx, coins(treasury), k.accounts.GetModuleAddress(types.ModuleName)); err != nil {
			return err
		}
	}
	if err := k.fill(ctx, pots); err != nil {
		return err
	}
	if err := k.book(ctx, func(l *types.Ledger) {
		l.Minted += pots
		l.Validators += validators
		l.Treasury += treasury
	}); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventEmission{
		Minted: amount, Validators: validators, Treasury: treasury, Pots: pots, Issuance: k.issuance(ctx),
	})
}

// fill splits amount over the pots by weight. What flooring leaves over goes to
// the first subnet with a weight; with no weight at all everything goes to
// subnet 1.
func (k *Keeper) fill(ctx context.Context, amount uint64) error {
	var subnets, weights []uint64
	err := k.Weights.Walk(ctx, nil, func(subnet, weight uint64) (bool, error) {
		if weight > 0 {
			subnets, weights = append(subnets, subnet), append(weights, weight)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if len(subnets) == 0 {
		subnets, weights = []uint64{types.DefaultSubnet}, []uint64{1}
	}
	parts, rest := schedule.Proportional(amount, weights)
	parts[0] += rest
	for i, part := range parts {
		if part == 0 {
			continue
		}
		pot, err := k.Pot(ctx, subnets[i])
		if err != nil {
			return err
		}
		if err := k.Pots.Set(ctx, subnets[i], pot+part); err != nil {
			return err
		}
	}
	return nil
}
