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
				{RpcMethod: "Params", Use: "params", Short: "The parameters of stake and keys", Example: "taod q neuron params"},
				{RpcMethod: "Hotkey", Use: "hotkey [address]", Short: "A hotkey, its pool and where it is registered", Example: "taod q neuron hotkey tao1…", PositionalArgs: args("hotkey")},
				{RpcMethod: "Hotkeys", Use: "hotkeys [coldkey]", Short: "The hotkeys of a coldkey", Example: "taod q neuron hotkeys tao1…", PositionalArgs: args("coldkey")},
				{RpcMethod: "Neuron", Use: "neuron [subnet] [uid]", Short: "One neuron", Example: "taod q neuron neuron 1 0", PositionalArgs: args("subnet", "uid")},
				{RpcMethod: "Neurons", Use: "neurons [subnet]", Short: "The neurons of a subnet", Example: "taod q neuron neurons 1 --page-limit 10", PositionalArgs: args("subnet")},
				{RpcMethod: "Price", Use: "price [subnet]", Short: "What a registration burns now, and who is replaced next", Example: "taod q neuron price 1", PositionalArgs: args("subnet")},
				{RpcMethod: "Stake", Use: "stake [hotkey] [coldkey]", Short: "One stake position", Example: "taod q neuron stake tao1hot… tao1cold…", PositionalArgs: args("hotkey", "coldkey")},
				{RpcMethod: "Stakes", Use: "stakes [coldkey]", Short: "The stake positions of a coldkey", Example: "taod q neuron stakes tao1…", PositionalArgs: args("coldkey")},
				{RpcMethod: "Delegators", Use: "delegators [hotkey]", Short: "The stake positions in a hotkey's pool", Example: "taod q neuron delegators tao1…", PositionalArgs: args("hotkey")},
				{RpcMethod: "Unbondings", Use: "unbondings [coldkey]", Short: "The open unbondings of a coldkey", Example: "taod q neuron unbondings tao1…", PositionalArgs: args("coldkey")},
				{RpcMethod: "Identity", Use: "identity [coldkey]", Short: "What a coldkey says about itself", Example: "taod q neuron identity tao1…", PositionalArgs: args("coldkey")},
				{RpcMethod: "ColdkeySwap", Use: "coldkey-swap [coldkey]", Short: "The change of owner that a coldkey has asked for", Example: "taod q neuron coldkey-swap tao1…", PositionalArgs: args("coldkey")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service:              "tao.neuron.v1.Msg",
			EnhanceCustomCommand: true,
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Register", Skip: true},
				{RpcMethod: "SwapHotkey", Skip: true},
				{RpcMethod: "Deregister", Use: "deregister [hotkey] [subnet]", Short: "Give a uid up", Example: "taod tx neuron deregister tao1… 1 --from alice", PositionalArgs: args("hotkey", "subnet")},
				{RpcMethod: "SwapColdkey", Use: "swap-coldkey [new-coldkey]", Short: "Ask for a change of owner after a delay", Example: "taod tx neuron swap-coldkey tao1… --from alice", PositionalArgs: args("new_coldkey")},
				{RpcMethod: "CancelColdkeySwap", Use: "cancel-coldkey-swap", Short: "Take a change of owner back", Example: "taod tx neuron cancel-coldkey-swap --from alice"},
				{RpcMethod: "AddStake", Use: "stake [hotkey] [amount]", Short: "Put Tao into a hotkey's pool", Example: "taod tx neuron stake tao1… 10tao --from alice", PositionalArgs: args("hotkey", "amount")},
				{RpcMethod: "RemoveStake", Use: "unstake [hotkey] [amount]", Short: "Take Tao out of a hotkey's pool; it comes after unbonding", Example: "taod tx neuron unstake tao1… 10tao --from alice\ntaod tx neuron unstake tao1… 0rao --all --from alice", PositionalArgs: args("hotkey", "amount")},
				{RpcMethod: "MoveStake", Use: "move-stake [from] [to] [amount]", Short: "Move Tao from one hotkey's pool to another's", Example: "taod tx neuron move-stake tao1from… tao1to… 5tao --from alice", PositionalArgs: args("from", "to", "amount")},
				{RpcMethod: "CancelUnbonding", Use: "cancel-unbonding [id]", Short: "Put an unbonding back into its pool", Example: "taod tx neuron cancel-unbonding 7 --from alice", PositionalArgs: args("unbonding")},
				{RpcMethod: "SetTake", Use: "set-take [hotkey] [millionths]", Short: "Set the owner's share of the dividends of others' stake", Example: "taod tx neuron set-take tao1… 90000 --from alice", PositionalArgs: args("hotkey", "take")},
				{RpcMethod: "SetPayout", Use: "set-payout [hotkey] [stake|balance]", Short: "Say where settled pay goes", Example: "taod tx neuron set-payout tao1… balance --from alice", PositionalArgs: args("hotkey", "payout")},
				{RpcMethod: "Serve", Skip: true},
				{RpcMethod: "Retire", Use: "retire [subnet]", Short: "Take an axon down", Example: "taod tx neuron retire 1 --from hot", PositionalArgs: args("subnet")},
				{RpcMethod: "SetIdentity", Use: "set-identity [identity-json]", Short: "Say who a coldkey is", Example: `taod tx neuron set-identity '{"name":"Newton"}' --from alice`, PositionalArgs: args("identity")},
				{RpcMethod: "UpdateParams", Skip: true}, // by a governance proposal
			},
		},
	}
}
