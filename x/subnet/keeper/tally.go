package keeper

import (
	"context"
	"errors"
	"math/bits"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/subnet/types"
)

const million = 1_000_000

// EndBlock counts the votes of the next batch of hotkeys. When all have been
// counted the sums become the subnets' weights, and the count starts again.
func (k *Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	tally, err := k.Tally.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	last, done, err := k.stakes.WalkStakes(ctx, tally.Cursor, int(params.TallyBatch),
		func(hotkey []byte, stake uint64, registered []uint64) error {
			return k.count(ctx, &tally, hotkey, stake, registered)
		})
	if err != nil {
		return err
	}
	tally.Cursor = last
	if done {
		// The weights stay as they are when they cannot be set: a count never stops
		// the chain.
		sdkCtx := sdk.UnwrapSDKContext(ctx)
		cached, write := sdkCtx.CacheContext()
		if err := k.publish(cached, tally); err == nil {
			write()
		} else {
			sdkCtx.Logger().Error("votes were not published", "error", err)
		}
		tally = types.Tally{}
	}
	return k.Tally.Set(ctx, tally)
}

// count adds one hotkey's stake to what it votes for: by its vote, or equally for
// the subnets where it is registered.
func (k *Keeper) count(ctx context.Context, tally *types.Tally, hotkey []byte, stake uint64, registered []uint64) error {
	if stake == 0 {
		return nil
	}
	vote, err := k.Votes.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) {
		for _, subnet := range registered {
			add(tally, subnet, stake, million/uint64(len(registered)))
		}
		return nil
	}
	if err != nil {
		return err
	}
	sum := uint64(0)
	for _, w := range vote.Weights {
		sum += w
	}
	for i, subnet := range vote.Subnets {
		add(tally, subnet, stake, vote.Weights[i]*million/sum)
	}
	return nil
}

// add adds stake*share, share in millionths.
func add(tally *types.Tally, subnet, stake, share uint64) {
	at := 0
	for at < len(tally.Sums) && tally.Sums[at].Subnet < subnet {
		at++
	}
	if at == len(tally.Sums) || tally.Sums[at].Subnet != subnet {
		tally.Sums = append(tally.Sums, types.TallySubnet{})
		copy(tally.Sums[at+1:], tally.Sums[at:])
		tally.Sums[at] = types.TallySubnet{Subnet: subnet}
	}
	s := &tally.Sums[at]
	hi, lo := bits.Mul64(stake, share)
	var carry uint64
	s.Low, carry = bits.Add64(s.Low, lo, 0)
	s.High, _ = bits.Add64(s.High, hi, carry)
}

// publish turns the sums into weights of the emission. A subnet that is not alive
// weighs nothing; when none does, subnet 1 has all.
func (k *Keeper) publish(ctx context.Context, tally types.Tally) error {
	var weights []emissiontypes.SubnetWeight
	var changed []types.Subnet
	err := k.Walk(ctx, func(subnet types.Subnet) (bool, error) {
		weight := uint64(0)
		if subnet.Live {
			weight = weightOf(tally, subnet.Id)
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

// weightOf is a subnet's sum divided by 2^28, at least 1 when anything was counted:
// the cap of 2.1e16 rao times 10^6 millionths is below 2^75, so the weight of stake
// that is counted once stays below 2^47. Stake that moves ahead of the count may be
// counted again, so the weight is held to its bound.
func weightOf(tally types.Tally, subnet uint64) uint64 {
	for _, s := range tally.Sums {
		if s.Subnet == subnet {
			if s.High >= emissiontypes.MaxWeight>>36 {
				return emissiontypes.MaxWeight
			}
			return max(s.High<<36|s.Low>>28, 1)
		}
	}
	return 0
}
