package types

import (
	"bytes"
	"encoding/hex"
	"math/bits"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/pool"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// MaxUids bounds the uids of a subnet.
const MaxUids = 4096

// DefaultGenesis has no neuron.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextUnbonding: 1}
}

// AddNeuron registers a hotkey in a subnet with stake rao of its own, at height 0.
// The accounts, the balance of the module's account and the order of subnets are the
// caller's matter.
func (gs *GenesisState) AddNeuron(subnet uint64, hotkey, coldkey sdk.AccAddress, stake uint64) error {
	uid, address := uint32(0), hotkey.String()
	for _, n := range gs.Neurons {
		if n.Subnet == subnet {
			uid = max(uid, n.Uid+1)
			if n.Hotkey == address {
				return ErrRegistered.Wrapf("%s has uid %d in subnet %d", hotkey, n.Uid, subnet)
			}
		}
	}
	if uid >= MaxUids {
		return ErrInvalidGenesis.Wrapf("subnet %d has %d uids, the bound is %d", subnet, uid, MaxUids)
	}
	for _, h := range gs.Hotkeys {
		if h.Address == address {
			if stake > 0 || h.Coldkey != coldkey.String() {
				return ErrRegistered.Wrapf("%s is a hotkey of %s in another subnet; its stake is given there, here it is 0", hotkey, h.Coldkey)
			}
			gs.Neurons = append(gs.Neurons, Neuron{Subnet: subnet, Uid: uid, Hotkey: address})
			return nil
		}
	}
	var p pool.Pool
	if stake > 0 {
		var minted pool.Shares
		var err error
		if p, minted, err = p.Deposit(stake); err != nil {
			return ErrPool.Wrap(err.Error())
		}
		gs.Positions = append(gs.Positions, Position{Hotkey: hotkey.String(), Coldkey: coldkey.String(), Shares: minted.String()})
	}
	gs.Hotkeys = append(gs.Hotkeys, Hotkey{
		Address: hotkey.String(), Coldkey: coldkey.String(), Take: gs.Params.DefaultTake,
		Assets: p.Assets, Shares: p.Shares.String(),
	})
	gs.Neurons = append(gs.Neurons, Neuron{Subnet: subnet, Uid: uid, Hotkey: address})
	return nil
}

// Totals are what the module's accounts must hold for a genesis, in rao.
func (gs GenesisState) Totals() (assets, unbonding, owed uint64) {
	for _, h := range gs.Hotkeys {
		assets += h.Assets
	}
	for _, u := range gs.Unbondings {
		unbonding += u.Amount
	}
	for _, n := range gs.Neurons {
		owed += n.OwedIncentive + n.OwedDividends
	}
	return assets, unbonding, owed
}

// Validate checks all that the state machine assumes. What the module's accounts
// hold is checked against bank when the state is loaded.
func (gs GenesisState) Validate() error {
	if err := gs.Params.Validate(); err != nil {
		return err
	}
	owners, err := gs.validateHotkeys()
	if err != nil {
		return err
	}
	for _, check := range []func(map[string]Hotkey) error{
		gs.validateNeurons, gs.validateSizes, gs.validatePositions, gs.validateUnbondings, gs.validateRest,
	} {
		if err := check(owners); err != nil {
			return err
		}
	}
	return nil
}

func (gs GenesisState) validateHotkeys() (map[string]Hotkey, error) {
	known := make(map[string]Hotkey, len(gs.Hotkeys))
	sum := uint64(0)
	for _, h := range gs.Hotkeys {
		if err := addresses(h.Address, h.Coldkey); err != nil {
			return nil, ErrInvalidGenesis.Wrapf("hotkey %q: %s", h.Address, err)
		}
		if _, twice := known[h.Address]; twice {
			return nil, ErrInvalidGenesis.Wrapf("hotkey %s comes twice", h.Address)
		}
		if h.Take > MostTake { // max_take may have been lowered since
			return nil, ErrInvalidGenesis.Wrapf("the take of hotkey %s is %d, the bound is %d", h.Address, h.Take, MostTake)
		}
		if h.Payout != PAYOUT_STAKE && h.Payout != PAYOUT_BALANCE {
			return nil, ErrInvalidGenesis.Wrapf("the payout of hotkey %s is %d", h.Address, h.Payout)
		}
		if h.Assets > maxAmount || sum+h.Assets > maxAmount {
			return nil, ErrInvalidGenesis.Wrapf("hotkey %s takes the stake above %d rao", h.Address, uint64(maxAmount))
		}
		sum += h.Assets
		known[h.Address] = h
	}
	for _, h := range gs.Hotkeys {
		if _, also := known[h.Coldkey]; also {
			return nil, ErrInvalidGenesis.Wrapf("%s is a hotkey and the coldkey of %s", h.Coldkey, h.Address)
		}
	}
	return known, nil
}

func (gs GenesisState) validateNeurons(known map[string]Hotkey) error {
	type place struct {
		subnet uint64
		hotkey string
	}
	seen := make(map[place]bool)
	owed := uint64(0)
	var last *Neuron
	for i := range gs.Neurons {
		n := &gs.Neurons[i]
		if n.Subnet == 0 || n.Uid >= MaxUids {
			return ErrInvalidGenesis.Wrapf("uid %d of subnet %d: subnets begin at 1, uids end at %d", n.Uid, n.Subnet, MaxUids-1)
		}
		if last != nil && (n.Subnet < last.Subnet || (n.Subnet == last.Subnet && n.Uid <= last.Uid)) {
			return ErrInvalidGenesis.Wrapf("uid %d of subnet %d is out of order or comes twice", n.Uid, n.Subnet)
		}
		last = n
		if _, ok := known[n.Hotkey]; !ok {
			return ErrInvalidGenesis.Wrapf("uid %d of subnet %d: hotkey %q is unknown", n.Uid, n.Subnet, n.Hotkey)
		}
		if seen[place{n.Subnet, n.Hotkey}] {
			return ErrInvalidGenesis.Wrapf("hotkey %s has two uids in subnet %d", n.Hotkey, n.Subnet)
		}
		seen[place{n.Subnet, n.Hotkey}] = true
		if n.Registered == Vacant || n.OwedIncentive > maxAmount || n.OwedDividends > maxAmount || n.RecentPay > maxAmount {
			return ErrInvalidGenesis.Wrapf("uid %d of subnet %d: registered %d, owed %d and %d rao, recent pay %d: heights are below %d, amounts at most %d",
				n.Uid, n.Subnet, n.Registered, n.OwedIncentive, n.OwedDividends, n.RecentPay, uint64(Vacant), uint64(maxAmount))
		}
		if owed += n.OwedIncentive + n.OwedDividends; owed > maxAmount { // three times maxAmount fit
			return ErrInvalidGenesis.Wrapf("uid %d of subnet %d takes what is owed to %d rao, the bound is %d", n.Uid, n.Subnet, owed, uint64(maxAmount))
		}
		if n.Axon != nil {
			if err := n.Axon.Validate(); err != nil {
				return ErrInvalidGenesis.Wrapf("uid %d of subnet %d: %s", n.Uid, n.Subnet, err)
			}
		}
	}
	return nil
}

// validateSizes checks that sizes are above the uids of their subnets.
func (gs GenesisState) validateSizes(map[string]Hotkey) error {
	uids := make(map[uint64]uint32) // of the last neurons: they are in order
	for _, n := range gs.Neurons {
		uids[n.Subnet] = n.Uid + 1
	}
	last := uint64(0)
	for _, s := range gs.Sizes {
		if s.Subnet <= last {
			return ErrInvalidGenesis.Wrapf("the size of subnet %d comes after that of %d, subnets must rise from 1", s.Subnet, last)
		}
		last = s.Subnet
		if s.Size_ <= uids[s.Subnet] || s.Size_ > MaxUids {
			return ErrInvalidGenesis.Wrapf("the size of subnet %d is %d, the range is %d..%d", s.Subnet, s.Size_, uids[s.Subnet]+1, MaxUids)
		}
	}
	return nil
}

func (gs GenesisState) validatePositions(known map[string]Hotkey) error {
	sums := make(map[string]pool.Shares, len(known))
	seen := make(map[[2]string]bool)
	for _, p := range gs.Positions {
		if err := addresses(p.Hotkey, p.Coldkey); err != nil {
			return ErrInvalidGenesis.Wrapf("position of %q at %q: %s", p.Coldkey, p.Hotkey, err)
		}
		if _, ok := known[p.Hotkey]; !ok {
			return ErrInvalidGenesis.Wrapf("position of %s: hotkey %s is unknown", p.Coldkey, p.Hotkey)
		}
		if _, also := known[p.Coldkey]; also {
			return ErrInvalidGenesis.Wrapf("%s is a hotkey and has stake at %s", p.Coldkey, p.Hotkey)
		}
		if seen[[2]string{p.Hotkey, p.Coldkey}] {
			return ErrInvalidGenesis.Wrapf("position of %s at %s comes twice", p.Coldkey, p.Hotkey)
		}
		seen[[2]string{p.Hotkey, p.Coldkey}] = true
		shares, err := pool.ParseShares(p.Shares)
		if err != nil || shares.IsZero() {
			return ErrInvalidGenesis.Wrapf("position of %s at %s: %q shares", p.Coldkey, p.Hotkey, p.Shares)
		}
		if sums[p.Hotkey], err = sums[p.Hotkey].Add(shares); err != nil {
			return ErrInvalidGenesis.Wrapf("hotkey %s: %s", p.Hotkey, err)
		}
	}
	for _, h := range gs.Hotkeys {
		shares, err := pool.ParseShares(h.Shares)
		if err != nil {
			return ErrInvalidGenesis.Wrapf("hotkey %s: %s", h.Address, err)
		}
		if shares != sums[h.Address] {
			return ErrInvalidGenesis.Wrapf("hotkey %s has %s shares, its positions %s", h.Address, shares, sums[h.Address])
		}
		if shares.IsZero() && h.Assets != 0 {
			return ErrInvalidGenesis.Wrapf("hotkey %s has %d rao and no shares", h.Address, h.Assets)
		}
		// A share is worth a millionth of a rao at first and never less afterwards.
		hi, lo := bits.Mul64(h.Assets, pool.VirtualShares)
		if most := (pool.Shares{Hi: hi, Lo: lo}); shares.Cmp(most) > 0 {
			return ErrInvalidGenesis.Wrapf("hotkey %s has %s shares of %d rao, the bound is %s", h.Address, shares, h.Assets, most)
		}
	}
	return nil
}

func (gs GenesisState) validateUnbondings(known map[string]Hotkey) error {
	last, sum := uint64(0), uint64(0)
	for _, u := range gs.Unbondings {
		if u.Id <= last || u.Id >= gs.NextUnbonding {
			return ErrInvalidGenesis.Wrapf("unbonding %d: ids must rise and be below next_unbonding %d", u.Id, gs.NextUnbonding)
		}
		last = u.Id
		if err := addresses(u.Hotkey, u.Coldkey); err != nil {
			return ErrInvalidGenesis.Wrapf("unbonding %d: %s", u.Id, err)
		}
		if _, also := known[u.Coldkey]; also {
			return ErrInvalidGenesis.Wrapf("unbonding %d goes to %s, which is a hotkey", u.Id, u.Coldkey)
		}
		if u.Amount == 0 || u.Amount > maxAmount || sum+u.Amount > maxAmount {
			return ErrInvalidGenesis.Wrapf("unbonding %d: %d rao", u.Id, u.Amount)
		}
		sum += u.Amount
	}
	if gs.NextUnbonding == 0 {
		return ErrInvalidGenesis.Wrap("next_unbonding is 0, ids begin at 1")
	}
	return nil
}

func (gs GenesisState) validateRest(map[string]Hotkey) error {
	swaps := make(map[string]bool)
	for _, s := range gs.Swaps {
		if err := addresses(s.Coldkey, s.NewColdkey); err != nil {
			return ErrInvalidGenesis.Wrapf("swap of %q: %s", s.Coldkey, err)
		}
		if swaps[s.Coldkey] { // one to a hotkey is cancelled when it is due
			return ErrInvalidGenesis.Wrapf("swap of %s comes twice", s.Coldkey)
		}
		swaps[s.Coldkey] = true
	}
	last := uint64(0)
	for _, p := range gs.Prices {
		if p.Subnet <= last || p.Price > maxAmount {
			return ErrInvalidGenesis.Wrapf("price of subnet %d: %d rao, subnets must rise from 1", p.Subnet, p.Price)
		}
		last = p.Subnet
	}
	identities := make(map[string]bool)
	for _, i := range gs.Identities {
		if _, err := account(i.Coldkey); err != nil || identities[i.Coldkey] {
			return ErrInvalidGenesis.Wrapf("identity of %q: no address, or it comes twice", i.Coldkey)
		}
		identities[i.Coldkey] = true
		if err := i.Identity.Validate(); err != nil || i.Identity.IsEmpty() {
			return ErrInvalidGenesis.Wrapf("identity of %s is empty or invalid: %v", i.Coldkey, err)
		}
	}
	last = 0
	for _, s := range gs.Settled {
		if s.Subnet <= last || s.Uid >= MaxUids {
			return ErrInvalidGenesis.Wrapf("settlement of subnet %d: uid %d is next, subnets must rise from 1, uids end at %d", s.Subnet, s.Uid, MaxUids-1)
		}
		last = s.Subnet
	}
	return nil
}

// addresses checks two addresses that must differ.
func addresses(a, b string) error {
	first, err := account(a)
	if err != nil {
		return err
	}
	second, err := account(b)
	if err != nil {
		return err
	}
	if bytes.Equal(first, second) {
		return ErrUnsuitableKey.Wrapf("hotkey and coldkey are the same: %s", hex.EncodeToString(first))
	}
	return nil
}

// account reads an address in its one spelling.
func account(text string) (sdk.AccAddress, error) {
	addr, err := subnettypes.Canonical(text)
	if err != nil {
		err = ErrInvalidAddress.Wrapf("%q: %s", text, err)
	}
	return addr, err
}
