package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/emission/types"
)

// MsgUpdateParamsFactory proposes parameters; governance alone sends a message to
// the emission.
func MsgUpdateParamsFactory() simsx.SimMsgFactoryFn[*types.MsgUpdateParams] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgUpdateParams) {
		r := data.Rand()
		return nil, &types.MsgUpdateParams{Authority: data.ModuleAccountAddress(reporter, "gov"), Params: types.Params{
			Base: uint64(r.Intn(types.MaxBase + 1)), ValidatorShare: uint32(r.Intn(500_001)), TreasuryShare: uint32(r.Intn(500_001)),
		}}
	}
}
