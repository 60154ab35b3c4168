// Package simulation makes random states of the emission and random proposals to it.
package simulation

import (
	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/taonet/taonet/x/emission/types"
)

// RandomizedGenState draws parameters.
func RandomizedGenState(state *module.SimulationState) {
	gs := types.DefaultGenesis()
	gs.Params.Base = uint64(state.Rand.Int63n(types.MaxBase))
	gs.Params.ValidatorShare = uint32(state.Rand.Intn(500_000))
	gs.Params.TreasuryShare = uint32(state.Rand.Intn(500_000))
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}
