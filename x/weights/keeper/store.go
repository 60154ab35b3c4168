package keeper

import (
	"context"
	"encoding/binary"

	"cosmossdk.io/collections"

	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

// chunkSize is how many uids share one stored value of bonds.
const chunkSize = 64

// store writes what the epoch decided: one value per quantity, and one per 64 rows
// of bonds.
func (k *Keeper) store(ctx context.Context, subnet uint64, w *workspace, epoch types.Epoch) error {
	out := &w.out
	for _, c := range []struct {
		name   string
		values []uint16
	}{
		{types.ColumnStakeWeight, out.StakeWeight}, {types.ColumnRank, out.Rank}, {types.ColumnTrust, out.Trust},
		{types.ColumnConsensus, out.Consensus}, {types.ColumnIncentive, out.Incentive}, {types.ColumnDividends, out.Dividends},
		{types.ColumnValidatorTrust, out.ValidatorTrust}, {types.ColumnPruningScore, out.PruningScore},
	} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packU16(c.values)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name   string
		values []uint64
	}{{types.ColumnServer, out.Server}, {types.ColumnValidator, out.Validator}, {types.ColumnStake, w.in.Stake}} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packU64(c.values)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name   string
		values []bool
	}{{types.ColumnPermit, out.Permit}, {types.ColumnPermitBefore, w.in.Permit}, {types.ColumnActive, out.Active}} {
		if err := k.Columns.Set(ctx, collections.Join(subnet, c.name), packBool(c.values)); err != nil {
			return err
		}
	}
	if err := k.storeBonds(ctx, subnet, epoch.SlotAfter(), out.Bonds); err != nil {
		return err
	}
	return k.Epochs.Set(ctx, subnet, epoch)
}

// storeBonds writes a slot of bonds, one value per 64 uids. Behind the last uid that
// has bonds a value ends, and one without bonds is removed: a state has one form
// only. The uids of a subnet never get fewer, so all of the slot is overwritten.
func (k *Keeper) storeBonds(ctx context.Context, subnet uint64, slot uint32, bonds []yuma.Row) error {
	for chunk := 0; chunk*chunkSize < len(bonds); chunk++ {
		key := collections.Join3(subnet, slot, uint32(chunk))
		b := packBonds(bonds[chunk*chunkSize : min(len(bonds), (chunk+1)*chunkSize)])
		if len(b) == 0 {
			if err := k.Bonds.Remove(ctx, key); err != nil {
				return err
			}
			continue
		}
		if err := k.Bonds.Set(ctx, key, b); err != nil {
			return err
		}
	}
	return nil
}

func packBonds(rows []yuma.Row) []byte {
	for len(rows) > 0 && len(rows[len(rows)-1]) == 0 {
		rows = rows[:len(rows)-1]
	}
	size := 2 * len(rows)
	for _, row := range rows {
		size += 4 * len(row)
	}
	b := make([]byte, 0, size)
	for _, row := range rows {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(row)))
		for _, entry := range row {
			b = binary.LittleEndian.AppendUint32(b, entry)
		}
	}
	return b
}

func packU16(values []uint16) []byte {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func packU64(values []uint64) []byte {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func packBool(values []bool) []byte {
	b := make([]byte, len(values))
	for i, v := range values {
		if v {
			b[i] = 1
		}
	}
	return b
}
