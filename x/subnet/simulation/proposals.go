package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/subnet/types"
)

// What governance proposes. None of these skips: a proposal without a message is
// none. They may name a subnet that is gone when the proposal passes.

// governance is the account that governance acts as.
func governance(data *simsx.ChainDataSource, reporter simsx.SimulationReporter) string {
	return data.ModuleAccountAddress(reporter, "gov")
}

// MsgUpdateParamsFactory proposes parameters.
func MsgUpdateParamsFactory() simsx.SimMsgFactoryFn[*types.MsgUpdateParams] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgUpdateParams) {
		r := data.Rand()
		return nil, &types.MsgUpdateParams{Authority: governance(data, reporter), Params: types.Params{
			MaxSubnets: uint32(1 + r.Intn(12)), CreationFloor: uint64(r.Intn(10_000)), CreationDecay: uint64(1 + r.Intn(100)),
			DissolveNotice: uint64(r.Intn(10)), VoteInterval: uint64(r.Intn(5)), OwnerInterval: uint64(r.Intn(5)),
			WeightsInterval: uint64(1 + r.Intn(8)),
		}}
	}
}

// HyperparameterProposalFactory proposes any hyperparameter of one of the first
// subnets.
func HyperparameterProposalFactory() simsx.SimMsgFactoryFn[*types.MsgSetHyperparameter] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSetHyperparameter) {
		r := data.Rand()
		p := simsx.OneOf(r, types.HyperparameterTable())
		return nil, &types.MsgSetHyperparameter{
			Authority: governance(data, reporter), Subnet: uint64(1 + r.Intn(4)), Name: p.Name, Value: p.Text(draw(r, p, p.Min)),
		}
	}
}

// DissolveProposalFactory proposes to end a subnet other than the first at once.
func DissolveProposalFactory() simsx.SimMsgFactoryFn[*types.MsgDissolveSubnet] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgDissolveSubnet) {
		return nil, &types.MsgDissolveSubnet{Authority: governance(data, reporter), Subnet: uint64(2 + data.Rand().Intn(6))}
	}
}
