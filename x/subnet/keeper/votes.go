package keeper

import (
	"context"
	"errors"
	"math/bits"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/subnet/types"
)

// recountBatch is how many hotkeys are counted anew per block.
const recountBatch = 1000

// StakeChanged notes that a hotkey's stake, vote or registrations have changed. It
// is counted anew at the end of the block: transactions write one key each, and none
// that all of them share.
func (k *Keeper) StakeChanged(ctx context.Context, hotkey []byte) error {
	return k.Changed.Set(ctx, hotkey)
}

// HotkeySwapped gives the vote of a hotkey to the one that takes its place.
func (k *Keeper) HotkeySwapped(ctx context.Context, old, next []byte) error {
	if err := errors.Join(k.StakeChanged(ctx, old), k.StakeChanged(ctx, next)); err != nil {
		return err
	}
	vote, err := k.Votes.Get(ctx, old)
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	vote.Hotkey = sdk.AccAddress(next).String()
	return errors.Join(k.Votes.Remove(ctx, old), k.Votes.Set(ctx, next, vote))
}

// EndBlock counts what has changed and, every weights_interval blocks, makes the
// sums the subnets' weights.
func (k *Keeper) EndBlock(ctx context.Context) error {
	if err := k.Recount(ctx, recountBatch); err != nil {
		return err
	}
	params, err := k.Params.Get(ctx)
	if err != nil || height(ctx)%params.WeightsInterval != 0 {
		return err
	}
	return k.publish(ctx)
}

// Recount counts up to limit of the hotkeys that have changed.
func (k *Keeper) Recount(ctx context.Context, limit int) error {
	var changed [][]byte
	err := k.Changed.Walk(ctx, nil, func(hotkey []byte) (bool, error) {
		changed = append(changed, hotkey)
		return len(changed) == limit, nil
	})
	if err != nil {
		return err
	}
	for _, hotkey := range changed {
		if err := errors.Join(k.recount(ctx, hotkey), k.Changed.Remove(ctx, hotkey)); err != nil {
			return err
		}
	}
	return nil
}

// recount takes back what a hotkey counted for and adds what it counts for now.
func (k *Keeper) recount(ctx context.Context, hotkey []byte) error {
	before, err := k.Counts.Get(ctx, hotkey)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	now, err := k.count(ctx, hotkey)
	if err != nil {
		return err
	}
	for i, subnet := range before.Subnets {
		if err := k.addSum(ctx, subnet, -before.Stakes[i]); err != nil {
			return err
		}
	}
	for i, subnet := range now.Subnets {
		if err := k.addSum(ctx, subnet, now.Stakes[i]); err != nil {
			return err
		}
	}
	if len(now.Subnets) == 0 {
		return k.Counts.Remove(ctx, hotkey)
	}
	return k.Counts.Set(ctx, hotkey, now)
}

// count splits a hotkey's stake over what it votes for, or equally over the subnets
// where it is registered.
func (k *Keeper) count(ctx context.Context, hotkey []byte) (c types.Count, err error) {
	stake, subnets, err := k.stakes.StakeOf(ctx, hotkey)
	if err != nil || stake == 0 {
		return c, err
	}
	vote, err := k.Votes.Get(ctx, hotkey)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return c, err
	}
	weights := vote.Weights
	if len(vote.Subnets) > 0 {
		subnets = vote.Subnets
	} else {
		weights = slices.Repeat([]uint64{1}, len(subnets))
	}
	sum := uint64(0)
	for _, w := range weights {
		sum += w
	}
	for i, subnet := range subnets {
		hi, lo := bits.Mul64(stake, weights[i])
		part, _ := bits.Div64(hi, lo, sum) // weights[i] <= sum: it fits
		if part > 0 {
			c.Subnets, c.Stakes = append(c.Subnets, subnet), append(c.Stakes, part)
		}
	}
	return c, nil
}

// addSum adds to a subnet's sum, modulo 2^64; one of 0 is not stored.
func (k *Keeper) addSum(ctx context.Context, subnet, stake uint64) error {
	sum, err := k.sum(ctx, subnet)
	if err != nil {
		return err
	}
	if sum += stake; sum == 0 {
		return k.Sums.Remove(ctx, subnet)
	}
	return k.Sums.Set(ctx, subnet, sum)
}

// sum is the stake that counts for a subnet, in rao.
func (k *Keeper) sum(ctx context.Context, subnet uint64) (uint64, error) {
	sum, err := k.Sums.Get(ctx, subnet)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return sum, err
}

// publish turns the sums into weights of the emission. A subnet that is not alive
// weighs nothing; when none does, subnet 1 has all.
func (k *Keeper) publish(ctx context.Context) error {
	var weights []emissiontypes.SubnetWeight
	var changed []types.Subnet
	err := k.Walk(ctx, func(subnet types.Subnet) (bool, error) {
		weight := uint64(0)
		if subnet.Live {
			sum, err := k.sum(ctx, subnet.Id)
			if err != nil {
				return true, err
			}
			weight = weightOf(sum)
		}
		if weight > 0 {
			weights = append(weights, emissiontypes.SubnetWeight{Subnet: subnet.Id, Weight: weight})
		}
		if subnet.Weight != weight {
			subnet.Weight = weight
			changed = append(changed, subnet)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if len(weights) == 0 {
		weights = []emissiontypes.SubnetWeight{{Subnet: emissiontypes.DefaultSubnet, Weight: 1}}
	}
	for _, subnet := range changed {
		if err := k.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
			return err
		}
	}
	return k.emission.SetWeights(ctx, weights)
}

// weightOf is a sum divided by 2^8, at least 1 when anything counts: all Tao is
// below 2^55 rao, so weights stay below their bound of 2^48.
func weightOf(sum uint64) uint64 {
	if sum == 0 {
		return 0
	}
	return max(sum>>8, 1)
}
