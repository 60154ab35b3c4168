// Package simulation makes random states of the neurons.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/taonet/taonet/x/neuron/types"
)

// RandomizedGenState draws short delays.
func RandomizedGenState(state *module.SimulationState) {
	gs := types.DefaultGenesis()
	gs.Params.Unbonding = uint64(1 + state.Rand.Intn(20))
	gs.Params.MinStakeChange = 1
	gs.Params.MoveInterval = uint64(state.Rand.Intn(5))
	gs.Params.TakeInterval = uint64(state.Rand.Intn(5))
	gs.Params.ColdkeySwapDelay = uint64(1 + state.Rand.Intn(10))
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}
