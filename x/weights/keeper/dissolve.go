package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/weights/types"
)

// removeBatch is how many uids of dissolved subnets go per block.
const removeBatch = 256

// dissolveNext takes one step of the dissolution of one of the subnets that have
// ended. They take turns by the height, so that one whose steps fail does not hold
// up the others.
func (k *Keeper) dissolveNext(ctx context.Context, ended []uint64) {
	if len(ended) == 0 {
		return
	}
	now := uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
	k.runDissolve(ctx, ended[now%uint64(len(ended))])
}

// runDissolve dissolves in a context of its own: a failure says why in an event,
// leaves the subnet as it was, and is tried again in a later block.
func (k *Keeper) runDissolve(ctx context.Context, subnet uint64) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	if err := k.dissolve(cached, subnet); err != nil {
		sdkCtx.Logger().Error("dissolution failed", "subnet", subnet, "error", err)
		_ = sdkCtx.EventManager().EmitTypedEvent(&types.EventEpochFailed{Subnet: subnet, Error: "dissolution: " + err.Error()})
		return
	}
	write()
}

// dissolve takes down a dissolved subnet, a bounded number of uids per block.
func (k *Keeper) dissolve(ctx context.Context, subnet uint64) error {
	done, err := k.neurons.RemoveUids(ctx, subnet, removeBatch)
	if err != nil || !done {
		return err
	}
	if err := errors.Join(
		k.Rows.Clear(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet)),
		k.Commits.Clear(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint64](subnet)),
		k.Bonds.Clear(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint32](subnet)),
		k.Columns.Clear(ctx, collections.NewPrefixedPairRange[uint64, string](subnet)),
		k.Epochs.Remove(ctx, subnet),
		k.Due.Remove(ctx, subnet),
	); err != nil {
		return err
	}
	return k.subnets.Remove(ctx, subnet)
}
