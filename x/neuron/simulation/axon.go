package simulation

import (
	"context"
	"crypto/sha256"
	"fmt"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"

	"github.com/taonet/taonet/x/neuron/keeper"
	"github.com/taonet/taonet/x/neuron/types"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
)

// place is a uid whose hotkey's key the simulation has.
type place struct {
	subnet uint64
	uid    uint32
	hotkey []byte
	signer simsx.SimAccount
}

// places lists the uids for which want is true.
func places(
	ctx context.Context, k *keeper.Keeper, hotkeys *subnetsim.Hotkeys, data *simsx.ChainDataSource, reporter simsx.SimulationReporter,
	want func(key collections.Pair[uint64, uint32]) bool,
) (list []place) {
	must(k.Neurons.Walk(ctx, nil, func(key collections.Pair[uint64, uint32], hotkey []byte) (bool, error) {
		if signer, ok := hotkeys.Signer(data, reporter, hotkey); ok && want(key) {
			list = append(list, place{key.K1(), key.K2(), hotkey, signer})
		}
		return false, nil
	}))
	return list
}

// MsgServeFactory publishes axons.
func MsgServeFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys) simsx.SimMsgFactoryX {
	return simsx.NewSimMsgFactoryWithDeliveryResultHandler(func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgServe, simsx.SimDeliveryResultHandler) {
		r := data.Rand()
		list := places(ctx, k, hotkeys, data, reporter, func(collections.Pair[uint64, uint32]) bool { return true })
		p, ok := one(r, reporter, list, "nobody is registered")
		if !ok {
			return nil, nil, nil
		}
		tls := sha256.Sum256([]byte(r.StringN(20)))
		msg := &types.MsgServe{
			Hotkey: p.signer.AddressBech32, Subnet: p.subnet, Host: fmt.Sprintf("10.%d.%d.1", r.Intn(256), r.Intn(256)),
			Port: uint32(1 + r.Intn(65_535)), Version: uint32(r.Intn(5)), Fingerprint: tls[:],
		}
		if r.Bool() {
			card := sha256.Sum256(tls[:])
			msg.ModelHash = card[:]
		}
		for _, unit := range []string{types.UnitRequest, types.UnitKilobyte, types.UnitKilotoken} {
			if r.Bool() {
				msg.Prices = append(msg.Prices, types.Price{Unit: unit, Amount: uint64(r.Intn(1_000_000))})
			}
		}
		return []simsx.SimAccount{p.signer}, msg, refusedWith(types.ErrTooSoon)
	})
}

// MsgRetireFactory takes axons down.
func MsgRetireFactory(k *keeper.Keeper, hotkeys *subnetsim.Hotkeys) simsx.SimMsgFactoryFn[*types.MsgRetire] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgRetire) {
		list := places(ctx, k, hotkeys, data, reporter, func(key collections.Pair[uint64, uint32]) bool {
			serves, err := k.Axons.Has(ctx, key)
			must(err)
			return serves
		})
		p, ok := one(data.Rand(), reporter, list, "nobody serves")
		if !ok {
			return nil, nil
		}
		return []simsx.SimAccount{p.signer}, &types.MsgRetire{Hotkey: p.signer.AddressBech32, Subnet: p.subnet}
	}
}

// MsgSetIdentityFactory says who coldkeys are, and lets some forget it.
func MsgSetIdentityFactory() simsx.SimMsgFactoryFn[*types.MsgSetIdentity] {
	return func(_ context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *types.MsgSetIdentity) {
		r := data.Rand()
		who := data.AccountAt(reporter, r.Intn(data.AccountsCount())).AddressBech32
		msg := &types.MsgSetIdentity{Coldkey: who}
		if r.Intn(5) > 0 {
			msg.Identity = types.Identity{Name: r.StringN(20), Url: "https://" + r.StringN(10) + ".example", Description: r.StringN(100)}
		}
		return coldkey(data, reporter, who), msg
	}
}
