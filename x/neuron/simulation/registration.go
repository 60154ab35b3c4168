package simulation

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"

	"github.com/taonet/taonet/x/neuron/keeper"
	"github.com/taonet/taonet/x/neuron/types"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
)

// maxSubnet bounds the ids that registrations try.
const maxSubnet = 16

// refusedWith accepts success and the named refusals, which the state alone
// decides; every other error ends the simulation.
func refusedWith(allowed ...error) simsx.SimDeliveryResultHandler {
	return func(err error) error {
		for _, a := range allowed {
			if errors.Is(err, a) {
				return nil
			}
		}
		return err
	}
}

// consents signs what a hotkey agrees to; subnet is 0 for a swap.
func consents(ctx context.Context, hotkey simtypes.Account, coldkey []byte, subnet, expiry uint64) (*codectypes.Any, []byte) {
	doc := types.ConsentBytes(sdk.UnwrapSDKContext(ctx).ChainID(), coldkey, hotkey.Address, subnet, expiry)
	signature, err := hotkey.PrivKey.Sign(doc)
	must(err)
	key, err := codectypes.NewAnyWithValue(hotkey.PubKey)
	must(err)
	return key, signature
}

// fresh finds a key that is no hotkey.
func fresh(ctx context.Context, k *keeper.Keeper, r *simsx.XRand, hotkeys *subnetsim.Hotkeys) (key simtypes.Account, ok bool) {
	for _, key := range hotkeys.Shuffled(r) {
		known, err := k.IsHotkey(ctx, key.Address)
		must(err)
		if !known {
			return key, true
		}
	}
	return key, false
}

// candidate finds a key that coldkey may register in a subnet: one of its own that
// is not there yet, or a fresh one.
func candidate(
	ctx context.Context, k *keeper.Keeper, r *simsx.XRand, hotkeys *subnetsim.Hotkeys, coldkey string, subnet uint64,
) (key simtypes.Account, ok bool) {
	if r.Intn(3) == 0 {
		return fresh(ctx, k, r, hotkeys)
	}
	for _, key := range hotkeys.Shuffled(r) {
		h, err := k.Hotkeys.Get(ctx, key.Address)
		if errors.Is(err, collections.ErrNotFound) || (err == nil && h.Coldkey == coldkey) {
			if _, there, err := k.UID(ctx, subnet, key.Address); err == nil && !there {
				return key, true
			}
		}
	}
	return key, false
}

// MsgRegisterFactory buys uids; hotkeys consent by a signature.
func MsgRegisterFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgRegister, simsx.SimDeliveryResultHandler) {
		r := data.Rand()
		from, ok := richer(data, reporter)
		if !ok {
			return nil, nil, nil
		}
		prices := make(map[uint64]uint64)
		var subnets []uint64
		for id := uint64(1); id <= maxSubnet; id++ {
			if res, err := keeper.NewQueryServer(k).Price(ctx, &types.QueryPriceRequest{Subnet: id}); err == nil {
				subnets, prices[id] = append(subnets, id), res.Price
			}
		}
		subnet, ok := one(r, reporter, subnets, "no subnet")
		if !ok {
			return nil, nil, nil
		}
		price := prices[subnet]
		if from.LiquidBalance().AmountOf(types.Denom).LTE(rao(price).Amount) {
			reporter.Skip("too expensive")
			return nil, nil, nil
		}
		hotkey, ok := candidate(ctx, k, r, hotkeys, from.AddressBech32, subnet)
		if !ok {
			reporter.Skip("no key is left to register")
			return nil, nil, nil
		}
		from.LiquidBalance().BlockAmount(rao(price))
		subnetsim.KeepForFee(&from)
		expiry := height(ctx) + uint64(r.Intn(100))
		key, signature := consents(ctx, hotkey, from.Address, subnet, expiry)
		return []simsx.SimAccount{from}, &types.MsgRegister{
			Coldkey: from.AddressBech32, Hotkey: key, Subnet: subnet, MaxPrice: rao(price + uint64(r.Intn(10))),
			Expiry: expiry, Consent: signature,
		}, refusedWith(types.ErrClosed, types.ErrSubnetDissolving, types.ErrAllImmune)
	})
}

// registration is a uid whose hotkey's coldkey is an account of the simulator.
type registration struct {
	hotkey types.Hotkey
	subnet uint64
}

func registrations(ctx context.Context, k *keeper.Keeper, data *simsx.ChainDataSource) (list []registration) {
	for _, h := range owned(ctx, k, data) {
		addr := sdk.MustAccAddressFromBech32(h.Address)
		must(k.Registrations.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](addr),
			func(key collections.Pair[[]byte, uint64], _ uint32) (bool, error) {
				list = append(list, registration{h, key.K2()})
				return false, nil
			}))
	}
	return list
}

// MsgDeregisterFactory gives uids up.
func MsgDeregisterFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgDeregister] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgDeregister) {
		n, ok := one(data.Rand(), reporter, registrations(ctx, k, data), "nobody is registered")
		if !ok {
			return nil, nil
		}
		return coldkey(data, reporter, n.hotkey.Coldkey), &types.MsgDeregister{
			Coldkey: n.hotkey.Coldkey, Hotkey: n.hotkey.Address, Subnet: n.subnet,
		}
	}
}

// MsgSwapHotkeyFactory exchanges hotkeys for fresh keys.
func MsgSwapHotkeyFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys) simsx.SimMsgFactoryFn[*types.MsgSwapHotkey] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSwapHotkey) {
		r := data.Rand()
		h, ok := one(r, reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil
		}
		next, ok := fresh(ctx, k, r, hotkeys)
		if !ok {
			reporter.Skip("no key is left to swap to")
			return nil, nil
		}
		expiry := height(ctx) + uint64(r.Intn(100))
		key, signature := consents(ctx, next, sdk.MustAccAddressFromBech32(h.Coldkey), 0, expiry)
		return coldkey(data, reporter, h.Coldkey), &types.MsgSwapHotkey{
			Coldkey: h.Coldkey, Hotkey: h.Address, NewHotkey: key, Expiry: expiry, Consent: signature,
		}
	}
}

// MsgSwapColdkeyFactory asks for changes of owner.
func MsgSwapColdkeyFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgSwapColdkey] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSwapColdkey) {
		h, ok := one(data.Rand(), reporter, owned(ctx, k, data), "no hotkey")
		if !ok {
			return nil, nil
		}
		pending, err := k.Swaps.Has(ctx, sdk.MustAccAddressFromBech32(h.Coldkey))
		must(err)
		if pending {
			reporter.Skip("a swap has been asked for")
			return nil, nil
		}
		next := data.AnyAccountN(20, reporter, simsx.SimAccountFilterFn(func(a simsx.SimAccount) bool {
			return k.MayReceive(ctx, a.Address) == nil
		}))
		if reporter.IsSkipped() {
			return nil, nil
		}
		return coldkey(data, reporter, h.Coldkey), &types.MsgSwapColdkey{Coldkey: h.Coldkey, NewColdkey: next.AddressBech32}
	}
}

// MsgCancelColdkeySwapFactory takes swaps back.
func MsgCancelColdkeySwapFactory(k *keeper.Keeper) simsx.SimMsgFactoryFn[*types.MsgCancelColdkeySwap] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgCancelColdkeySwap) {
		var swaps []types.ColdkeySwap
		must(k.Swaps.Walk(ctx, nil, func(_ []byte, s types.ColdkeySwap) (bool, error) {
			if data.HasAccount(s.Coldkey) {
				swaps = append(swaps, s)
			}
			return false, nil
		}))
		swap, ok := one(data.Rand(), reporter, swaps, "no swap has been asked for")
		if !ok {
			return nil, nil
		}
		return coldkey(data, reporter, swap.Coldkey), &types.MsgCancelColdkeySwap{Coldkey: swap.Coldkey}
	}
}
