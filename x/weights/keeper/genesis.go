package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

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
		if err := k.fits(ctx, s); err != nil {
			return types.ErrInvalidGenesis.Wrapf("subnet %d: %s", s.Epoch.Subnet, err)
		}
		if err := k.initSubnet(ctx, s); err != nil {
			return err
		}
	}
	if len(gs.Subnets) > 0 {
		return nil // a chain that goes on: a subnet without permits had no epoch yet
	}
	return k.subnets.Walk(ctx, func(s subnettypes.Subnet) (bool, error) { return false, k.firstPermits(ctx, s) })
}

// fits checks a valid state of a subnet against what others know: the subnet, its
// uids, who has them, and the height.
func (k *Keeper) fits(ctx context.Context, s types.SubnetState) error {
	id := s.Epoch.Subnet
	if _, err := k.subnets.Subnet(ctx, id); err != nil {
		return err
	}
	size, err := k.neurons.Size(ctx, id)
	if err != nil {
		return err
	}
	n := uint32(size)
	if s.Epoch.Uids > n {
		return fmt.Errorf("the last epoch covers %d uids, there are %d", s.Epoch.Uids, n)
	}
	for _, c := range s.Columns {
		if s.Epoch.Height == 0 && len(c.Data) > size {
			return fmt.Errorf("column %s is of %d uids, there are %d", c.Name, len(c.Data), n)
		}
	}
	for _, row := range s.Rows {
		if err := k.held(ctx, id, row.Uid, "a row"); err != nil {
			return err
		}
		if len(row.Entries) > 0 && row.Entries[len(row.Entries)-1].Uid >= n { // they ascend
			return fmt.Errorf("the row of uid %d weighs uid %d, there are %d", row.Uid, row.Entries[len(row.Entries)-1].Uid, n)
		}
	}
	for _, c := range s.Commits {
		if err := k.held(ctx, id, c.Uid, "a commit"); err != nil {
			return err
		}
	}
	return notLater(ctx, s)
}

// held checks that somebody has a uid, which has what.
func (k *Keeper) held(ctx context.Context, subnet uint64, uid uint32, what string) error {
	_, ok, err := k.neurons.HotkeyAt(ctx, subnet, uint16(uid))
	if err == nil && !ok {
		err = fmt.Errorf("uid %d has %s and no neuron", uid, what)
	}
	return err
}

// notLater checks that nothing in a state happened later than its height: the first
// one of a chain that begins with it.
func notLater(ctx context.Context, s types.SubnetState) error {
	now := max(uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()), 1) // a new chain begins at 1
	check := func(what string, uid uint32, at uint64) error {
		if at > now {
			return fmt.Errorf("%s of uid %d is of height %d, the chain is at %d", what, uid, at, now)
		}
		return nil
	}
	if s.Epoch.Height > now || s.Due > now {
		return fmt.Errorf("the last epoch ran at height %d, the next fell due at %d, the chain is at %d", s.Epoch.Height, s.Due, now)
	}
	for _, row := range s.Rows {
		if err := check("the row", row.Uid, row.Updated); err != nil { // written before
			return err
		}
	}
	for _, c := range s.Commits {
		if err := check("a commit", c.Uid, c.Height); err != nil {
			return err
		}
	}
	return nil
}

// initSubnet stores a state that fits.
func (k *Keeper) initSubnet(ctx context.Context, s types.SubnetState) error {
	id := s.Epoch.Subnet
	for _, row := range s.Rows {
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
		if err := errors.Join(
			k.Epochs.Set(ctx, id, s.Epoch),
			k.initBonds(ctx, s.Epoch, s.Epoch.SlotAfter(), s.Bonds),
			k.initBonds(ctx, s.Epoch, s.Epoch.SlotBefore(), s.BondsBefore),
		); err != nil {
			return err
		}
	}
	if s.Due > 0 {
		return k.Due.Set(ctx, id, s.Due)
	}
	return nil
}

func (k *Keeper) initBonds(ctx context.Context, epoch types.Epoch, slot uint32, rows []types.Row) error {
	bonds := make([]yuma.Row, epoch.Uids)
	for _, row := range rows {
		bonds[row.Uid] = types.FromEntries(row.Entries)
	}
	return k.storeBonds(ctx, epoch.Subnet, slot, bonds)
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
	if state.Bonds, err = k.bondsIn(ctx, state.Epoch, state.Epoch.SlotAfter(), state.Epoch.Height); err != nil {
		return state, err
	}
	if state.BondsBefore, err = k.bondsIn(ctx, state.Epoch, state.Epoch.SlotBefore(), state.Epoch.Previous); err != nil {
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

// bondsIn lists the bonds of a slot by uid, as the epoch at a height left them; 0
// means that there was none.
func (k *Keeper) bondsIn(ctx context.Context, epoch types.Epoch, slot uint32, height uint64) (rows []types.Row, err error) {
	if height == 0 {
		return nil, nil
	}
	var w workspace
	// All of them: nobody is newer than its neuron's bonds.
	w.in.RegisteredAt = make([]uint64, epoch.Uids)
	if err := k.loadBonds(ctx, &w, epoch.Subnet, slot, int(epoch.Uids)); err != nil {
		return nil, err
	}
	for uid, row := range w.in.Bonds {
		if len(row) > 0 {
			rows = append(rows, types.Row{
				Subnet: epoch.Subnet, Uid: uint32(uid), Updated: height, Written: height, Entries: types.ToEntries(row),
			})
		}
	}
	return rows, nil
}

// Invariant checks the state as a genesis, and that it fits what others know.
func (k *Keeper) Invariant(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := gs.Validate(); err != nil {
		return types.ErrInvariant.Wrap(err.Error())
	}
	for _, s := range gs.Subnets {
		if err := k.fits(ctx, s); err != nil {
			return types.ErrInvariant.Wrapf("subnet %d: %s", s.Epoch.Subnet, err)
		}
	}
	return nil
}
