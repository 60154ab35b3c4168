package keeper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
)

// EndBlock takes down dissolved subnets and runs the epochs that are due, the oldest
// first, within the block's budget.
func (k *Keeper) EndBlock(ctx context.Context) error {
	var open []subnettypes.Subnet
	var ended []uint64
	now := uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
	if err := k.subnets.Walk(ctx, func(s subnettypes.Subnet) (bool, error) {
		if s.DissolvesAt != 0 && s.DissolvesAt <= now {
			ended = append(ended, s.Id)
		} else {
			open = append(open, s)
		}
		return false, nil
	}); err != nil {
		return err
	}
	k.dissolveNext(ctx, ended)
	due, err := k.dueSubnets(ctx, open, now)
	if err != nil {
		return err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	left := params.EpochBudget
	for i, d := range due {
		if cost := k.cost(ctx, d.subnet.Id); i > 0 && cost > left {
			if err := emit(ctx, &types.EventEpochDelayed{Subnet: d.subnet.Id, Due: d.height, Nonzeros: cost, Budget: left}); err != nil {
				return err
			}
			continue
		}
		left -= min(left, max(k.runDue(ctx, d), 1))
	}
	return nil
}

// cost is what an epoch counts for before it is loaded: what the subnet's last epoch
// read. One that has grown since takes its part of the budget when it has run, so a
// block goes beyond its budget by one epoch at most, and to wait costs no reading.
func (k *Keeper) cost(ctx context.Context, subnet uint64) uint64 {
	last, err := k.Epoch(ctx, subnet)
	if err != nil {
		return 1 // the epoch itself says what is wrong
	}
	return max(last.Nonzeros, 1)
}

type dueSubnet struct {
	subnet subnettypes.Subnet
	height uint64
}

// dueSubnets marks the epochs that fall due in this block and lists all that have
// not run, the oldest first.
func (k *Keeper) dueSubnets(ctx context.Context, subnets []subnettypes.Subnet, now uint64) (due []dueSubnet, err error) {
	for _, s := range subnets {
		at, err := k.Due.Get(ctx, s.Id)
		switch {
		case err == nil:
		case !errors.Is(err, collections.ErrNotFound):
			return nil, err
		case (now+s.Id)%s.Hyperparameters.Tempo == 0:
			at = now
			if err := k.Due.Set(ctx, s.Id, at); err != nil {
				return nil, err
			}
		default:
			continue
		}
		due = append(due, dueSubnet{s, at})
	}
	slices.SortStableFunc(due, func(a, b dueSubnet) int { return cmp.Compare(a.height, b.height) })
	return due, nil
}

// runDue runs one epoch in a context of its own and returns what it read. Whatever
// fails there, the chain goes on: the pot is kept, an event says why, and the next
// tempo tries again.
func (k *Keeper) runDue(ctx context.Context, d dueSubnet) (used uint64) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	cached, write := sdkCtx.CacheContext()
	epoch, err := k.guarded(cached, d.subnet)
	events := sdkCtx.EventManager()
	if err == nil {
		err = events.EmitTypedEvent(&types.EventEpoch{Epoch: epoch})
	}
	if err == nil {
		write()
	} else {
		sdkCtx.Logger().Error("epoch failed", "subnet", d.subnet.Id, "error", err)
		_ = events.EmitTypedEvent(&types.EventEpochFailed{Subnet: d.subnet.Id, Error: err.Error()})
	}
	if err := k.Due.Remove(ctx, d.subnet.Id); err != nil {
		sdkCtx.Logger().Error("epoch stays due", "subnet", d.subnet.Id, "error", err)
	}
	return epoch.Nonzeros
}

// guarded turns a panic in an epoch into an error.
func (k *Keeper) guarded(ctx context.Context, subnet subnettypes.Subnet) (epoch types.Epoch, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return k.runEpoch(ctx, subnet)
}

// runEpoch loads, computes, stores and pays one epoch.
func (k *Keeper) runEpoch(ctx context.Context, subnet subnettypes.Subnet) (types.Epoch, error) {
	w := &k.work
	last, err := k.Epoch(ctx, subnet.Id)
	if err != nil {
		return last, err
	}
	nonzeros, err := k.load(ctx, w, subnet, last)
	if err != nil {
		return last, err
	}
	epoch := types.Epoch{
		Subnet: subnet.Id, Height: w.in.Height, Previous: last.Height, Count: last.Count + 1,
		Uids: uint32(len(w.in.Stake)), Nonzeros: nonzeros, Input: epochParams(subnet.Hyperparameters),
	}
	epoch.Input.OwnerUid = uint32(w.in.Owner + 1)
	pot, err := k.emission.Pot(ctx, subnet.Id)
	if err != nil {
		return epoch, err
	}
	cut := uint64(0)
	if subnet.Owner != "" {
		cut = scale(pot, uint64(subnet.Hyperparameters.OwnerCut), 1_000_000)
	}
	w.in.Emission = pot - cut
	if err := w.engine.Epoch(&w.in, &w.out); err != nil {
		return epoch, err
	}
	if cut > 0 {
		if epoch.OwnerCut, err = k.payOwner(ctx, subnet, cut, w); err != nil {
			return epoch, err
		}
		if epoch.OwnerCut == 0 { // the cut goes the way of the rest
			w.in.Emission = pot
			if err := w.engine.Epoch(&w.in, &w.out); err != nil {
				return epoch, err
			}
		}
	}
	epoch.Pot = w.in.Emission
	if err := k.pay(ctx, subnet, w, &epoch); err != nil {
		return epoch, err
	}
	if err := k.store(ctx, subnet.Id, w, epoch); err != nil {
		return epoch, err
	}
	return epoch, k.subnets.EpochDone(ctx, subnet.Id, live(w))
}

// scale is floor(a*b/c) of b <= c, c > 0.
func scale(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// payOwner pays a subnet's owner its cut and returns what was paid: nothing when
// there was no consensus, or when the owner has become a hotkey.
func (k *Keeper) payOwner(ctx context.Context, subnet subnettypes.Subnet, cut uint64, w *workspace) (uint64, error) {
	if w.out.Recycled > 0 {
		return 0, nil
	}
	owner, err := sdk.AccAddressFromBech32(subnet.Owner)
	if err != nil {
		return 0, err
	}
	return k.neurons.PayOwner(ctx, subnet.Id, owner, cut)
}

// pay books what the epoch decided: paid + carried + recycled is the pot.
func (k *Keeper) pay(ctx context.Context, subnet subnettypes.Subnet, w *workspace, epoch *types.Epoch) error {
	for i := range w.out.Server {
		epoch.Paid += w.out.Server[i] + w.out.Validator[i]
	}
	epoch.Carried, epoch.Recycled, epoch.PaidByStake = w.out.Remainder, w.out.Recycled, w.out.PaidByStake
	elapsed := epoch.Height - epoch.Previous
	if err := k.neurons.Accrue(ctx, subnet.Id, w.out.Server, w.out.Validator, elapsed, subnet.Hyperparameters.Immunity); err != nil {
		return err
	}
	if err := k.emission.RecyclePot(ctx, subnet.Id, epoch.Recycled, emissiontypes.ReasonEpoch); err != nil {
		return err
	}
	return k.neurons.SettleNext(ctx, subnet.Id)
}

// live says whether at least two active neurons with a permit and stake had rows
// that weighed somebody.
func live(w *workspace) bool {
	count := 0
	for i, stake := range w.out.Raw.ActiveStake {
		if stake > 0 && w.engine.Weighs(i) {
			count++
		}
	}
	return count >= 2
}
