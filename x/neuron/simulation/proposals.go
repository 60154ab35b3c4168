package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/neuron/types"
)

// MsgUpdateParamsFactory proposes parameters.
func MsgUpdateParamsFactory() simsx.SimMsgFactoryFn[*types.MsgUpdateParams] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgUpdateParams) {
		r := data.Rand()
		maxTake := uint32(r.Intn(180_001))
		return nil, &types.MsgUpdateParams{Authority: data.ModuleAccountAddress(reporter, "gov"), Params: types.Params{
			Unbonding: uint64(1 + r.Intn(20)), MinStakeChange: uint64(1 + r.Intn(10_000)), MoveInterval: uint64(r.Intn(10)),
			MaxTake: maxTake, DefaultTake: uint32(r.Intn(int(maxTake) + 1)), TakeRaise: uint32(r.Intn(180_001)),
			TakeInterval: uint64(r.Intn(10)), MaxUnbondings: uint32(1 + r.Intn(10)), MaxCompletions: uint32(1 + r.Intn(20)),
			ColdkeySwapDelay: uint64(1 + r.Intn(10)),
		}}
	}
}
