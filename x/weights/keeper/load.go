package keeper

import (
	"context"
	"encoding/binary"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

// load reads all that the epoch behind last depends on, but its pot, into w.in and
// returns the number of weights, bonds and commits.
func (k *Keeper) load(ctx context.Context, w *workspace, subnet subnettypes.Subnet, last types.Epoch) (nonzeros uint64, err error) {
	in := &w.in
	in.Params = yumaParams(epochParams(subnet.Hyperparameters))
	in.Height = uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
	in.LastEpoch = last.Height
	if in.Stake, in.RegisteredAt, err = k.neurons.EpochColumns(ctx, subnet.Id); err != nil {
		return 0, err
	}
	in.Owner = yuma.NoOwner
	if uid, ok, err := k.neurons.OwnerUID(ctx, subnet); err != nil {
		return 0, err
	} else if ok {
		in.Owner = int(uid)
	}
	n := len(in.Stake)
	if in.Permit, err = k.permits(ctx, subnet.Id, types.ColumnPermit, n, in.Permit); err != nil {
		return 0, err
	}
	if err := k.loadRows(ctx, w, subnet.Id, n); err != nil {
		return 0, err
	}
	if err := k.loadBonds(ctx, w, subnet.Id, last.SlotAfter(), n); err != nil {
		return 0, err
	}
	commits, err := k.loadCommits(ctx, in, subnet.Id)
	return uint64(len(w.rows)+len(w.bonds)) + commits, err
}

// loadPaid reads what an epoch ran on, from the state at its height: what the epoch
// overwrote it has also kept.
func (k *Keeper) loadPaid(ctx context.Context, w *workspace, subnet subnettypes.Subnet, epoch types.Epoch) error {
	before := types.Epoch{Subnet: epoch.Subnet, Height: epoch.Previous, Count: epoch.Count - 1}
	if _, err := k.load(ctx, w, subnet, before); err != nil {
		return err
	}
	in := &w.in
	stake, err := k.column(ctx, subnet.Id, types.ColumnStake)
	if err != nil {
		return err
	}
	if n := len(in.Stake); n != int(epoch.Uids) || len(stake) != 8*n {
		return types.ErrCorrupt.Wrapf("the epoch at height %d covers %d uids, there are %d and a stake of %d", epoch.Height, epoch.Uids, n, len(stake)/8)
	}
	for uid := range in.Stake {
		in.Stake[uid] = amount(stake, uid)
	}
	if in.Permit, err = k.permits(ctx, subnet.Id, types.ColumnPermitBefore, len(in.Stake), in.Permit); err != nil {
		return err
	}
	in.Params = yumaParams(epoch.Input)
	in.Owner, in.Emission = int(epoch.Input.OwnerUid)-1, epoch.Pot
	return nil
}

// epochParams are the hyperparameters that an epoch reads.
func epochParams(h subnettypes.Hyperparameters) types.EpochParams {
	return types.EpochParams{
		Tempo: h.Tempo, ActivityCutoff: h.ActivityCutoff, MaxValidators: h.MaxValidators, MinStake: h.MinStake,
		Kappa: h.Kappa, BondsPenalty: h.BondsPenalty, BondsMovingAverage: h.BondsMovingAverage, Yuma: h.Yuma,
		LiquidAlpha: h.LiquidAlpha, AlphaLow: h.AlphaLow, AlphaHigh: h.AlphaHigh, AlphaSteepness: h.AlphaSteepness,
	}
}

func yumaParams(p types.EpochParams) yuma.Params {
	return yuma.Params{
		Tempo: p.Tempo, ActivityCutoff: p.ActivityCutoff, MaxValidators: int(p.MaxValidators), MinStake: p.MinStake,
		Kappa: uint16(p.Kappa), BondsPenalty: uint16(p.BondsPenalty), BondsMovingAverage: p.BondsMovingAverage,
		Yuma3: p.Yuma == 3, LiquidAlpha: p.LiquidAlpha, AlphaLow: uint16(p.AlphaLow), AlphaHigh: uint16(p.AlphaHigh),
		AlphaSteepness: int16(p.AlphaSteepness),
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// permits unpacks a column of permits.
func (k *Keeper) permits(ctx context.Context, subnet uint64, name string, n int, reuse []bool) ([]bool, error) {
	packed, err := k.column(ctx, subnet, name)
	permits := sized(reuse, n)
	for i := range min(n, len(packed)) {
		permits[i] = packed[i] != 0
	}
	return permits, err
}

// loadRows reads all rows of a subnet into one arena.
func (k *Keeper) loadRows(ctx context.Context, w *workspace, subnet uint64, n int) error {
	in := &w.in
	in.Weights, in.LastUpdate, in.CommitHeight = sized(in.Weights, n), sized(in.LastUpdate, n), sized(in.CommitHeight, n)
	for i := range in.CommitHeight {
		in.CommitHeight[i] = yuma.NoCommit
	}
	w.rows, w.starts = w.rows[:0], sized(w.starts, 2*n)
	err := k.Rows.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, b []byte) (bool, error) {
		uid := int(key.K2())
		if uid >= n {
			return true, types.ErrCorrupt.Wrapf("uid %d has a row, subnet %d has %d uids", uid, subnet, n)
		}
		start := len(w.rows)
		row, arena, err := types.AppendRow(w.rows, b)
		if err != nil {
			return true, err
		}
		w.rows = arena
		w.starts[2*uid], w.starts[2*uid+1] = start, len(arena)
		in.LastUpdate[uid], in.CommitHeight[uid] = row.Updated, row.Written
		if row.Written < row.Updated {
			in.CommitHeight[uid] = beforeCommit(row.Written)
		}
		return false, nil
	})
	// The arena may have moved while it grew: rows are cut when it is complete.
	for uid := range n {
		in.Weights[uid] = w.rows[w.starts[2*uid]:w.starts[2*uid+1]:w.starts[2*uid+1]]
	}
	return err
}

// beforeCommit is the last height at which a registration is surely older than a
// commit: in the commit's own block the neuron may have come after it, and the
// commit meant whoever had the uid before.
func beforeCommit(height uint64) uint64 { return max(height, 1) - 1 }

// loadCommits lowers commit heights to the oldest live commit and counts all.
func (k *Keeper) loadCommits(ctx context.Context, in *yuma.Input, subnet uint64) (count uint64, err error) {
	err = k.Commits.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](subnet),
		func(key commitKey, c types.Commit) (bool, error) {
			count++
			if uid := int(key.K2()); uid < len(in.CommitHeight) && c.RevealUntil >= in.Height {
				in.CommitHeight[uid] = min(in.CommitHeight[uid], beforeCommit(c.Height))
			}
			return false, nil
		})
	return count, err
}

// loadBonds reads all bonds of a slot into one arena. Bonds of a uid that was given
// away since the last epoch belonged to whoever had it before.
func (k *Keeper) loadBonds(ctx context.Context, w *workspace, subnet uint64, slot uint32, n int) error {
	in := &w.in
	in.Bonds = sized(in.Bonds, n)
	w.bonds, w.starts = w.bonds[:0], sized(w.starts, 2*n)
	for chunk := 0; chunk*chunkSize < n; chunk++ {
		b, err := k.Bonds.Get(ctx, collections.Join3(subnet, slot, uint32(chunk)))
		if errors.Is(err, collections.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for uid := chunk * chunkSize; uid < (chunk+1)*chunkSize && len(b) > 0; uid++ {
			count := int(binary.LittleEndian.Uint16(b))
			b = b[2:]
			if 4*count > len(b) {
				return types.ErrCorrupt.Wrapf("bonds of uid %d of subnet %d", uid, subnet)
			}
			if uid < n && in.RegisteredAt[uid] <= in.LastEpoch {
				w.starts[2*uid] = len(w.bonds)
				for i := range count {
					if entry := binary.LittleEndian.Uint32(b[4*i:]); int(entry>>16) < n {
						w.bonds = append(w.bonds, entry)
					}
				}
				w.starts[2*uid+1] = len(w.bonds)
			}
			b = b[4*count:]
		}
	}
	for uid := range n {
		in.Bonds[uid] = w.bonds[w.starts[2*uid]:w.starts[2*uid+1]:w.starts[2*uid+1]]
	}
	return nil
}
