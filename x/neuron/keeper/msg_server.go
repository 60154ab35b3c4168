package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron/price"
	"github.com/taonet/taonet/x/neuron/types"
)

type msgServer struct{ *Keeper }

// NewMsgServer serves messages.
func NewMsgServer(k *Keeper) types.MsgServer { return msgServer{k} }

// Register buys a uid for a hotkey.
func (s msgServer) Register(ctx context.Context, msg *types.MsgRegister) (*types.MsgRegisterResponse, error) {
	coldkey, err := address("coldkey", msg.Coldkey)
	if err != nil {
		return nil, err
	}
	pub, err := consent(ctx, coldkey, msg.Hotkey, msg.Subnet, msg.Expiry, msg.Consent)
	if err != nil {
		return nil, err
	}
	subnet, err := s.subnets.Subnet(ctx, msg.Subnet)
	if err != nil {
		return nil, err
	}
	switch {
	case subnet.DissolvesAt != 0:
		return nil, types.ErrSubnetDissolving.Wrapf("subnet %d ends at height %d", subnet.Id, subnet.DissolvesAt)
	case !subnet.Hyperparameters.RegistrationOpen:
		return nil, types.ErrClosed.Wrapf("subnet %d takes no registrations", subnet.Id)
	}
	hotkey := sdk.AccAddress(pub.Address())
	h, err := s.Hotkeys.Get(ctx, hotkey)
	switch {
	case err != nil && !errors.Is(err, collections.ErrNotFound):
		return nil, err
	case err != nil:
		if h, err = s.newHotkey(ctx, pub, coldkey); err != nil {
			return nil, err
		}
	case h.Coldkey != msg.Coldkey:
		return nil, types.ErrNotOwner.Wrapf("%s belongs to %s, the sender is %s", hotkey, h.Coldkey, msg.Coldkey)
	}
	if uid, registered, err := s.UID(ctx, subnet.Id, hotkey); err != nil {
		return nil, err
	} else if registered {
		return nil, types.ErrRegistered.Wrapf("%s has uid %d in subnet %d", hotkey, uid, subnet.Id)
	}
	place, ok, err := s.nextSlot(ctx, subnet)
	if err != nil {
		return nil, err
	}
	if !ok && place.freeAt == 0 {
		return nil, types.ErrAllImmune.Wrapf("subnet %d has %d neurons and its owner's cannot be replaced; it must raise max_uids", subnet.Id, subnet.Hyperparameters.MaxUids)
	}
	if !ok {
		return nil, types.ErrAllImmune.Wrapf("subnet %d has %d neurons; a slot frees at height %d", subnet.Id, subnet.Hyperparameters.MaxUids, place.freeAt)
	}
	cost, err := s.charge(ctx, coldkey, msg)
	if err != nil {
		return nil, err
	}
	event := &types.EventRegistered{
		Subnet: subnet.Id, Uid: place.uid, Hotkey: hotkey.String(), Coldkey: msg.Coldkey, Price: cost,
	}
	if place.replaces {
		old, err := s.release(ctx, subnet.Id, place.uid)
		if err != nil {
			return nil, err
		}
		event.Replaced = sdk.AccAddress(old).String()
	}
	if err := s.assign(ctx, subnet.Id, place, hotkey, coldkey, h.Assets); err != nil {
		return nil, err
	}
	return &types.MsgRegisterResponse{Uid: place.uid, Price: cost}, emit(ctx, event)
}

// charge burns the price of a registration and raises it for the next.
func (k *Keeper) charge(ctx context.Context, coldkey sdk.AccAddress, msg *types.MsgRegister) (uint64, error) {
	h, err := k.subnets.Hyperparameters(ctx, msg.Subnet)
	if err != nil {
		return 0, err
	}
	cost, err := k.priceNow(ctx, msg.Subnet, h)
	if err != nil {
		return 0, err
	}
	if most := msg.MaxPrice; most.Denom != types.Denom || most.Amount.IsNil() || most.Amount.IsNegative() {
		return 0, types.ErrInvalidAmount.Wrapf("max_price %q must be an amount in %s", most.String(), types.Denom)
	} else if cost > 0 && coins(cost)[0].Amount.GT(most.Amount) {
		return 0, types.ErrTooExpensive.Wrapf("it burns %d rao now, max_price is %s", cost, most.Amount)
	}
	if err := k.emission.BurnFromAccount(ctx, coldkey, cost, msg.Subnet, emissiontypes.ReasonRegistration); err != nil {
		return 0, err
	}
	return cost, k.Prices.Set(ctx, msg.Subnet, types.RegistrationPrice{
		Subnet: msg.Subnet, Price: price.Bump(cost, h.BurnBump, h.BurnFloor, h.BurnCeiling), Height: height(ctx),
	})
}

// Deregister gives a uid up.
func (s msgServer) Deregister(ctx context.Context, msg *types.MsgDeregister) (*types.MsgDeregisterResponse, error) {
	hotkey, _, err := s.ownHotkey(ctx, msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	uid, err := s.registered(ctx, msg.Subnet, hotkey)
	if err != nil {
		return nil, err
	}
	_, err = s.release(ctx, msg.Subnet, uid)
	return &types.MsgDeregisterResponse{}, err
}

// registered returns the uid of a hotkey that must have one.
func (k *Keeper) registered(ctx context.Context, subnet uint64, hotkey []byte) (uint32, error) {
	uid, ok, err := k.UID(ctx, subnet, hotkey)
	if err == nil && !ok {
		err = types.ErrNotRegistered.Wrapf("%s has no uid in subnet %d; register it with: taod tx neuron register", sdk.AccAddress(hotkey), subnet)
	}
	return uint32(uid), err
}

// AddStake puts Tao into a pool.
func (s msgServer) AddStake(ctx context.Context, msg *types.MsgAddStake) (*types.MsgAddStakeResponse, error) {
	coldkey, hotkey, err := pairOf(msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	amount, err := s.changeOf(ctx, "amount", msg.Amount)
	if err != nil {
		return nil, err
	}
	if hot, err := s.IsHotkey(ctx, coldkey); err != nil {
		return nil, err
	} else if hot {
		return nil, types.ErrUnsuitableKey.Wrapf("%s is a hotkey, stake comes from coldkeys", coldkey)
	}
	if _, err := s.hotkey(ctx, hotkey); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, hotkey); err != nil {
		return nil, err
	}
	if err := s.bank.SendCoinsFromAccountToModule(ctx, coldkey, types.ModuleName, coins(amount)); err != nil {
		return nil, err
	}
	shares, err := s.deposit(ctx, hotkey, coldkey, amount, 0)
	if err != nil {
		return nil, err
	}
	return &types.MsgAddStakeResponse{Shares: shares.String()}, emit(ctx, &types.EventStakeAdded{
		Hotkey: msg.Hotkey, Coldkey: msg.Coldkey, Amount: amount, Shares: shares.String(),
	})
}

// RemoveStake takes Tao out of a pool; it reaches the balance after unbonding.
func (s msgServer) RemoveStake(ctx context.Context, msg *types.MsgRemoveStake) (*types.MsgRemoveStakeResponse, error) {
	coldkey, hotkey, err := pairOf(msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	amount := uint64(0)
	if !msg.All {
		if amount, err = s.changeOf(ctx, "amount", msg.Amount); err != nil {
			return nil, err
		}
	}
	if _, err := s.hotkey(ctx, hotkey); err != nil {
		return nil, err
	}
	if err := s.roomToUnbond(ctx, hotkey, coldkey); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, hotkey); err != nil {
		return nil, err
	}
	got, shares, err := s.withdraw(ctx, hotkey, coldkey, amount, msg.All)
	if err != nil {
		return nil, err
	}
	res := &types.MsgRemoveStakeResponse{Amount: got}
	if got > 0 {
		u, err := s.unbond(ctx, hotkey, coldkey, got)
		if err != nil {
			return nil, err
		}
		res.Unbonding, res.Completes = u.Id, u.Completes
	}
	return res, emit(ctx, &types.EventStakeRemoved{
		Hotkey: msg.Hotkey, Coldkey: msg.Coldkey, Amount: got, Shares: shares.String(),
		Unbonding: res.Unbonding, Completes: res.Completes,
	})
}

// MoveStake moves Tao from one pool to another.
func (s msgServer) MoveStake(ctx context.Context, msg *types.MsgMoveStake) (*types.MsgMoveStakeResponse, error) {
	coldkey, from, err := pairOf(msg.Coldkey, msg.From)
	if err != nil {
		return nil, err
	}
	to, err := address("to", msg.To)
	if err != nil {
		return nil, err
	}
	if from.Equals(to) {
		return nil, types.ErrUnsuitableKey.Wrapf("from and to are both %s", from)
	}
	amount := uint64(0)
	if !msg.All {
		if amount, err = s.changeOf(ctx, "amount", msg.Amount); err != nil {
			return nil, err
		}
	}
	for _, hotkey := range []sdk.AccAddress{from, to} {
		if _, err := s.hotkey(ctx, hotkey); err != nil {
			return nil, err
		}
		if err := s.settle(ctx, hotkey); err != nil {
			return nil, err
		}
	}
	if err := s.mayMove(ctx, from, coldkey); err != nil {
		return nil, err
	}
	got, _, err := s.withdraw(ctx, from, coldkey, amount, msg.All)
	if err != nil {
		return nil, err
	}
	if got == 0 {
		return nil, types.ErrTooSmall.Wrapf("the position at %s is worth less than 1 rao", from)
	}
	if _, err := s.deposit(ctx, to, coldkey, got, height(ctx)); err != nil {
		return nil, err
	}
	return &types.MsgMoveStakeResponse{Amount: got}, emit(ctx, &types.EventStakeMoved{
		From: msg.From, To: msg.To, Coldkey: msg.Coldkey, Amount: got,
	})
}

// mayMove checks the time since stake was last moved into a position.
func (k *Keeper) mayMove(ctx context.Context, hotkey, coldkey []byte) error {
	p, err := k.Positions.Get(ctx, collections.Join(hotkey, coldkey))
	if err != nil {
		return types.ErrNotEnoughStake.Wrapf("%s has no stake at %s", sdk.AccAddress(coldkey), sdk.AccAddress(hotkey))
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return err
	}
	if next := p.Moved + params.MoveInterval; p.Moved != 0 && height(ctx) < next {
		return types.ErrTooSoon.Wrapf("stake moves every %d blocks, this again at height %d", params.MoveInterval, next)
	}
	return nil
}

// CancelUnbonding puts an unbonding back into its pool.
func (s msgServer) CancelUnbonding(ctx context.Context, msg *types.MsgCancelUnbonding) (*types.MsgCancelUnbondingResponse, error) {
	if _, err := address("coldkey", msg.Coldkey); err != nil {
		return nil, err
	}
	u, err := s.Unbondings.Get(ctx, msg.Unbonding)
	if err != nil || u.Coldkey != msg.Coldkey {
		return nil, types.ErrUnknownUnbonding.Wrapf("%s has no unbonding %d; list them with: taod q neuron unbondings", msg.Coldkey, msg.Unbonding)
	}
	coldkey, hotkey, err := pairOf(u.Coldkey, u.Hotkey)
	if err != nil {
		return nil, err
	}
	if _, err := s.hotkey(ctx, hotkey); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, hotkey); err != nil {
		return nil, err
	}
	if err := s.removeUnbonding(ctx, u); err != nil {
		return nil, err
	}
	if err := s.bank.SendCoinsFromModuleToModule(ctx, types.UnbondingName, types.ModuleName, coins(u.Amount)); err != nil {
		return nil, err
	}
	if _, err := s.deposit(ctx, hotkey, coldkey, u.Amount, height(ctx)); err != nil {
		return nil, err
	}
	return &types.MsgCancelUnbondingResponse{}, emit(ctx, &types.EventUnbondingCancelled{
		Id: u.Id, Hotkey: u.Hotkey, Coldkey: u.Coldkey, Amount: u.Amount,
	})
}

// SetTake sets the owner's share of the dividends of others' stake: lowered at
// once, raised slowly.
func (s msgServer) SetTake(ctx context.Context, msg *types.MsgSetTake) (*types.MsgSetTakeResponse, error) {
	addr, h, err := s.ownHotkey(ctx, msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	params, err := s.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if msg.Take > params.MaxTake {
		return nil, types.ErrInvalidTake.Wrapf("%d millionths, the bound is %d", msg.Take, params.MaxTake)
	}
	// What was earned under the old take is settled under it.
	if err := s.settle(ctx, addr); err != nil {
		return nil, err
	}
	if h, err = s.hotkey(ctx, addr); err != nil {
		return nil, err
	}
	if msg.Take > h.Take {
		if next := h.TakeRaised + params.TakeInterval; h.TakeRaised != 0 && height(ctx) < next {
			return nil, types.ErrTooSoon.Wrapf("a take rises every %d blocks, this again at height %d", params.TakeInterval, next)
		}
		if most := h.Take + params.TakeRaise; msg.Take > most {
			return nil, types.ErrInvalidTake.Wrapf("%d millionths, the take is %d and rises by %d at once, to %d", msg.Take, h.Take, params.TakeRaise, most)
		}
		h.TakeRaised = height(ctx)
	}
	h.Take = msg.Take
	if err := s.Hotkeys.Set(ctx, addr, h); err != nil {
		return nil, err
	}
	return &types.MsgSetTakeResponse{}, emit(ctx, &types.EventTakeSet{Hotkey: msg.Hotkey, Take: msg.Take})
}

// SetPayout says where settled pay goes.
func (s msgServer) SetPayout(ctx context.Context, msg *types.MsgSetPayout) (*types.MsgSetPayoutResponse, error) {
	addr, _, err := s.ownHotkey(ctx, msg.Coldkey, msg.Hotkey)
	if err != nil {
		return nil, err
	}
	if msg.Payout != types.PAYOUT_STAKE && msg.Payout != types.PAYOUT_BALANCE {
		return nil, types.ErrInvalidPayout.Wrapf("%d, known are %d (stake) and %d (balance)", msg.Payout, types.PAYOUT_STAKE, types.PAYOUT_BALANCE)
	}
	if err := s.settle(ctx, addr); err != nil {
		return nil, err
	}
	h, err := s.hotkey(ctx, addr)
	if err != nil {
		return nil, err
	}
	h.Payout = msg.Payout
	if err := s.Hotkeys.Set(ctx, addr, h); err != nil {
		return nil, err
	}
	return &types.MsgSetPayoutResponse{}, emit(ctx, &types.EventPayoutSet{Hotkey: msg.Hotkey, Payout: msg.Payout.String()})
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

func pairOf(cold, hot string) (coldkey, hotkey sdk.AccAddress, err error) {
	if coldkey, err = address("coldkey", cold); err != nil {
		return nil, nil, err
	}
	hotkey, err = address("hotkey", hot)
	return coldkey, hotkey, err
}
