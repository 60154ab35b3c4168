package subnet

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
)

func arg(name string) *autocliv1.PositionalArgDescriptor {
	return &autocliv1.PositionalArgDescriptor{ProtoField: name}
}

// AutoCLIOptions describes the command line.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	args := func(names ...string) (list []*autocliv1.PositionalArgDescriptor) {
		for _, name := range names {
			list = append(list, arg(name))
		}
		return list
	}
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "tao.subnet.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "The parameters of all subnets", Example: "taod q subnet params"},
				{RpcMethod: "Subnet", Use: "subnet [id]", Short: "One subnet and its hyperparameters", Example: "taod q subnet subnet 1", PositionalArgs: args("subnet")},
				{RpcMethod: "Subnets", Use: "subnets", Short: "All subnets", Example: "taod q subnet subnets -o json"},
				{RpcMethod: "CreationCost", Use: "creation-cost", Short: "What a new subnet locks now", Example: "taod q subnet creation-cost"},
				{RpcMethod: "Vote", Use: "vote [hotkey]", Short: "How a hotkey's stake votes", Example: "taod q subnet vote tao1…", PositionalArgs: args("hotkey")},
				{RpcMethod: "Votes", Use: "votes", Short: "All votes", Example: "taod q subnet votes --page-limit 10"},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "tao.subnet.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "CreateSubnet", Use: "create [name] [modality] [max-cost]", Short: "Lock the creation cost and make a subnet",
					Example:        "taod tx subnet create opticks text 100tao --description 'books on light' --from alice",
					PositionalArgs: args("name", "modality", "max_cost"),
				},
				{RpcMethod: "DissolveSubnet", Use: "dissolve [subnet]", Short: "End a subnet after a notice", Example: "taod tx subnet dissolve 2 --from alice", PositionalArgs: args("subnet")},
				{RpcMethod: "DescribeSubnet", Use: "describe [subnet] [name] [description]", Short: "Change name and description", Example: "taod tx subnet describe 2 opticks 'books on light' --from alice", PositionalArgs: args("subnet", "name", "description")},
				{RpcMethod: "OfferOwnership", Use: "offer [subnet] [to]", Short: "Offer a subnet to another account", Example: "taod tx subnet offer 2 tao1… --from alice", PositionalArgs: args("subnet", "to")},
				{RpcMethod: "AcceptOwnership", Use: "accept [subnet]", Short: "Take a subnet that was offered", Example: "taod tx subnet accept 2 --from bob", PositionalArgs: args("subnet")},
				{
					RpcMethod: "SetHyperparameter", Use: "set [subnet] [name] [value]", Short: "Change one hyperparameter after the next epoch",
					Example: "taod tx subnet set 2 tempo 20 --from alice\ntaod tx subnet set 2 burn_floor 0.5tao --from alice", PositionalArgs: args("subnet", "name", "value"),
				},
				{
					RpcMethod: "VoteSubnets", Use: "vote", Short: "Say how a hotkey's stake votes in the split of the emission",
					Example: "taod tx subnet vote --subnets 1,2 --weights 3,1 --from hot",
				},
				{RpcMethod: "UpdateParams", Skip: true}, // by a governance proposal
			},
		},
	}
}
