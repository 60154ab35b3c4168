package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/weights/types"
)

// MsgUpdateParamsFactory proposes parameters, often ones that make epochs wait.
func MsgUpdateParamsFactory() simsx.SimMsgFactoryFn[*types.MsgUpdateParams] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgUpdateParams) {
		r := data.Rand()
		return nil, &types.MsgUpdateParams{Authority: data.ModuleAccountAddress(reporter, "gov"), Params: types.Params{
			EpochBudget: uint64(1 + r.Intn(500)), MaxCommits: uint32(1 + r.Intn(64)),
		}}
	}
}
