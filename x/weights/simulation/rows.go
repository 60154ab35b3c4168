package simulation

import (
	"context"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
	"github.com/taonet/taonet/x/weights/keeper"
	"github.com/taonet/taonet/x/weights/types"
)

const (
	// maxSubnet bounds the ids that are tried.
	maxSubnet = 16
	// version is what made the rows: newer than any subnet asks for.
	version = 1000
	// maxHidden bounds how many committed rows are remembered.
	maxHidden = 256
)

// visit shows the neurons of all subnets, subnets and neurons in a random order,
// until found is true. uids are those of the neuron's subnet.
func visit(ctx context.Context, k *keeper.Keeper, r *simsx.XRand, found func(subnet uint64, hotkey string, uids []uint32) bool) {
	query := keeper.NewQueryServer(k)
	for _, i := range r.Perm(maxSubnet) {
		subnet := uint64(i + 1)
		res, err := query.Metagraph(ctx, &types.QueryMetagraphRequest{Subnet: subnet, Columns: uint32(types.COLUMN_HOTKEY)})
		if err != nil {
			continue // there is no such subnet
		}
		uids := make([]uint32, len(res.Neurons))
		for i, n := range res.Neurons {
			uids[i] = n.Uid
		}
		for _, i := range r.Perm(len(uids)) {
			if found(subnet, res.Neurons[i].Hotkey, uids) {
				return
			}
		}
	}
}

// randomRow weighs some of the uids, in any order.
func randomRow(r *simsx.XRand, uids []uint32) (row, weights []uint32) {
	for _, i := range r.Perm(len(uids))[:1+r.Intn(len(uids))] {
		row, weights = append(row, uids[i]), append(weights, uint32(r.Intn(types.U16Max+1)))
	}
	return row, weights
}

// signer is the hotkey with this address.
func signer(data *simsx.ChainDataSource, reporter simsx.SimulationReporter, hotkeys *subnetsim.Hotkeys, hotkey string) ([]simsx.SimAccount, bool) {
	from, ok := hotkeys.Signer(data, reporter, sdk.MustAccAddressFromBech32(hotkey))
	return []simsx.SimAccount{from}, ok
}

// MsgSetWeightsFactory sends rows. What the read-only checks let pass must be
// accepted.
func MsgSetWeightsFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys) simsx.SimMsgFactoryFn[*types.MsgSetWeights] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) (from []simsx.SimAccount, msg *types.MsgSetWeights) {
		r := data.Rand()
		done := false
		visit(ctx, k, r, func(subnet uint64, hotkey string, uids []uint32) bool {
			msg = &types.MsgSetWeights{Hotkey: hotkey, Subnet: subnet, Version: version}
			msg.Uids, msg.Weights = randomRow(r, uids)
			if k.CheckRow(ctx, msg) == nil {
				from, done = signer(data, reporter, hotkeys, hotkey)
			}
			return done
		})
		if !done {
			reporter.Skip("nobody may send a row")
			return nil, nil
		}
		return from, msg
	}
}

// Hidden are the rows that a simulation has committed and not revealed, oldest
// first.
type Hidden struct{ rows []*types.MsgRevealWeights }

// MsgCommitWeightsFactory commits rows and remembers them.
func MsgCommitWeightsFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys, hidden *Hidden) simsx.SimMsgFactoryFn[*types.MsgCommitWeights] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) (from []simsx.SimAccount, msg *types.MsgCommitWeights) {
		r := data.Rand()
		done := false
		visit(ctx, k, r, func(subnet uint64, hotkey string, uids []uint32) bool {
			row := &types.MsgRevealWeights{Hotkey: hotkey, Subnet: subnet, Version: version, Salt: []byte(r.StringN(types.MaxSalt))}
			row.Uids, row.Weights = randomRow(r, uids)
			msg = &types.MsgCommitWeights{Hotkey: hotkey, Subnet: subnet, Hash: types.CommitHash(
				sdk.UnwrapSDKContext(ctx).ChainID(), sdk.MustAccAddressFromBech32(hotkey), subnet, row.Uids, row.Weights, row.Salt, row.Version)}
			if k.CheckCommit(ctx, msg) == nil {
				if from, done = signer(data, reporter, hotkeys, hotkey); done {
					hidden.rows = append(hidden.rows[max(0, len(hidden.rows)-maxHidden):], row)
				}
			}
			return done
		})
		if !done {
			reporter.Skip("nobody may commit")
			return nil, nil
		}
		return from, msg
	}
}

// MsgRevealWeightsFactory reveals what was committed, when its time has come.
func MsgRevealWeightsFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys, hidden *Hidden) simsx.SimMsgFactoryFn[*types.MsgRevealWeights] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgRevealWeights) {
		var ripe []*types.MsgRevealWeights
		for _, row := range hidden.rows {
			if k.CheckReveal(ctx, row) == nil {
				ripe = append(ripe, row)
			}
		}
		if len(ripe) == 0 {
			reporter.Skip("nothing may be revealed")
			return nil, nil
		}
		msg := simsx.OneOf(data.Rand(), ripe)
		from, _ := signer(data, reporter, hotkeys, msg.Hotkey)
		return from, msg
	}
}
