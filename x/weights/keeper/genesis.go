package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

// InitGenesis loads the state. Neurons of a subnet without permits get them by
// their stake, so that a new network can send rows from the first block.
func (k *Keeper) InitGenesis(ctx context.Context, gs *types.GenesisState) error {
	if err := gs.Validate(); err != nil {
		return err
	}
	if err := k.Params.Set(ctx, gs.Params); err != nil {
		return err
	}
	for _, s := range gs.Subnets {
		if err := k.initSubnet(ctx, s); err != nil {
			return err
		}
	}
	if len(gs.Subnets) > 0 {
		return nil // a chain that goes on: a subnet without permits had no epoch yet
	}
	return k.subnets.Walk(ctx, func(s subnettypes.Subnet) (bool, error) { return false, k.firstPermits(ctx, s) })
}

func (k *Keeper) initSubnet(ctx context.Context, s types.SubnetState) error {
	id := s.Epoch.Subnet
	n, err := k.neurons.Size(ctx, id)
	if err != nil {
		return err
	}
	for _, row := range s.Rows {
		if _, ok, err := k.neurons.HotkeyAt(ctx, id, uint16(row.Uid)); err != nil || !ok {
			return errors.Join(err, types.ErrInvalidGenesis.Wrapf("uid %d of subnet %d has a row and no neuron", row.Uid, id))
		}
		stored := types.StoredRow{Updated: row.Updated, Written: row.Written, Entries: types.FromEntries(row.Entries)}
		if err := k.Rows.Set(ctx, collections.Join(id, row.Uid), stored.Bytes()); err != nil {
			return err
		}
	}
	for _, c := range s.Commits {
		if err := k.Commits.Set(ctx, collections.Join3(id, c.Uid, c.Height), c); err != nil {
			return err
		}
	}
	for _, c := range s.Columns {
		if err := k.Columns.Set(ctx, collections.Join(id, c.Name), c.Data); err != nil {
			return err
		}
	}
	if s.Epoch.Height > 0 {
		if err := k.Epochs.Set(ctx, id, s.Epoch); err != nil {
			return err
		}
		bonds := make([]yuma.Row, max(n, int(s.Epoch.Uids)))
		for _, row := range s.Bonds {
			if int(row.Uid) >= len(bonds) {
				return types.ErrInvalidGenesis.Wrapf("uid %d of subnet %d has bonds, there are %d uids", row.Uid, id, len(bonds))
			}
			bonds[row.Uid] = types.FromEntries(row.Entries)
		}
		if err := k.storeBonds(ctx, id, bonds[:s.Epoch.Uids]); err != nil {
			return err
		}
	}
	if s.Due > 0 {
		return k.Due.Set(ctx, id, s.Due)
	}
	return nil
}

// firstPermits gives permits by stake where no epoch has done so.
func (k *Keeper) firstPermits(ctx context.Context, s subnettypes.Subnet) error {
	permits, err := k.column(ctx, s.Id, types.ColumnPermit)
	if err != nil || permits != nil {
		return err
	}
	stake, _, err := k.neurons.EpochColumns(ctx, s.Id)
	if err != nil || len(stake) == 0 {
		return err
	}
	first := yuma.TopKNonZero(stake, s.Hyperparameters.MinStake, int(s.Hyperparameters.MaxValidators), yuma.NoOwner)
	return k.Columns.Set(ctx, collections.Join(s.Id, types.ColumnPermit), packBool(first))
}

// ExportGenesis writes the state.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	gs := &types.GenesisState{Params: params}
	err = k.subnets.Walk(ctx, func(s subnettypes.Subnet) (bool, error) {
		state, err := k.exportSubnet(ctx, s.Id)
		if err == nil && (state.Epoch.Height > 0 || len(state.Rows)+len(state.Commits)+len(state.Columns) > 0 || state.Due > 0) {
			gs.Subnets = append(gs.Subnets, state)
		}
		return false, err
	})
	return gs, err
}

func (k *Keeper) exportSubnet(ctx context.Context, id uint64) (state types.SubnetState, err error) {
	if state.Epoch, err = k.Epoch(ctx, id); err != nil {
		return state, err
	}
	if state.Rows, err = k.rowsOf(ctx, id); err != nil {
		return state, err
	}
	err = k.Commits.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](id), func(_ commitKey, c types.Commit) (bool, error) {
		state.Commits = append(state.Commits, c)
		return false, nil
	})
	if err != nil {
		return state, err
	}
	err = k.Columns.Walk(ctx, collections.NewPrefixedPairRange[uint64, string](id), func(key columnKey, data []byte) (bool, error) {
		state.Columns = append(state.Columns, types.PackedColumn{Name: key.K2(), Data: data})
		return false, nil
	})
	if err != nil {
		return state, err
	}
	if state.Bonds, err = k.bondsOf(ctx, id, state.Epoch); err != nil {
		return state, err
	}
	state.Due, err = k.Due.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = nil
	}
	return state, err
}

// rowsOf lists the rows of a subnet by uid.
func (k *Keeper) rowsOf(ctx context.Context, id uint64) (rows []types.Row, err error) {
	err = k.Rows.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](id), func(key place, b []byte) (bool, error) {
		row, _, err := types.AppendRow(nil, b)
		rows = append(rows, types.Row{
			Subnet: id, Uid: key.K2(), Updated: row.Updated, Written: row.Written, Entries: types.ToEntries(row.Entries),
		})
		return false, err
	})
	return rows, err
}

// bondsOf lists the bonds that the last epoch left, by uid.
func (k *Keeper) bondsOf(ctx context.Context, id uint64, epoch types.Epoch) (rows []types.Row, err error) {
	if epoch.Height == 0 {
		return nil, nil
	}
	var w workspace
	// As the last epoch left them: nobody is newer than its neuron's bonds.
	w.in.RegisteredAt = make([]uint64, epoch.Uids)
	if err := k.loadBonds(ctx, &w, id, int(epoch.Uids)); err != nil {
		return nil, err
	}
	for uid, row := range w.in.Bonds {
		if len(row) > 0 {
			rows = append(rows, types.Row{
				Subnet: id, Uid: uint32(uid), Updated: epoch.Height, Written: epoch.Height, Entries: types.ToEntries(row),
			})
		}
	}
	return rows, nil
}

// Invariant checks the state as a genesis, and that only neurons have rows.
func (k *Keeper) Invariant(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := gs.Validate(); err != nil {
		return types.ErrInvariant.Wrap(err.Error())
	}
	for _, s := range gs.Subnets {
		for _, row := range s.Rows {
			if _, ok, err := k.neurons.HotkeyAt(ctx, row.Subnet, uint16(row.Uid)); err != nil || !ok {
				return errors.Join(err, types.ErrInvariant.Wrapf("uid %d of subnet %d has a row and no neuron", row.Uid, row.Subnet))
			}
		}
	}
	return nil
}
