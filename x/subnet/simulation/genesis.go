// Package simulation makes random states of the subnets.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/taonet/taonet/x/subnet/types"
)

// RandomizedGenState draws quick hyperparameters.
func RandomizedGenState(state *module.SimulationState) {
	h := types.LocalnetHyperparameters()
	h.Tempo = uint64(1 + state.Rand.Intn(5))
	h.MaxUids = uint32(2 + state.Rand.Intn(30))
	h.Yuma = uint32(2 + state.Rand.Intn(2))
	h.LiquidAlpha = h.Yuma == 3 && state.Rand.Intn(2) == 0
	h.BurnFloor, h.BurnCeiling = 1, 1000
	gs := types.NewGenesis(h)
	gs.Params.CreationFloor = uint64(state.Rand.Intn(1000))
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}
