package simulation

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/keeper"
	"github.com/taonet/taonet/x/subnet/types"
)

// choose lists the subnets for which want is true and picks one; ok is false, and
// the operation skipped, when there is none.
func choose(
	ctx context.Context, k *keeper.Keeper, r *simsx.XRand, reporter simsx.SimulationReporter, want func(types.Subnet) bool,
) (subnet types.Subnet, ok bool) {
	var list []types.Subnet
	err := k.Walk(ctx, func(s types.Subnet) (bool, error) {
		if want(s) {
			list = append(list, s)
		}
		return false, nil
	})
	if err != nil || len(list) == 0 {
		reporter.Skipf("no subnet fits (%v)", err)
		return subnet, false
	}
	return simsx.OneOf(r, list), true
}

// ownedBy says whether a subnet's owner is an account of the simulator.
func ownedBy(data *simsx.ChainDataSource) func(types.Subnet) bool {
	return func(s types.Subnet) bool { return data.HasAccount(s.Owner) }
}

// owner is the signer of what an owner does; its fee is kept small.
func owner(data *simsx.ChainDataSource, reporter simsx.SimulationReporter, address string) []simsx.SimAccount {
	from := data.GetAccount(reporter, address)
	KeepForFee(&from)
	return []simsx.SimAccount{from}
}

func height(ctx context.Context) uint64 { return uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()) }

// MsgCreateSubnetFactory creates subnets for whoever can lock the cost.
func MsgCreateSubnetFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgCreateSubnet] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgCreateSubnet) {
		r := data.Rand()
		from := data.AnyAccount(reporter, simsx.WithDenomBalance(types.Denom))
		if reporter.IsSkipped() {
			return nil, nil
		}
		params, err := k.Params.Get(ctx)
		if err != nil {
			reporter.Skip(err.Error())
			return nil, nil
		}
		count := uint32(0)
		_ = k.Walk(ctx, func(types.Subnet) (bool, error) { count++; return false, nil })
		cost, err := keeper.NewQueryServer(k).CreationCost(ctx, &types.QueryCreationCostRequest{})
		if err != nil || count >= params.MaxSubnets || !from.LiquidBalance().AmountOf(types.Denom).GT(amount(cost.Cost).Amount) {
			reporter.Skip("no room for a subnet, or nobody to pay for it")
			return nil, nil
		}
		from.LiquidBalance().BlockAmount(amount(cost.Cost))
		KeepForFee(&from)
		name := "arena " + r.StringN(12)
		if taken, err := k.Names.Has(ctx, name); err != nil || taken {
			reporter.Skip("the name is taken")
			return nil, nil
		}
		return []simsx.SimAccount{from}, &types.MsgCreateSubnet{
			Owner: from.AddressBech32, Name: name, Description: r.StringN(100),
			Modality: types.Modality(1 + r.Intn(int(types.MODALITY_TENSOR))), MaxCost: amount(cost.Cost + uint64(r.Intn(100))),
		}
	}
}

func amount(rao uint64) sdk.Coin { return sdk.NewInt64Coin(types.Denom, int64(rao)) }

// MsgDescribeSubnetFactory renames subnets.
func MsgDescribeSubnetFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgDescribeSubnet] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgDescribeSubnet) {
		r := data.Rand()
		subnet, ok := choose(ctx, k, r, reporter, ownedBy(data))
		if !ok {
			return nil, nil
		}
		msg := &types.MsgDescribeSubnet{Authority: subnet.Owner, Subnet: subnet.Id, Name: subnet.Name, Description: r.StringN(50)}
		if name := "renamed " + r.StringN(12); r.Bool() {
			if taken, err := k.Names.Has(ctx, name); err == nil && !taken {
				msg.Name = name
			}
		}
		return owner(data, reporter, subnet.Owner), msg
	}
}

// MsgDissolveSubnetFactory lets owners give their subnets notice.
func MsgDissolveSubnetFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgDissolveSubnet] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgDissolveSubnet) {
		params, err := k.Params.Get(ctx)
		if err != nil {
			reporter.Skip(err.Error())
			return nil, nil
		}
		owned := ownedBy(data)
		subnet, ok := choose(ctx, k, data.Rand(), reporter, func(s types.Subnet) bool {
			return owned(s) && (s.DissolvesAt == 0 || s.DissolvesAt > height(ctx)+params.DissolveNotice)
		})
		if !ok {
			return nil, nil
		}
		return owner(data, reporter, subnet.Owner), &types.MsgDissolveSubnet{Authority: subnet.Owner, Subnet: subnet.Id}
	}
}

// MsgOfferOwnershipFactory offers subnets to accounts and, now and then, to a key
// that may become a hotkey; some offers are withdrawn.
func MsgOfferOwnershipFactory(k *keeper.Keeper, hotkeys *Hotkeys) simsx.SimMsgFactoryFn[*types.MsgOfferOwnership] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgOfferOwnership) {
		r := data.Rand()
		subnet, ok := choose(ctx, k, r, reporter, ownedBy(data))
		if !ok {
			return nil, nil
		}
		to := data.AccountAt(reporter, r.Intn(data.AccountsCount())).AddressBech32
		switch r.Intn(8) {
		case 0:
			to = ""
		case 1:
			to = simsx.OneOf(r, hotkeys.All()).AddressBech32
		}
		if to != "" && known(ctx, k, to) {
			reporter.Skip("a hotkey cannot own")
			return nil, nil
		}
		return owner(data, reporter, subnet.Owner), &types.MsgOfferOwnership{Owner: subnet.Owner, Subnet: subnet.Id, To: to}
	}
}

// MsgAcceptOwnershipFactory takes what was offered. Hotkeys try it, too, and are
// refused: nothing can be paid to them.
func MsgAcceptOwnershipFactory(k *keeper.Keeper, hotkeys *Hotkeys) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgAcceptOwnership, simsx.SimDeliveryResultHandler) {
		subnet, ok := choose(ctx, k, data.Rand(), reporter, func(s types.Subnet) bool {
			return data.HasAccount(s.OfferedTo) || (s.OfferedTo != "" && known(ctx, k, s.OfferedTo))
		})
		if !ok {
			return nil, nil, nil
		}
		msg := &types.MsgAcceptOwnership{Owner: subnet.OfferedTo, Subnet: subnet.Id}
		if signer, hot := hotkeys.Signer(data, reporter, sdk.MustAccAddressFromBech32(subnet.OfferedTo)); hot {
			return []simsx.SimAccount{signer}, msg, mustBeUnauthorized
		}
		return owner(data, reporter, subnet.OfferedTo), msg, nil
	})
}

// mustBeUnauthorized fails on success and on any other refusal.
func mustBeUnauthorized(err error) error {
	if errors.Is(err, types.ErrUnauthorized) {
		return nil
	}
	return fmt.Errorf("a hotkey owns a subnet, or was refused for another reason: %w", err)
}

// MsgSetHyperparameterFactory lets owners change one of their hyperparameters.
func MsgSetHyperparameterFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgSetHyperparameter] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSetHyperparameter) {
		r := data.Rand()
		params, err := k.Params.Get(ctx)
		if err != nil {
			reporter.Skip(err.Error())
			return nil, nil
		}
		owned := ownedBy(data)
		subnet, ok := choose(ctx, k, r, reporter, func(s types.Subnet) bool {
			return owned(s) && (s.OwnerChanged == 0 || height(ctx) >= s.OwnerChanged+params.OwnerInterval)
		})
		if !ok {
			return nil, nil
		}
		p := simsx.OneOf(r, types.HyperparameterTable())
		if value := draw(r, p, max(p.Min, p.OwnerMin)); p.Owner && fits(subnet, p, value) {
			return owner(data, reporter, subnet.Owner), &types.MsgSetHyperparameter{
				Authority: subnet.Owner, Subnet: subnet.Id, Name: p.Name, Value: p.Text(value),
			}
		}
		reporter.Skip("an owner may not set this")
		return nil, nil
	}
}

// fits says whether a subnet could have this value.
func fits(subnet types.Subnet, p types.Hyperparameter, value int64) bool {
	current := subnet.Hyperparameters
	if subnet.Pending != nil {
		current = *subnet.Pending
	}
	_, err := current.With(p, value)
	return err == nil
}

// draw is a value of a hyperparameter from least on, small where a large one would
// only make the simulation wait.
func draw(r *simsx.XRand, p types.Hyperparameter, least int64) int64 {
	most := p.Max
	switch p.Unit {
	case "blocks":
		most = min(most, least+15)
	case "version":
		most = min(most, least+3)
	case "neurons", "permits", "entries":
		most = min(most, least+40)
	case "rao":
		most = min(most, least+1_000_000)
	}
	return least + r.Int63n(most-least+1)
}

// MsgVoteSubnetsFactory lets hotkeys vote, and take their votes back.
func MsgVoteSubnetsFactory(k *keeper.Keeper, hotkeys *Hotkeys) simsx.SimMsgFactoryFn[*types.MsgVoteSubnets] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgVoteSubnets) {
		r := data.Rand()
		msg := &types.MsgVoteSubnets{}
		err := k.Walk(ctx, func(s types.Subnet) (bool, error) {
			if r.Intn(3) > 0 && len(msg.Subnets) < types.MaxVotes {
				msg.Subnets, msg.Weights = append(msg.Subnets, s.Id), append(msg.Weights, uint64(1+r.Intn(65_535)))
			}
			return false, nil
		})
		if err != nil {
			reporter.Skip(err.Error())
			return nil, nil
		}
		r.Shuffle(len(msg.Subnets), func(i, j int) {
			msg.Subnets[i], msg.Subnets[j] = msg.Subnets[j], msg.Subnets[i]
		})
		for _, hotkey := range hotkeys.Shuffled(r) {
			msg.Hotkey = hotkey.AddressBech32
			if known(ctx, k, hotkey.AddressBech32) && mayVote(ctx, k, hotkey.Address) {
				signer, _ := hotkeys.Signer(data, reporter, hotkey.Address)
				return []simsx.SimAccount{signer}, msg
			}
		}
		reporter.Skip("no hotkey may vote")
		return nil, nil
	}
}

// known says whether a key is a hotkey, which here the message server alone can
// tell: it is asked on a copy of the state.
func known(ctx context.Context, k *keeper.Keeper, hotkey string) bool {
	cached, _ := sdk.UnwrapSDKContext(ctx).CacheContext()
	_, err := keeper.NewMsgServer(k).VoteSubnets(cached, &types.MsgVoteSubnets{Hotkey: hotkey})
	return !errors.Is(err, types.ErrUnknownHotkey)
}

// mayVote says whether a hotkey has waited long enough.
func mayVote(ctx context.Context, k *keeper.Keeper, hotkey []byte) bool {
	old, err := k.Votes.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) {
		return true
	}
	params, paramsErr := k.Params.Get(ctx)
	return err == nil && paramsErr == nil && height(ctx) >= old.Height+params.VoteInterval
}
