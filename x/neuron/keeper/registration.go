package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/price"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// priceNow is what a registration burns, in rao.
func (k *Keeper) priceNow(ctx context.Context, subnet uint64, h subnettypes.Hyperparameters) (uint64, error) {
	p, err := k.Prices.Get(ctx, subnet)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return 0, err
	}
	return price.Now(p.Price, p.Height, height(ctx), h.BurnHalfLife, h.BurnFloor, h.BurnCeiling), nil
}

// consent checks that a hotkey agreed, and returns its public key.
func consent(ctx context.Context, coldkey []byte, key *codectypes.Any, subnet, expiry uint64, signature []byte) (cryptotypes.PubKey, error) {
	pub, err := types.HotkeyPubKey(key)
	if err != nil {
		return nil, err
	}
	if now := height(ctx); expiry < now {
		return nil, types.ErrConsentExpired.Wrapf("it counted up to height %d, this is %d; sign a new one with: taod keys consent", expiry, now)
	}
	doc := types.ConsentBytes(sdk.UnwrapSDKContext(ctx).ChainID(), coldkey, pub.Address(), subnet, expiry)
	if !pub.VerifySignature(doc, signature) {
		return nil, types.ErrInvalidConsent.Wrapf("the signature of %s is not over chain %q, coldkey %s, subnet %d, expiry %d",
			sdk.AccAddress(pub.Address()), sdk.UnwrapSDKContext(ctx).ChainID(), sdk.AccAddress(coldkey), subnet, expiry)
	}
	return pub, nil
}

// newHotkey makes a hotkey known: an account that can sign, and an empty pool. The
// little that the account holds goes to the coldkey, or anybody could keep a key from
// being registered by sending it 1 rao.
func (k *Keeper) newHotkey(ctx context.Context, pub cryptotypes.PubKey, coldkey sdk.AccAddress) (types.Hotkey, error) {
	addr := sdk.AccAddress(pub.Address())
	if err := k.suitable(ctx, addr, coldkey); err != nil {
		return types.Hotkey{}, err
	}
	params, err := k.Params.Get(ctx)
	if err != nil {
		return types.Hotkey{}, err
	}
	if held := k.bank.GetAllBalances(ctx, addr); !held.IsZero() {
		if dust := coins(params.MinStakeChange); !held.IsAllLTE(dust) {
			return types.Hotkey{}, types.ErrUnsuitableKey.Wrapf("%s holds %s; a hotkey cannot, and only up to %s would go to its coldkey; use a fresh key", addr, held, dust)
		}
		if err := k.bank.SendCoins(ctx, addr, coldkey, held); err != nil {
			return types.Hotkey{}, types.ErrUnsuitableKey.Wrapf("%s holds %s, which cannot go to its coldkey: %s; use a fresh key", addr, held, err)
		}
	}
	account := k.accounts.GetAccount(ctx, addr)
	if account == nil {
		account = k.accounts.NewAccountWithAddress(ctx, addr)
	}
	if account.GetPubKey() == nil {
		if err := account.SetPubKey(pub); err != nil {
			return types.Hotkey{}, err
		}
	}
	k.accounts.SetAccount(ctx, account)
	h := types.Hotkey{
		Address: addr.String(), Coldkey: coldkey.String(), Take: params.DefaultTake,
		Shares: "0", Created: height(ctx),
	}
	return h, errors.Join(
		k.Hotkeys.Set(ctx, addr, h),
		k.Owned.Set(ctx, collections.Join([]byte(coldkey), []byte(addr))),
	)
}

// suitable checks that an address may become a hotkey of coldkey: it owns nothing
// and nobody, so that nothing is ever due to it.
func (k *Keeper) suitable(ctx context.Context, addr, coldkey sdk.AccAddress) error {
	if addr.Equals(coldkey) {
		return types.ErrUnsuitableKey.Wrapf("%s cannot be hotkey and coldkey; use two keys", addr)
	}
	if hot, err := k.IsHotkey(ctx, coldkey); err != nil {
		return err
	} else if hot {
		return types.ErrUnsuitableKey.Wrapf("the coldkey %s is a hotkey", coldkey)
	}
	if k.bank.BlockedAddr(addr) {
		return types.ErrUnsuitableKey.Wrapf("%s is a module's account", addr)
	}
	// What it has with validators would become a balance one day.
	delegations, err := k.staking.GetDelegatorDelegations(ctx, addr, 1)
	if err != nil {
		return err
	}
	unbonding, err := k.staking.GetUnbondingDelegations(ctx, addr, 1)
	if err != nil {
		return err
	}
	if len(delegations)+len(unbonding) > 0 {
		return types.ErrUnsuitableKey.Wrapf("%s has delegated to validators; use a fresh key", addr)
	}
	return k.unused(ctx, addr)
}

// unused checks that an address is nobody's coldkey: it owns neither hotkeys, stake,
// unbondings nor a subnet, and has not said who it is.
func (k *Keeper) unused(ctx context.Context, addr sdk.AccAddress) error {
	subnet, err := k.subnets.IsOwner(ctx, addr)
	if err != nil {
		return err
	}
	identity, err := k.Identities.Has(ctx, addr)
	if err != nil {
		return err
	}
	owns := subnet || identity
	mark := func() (bool, error) { owns = true; return true, nil }
	prefix := collections.NewPrefixedPairRange[[]byte, []byte]([]byte(addr))
	if err := errors.Join(
		k.Owned.Walk(ctx, prefix, func(addrPair) (bool, error) { return mark() }),
		k.PositionsByColdkey.Walk(ctx, prefix, func(addrPair) (bool, error) { return mark() }),
		k.UnbondingByColdkey.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64]([]byte(addr)), func(addrID) (bool, error) { return mark() }),
	); err != nil {
		return err
	}
	if owns {
		return types.ErrUnsuitableKey.Wrapf("%s is a coldkey: it owns hotkeys, stake or a subnet, or has an identity; use a fresh key", addr)
	}
	return nil
}

// slot is where a new neuron goes.
type slot struct {
	uid      uint32
	replaces bool
	fresh    bool   // beyond the largest uid so far
	freeAt   uint64 // height at which a slot can be had, when there is none
	free     uint32
}

// nextSlot finds the lowest free uid, or the neuron to replace: not immune, not the
// owner's, with the lowest (recent pay, registered, uid). ok is false when everybody
// is immune.
func (k *Keeper) nextSlot(ctx context.Context, subnet subnettypes.Subnet) (s slot, ok bool, err error) {
	n, err := k.Size(ctx, subnet.Id)
	if err != nil {
		return s, false, err
	}
	registered, err := k.column(ctx, subnet.Id, registeredColumn, n)
	if err != nil {
		return s, false, err
	}
	most := int(subnet.Hyperparameters.MaxUids)
	taken, lowest := 0, -1
	for uid, r := range registered {
		if r != types.Vacant {
			taken++
		} else if lowest < 0 && uid < most {
			lowest = uid
		}
	}
	s.free = uint32(max(most-taken, 0))
	switch {
	case lowest >= 0 && taken < most:
		s.uid = uint32(lowest)
		return s, true, nil
	case n < most:
		s.uid, s.fresh = uint32(n), true
		return s, true, nil
	}
	return k.replaceable(ctx, subnet, registered)
}

func (k *Keeper) replaceable(ctx context.Context, subnet subnettypes.Subnet, registered []uint64) (s slot, ok bool, err error) {
	recent, err := k.column(ctx, subnet.Id, recentColumn, len(registered))
	if err != nil {
		return s, false, err
	}
	owner, hasOwner, err := k.OwnerUID(ctx, subnet)
	if err != nil {
		return s, false, err
	}
	now, best := height(ctx), -1
	for uid, r := range registered {
		if r == types.Vacant || (hasOwner && uid == int(owner)) {
			continue
		}
		if until := r + subnet.Hyperparameters.Immunity; until > now {
			if s.freeAt == 0 || until < s.freeAt {
				s.freeAt = until
			}
			continue
		}
		if best < 0 || recent[uid] < recent[best] || (recent[uid] == recent[best] && r < registered[best]) {
			best = uid
		}
	}
	if best < 0 {
		return s, false, nil
	}
	return slot{uid: uint32(best), replaces: true}, true, nil
}

// OwnerUID is the lowest uid among the hotkeys of a subnet's owner.
func (k *Keeper) OwnerUID(ctx context.Context, subnet subnettypes.Subnet) (uid uint16, ok bool, err error) {
	if subnet.Owner == "" {
		return 0, false, nil
	}
	owner, err := address("owner", subnet.Owner)
	if err != nil {
		return 0, false, err
	}
	err = k.OwnedUids.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, []byte, uint32](subnet.Id, owner),
		func(key collections.Triple[uint64, []byte, uint32]) (bool, error) {
			uid, ok = uint16(key.K3()), true
			return true, nil // they come in ascending order
		})
	return uid, ok, err
}

// assign gives a uid to a hotkey of a coldkey.
func (k *Keeper) assign(ctx context.Context, subnet uint64, s slot, hotkey, coldkey []byte, stake uint64) error {
	if s.fresh {
		if err := k.Sizes.Set(ctx, subnet, s.uid+1); err != nil {
			return err
		}
	}
	return errors.Join(
		k.Neurons.Set(ctx, collections.Join(subnet, s.uid), hotkey),
		k.Registrations.Set(ctx, collections.Join(hotkey, subnet), s.uid),
		k.OwnedUids.Set(ctx, collections.Join3(subnet, coldkey, s.uid)),
		k.subnets.StakeChanged(ctx, hotkey),
		k.setCell(ctx, subnet, stakeColumn, s.uid, stake),
		k.setCell(ctx, subnet, registeredColumn, s.uid, height(ctx)),
		k.setCell(ctx, subnet, recentColumn, s.uid, 0),
	)
}

// release takes a uid from its neuron: what it is owed is settled, its axon and
// row go.
func (k *Keeper) release(ctx context.Context, subnet uint64, uid uint32) (hotkey []byte, err error) {
	hotkey, ok, err := k.HotkeyAt(ctx, subnet, uint16(uid))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, types.ErrUnknownUID.Wrapf("uid %d of subnet %d belongs to nobody", uid, subnet)
	}
	if err := k.settleUID(ctx, subnet, uid); err != nil {
		return nil, err
	}
	coldkey, _, err := k.Coldkey(ctx, hotkey)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		k.OwnedUids.Remove(ctx, collections.Join3(subnet, []byte(coldkey), uid)),
		k.Neurons.Remove(ctx, collections.Join(subnet, uid)),
		k.Registrations.Remove(ctx, collections.Join(hotkey, subnet)),
		k.Axons.Remove(ctx, collections.Join(subnet, uid)),
		k.subnets.StakeChanged(ctx, hotkey),
		k.setCell(ctx, subnet, stakeColumn, uid, 0),
		k.setCell(ctx, subnet, registeredColumn, uid, types.Vacant),
		k.setCell(ctx, subnet, recentColumn, uid, 0),
		k.hooks.UidReleased(ctx, subnet, uint16(uid)),
	)
	if err != nil {
		return nil, err
	}
	return hotkey, emit(ctx, &types.EventDeregistered{Subnet: subnet, Uid: uid, Hotkey: sdk.AccAddress(hotkey).String()})
}

// RemoveUids releases up to limit uids of a dissolved subnet and says whether none
// is left; then all that is kept of the subnet is gone.
func (k *Keeper) RemoveUids(ctx context.Context, subnet uint64, limit int) (done bool, err error) {
	var uids []uint32
	err = k.Neurons.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, _ []byte) (bool, error) {
		uids = append(uids, key.K2())
		return len(uids) > limit, nil
	})
	if err != nil {
		return false, err
	}
	for i, uid := range uids {
		if i == limit {
			return false, nil
		}
		if _, err := k.release(ctx, subnet, uid); err != nil {
			return false, err
		}
	}
	var keys []collections.Triple[uint64, uint32, uint32]
	err = k.Packed.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint32, uint32](subnet),
		func(key collections.Triple[uint64, uint32, uint32], _ []byte) (bool, error) {
			keys = append(keys, key)
			return false, nil
		})
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if err := k.Packed.Remove(ctx, key); err != nil {
			return false, err
		}
	}
	return true, errors.Join(k.Sizes.Remove(ctx, subnet), k.Prices.Remove(ctx, subnet), k.Settled.Remove(ctx, subnet))
}
