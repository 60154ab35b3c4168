package emission

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
)

// AutoCLIOptions describes the command line. There is no transaction: only a
// governance proposal changes the parameters.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "tao.emission.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "The parameters of the emission", Example: "taod q emission params"},
				{
					RpcMethod: "Schedule", Use: "schedule [issuance]", Short: "What a block emits at an issuance in rao",
					Example:        "taod q emission schedule 10500000000000000",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "issuance"}},
				},
				{RpcMethod: "Supply", Use: "supply", Short: "Where every Tao is", Example: "taod q emission supply -o json"},
				{
					RpcMethod: "NextHalving", Use: "next-halving", Short: "When the emission halves next",
					Example: "taod q emission next-halving",
				},
				{
					RpcMethod: "Pots", Use: "pots", Short: "What each subnet may pay out, and its share of the emission",
					Example: "taod q emission pots",
				},
			},
		},
	}
}
