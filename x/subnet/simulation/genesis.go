// Package simulation makes random states of the subnets and random messages to
// them.
package simulation

import (
	"fmt"

	"github.com/cosmos/cosmos-sdk/types/module"

	"github.com/taonet/taonet/x/subnet/types"
)

// RandomizedGenState draws quick parameters and two or three subnets: the first
// belongs to nobody, the others have owners, the second one hides its rows.
func RandomizedGenState(state *module.SimulationState) {
	r := state.Rand
	gs := types.NewGenesis(randomHyperparameters(state))
	gs.Params.CreationFloor = uint64(r.Intn(1000))
	gs.Params.CreationDecay = uint64(1 + r.Intn(1000))
	gs.Params.MaxSubnets = uint32(4 + r.Intn(8))
	gs.Params.DissolveNotice = uint64(r.Intn(20))
	gs.Params.VoteInterval = uint64(r.Intn(5))
	gs.Params.OwnerInterval = uint64(r.Intn(5))
	gs.Params.WeightsInterval = uint64(1 + r.Intn(5))
	count := uint64(2 + r.Intn(2))
	for id := uint64(2); id <= count; id++ {
		h := randomHyperparameters(state)
		if id == 2 {
			h.CommitReveal, h.RevealAfter = true, 20
			h.Tempo = types.MinCommitTempo + h.Tempo
		}
		gs.Subnets = append(gs.Subnets, types.Subnet{
			Id: id, Name: fmt.Sprintf("arena %d", id), Modality: types.MODALITY_IMAGE, Hyperparameters: h,
			Owner: state.Accounts[r.Intn(len(state.Accounts))].Address.String(),
		})
		gs.NextId = id + 1
	}
	state.GenState[types.ModuleName] = state.Cdc.MustMarshalJSON(gs)
}

// randomHyperparameters are quick ones: what takes thousands of blocks on a real
// network happens within tens.
func randomHyperparameters(state *module.SimulationState) types.Hyperparameters {
	r := state.Rand
	h := types.LocalnetHyperparameters()
	h.Tempo = uint64(1 + r.Intn(4))
	h.MaxUids = uint32(3 + r.Intn(20))
	h.MaxValidators = uint32(1 + r.Intn(16))
	h.Immunity = uint64(r.Intn(10))
	h.ActivityCutoff = uint64(1 + r.Intn(20))
	h.Yuma = uint32(2 + r.Intn(2))
	h.LiquidAlpha = r.Intn(2) == 0
	h.BurnFloor, h.BurnCeiling = 1, 1+uint64(r.Intn(1_000_000))
	h.ServingRateLimit = uint64(r.Intn(5))
	return h
}
