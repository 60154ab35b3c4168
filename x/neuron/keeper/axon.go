package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/types"
)

// CheckServe runs all checks of MsgServe and changes nothing.
func (k *Keeper) CheckServe(ctx context.Context, msg *types.MsgServe) error {
	_, _, err := k.checkServe(ctx, msg)
	return err
}

func (k *Keeper) checkServe(ctx context.Context, msg *types.MsgServe) (uid uint32, axon types.Axon, err error) {
	hotkey, err := address("hotkey", msg.Hotkey)
	if err != nil {
		return 0, axon, err
	}
	axon = types.Axon{
		Host: msg.Host, Port: msg.Port, Version: msg.Version, Fingerprint: msg.Fingerprint,
		ModelHash: msg.ModelHash, Prices: msg.Prices, Height: height(ctx),
	}
	if err := axon.Validate(); err != nil {
		return 0, axon, err
	}
	h, err := k.subnets.Hyperparameters(ctx, msg.Subnet)
	if err != nil {
		return 0, axon, err
	}
	if uid, err = k.registered(ctx, msg.Subnet, hotkey); err != nil {
		return 0, axon, err
	}
	old, err := k.Axons.Get(ctx, collections.Join(msg.Subnet, uid))
	if errors.Is(err, collections.ErrNotFound) {
		return uid, axon, nil
	}
	now := height(ctx)
	if sdk.UnwrapSDKContext(ctx).IsCheckTx() {
		now++ // a check means the next block
	}
	if next := old.Height + h.ServingRateLimit; err == nil && now < next {
		err = types.ErrTooSoon.Wrapf("an axon record changes every %d blocks, this again at height %d", h.ServingRateLimit, next)
	}
	return uid, axon, err
}

// Serve publishes an axon.
func (s msgServer) Serve(ctx context.Context, msg *types.MsgServe) (*types.MsgServeResponse, error) {
	uid, axon, err := s.checkServe(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.Axons.Set(ctx, collections.Join(msg.Subnet, uid), axon); err != nil {
		return nil, err
	}
	return &types.MsgServeResponse{}, emit(ctx, &types.EventServed{
		Subnet: msg.Subnet, Uid: uid, Hotkey: msg.Hotkey, Host: msg.Host, Port: msg.Port,
	})
}

// Retire takes an axon down.
func (s msgServer) Retire(ctx context.Context, msg *types.MsgRetire) (*types.MsgRetireResponse, error) {
	hotkey, err := address("hotkey", msg.Hotkey)
	if err != nil {
		return nil, err
	}
	uid, err := s.registered(ctx, msg.Subnet, hotkey)
	if err != nil {
		return nil, err
	}
	key := collections.Join(msg.Subnet, uid)
	if has, err := s.Axons.Has(ctx, key); err != nil {
		return nil, err
	} else if !has {
		return nil, types.ErrInvalidAxon.Wrapf("uid %d of subnet %d serves nothing", uid, msg.Subnet)
	}
	if err := s.Axons.Remove(ctx, key); err != nil {
		return nil, err
	}
	return &types.MsgRetireResponse{}, emit(ctx, &types.EventRetired{Subnet: msg.Subnet, Uid: uid, Hotkey: msg.Hotkey})
}

// Endpoints lists where the neurons of a subnet serve, by uid, as host:port.
func (k *Keeper) Endpoints(ctx context.Context, subnet uint64) (map[uint32]string, error) {
	endpoints := make(map[uint32]string)
	err := k.Axons.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, a types.Axon) (bool, error) {
		endpoints[key.K2()] = a.Endpoint()
		return false, nil
	})
	return endpoints, err
}

// SetIdentity says who a coldkey is.
func (s msgServer) SetIdentity(ctx context.Context, msg *types.MsgSetIdentity) (*types.MsgSetIdentityResponse, error) {
	coldkey, err := address("coldkey", msg.Coldkey)
	if err != nil {
		return nil, err
	}
	if err := msg.Identity.Validate(); err != nil {
		return nil, err
	}
	if msg.Identity.IsEmpty() {
		err = s.Identities.Remove(ctx, coldkey)
	} else {
		err = s.Identities.Set(ctx, coldkey, msg.Identity)
	}
	if err != nil {
		return nil, fmt.Errorf("identity of %s: %w", msg.Coldkey, err)
	}
	return &types.MsgSetIdentityResponse{}, emit(ctx, &types.EventIdentitySet{Coldkey: msg.Coldkey, Name: msg.Identity.Name})
}
