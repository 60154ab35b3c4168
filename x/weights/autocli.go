package weights

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
)

// AutoCLIOptions describes the command line. Rows are lists of uint32, which
// autocli cannot read: their commands are written by hand in cmd/taod.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	args := func(names ...string) (list []*autocliv1.PositionalArgDescriptor) {
		for _, name := range names {
			list = append(list, &autocliv1.PositionalArgDescriptor{ProtoField: name})
		}
		return list
	}
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service:              "tao.weights.v1.Query",
			EnhanceCustomCommand: true,
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "The bounds on a block's epochs", Example: "taod q weights params"},
				{RpcMethod: "Metagraph", Skip: true},
				{RpcMethod: "EpochInput", Skip: true},
				{RpcMethod: "Explain", Skip: true},
				{RpcMethod: "Neuron", Use: "neuron [subnet] [uid]", Short: "One neuron as of the last epoch", Example: "taod q weights neuron 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Row", Use: "row [subnet] [uid]", Short: "How a neuron weighs its peers", Example: "taod q weights row 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Column", Use: "column [subnet] [uid]", Short: "Who weighs a neuron, and how", Example: "taod q weights column 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Rows", Use: "rows [subnet]", Short: "The whole weight matrix", Example: "taod q weights rows 1", PositionalArgs: args("subnet")},
				{RpcMethod: "Bonds", Use: "bonds [subnet]", Short: "The whole bond matrix", Example: "taod q weights bonds 1", PositionalArgs: args("subnet")},
				{RpcMethod: "Commits", Use: "commits [subnet] [uid]", Short: "The open commits of a neuron", Example: "taod q weights commits 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Epoch", Use: "epoch [subnet]", Short: "What the last epoch did", Example: "taod q weights epoch 1", PositionalArgs: args("subnet")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service:              "tao.weights.v1.Msg",
			EnhanceCustomCommand: true,
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "SetWeights", Skip: true},
				{RpcMethod: "CommitWeights", Skip: true},
				{RpcMethod: "RevealWeights", Skip: true},
				{RpcMethod: "UpdateParams", Skip: true}, // by a governance proposal
			},
		},
	}
}
