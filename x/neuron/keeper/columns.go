package keeper

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"cosmossdk.io/collections"

	"github.com/taonet/taonet/x/neuron/types"
)

// Kinds of columns. A column is stored in chunks of 64 uids, 8 little-endian bytes
// each: an epoch reads and writes tens of values, not thousands.
const (
	stakeColumn uint32 = iota
	registeredColumn
	incentiveColumn
	dividendsColumn
	recentColumn
)

const (
	chunkSize = types.ChunkSize
	cellBytes = 8
)

// Size is the number of uids: they are 0 to Size-1, holes included.
func (k *Keeper) Size(ctx context.Context, subnet uint64) (int, error) {
	n, err := k.Sizes.Get(ctx, subnet)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return int(n), err
}

// chunk reads one chunk of a column; a missing one is all zero.
func (k *Keeper) chunk(ctx context.Context, subnet uint64, kind, chunk uint32) ([]byte, error) {
	data, err := k.Packed.Get(ctx, collections.Join3(subnet, kind, chunk))
	if errors.Is(err, collections.ErrNotFound) {
		return make([]byte, chunkSize*cellBytes), nil
	}
	return data, err
}

// setChunk stores a chunk. One that is all zero is removed: it reads the same, and a
// state has one form only.
func (k *Keeper) setChunk(ctx context.Context, subnet uint64, kind, chunk uint32, data []byte) error {
	if len(bytes.Trim(data, "\x00")) == 0 {
		return k.Packed.Remove(ctx, collections.Join3(subnet, kind, chunk))
	}
	return k.Packed.Set(ctx, collections.Join3(subnet, kind, chunk), data)
}

// cell reads one entry of a column.
func (k *Keeper) cell(ctx context.Context, subnet uint64, kind, uid uint32) (uint64, error) {
	data, err := k.chunk(ctx, subnet, kind, uid/chunkSize)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(data[uid%chunkSize*cellBytes:]), nil
}

// setCell writes one entry of a column.
func (k *Keeper) setCell(ctx context.Context, subnet uint64, kind, uid uint32, value uint64) error {
	data, err := k.chunk(ctx, subnet, kind, uid/chunkSize)
	if err != nil {
		return err
	}
	at := data[uid%chunkSize*cellBytes:]
	if binary.LittleEndian.Uint64(at) == value {
		return nil
	}
	// A value read from the store is not ours to change.
	data = append([]byte(nil), data...)
	binary.LittleEndian.PutUint64(data[uid%chunkSize*cellBytes:], value)
	return k.setChunk(ctx, subnet, kind, uid/chunkSize, data)
}

// column reads a whole column of n entries.
func (k *Keeper) column(ctx context.Context, subnet uint64, kind uint32, n int) ([]uint64, error) {
	values := make([]uint64, n)
	for c := 0; c*chunkSize < n; c++ {
		data, err := k.chunk(ctx, subnet, kind, uint32(c))
		if err != nil {
			return nil, err
		}
		for i := c * chunkSize; i < min(n, (c+1)*chunkSize); i++ {
			values[i] = binary.LittleEndian.Uint64(data[i%chunkSize*cellBytes:])
		}
	}
	return values, nil
}

// setColumn writes a whole column.
func (k *Keeper) setColumn(ctx context.Context, subnet uint64, kind uint32, values []uint64) error {
	for c := 0; c*chunkSize < len(values); c++ {
		data := make([]byte, chunkSize*cellBytes)
		for i := c * chunkSize; i < min(len(values), (c+1)*chunkSize); i++ {
			binary.LittleEndian.PutUint64(data[i%chunkSize*cellBytes:], values[i])
		}
		if err := k.setChunk(ctx, subnet, kind, uint32(c), data); err != nil {
			return err
		}
	}
	return nil
}

// Columns reads all columns of a subnet.
func (k *Keeper) Columns(ctx context.Context, subnet uint64) (types.Columns, error) {
	n, err := k.Size(ctx, subnet)
	if err != nil {
		return types.Columns{}, err
	}
	var c types.Columns
	for _, col := range []struct {
		kind uint32
		to   *[]uint64
	}{
		{stakeColumn, &c.Stake}, {registeredColumn, &c.Registered}, {incentiveColumn, &c.OwedIncentive},
		{dividendsColumn, &c.OwedDividends}, {recentColumn, &c.RecentPay},
	} {
		if *col.to, err = k.column(ctx, subnet, col.kind, n); err != nil {
			return c, err
		}
	}
	return c, nil
}

// StakeAt is the stake behind a uid, in rao.
func (k *Keeper) StakeAt(ctx context.Context, subnet uint64, uid uint16) (uint64, error) {
	return k.cell(ctx, subnet, stakeColumn, uint32(uid))
}

// RegisteredAt is the height at which a uid was given to its neuron.
func (k *Keeper) RegisteredAt(ctx context.Context, subnet uint64, uid uint16) (uint64, error) {
	return k.cell(ctx, subnet, registeredColumn, uint32(uid))
}

// EpochColumns reads stakes and registration heights, all that an epoch needs of neurons.
func (k *Keeper) EpochColumns(ctx context.Context, subnet uint64) (stake, registered []uint64, err error) {
	n, err := k.Size(ctx, subnet)
	if err != nil {
		return nil, nil, err
	}
	if stake, err = k.column(ctx, subnet, stakeColumn, n); err != nil {
		return nil, nil, err
	}
	registered, err = k.column(ctx, subnet, registeredColumn, n)
	return stake, registered, err
}
