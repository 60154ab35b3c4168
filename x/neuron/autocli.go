package neuron

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
)

// AutoCLIOptions describes the command line. What needs a hotkey's consent is
// written by hand in cmd/taod.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	args := func(names ...string) (list []*autocliv1.PositionalArgDescriptor) {
		for _, name := range names {
			list = append(list, &autocliv1.PositionalArgDescriptor{ProtoField: name})
		}
		return list
	}
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "tao.neuron.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "The parameters of stake and keys"},
				{RpcMethod: "Hotkey", Use: "hotkey [address]", Short: "A hotkey, its pool and where it is registered", PositionalArgs: args("hotkey")},
				{RpcMethod: "Hotkeys", Use: "hotkeys [coldkey]", Short: "The hotkeys of a coldkey", PositionalArgs: args("coldkey")},
				{RpcMethod: "Neuron", Use: "neuron [subnet] [uid]", Short: "One neuron", Example: "taod q neuron neuron 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Neurons", Use: "neurons [subnet]", Short: "The neurons of a subnet", PositionalArgs: args("subnet")},
				{RpcMethod: "Price", Use: "price [subnet]", Short: "What a registration burns now, and who is replaced next", PositionalArgs: args("subnet")},
				{RpcMethod: "Stake", Use: "stake [hotkey] [coldkey]", Short: "One stake position", PositionalArgs: args("hotkey", "coldkey")},
				{RpcMethod: "Stakes", Use: "stakes [coldkey]", Short: "The stake positions of a coldkey", PositionalArgs: args("coldkey")},
				{RpcMethod: "Delegators", Use: "delegators [hotkey]", Short: "The stake positions in a hotkey's pool", PositionalArgs: args("hotkey")},
				{RpcMethod: "Unbondings", Use: "unbondings [coldkey]", Short: "The open unbondings of a coldkey", PositionalArgs: args("coldkey")},
				{RpcMethod: "Identity", Use: "identity [coldkey]", Short: "What a coldkey says about itself", PositionalArgs: args("coldkey")},
				{RpcMethod: "ColdkeySwap", Use: "coldkey-swap [coldkey]", Short: "The change of owner that a coldkey has asked for", PositionalArgs: args("coldkey")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service:              "tao.neuron.v1.Msg",
			EnhanceCustomCommand: true,
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Register", Skip: true},
				{RpcMethod: "SwapHotkey", Skip: true},
				{RpcMethod: "Deregister", Use: "deregister [hotkey] [subnet]", Short: "Give a uid up", PositionalArgs: args("hotkey", "subnet")},
				{RpcMethod: "SwapColdkey", Use: "swap-coldkey [new-coldkey]", Short: "Ask for a change of owner after a delay", PositionalArgs: args("new_coldkey")},
				{RpcMethod: "CancelColdkeySwap", Use: "cancel-coldkey-swap", Short: "Take a change of owner back"},
				{RpcMethod: "AddStake", Use: "stake [hotkey] [amount]", Short: "Put Tao into a hotkey's pool", Example: "taod tx neuron stake tao1… 10tao --from alice", PositionalArgs: args("hotkey", "amount")},
				{RpcMethod: "RemoveStake", Use: "unstake [hotkey] [amount]", Short: "Take Tao out of a hotkey's pool; it comes after unbonding", Example: "taod tx neuron unstake tao1… 10tao --from alice\ntaod tx neuron unstake tao1… 0rao --all --from alice", PositionalArgs: args("hotkey", "amount")},
				{RpcMethod: "MoveStake", Use: "move-stake [from] [to] [amount]", Short: "Move Tao from one hotkey's pool to another's", PositionalArgs: args("from", "to", "amount")},
				{RpcMethod: "CancelUnbonding", Use: "cancel-unbonding [id]", Short: "Put an unbonding back into its pool", PositionalArgs: args("unbonding")},
				{RpcMethod: "SetTake", Use: "set-take [hotkey] [millionths]", Short: "Set the owner's share of the dividends of others' stake", PositionalArgs: args("hotkey", "take")},
				{RpcMethod: "SetPayout", Use: "set-payout [hotkey] [stake|balance]", Short: "Say where settled pay goes", PositionalArgs: args("hotkey", "payout")},
				{RpcMethod: "Serve", Skip: true},
				{RpcMethod: "Retire", Use: "retire [subnet]", Short: "Take an axon down", PositionalArgs: args("subnet")},
				{RpcMethod: "SetIdentity", Use: "set-identity [identity-json]", Short: "Say who a coldkey is", Example: `taod tx neuron set-identity '{"name":"Newton"}' --from alice`, PositionalArgs: args("identity")},
				{RpcMethod: "UpdateParams", Skip: true}, // by a governance proposal
			},
		},
	}
}
