// Package keeper holds the weight matrix and turns it into pay every epoch.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

type (
	place     = collections.Pair[uint64, uint32]
	commitKey = collections.Triple[uint64, uint32, uint64]
	columnKey = collections.Pair[uint64, string]
	bondKey   = collections.Triple[uint64, uint32, uint32]
)

// Keeper of the weights.
type Keeper struct {
	emission  types.EmissionKeeper
	subnets   types.SubnetKeeper
	neurons   types.NeuronKeeper
	authority string

	Schema collections.Schema
	Params collections.Item[types.Params]
	// Rows are keyed by (subnet, uid), see types.StoredRow.
	Rows collections.Map[place, []byte]
	// Commits are keyed by (subnet, uid, height).
	Commits collections.Map[commitKey, types.Commit]
	// Bonds are keyed by (subnet, slot, chunk of 64 uids), see types.Epoch.SlotAfter.
	Bonds   collections.Map[bondKey, []byte]
	Columns collections.Map[columnKey, []byte]
	Epochs  collections.Map[uint64, types.Epoch]
	// Due is the height at which a subnet's epoch fell due and has not run.
	Due collections.Map[uint64, uint64]

	// work is the memory of the epochs that blocks run; queries have their own.
	work workspace
}

// NewKeeper returns the keeper.
func NewKeeper(
	cdc codec.BinaryCodec, storeService store.KVStoreService, emission types.EmissionKeeper,
	subnets types.SubnetKeeper, neurons types.NeuronKeeper, authority string,
) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	place := collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key)
	k := &Keeper{
		emission: emission, subnets: subnets, neurons: neurons, authority: authority,
		Params:  collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		Rows:    collections.NewMap(sb, types.RowsPrefix, "rows", place, collections.BytesValue),
		Commits: collections.NewMap(sb, types.CommitsPrefix, "commits", collections.TripleKeyCodec(collections.Uint64Key, collections.Uint32Key, collections.Uint64Key), codec.CollValue[types.Commit](cdc)),
		Bonds:   collections.NewMap(sb, types.BondsPrefix, "bonds", collections.TripleKeyCodec(collections.Uint64Key, collections.Uint32Key, collections.Uint32Key), collections.BytesValue),
		Columns: collections.NewMap(sb, types.ColumnsPrefix, "columns", collections.PairKeyCodec(collections.Uint64Key, collections.StringKey), collections.BytesValue),
		Epochs:  collections.NewMap(sb, types.EpochsPrefix, "epochs", collections.Uint64Key, codec.CollValue[types.Epoch](cdc)),
		Due:     collections.NewMap(sb, types.DuePrefix, "due", collections.Uint64Key, collections.Uint64Value),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// Authority is the account that may change parameters.
func (k *Keeper) Authority() string { return k.authority }

// row returns the row in force of a uid; ok is false when it has none.
func (k *Keeper) row(ctx context.Context, subnet uint64, uid uint16) (row types.StoredRow, ok bool, err error) {
	b, err := k.Rows.Get(ctx, collections.Join(subnet, uint32(uid)))
	if errors.Is(err, collections.ErrNotFound) {
		return row, false, nil
	}
	if err != nil {
		return row, false, err
	}
	row, _, err = types.AppendRow(nil, b)
	return row, true, err
}

// UidReleased forgets what the neuron that had a uid said; what others said about
// it is void because it was written before the next one was registered.
func (k *Keeper) UidReleased(ctx context.Context, subnet uint64, uid uint16) error {
	if err := k.Rows.Remove(ctx, collections.Join(subnet, uint32(uid))); err != nil {
		return err
	}
	if err := k.Commits.Clear(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint32, uint64](subnet, uint32(uid))); err != nil {
		return err
	}
	permits, err := k.column(ctx, subnet, types.ColumnPermit)
	if err != nil || int(uid) >= len(permits) || permits[uid] == 0 {
		return err
	}
	permits = append([]byte(nil), permits...)
	permits[uid] = 0
	return k.Columns.Set(ctx, collections.Join(subnet, types.ColumnPermit), permits)
}

// column returns a packed result column, empty before the first epoch.
func (k *Keeper) column(ctx context.Context, subnet uint64, name string) ([]byte, error) {
	data, err := k.Columns.Get(ctx, collections.Join(subnet, name))
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return data, err
}

// Epoch returns what the last epoch of a subnet did.
func (k *Keeper) Epoch(ctx context.Context, subnet uint64) (types.Epoch, error) {
	epoch, err := k.Epochs.Get(ctx, subnet)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Epoch{Subnet: subnet}, nil
	}
	return epoch, err
}

// heightOf is the height of the block that a message runs in. A check looks at
// the state of the last block and means the next one.
func heightOf(ctx context.Context) uint64 {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	h := uint64(sdkCtx.BlockHeight())
	if sdkCtx.IsCheckTx() {
		h++
	}
	return h
}

func emit(ctx context.Context, event interface {
	Reset()
	String() string
	ProtoMessage()
}) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

// workspace is reused from epoch to epoch.
type workspace struct {
	engine yuma.Engine
	in     yuma.Input
	out    yuma.Output
	rows   []uint32
	bonds  []uint32
	starts []int
}
