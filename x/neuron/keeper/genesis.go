package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/types"
)

// InitGenesis loads the state. It fails when the module's accounts do not hold
// exactly the pools and the unbondings.
func (k *Keeper) InitGenesis(ctx context.Context, gs *types.GenesisState) error {
	if err := gs.Validate(); err != nil {
		return err
	}
	if err := k.checkOthers(ctx, gs); err != nil {
		return err
	}
	if err := errors.Join(k.Params.Set(ctx, gs.Params), k.NextUnbonding.Set(ctx, gs.NextUnbonding)); err != nil {
		return err
	}
	stakes := make(map[string]uint64, len(gs.Hotkeys))
	for _, h := range gs.Hotkeys {
		coldkey, hotkey, err := pairOf(h.Coldkey, h.Address)
		if err != nil {
			return err
		}
		stakes[h.Address] = h.Assets
		if err := errors.Join(
			k.Hotkeys.Set(ctx, hotkey, h),
			k.Owned.Set(ctx, collections.Join([]byte(coldkey), []byte(hotkey))),
			k.subnets.StakeChanged(ctx, hotkey),
		); err != nil {
			return err
		}
	}
	if err := k.initNeurons(ctx, gs, stakes); err != nil {
		return err
	}
	for _, p := range gs.Positions {
		coldkey, hotkey, err := pairOf(p.Coldkey, p.Hotkey)
		if err != nil {
			return err
		}
		p.Value = 0
		if err := errors.Join(
			k.Positions.Set(ctx, collections.Join([]byte(hotkey), []byte(coldkey)), p),
			k.PositionsByColdkey.Set(ctx, collections.Join([]byte(coldkey), []byte(hotkey))),
		); err != nil {
			return err
		}
	}
	for _, u := range gs.Unbondings {
		coldkey, hotkey, err := pairOf(u.Coldkey, u.Hotkey)
		if err != nil {
			return err
		}
		if err := k.setUnbonding(ctx, hotkey, coldkey, u); err != nil {
			return err
		}
	}
	if err := k.initRest(ctx, gs); err != nil {
		return err
	}
	if err := k.subnets.Recount(ctx, len(gs.Hotkeys)); err != nil {
		return err
	}
	return k.Invariant(ctx)
}

// checkOthers checks a genesis against other modules: every subnet exists, and
// nothing is due to an account that cannot receive.
func (k *Keeper) checkOthers(ctx context.Context, gs *types.GenesisState) error {
	known := make(map[uint64]bool)
	exists := func(subnet uint64, what string) error {
		if known[subnet] {
			return nil
		}
		if _, err := k.subnets.Subnet(ctx, subnet); err != nil {
			return types.ErrInvalidGenesis.Wrapf("there is %s of subnet %d, which does not exist", what, subnet)
		}
		known[subnet] = true
		return nil
	}
	for _, n := range gs.Neurons {
		if err := exists(n.Subnet, "a neuron"); err != nil {
			return err
		}
	}
	for _, s := range gs.Sizes {
		if err := exists(s.Subnet, "a size"); err != nil {
			return err
		}
	}
	for _, p := range gs.Prices {
		if err := exists(p.Subnet, "a price"); err != nil {
			return err
		}
	}
	for _, s := range gs.Settled {
		if err := exists(s.Subnet, "a settlement"); err != nil {
			return err
		}
	}
	return k.checkColdkeys(gs)
}

// checkColdkeys checks that every coldkey can be paid.
func (k *Keeper) checkColdkeys(gs *types.GenesisState) error {
	var coldkeys []string
	for _, h := range gs.Hotkeys {
		coldkeys = append(coldkeys, h.Coldkey)
	}
	for _, p := range gs.Positions {
		coldkeys = append(coldkeys, p.Coldkey)
	}
	for _, u := range gs.Unbondings {
		coldkeys = append(coldkeys, u.Coldkey)
	}
	for _, s := range gs.Swaps {
		coldkeys = append(coldkeys, s.NewColdkey)
	}
	for _, text := range coldkeys {
		coldkey, err := address("coldkey", text)
		if err != nil {
			return err
		}
		if k.bank.BlockedAddr(coldkey) {
			return types.ErrInvalidGenesis.Wrapf("the coldkey %s is a module's account and cannot be paid", text)
		}
	}
	return nil
}

// initNeurons writes uids and columns of all subnets.
func (k *Keeper) initNeurons(ctx context.Context, gs *types.GenesisState, stakes map[string]uint64) error {
	sizes := make(map[uint64]int, len(gs.Sizes))
	for _, s := range gs.Sizes {
		sizes[s.Subnet] = int(s.Size_)
	}
	for neurons := gs.Neurons; len(neurons) > 0; {
		subnet, count := neurons[0].Subnet, 0
		for count < len(neurons) && neurons[count].Subnet == subnet {
			count++
		}
		n := max(int(neurons[count-1].Uid)+1, sizes[subnet])
		if err := k.initSubnet(ctx, subnet, n, neurons[:count], stakes); err != nil {
			return err
		}
		delete(sizes, subnet)
		neurons = neurons[count:]
	}
	for _, s := range gs.Sizes {
		if n, empty := sizes[s.Subnet]; empty {
			if err := k.initSubnet(ctx, s.Subnet, n, nil, stakes); err != nil {
				return err
			}
		}
	}
	return nil
}

// initSubnet writes the n uids of a subnet. Those that genesis leaves out are vacant.
func (k *Keeper) initSubnet(ctx context.Context, subnet uint64, n int, neurons []types.Neuron, stakes map[string]uint64) error {
	columns := make([][]uint64, recentColumn+1)
	for kind := range columns {
		columns[kind] = make([]uint64, n)
	}
	for uid := range n {
		columns[registeredColumn][uid] = types.Vacant
	}
	for _, neuron := range neurons {
		if err := k.initNeuron(ctx, neuron); err != nil {
			return err
		}
		columns[stakeColumn][neuron.Uid] = stakes[neuron.Hotkey]
		columns[registeredColumn][neuron.Uid] = neuron.Registered
		columns[incentiveColumn][neuron.Uid] = neuron.OwedIncentive
		columns[dividendsColumn][neuron.Uid] = neuron.OwedDividends
		columns[recentColumn][neuron.Uid] = neuron.RecentPay
	}
	for kind, values := range columns {
		if err := k.setColumn(ctx, subnet, uint32(kind), values); err != nil {
			return err
		}
	}
	return k.Sizes.Set(ctx, subnet, uint32(n))
}

func (k *Keeper) initNeuron(ctx context.Context, n types.Neuron) error {
	hotkey, err := address("hotkey", n.Hotkey)
	if err != nil {
		return err
	}
	coldkey, known, err := k.Coldkey(ctx, hotkey)
	if err != nil || !known {
		return errors.Join(err, types.ErrUnknownHotkey.Wrapf("uid %d of subnet %d is %s", n.Uid, n.Subnet, n.Hotkey))
	}
	err = errors.Join(
		k.OwnedUids.Set(ctx, collections.Join3(n.Subnet, []byte(coldkey), n.Uid)),
		k.Neurons.Set(ctx, collections.Join(n.Subnet, n.Uid), hotkey),
		k.Registrations.Set(ctx, collections.Join([]byte(hotkey), n.Subnet), n.Uid),
	)
	if err == nil && n.Axon != nil {
		err = k.Axons.Set(ctx, collections.Join(n.Subnet, n.Uid), *n.Axon)
	}
	return err
}

func (k *Keeper) initRest(ctx context.Context, gs *types.GenesisState) error {
	for _, s := range gs.Swaps {
		coldkey, err := address("coldkey", s.Coldkey)
		if err != nil {
			return err
		}
		if err := k.setSwap(ctx, coldkey, s); err != nil {
			return err
		}
	}
	for _, p := range gs.Prices {
		if err := k.Prices.Set(ctx, p.Subnet, p); err != nil {
			return err
		}
	}
	for _, i := range gs.Identities {
		coldkey, err := address("coldkey", i.Coldkey)
		if err != nil {
			return err
		}
		if err := k.Identities.Set(ctx, coldkey, i.Identity); err != nil {
			return err
		}
	}
	for _, s := range gs.Settled {
		if err := k.Settled.Set(ctx, s.Subnet, s.Uid); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis writes the state.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	gs := &types.GenesisState{}
	var err error
	if gs.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if gs.NextUnbonding, err = k.NextUnbonding.Get(ctx); err != nil {
		return nil, err
	}
	err = errors.Join(
		k.Hotkeys.Walk(ctx, nil, func(_ []byte, h types.Hotkey) (bool, error) {
			gs.Hotkeys = append(gs.Hotkeys, h)
			return false, nil
		}),
		k.exportNeurons(ctx, gs),
		k.exportSizes(ctx, gs),
		k.Positions.Walk(ctx, nil, func(_ addrPair, p types.Position) (bool, error) {
			gs.Positions = append(gs.Positions, p)
			return false, nil
		}),
		k.Unbondings.Walk(ctx, nil, func(_ uint64, u types.Unbonding) (bool, error) {
			gs.Unbondings = append(gs.Unbondings, u)
			return false, nil
		}),
		k.Swaps.Walk(ctx, nil, func(_ []byte, s types.ColdkeySwap) (bool, error) {
			gs.Swaps = append(gs.Swaps, s)
			return false, nil
		}),
		k.Prices.Walk(ctx, nil, func(_ uint64, p types.RegistrationPrice) (bool, error) {
			gs.Prices = append(gs.Prices, p)
			return false, nil
		}),
		k.Identities.Walk(ctx, nil, func(addr []byte, i types.Identity) (bool, error) {
			gs.Identities = append(gs.Identities, types.IdentityEntry{Coldkey: sdk.AccAddress(addr).String(), Identity: i})
			return false, nil
		}),
		k.Settled.Walk(ctx, nil, func(subnet uint64, uid uint32) (bool, error) {
			gs.Settled = append(gs.Settled, types.SettleCursor{Subnet: subnet, Uid: uid})
			return false, nil
		}),
	)
	return gs, err
}

func (k *Keeper) exportNeurons(ctx context.Context, gs *types.GenesisState) error {
	var columns types.Columns
	var loaded uint64
	return k.Neurons.Walk(ctx, nil, func(key place, hotkey []byte) (bool, error) {
		subnet, uid := key.K1(), key.K2()
		if loaded != subnet {
			var err error
			if columns, err = k.Columns(ctx, subnet); err != nil {
				return true, err
			}
			loaded = subnet
		}
		n := types.Neuron{
			Subnet: subnet, Uid: uid, Hotkey: sdk.AccAddress(hotkey).String(), Registered: columns.Registered[uid],
			OwedIncentive: columns.OwedIncentive[uid], OwedDividends: columns.OwedDividends[uid],
			RecentPay: columns.RecentPay[uid],
		}
		axon, err := k.Axons.Get(ctx, key)
		if err == nil {
			n.Axon = &axon
		} else if errors.Is(err, collections.ErrNotFound) {
			err = nil
		}
		gs.Neurons = append(gs.Neurons, n)
		return false, err
	})
}

// exportSizes writes the sizes that the neurons do not show.
func (k *Keeper) exportSizes(ctx context.Context, gs *types.GenesisState) error {
	return k.Sizes.Walk(ctx, nil, func(subnet uint64, n uint32) (bool, error) {
		shown, err := k.Neurons.Has(ctx, collections.Join(subnet, n-1))
		if !shown {
			gs.Sizes = append(gs.Sizes, types.SubnetSize{Subnet: subnet, Size_: n})
		}
		return false, err
	})
}

// Owed is what all neurons have earned and not been paid, in rao.
func (k *Keeper) Owed(ctx context.Context) (uint64, error) {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return 0, err
	}
	_, _, owed := gs.Totals()
	return owed, nil
}

// Invariant checks the state as a genesis (bijections, shares), that claims are
// covered, that stake columns show the pools, that hotkeys hold nothing, that the
// module's accounts hold exactly the pools and the unbondings, and that every index
// says what it is an index of.
func (k *Keeper) Invariant(ctx context.Context) error {
	gs, err := k.ExportGenesis(ctx)
	if err != nil {
		return err
	}
	if err := gs.Validate(); err != nil {
		return types.ErrInvariant.Wrap(err.Error())
	}
	assets, unbonding, _ := gs.Totals()
	for _, account := range []struct {
		name string
		owes uint64
	}{{types.ModuleName, assets}, {types.UnbondingName, unbonding}} {
		holds := k.bank.GetBalance(ctx, k.accounts.GetModuleAddress(account.name), types.Denom).Amount
		if !holds.Equal(coins(account.owes).AmountOf(types.Denom)) {
			return types.ErrInvariant.Wrapf("the account %s holds %s rao, it owes %d", account.name, holds, account.owes)
		}
	}
	pools := make(map[string]uint64, len(gs.Hotkeys))
	for _, h := range gs.Hotkeys {
		pools[h.Address] = h.Assets
		hotkey, err := address("hotkey", h.Address)
		if err != nil {
			return err
		}
		if held := k.bank.GetAllBalances(ctx, hotkey); !held.IsZero() {
			return types.ErrInvariant.Wrapf("the hotkey %s holds %s, it must hold nothing", h.Address, held)
		}
	}
	claims := make(map[string]uint64, len(gs.Hotkeys))
	for _, p := range gs.Positions {
		coldkey, hotkey, err := pairOf(p.Coldkey, p.Hotkey)
		if err != nil {
			return err
		}
		v, err := k.valued(ctx, hotkey, coldkey)
		if err != nil {
			return err
		}
		if claims[p.Hotkey] += v.Value; claims[p.Hotkey] > pools[p.Hotkey] {
			return types.ErrInvariant.Wrapf("claims on the pool of %s are above its %d rao", p.Hotkey, pools[p.Hotkey])
		}
	}
	for _, n := range gs.Neurons {
		shown, err := k.StakeAt(ctx, n.Subnet, uint16(n.Uid))
		if err != nil {
			return err
		}
		if shown != pools[n.Hotkey] {
			return types.ErrInvariant.Wrapf("uid %d of subnet %d shows %d rao, its pool has %d", n.Uid, n.Subnet, shown, pools[n.Hotkey])
		}
	}
	return k.indexInvariant(ctx, gs)
}
