package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/keeper"
	"github.com/taonet/taonet/x/neuron/types"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
)

// one picks from a list; ok is false, and the operation skipped with why, when it
// is empty. After a skip a factory must return at once and draw no more.
func one[T any](r *simsx.XRand, reporter simsx.SimulationReporter, list []T, why string) (item T, ok bool) {
	if len(list) == 0 {
		reporter.Skip(why)
		return item, false
	}
	return simsx.OneOf(r, list), true
}

// coldkey is an account of the simulator as the signer of what an owner or staker
// does; its fee is kept small.
func coldkey(data *simsx.ChainDataSource, reporter simsx.SimulationReporter, address string) []simsx.SimAccount {
	from := data.GetAccount(reporter, address)
	subnetsim.KeepForFee(&from)
	return []simsx.SimAccount{from}
}

// owned lists the hotkeys whose coldkeys are accounts of the simulator.
func owned(ctx context.Context, k *keeper.Keeper, data *simsx.ChainDataSource) (list []types.Hotkey) {
	must(k.Hotkeys.Walk(ctx, nil, func(_ []byte, h types.Hotkey) (bool, error) {
		if data.HasAccount(h.Coldkey) {
			list = append(list, h)
		}
		return false, nil
	}))
	return list
}

// richer picks an account with Tao.
func richer(data *simsx.ChainDataSource, reporter simsx.SimulationReporter) (simsx.SimAccount, bool) {
	from := data.AnyAccountN(10, reporter, simsx.WithDenomBalance(types.Denom))
	return from, !reporter.IsSkipped()
}

func height(ctx context.Context) uint64 { return uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()) }

// rao is an amount as a coin.
func rao(amount uint64) sdk.Coin { return sdk.NewInt64Coin(types.Denom, int64(amount)) }

// part is a random amount from 1 to most, which must be 1 at least.
func part(r *simsx.XRand, most uint64) uint64 { return 1 + uint64(r.Int63n(int64(most))) }

// must stops the simulation on an error of the store: there is nothing to go on with.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
