// Package simulation makes random states of the weights and random rows.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/taonet/taonet/x/weights/types"
)

// RandomizedGenState draws the budget.
func RandomizedGenState(state *module.SimulationState) {
	gs := types.DefaultGenesis()
	gs.Params.EpochBudget = uint64(1 + state.Rand.Intn(1000))
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}
