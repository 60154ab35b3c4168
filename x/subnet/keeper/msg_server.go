package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/cost"
	"github.com/taonet/taonet/x/subnet/types"
)

type msgServer struct{ *Keeper }

// NewMsgServer serves messages.
func NewMsgServer(k *Keeper) types.MsgServer { return msgServer{k} }

// creationCost is what a new subnet locks now.
func (k *Keeper) creationCost(ctx context.Context) (uint64, error) {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return 0, err
	}
	state, err := k.Cost.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return 0, err
	}
	return cost.Now(state.Last, state.Height, height(ctx), params.CreationDecay, params.CreationFloor), nil
}

// CreateSubnet locks the creation cost and makes a subnet.
func (s msgServer) CreateSubnet(ctx context.Context, msg *types.MsgCreateSubnet) (*types.MsgCreateSubnetResponse, error) {
	owner, err := address("owner", msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := s.mayOwn(ctx, owner); err != nil {
		return nil, err
	}
	if err := types.ValidateText(msg.Name, msg.Description); err != nil {
		return nil, err
	}
	if msg.Modality < types.MODALITY_TEXT || msg.Modality > types.MODALITY_TENSOR {
		return nil, types.ErrInvalidModality.Wrapf("%d, the range is %d..%d", msg.Modality, types.MODALITY_TEXT, types.MODALITY_TENSOR)
	}
	if err := s.room(ctx, msg.Name); err != nil {
		return nil, err
	}
	price, err := s.lock(ctx, owner, msg.MaxCost)
	if err != nil {
		return nil, err
	}
	id, err := s.NextID.Get(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.NextID.Set(ctx, id+1); err != nil {
		return nil, err
	}
	if err := s.Names.Set(ctx, msg.Name, id); err != nil {
		return nil, err
	}
	err = s.Subnets.Set(ctx, id, types.Subnet{
		Id: id, Owner: msg.Owner, Name: msg.Name, Description: msg.Description, Modality: msg.Modality,
		Created: height(ctx), Lock: price, Hyperparameters: types.DefaultHyperparameters(),
	})
	if err != nil {
		return nil, err
	}
	return &types.MsgCreateSubnetResponse{Subnet: id, Lock: price}, emit(ctx, &types.EventSubnetCreated{
		Subnet: id, Owner: msg.Owner, Name: msg.Name, Lock: price,
	})
}

// mayOwn refuses hotkeys, which never hold Tao, and modules' accounts, which receive
// none: a lock comes back one day.
func (k *Keeper) mayOwn(ctx context.Context, owner []byte) error {
	if hot, err := k.stakes.IsHotkey(ctx, owner); err != nil {
		return err
	} else if hot {
		return types.ErrUnauthorized.Wrapf("%s is a hotkey and cannot own a subnet; use its coldkey", sdk.AccAddress(owner))
	}
	if k.bank.BlockedAddr(owner) {
		return types.ErrUnauthorized.Wrapf("%s is a module's account and cannot own a subnet", sdk.AccAddress(owner))
	}
	return nil
}

// room checks that there is a place for one more subnet, and that its name is free.
func (k *Keeper) room(ctx context.Context, name string) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	count := uint32(0)
	if err := k.Walk(ctx, func(types.Subnet) (bool, error) { count++; return false, nil }); err != nil {
		return err
	}
	if count >= params.MaxSubnets {
		return types.ErrTooMany.Wrapf("there are %d, the bound is %d", count, params.MaxSubnets)
	}
	return k.nameFree(ctx, name, 0)
}

func (k *Keeper) nameFree(ctx context.Context, name string, self uint64) error {
	switch other, err := k.Names.Get(ctx, name); {
	case errors.Is(err, collections.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other == self:
		return nil
	default:
		return types.ErrNameTaken.Wrapf("%q is the name of subnet %d", name, other)
	}
}

// lock takes the creation cost from the owner.
func (k *Keeper) lock(ctx context.Context, owner sdk.AccAddress, most sdk.Coin) (uint64, error) {
	if most.Denom != types.Denom || most.Amount.IsNil() || most.Amount.IsNegative() {
		return 0, types.ErrInvalidAmount.Wrapf("max_cost %q must be an amount in %s", most.String(), types.Denom)
	}
	price, err := k.creationCost(ctx)
	if err != nil {
		return 0, err
	}
	if price > 0 && coins(price)[0].Amount.GT(most.Amount) {
		return 0, types.ErrTooExpensive.Wrapf("it locks %d rao now, max_cost is %s", price, most.Amount)
	}
	if price > 0 {
		if err := k.bank.SendCoinsFromAccountToModule(ctx, owner, types.ModuleName, coins(price)); err != nil {
			return 0, err
		}
	}
	return price, k.Cost.Set(ctx, types.CreationCost{Last: cost.Doubled(price), Height: height(ctx)})
}

// DissolveSubnet ends a subnet: at once by governance, after a notice by its owner.
func (s msgServer) DissolveSubnet(ctx context.Context, msg *types.MsgDissolveSubnet) (*types.MsgDissolveSubnetResponse, error) {
	subnet, governs, err := s.mayChange(ctx, msg.Authority, msg.Subnet)
	if err != nil {
		return nil, err
	}
	if subnet.Id == types.FirstSubnet {
		return nil, types.ErrUnauthorized.Wrapf("subnet %d receives what no other subnet can; it is never dissolved", subnet.Id)
	}
	params, err := s.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	at := height(ctx)
	if !governs {
		at += params.DissolveNotice
	}
	if subnet.DissolvesAt != 0 && subnet.DissolvesAt <= at {
		return nil, types.ErrDissolving.Wrapf("subnet %d ends at height %d already", msg.Subnet, subnet.DissolvesAt)
	}
	subnet.DissolvesAt = at
	if err := s.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
		return nil, err
	}
	return &types.MsgDissolveSubnetResponse{Height: at}, emit(ctx, &types.EventSubnetDissolving{Subnet: subnet.Id, Height: at})
}

// mayChange returns a subnet if authority is its owner or governance.
func (k *Keeper) mayChange(ctx context.Context, authority string, id uint64) (subnet types.Subnet, governs bool, err error) {
	if subnet, err = k.Subnet(ctx, id); err != nil {
		return subnet, false, err
	}
	if authority == k.authority {
		return subnet, true, nil
	}
	if subnet.Owner == "" || authority != subnet.Owner {
		return subnet, false, types.ErrUnauthorized.Wrapf("%q is neither the owner %q of subnet %d nor governance %s", authority, subnet.Owner, id, k.authority)
	}
	return subnet, false, nil
}

// DescribeSubnet changes name and description.
func (s msgServer) DescribeSubnet(ctx context.Context, msg *types.MsgDescribeSubnet) (*types.MsgDescribeSubnetResponse, error) {
	subnet, _, err := s.mayChange(ctx, msg.Authority, msg.Subnet)
	if err != nil {
		return nil, err
	}
	if err := types.ValidateText(msg.Name, msg.Description); err != nil {
		return nil, err
	}
	if err := s.nameFree(ctx, msg.Name, subnet.Id); err != nil {
		return nil, err
	}
	if err := s.Names.Remove(ctx, subnet.Name); err != nil {
		return nil, err
	}
	if err := s.Names.Set(ctx, msg.Name, subnet.Id); err != nil {
		return nil, err
	}
	subnet.Name, subnet.Description = msg.Name, msg.Description
	if err := s.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
		return nil, err
	}
	return &types.MsgDescribeSubnetResponse{}, emit(ctx, &types.EventSubnetDescribed{
		Subnet: subnet.Id, Name: msg.Name, Description: msg.Description, By: msg.Authority,
	})
}

// OfferOwnership offers a subnet; an empty address withdraws the offer.
func (s msgServer) OfferOwnership(ctx context.Context, msg *types.MsgOfferOwnership) (*types.MsgOfferOwnershipResponse, error) {
	subnet, err := s.Subnet(ctx, msg.Subnet)
	if err != nil {
		return nil, err
	}
	if subnet.Owner == "" || msg.Owner != subnet.Owner {
		return nil, types.ErrUnauthorized.Wrapf("%q is not the owner %q of subnet %d", msg.Owner, subnet.Owner, msg.Subnet)
	}
	if msg.To != "" {
		to, err := address("to", msg.To)
		if err != nil {
			return nil, err
		}
		if err := s.mayOwn(ctx, to); err != nil {
			return nil, err
		}
	}
	subnet.OfferedTo = msg.To
	if err := s.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
		return nil, err
	}
	return &types.MsgOfferOwnershipResponse{}, emit(ctx, &types.EventOwnershipOffered{Subnet: subnet.Id, Owner: msg.Owner, OfferedTo: msg.To})
}

// AcceptOwnership takes an offered subnet, with its lock.
func (s msgServer) AcceptOwnership(ctx context.Context, msg *types.MsgAcceptOwnership) (*types.MsgAcceptOwnershipResponse, error) {
	subnet, err := s.Subnet(ctx, msg.Subnet)
	if err != nil {
		return nil, err
	}
	if subnet.OfferedTo == "" || msg.Owner != subnet.OfferedTo {
		return nil, types.ErrNotOffered.Wrapf("subnet %d is offered to %q, not to %q", msg.Subnet, subnet.OfferedTo, msg.Owner)
	}
	owner, err := address("owner", msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := s.mayOwn(ctx, owner); err != nil {
		return nil, err
	}
	subnet.Owner, subnet.OfferedTo = msg.Owner, ""
	if err := s.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
		return nil, err
	}
	return &types.MsgAcceptOwnershipResponse{}, emit(ctx, &types.EventOwnershipAccepted{Subnet: subnet.Id, Owner: msg.Owner})
}

// SetHyperparameter changes one hyperparameter after the next epoch.
func (s msgServer) SetHyperparameter(ctx context.Context, msg *types.MsgSetHyperparameter) (*types.MsgSetHyperparameterResponse, error) {
	subnet, governs, err := s.mayChange(ctx, msg.Authority, msg.Subnet)
	if err != nil {
		return nil, err
	}
	p, err := types.FindHyperparameter(msg.Name)
	if err != nil {
		return nil, err
	}
	value, err := p.Parse(msg.Value)
	if err != nil {
		return nil, err
	}
	if !governs {
		if err := s.ownerMay(ctx, subnet, p, value); err != nil {
			return nil, err
		}
		subnet.OwnerChanged = height(ctx)
	}
	current := subnet.Hyperparameters
	if subnet.Pending != nil {
		current = *subnet.Pending
	}
	next, err := current.With(p, value)
	if err != nil {
		return nil, err
	}
	subnet.Pending = &next
	if err := s.Subnets.Set(ctx, subnet.Id, subnet); err != nil {
		return nil, err
	}
	return &types.MsgSetHyperparameterResponse{}, emit(ctx, &types.EventHyperparameterSet{
		Subnet: subnet.Id, Name: p.Name, Old: p.Value(current), New: p.Value(next), By: msg.Authority,
	})
}

// ownerMay checks what an owner is bound by and governance is not.
func (k *Keeper) ownerMay(ctx context.Context, subnet types.Subnet, p types.Hyperparameter, value int64) error {
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	if !p.Owner {
		return types.ErrUnauthorized.Wrapf("%s is set by governance, not by owners", p.Name)
	}
	if value < p.OwnerMin {
		return types.ErrInvalidHyperparameter.Wrapf("%s is %s, an owner may set %s at least", p.Name, p.Text(value), p.Text(p.OwnerMin))
	}
	if next := subnet.OwnerChanged + params.OwnerInterval; subnet.OwnerChanged != 0 && height(ctx) < next {
		return types.ErrTooSoon.Wrapf("an owner changes one hyperparameter every %d blocks, the next at height %d", params.OwnerInterval, next)
	}
	return nil
}

// VoteSubnets says how a hotkey's stake votes.
func (s msgServer) VoteSubnets(ctx context.Context, msg *types.MsgVoteSubnets) (*types.MsgVoteSubnetsResponse, error) {
	hotkey, err := address("hotkey", msg.Hotkey)
	if err != nil {
		return nil, err
	}
	if known, err := s.stakes.IsHotkey(ctx, hotkey); err != nil {
		return nil, err
	} else if !known {
		return nil, types.ErrUnknownHotkey.Wrapf("%s; register it with: taod tx neuron register", msg.Hotkey)
	}
	if err := types.ValidateVote(msg.Subnets, msg.Weights); err != nil {
		return nil, err
	}
	if err := s.mayVote(ctx, hotkey); err != nil {
		return nil, err
	}
	vote := types.Vote{Hotkey: msg.Hotkey, Height: height(ctx)}
	for _, subnet := range slices.Sorted(slices.Values(msg.Subnets)) {
		if _, err := s.Subnet(ctx, subnet); err != nil {
			return nil, err
		}
		vote.Subnets = append(vote.Subnets, subnet)
		vote.Weights = append(vote.Weights, msg.Weights[slices.Index(msg.Subnets, subnet)])
	}
	// One that is taken back stays, without subnets: its height still bounds the next.
	if err := errors.Join(s.Votes.Set(ctx, hotkey, vote), s.StakeChanged(ctx, hotkey)); err != nil {
		return nil, err
	}
	return &types.MsgVoteSubnetsResponse{}, emit(ctx, &types.EventVoted{Hotkey: msg.Hotkey, Subnets: vote.Subnets, Weights: vote.Weights})
}

// mayVote checks the time since the last vote.
func (k *Keeper) mayVote(ctx context.Context, hotkey []byte) error {
	old, err := k.Votes.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	if next := old.Height + params.VoteInterval; height(ctx) < next {
		return types.ErrTooSoon.Wrapf("a hotkey votes every %d blocks, this one again at height %d", params.VoteInterval, next)
	}
	return nil
}

// UpdateParams replaces all parameters.
func (s msgServer) UpdateParams(ctx context.Context, msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if msg.Authority != s.authority {
		return nil, types.ErrUnauthorized.Wrapf("the sender is %q, governance is %s", msg.Authority, s.authority)
	}
	if err := msg.Params.Validate(); err != nil {
		return nil, err
	}
	if err := s.Params.Set(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &types.MsgUpdateParamsResponse{}, emit(ctx, &types.EventParamsUpdated{Authority: msg.Authority, Params: msg.Params})
}

func address(field, text string) (sdk.AccAddress, error) {
	addr, err := types.Canonical(text)
	if err != nil {
		return nil, types.ErrInvalidAddress.Wrapf("%s %q: %s", field, text, err)
	}
	return addr, nil
}

func emit(ctx context.Context, event interface {
	Reset()
	String() string
	ProtoMessage()
}) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
