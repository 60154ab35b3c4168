// Package simulation makes random states of the neurons and random messages to
// them.
package simulation

import (
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/x/neuron/types"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
)

// genesisStake is the most that a neuron of a random genesis has, in rao.
const genesisStake = 100_000_000_000

// RandomizedGenState draws short delays and two to nine neurons of subnets 1 and 2,
// which every random genesis has. It runs behind auth and bank, to which it adds
// their accounts and stakes.
func RandomizedGenState(state *module.SimulationState) {
	r := state.Rand
	gs := types.DefaultGenesis()
	gs.Params.Unbonding = uint64(1 + r.Intn(20))
	gs.Params.MinStakeChange = uint64(1 + r.Intn(1000))
	gs.Params.MoveInterval = uint64(r.Intn(5))
	gs.Params.TakeInterval = uint64(r.Intn(5))
	gs.Params.ColdkeySwapDelay = uint64(1 + r.Intn(10))
	gs.Params.MaxUnbondings = uint32(1 + r.Intn(7))
	gs.Params.MaxCompletions = uint32(1 + r.Intn(10))
	gs.Params.DefaultTake = uint32(r.Intn(int(gs.Params.MaxTake) + 1))
	hotkeys := subnetsim.NewHotkeys().All()[:2+r.Intn(8)]
	for i, hotkey := range hotkeys {
		coldkey := state.Accounts[r.Intn(len(state.Accounts))].Address
		subnet := uint64(1)
		if i > len(hotkeys)/2 {
			subnet = 2
		}
		if err := gs.AddNeuron(subnet, hotkey.Address, coldkey, uint64(r.Int63n(genesisStake))); err != nil {
			panic(err)
		}
	}
	addAccounts(state, hotkeys)
	staked, _, _ := gs.Totals()
	addBalance(state, authtypes.NewModuleAddress(types.ModuleName), staked)
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}

// addAccounts lets keys sign.
func addAccounts(state *module.SimulationState, keys []simtypes.Account) {
	var gs authtypes.GenesisState
	state.Cdc.MustUnmarshalJSON(state.GenState[authtypes.ModuleName], &gs)
	// The state holds accounts packed; unpacking needs the codec's registry.
	if err := gs.UnpackInterfaces(state.Cdc.(codec.Codec).InterfaceRegistry()); err != nil {
		panic(err)
	}
	accounts, err := authtypes.UnpackAccounts(gs.Accounts)
	if err != nil {
		panic(err)
	}
	for _, key := range keys {
		account := authtypes.NewBaseAccountWithAddress(key.Address)
		if err := account.SetPubKey(key.PubKey); err != nil {
			panic(err)
		}
		accounts = append(accounts, account)
	}
	state.GenState[authtypes.ModuleName] = state.Cdc.MustMarshalJSON(authtypes.NewGenesisState(gs.Params, accounts))
}

// addBalance makes rao for an account.
func addBalance(state *module.SimulationState, addr sdk.AccAddress, rao uint64) {
	coins := sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(rao)))
	if coins.Empty() {
		return
	}
	var gs banktypes.GenesisState
	state.Cdc.MustUnmarshalJSON(state.GenState[banktypes.ModuleName], &gs)
	gs.Balances = append(gs.Balances, banktypes.Balance{Address: addr.String(), Coins: coins})
	gs.Supply = gs.Supply.Add(coins...)
	state.GenState[banktypes.ModuleName] = state.Cdc.MustMarshalJSON(&gs)
}
