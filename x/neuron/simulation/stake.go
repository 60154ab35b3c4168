package simulation

import (
	"context"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/neuron/keeper"
	"github.com/taonet/taonet/x/neuron/types"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
)

// params are the parameters in force.
func params(ctx context.Context, k *keeper.Keeper) types.Params {
	p, err := k.Params.Get(ctx)
	must(err)
	return p
}

// MsgAddStakeFactory stakes, to any hotkey.
func MsgAddStakeFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgAddStake] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgAddStake) {
		h, ok := one(data.Rand(), reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil
		}
		from, ok := richer(data, reporter)
		if !ok {
			return nil, nil
		}
		amount := from.LiquidBalance().RandSubsetCoin(reporter, types.Denom)
		if reporter.IsSkipped() {
			return nil, nil
		}
		if amount.Amount.LT(rao(params(ctx, k).MinStakeChange).Amount) {
			reporter.Skip("too little to stake")
			return nil, nil
		}
		subnetsim.KeepForFee(&from)
		return []simsx.SimAccount{from}, &types.MsgAddStake{Coldkey: from.AddressBech32, Hotkey: h.Address, Amount: amount}
	}
}

// positions lists what accounts of the simulator have staked, with its value.
func positions(ctx context.Context, k *keeper.Keeper, data *simsx.ChainDataSource, least uint64) (list []types.Position) {
	query := keeper.NewQueryServer(k)
	must(k.Positions.Walk(ctx, nil, func(_ collections.Pair[[]byte, []byte], p types.Position) (bool, error) {
		if !data.HasAccount(p.Coldkey) {
			return false, nil
		}
		res, err := query.Stake(ctx, &types.QueryStakeRequest{Coldkey: p.Coldkey, Hotkey: p.Hotkey})
		if err == nil && res.Position.Value >= least {
			list = append(list, res.Position)
		}
		return false, err
	}))
	return list
}

// MsgRemoveStakeFactory unbonds some or all of a position.
func MsgRemoveStakeFactory(k *keeper.Keeper) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgRemoveStake, simsx.SimDeliveryResultHandler) {
		r, least := data.Rand(), params(ctx, k).MinStakeChange
		p, ok := one(r, reporter, positions(ctx, k, data, least), "nobody has staked")
		if !ok {
			return nil, nil, nil
		}
		amount := least - 1 + part(r, p.Value-least+1)
		return coldkey(data, reporter, p.Coldkey), &types.MsgRemoveStake{
			Coldkey: p.Coldkey, Hotkey: p.Hotkey, Amount: rao(amount), All: r.Intn(3) == 0,
		}, refusedWith(types.ErrTooManyUnbondings)
	})
}

// MsgMoveStakeFactory moves some or all of a position to another hotkey. A pool in
// which a share is dear may refuse a little stake.
func MsgMoveStakeFactory(k *keeper.Keeper) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgMoveStake, simsx.SimDeliveryResultHandler) {
		r, least := data.Rand(), params(ctx, k).MinStakeChange
		p, ok := one(r, reporter, positions(ctx, k, data, least), "nobody has staked")
		if !ok {
			return nil, nil, nil
		}
		to, ok := one(r, reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil, nil
		}
		if to.Address == p.Hotkey {
			reporter.Skip("it is there")
			return nil, nil, nil
		}
		amount := least - 1 + part(r, p.Value-least+1)
		return coldkey(data, reporter, p.Coldkey), &types.MsgMoveStake{
			Coldkey: p.Coldkey, From: p.Hotkey, To: to.Address, Amount: rao(amount), All: r.Intn(3) == 0,
		}, refusedWith(types.ErrTooSoon, types.ErrPool)
	})
}

// MsgCancelUnbondingFactory puts unbondings back.
func MsgCancelUnbondingFactory(k *keeper.Keeper) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgCancelUnbonding, simsx.SimDeliveryResultHandler) {
		var open []types.Unbonding
		must(k.Unbondings.Walk(ctx, nil, func(_ uint64, u types.Unbonding) (bool, error) {
			if data.HasAccount(u.Coldkey) {
				open = append(open, u)
			}
			return false, nil
		}))
		u, ok := one(data.Rand(), reporter, open, "no unbonding is open")
		if !ok {
			return nil, nil, nil
		}
		return coldkey(data, reporter, u.Coldkey), &types.MsgCancelUnbonding{Coldkey: u.Coldkey, Unbonding: u.Id}, refusedWith(types.ErrPool)
	})
}

// MsgSetTakeFactory lowers takes, and raises them as far as they may rise.
func MsgSetTakeFactory(k *keeper.Keeper) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSetTake, simsx.SimDeliveryResultHandler) {
		r, p := data.Rand(), params(ctx, k)
		h, ok := one(r, reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil, nil
		}
		take := uint32(r.Intn(int(min(h.Take+p.TakeRaise, p.MaxTake)) + 1))
		return coldkey(data, reporter, h.Coldkey), &types.MsgSetTake{Coldkey: h.Coldkey, Hotkey: h.Address, Take: take}, refusedWith(types.ErrTooSoon)
	})
}

// MsgSetPayoutFactory says where pay goes.
func MsgSetPayoutFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgSetPayout] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSetPayout) {
		r := data.Rand()
		h, ok := one(r, reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil
		}
		return coldkey(data, reporter, h.Coldkey), &types.MsgSetPayout{
			Coldkey: h.Coldkey, Hotkey: h.Address, Payout: simsx.OneOf(r, []types.Payout{types.PAYOUT_STAKE, types.PAYOUT_BALANCE}),
		}
	}
}
