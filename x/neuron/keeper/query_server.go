package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves queries.
func NewQueryServer(k *Keeper) types.QueryServer { return queryServer{k} }

// grpcError gives an error the code that gRPC and REST callers expect.
func grpcError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, types.ErrInvalidAddress):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, collections.ErrNotFound), errors.Is(err, types.ErrUnknownHotkey),
		errors.Is(err, types.ErrUnknownUID), errors.Is(err, subnettypes.ErrUnknownSubnet):
		return status.Error(codes.NotFound, err.Error())
	}
	return err
}

// neuron gathers what is known of a uid.
func (k *Keeper) neuron(ctx context.Context, subnet subnettypes.Subnet, uid uint32, hotkey []byte) (types.Neuron, error) {
	h, err := k.hotkey(ctx, hotkey)
	if err != nil {
		return types.Neuron{}, err
	}
	n := types.Neuron{Subnet: subnet.Id, Uid: uid, Hotkey: h.Address, Coldkey: h.Coldkey}
	for _, c := range []struct {
		kind uint32
		to   *uint64
	}{
		{stakeColumn, &n.Stake}, {registeredColumn, &n.Registered}, {incentiveColumn, &n.OwedIncentive},
		{dividendsColumn, &n.OwedDividends}, {recentColumn, &n.RecentPay},
	} {
		if *c.to, err = k.cell(ctx, subnet.Id, c.kind, uid); err != nil {
			return n, err
		}
	}
	n.ImmuneUntil = n.Registered + subnet.Hyperparameters.Immunity
	axon, err := k.Axons.Get(ctx, collections.Join(subnet.Id, uid))
	if err == nil {
		n.Axon = &axon
	} else if errors.Is(err, collections.ErrNotFound) {
		err = nil
	}
	return n, err
}

// Params implements types.QueryServer.
func (q queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := q.k.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Hotkey implements types.QueryServer.
func (q queryServer) Hotkey(ctx context.Context, req *types.QueryHotkeyRequest) (*types.QueryHotkeyResponse, error) {
	addr, err := address("hotkey", req.Hotkey)
	if err != nil {
		return nil, grpcError(err)
	}
	h, err := q.k.hotkey(ctx, addr)
	if err != nil {
		return nil, grpcError(err)
	}
	res := &types.QueryHotkeyResponse{Hotkey: h}
	subnets, err := q.k.subnetsOf(ctx, addr)
	if err != nil {
		return nil, err
	}
	for _, id := range subnets {
		subnet, err := q.k.subnets.Subnet(ctx, id)
		if err != nil {
			return nil, grpcError(err)
		}
		uid, _, err := q.k.UID(ctx, id, addr)
		if err != nil {
			return nil, err
		}
		n, err := q.k.neuron(ctx, subnet, uint32(uid), addr)
		if err != nil {
			return nil, err
		}
		res.Neurons = append(res.Neurons, n)
	}
	return res, nil
}

// Hotkeys implements types.QueryServer.
func (q queryServer) Hotkeys(ctx context.Context, req *types.QueryHotkeysRequest) (*types.QueryHotkeysResponse, error) {
	coldkey, err := address("coldkey", req.Coldkey)
	if err != nil {
		return nil, grpcError(err)
	}
	hotkeys, page, err := query.CollectionPaginate(ctx, q.k.Owned, req.Pagination,
		func(key addrPair, _ collections.NoValue) (types.Hotkey, error) { return q.k.hotkey(ctx, key.K2()) },
		query.WithCollectionPaginationPairPrefix[[]byte, []byte](coldkey))
	return &types.QueryHotkeysResponse{Hotkeys: hotkeys, Pagination: page}, err
}

// Neuron implements types.QueryServer.
func (q queryServer) Neuron(ctx context.Context, req *types.QueryNeuronRequest) (*types.QueryNeuronResponse, error) {
	subnet, err := q.k.subnets.Subnet(ctx, req.Subnet)
	if err != nil {
		return nil, grpcError(err)
	}
	hotkey, err := q.k.Neurons.Get(ctx, collections.Join(req.Subnet, req.Uid))
	if err != nil {
		return nil, grpcError(types.ErrUnknownUID.Wrapf("uid %d of subnet %d belongs to nobody", req.Uid, req.Subnet))
	}
	n, err := q.k.neuron(ctx, subnet, req.Uid, hotkey)
	return &types.QueryNeuronResponse{Neuron: n}, grpcError(err)
}

// Neurons implements types.QueryServer.
func (q queryServer) Neurons(ctx context.Context, req *types.QueryNeuronsRequest) (*types.QueryNeuronsResponse, error) {
	subnet, err := q.k.subnets.Subnet(ctx, req.Subnet)
	if err != nil {
		return nil, grpcError(err)
	}
	list, page, err := query.CollectionPaginate(ctx, q.k.Neurons, req.Pagination,
		func(key place, hotkey []byte) (types.Neuron, error) { return q.k.neuron(ctx, subnet, key.K2(), hotkey) },
		query.WithCollectionPaginationPairPrefix[uint64, uint32](req.Subnet))
	return &types.QueryNeuronsResponse{Neurons: list, Pagination: page}, err
}

// Price implements types.QueryServer.
func (q queryServer) Price(ctx context.Context, req *types.QueryPriceRequest) (*types.QueryPriceResponse, error) {
	subnet, err := q.k.subnets.Subnet(ctx, req.Subnet)
	if err != nil {
		return nil, grpcError(err)
	}
	res := &types.QueryPriceResponse{FreeAt: height(ctx)}
	if res.Price, err = q.k.priceNow(ctx, subnet.Id, subnet.Hyperparameters); err != nil {
		return nil, err
	}
	s, ok, err := q.k.nextSlot(ctx, subnet)
	if err != nil {
		return nil, err
	}
	res.Free, res.Replaces, res.NextUid = s.free, s.replaces, s.uid
	if !ok {
		res.FreeAt = s.freeAt
	}
	if s.replaces {
		hotkey, _, err := q.k.HotkeyAt(ctx, subnet.Id, uint16(s.uid))
		if err != nil {
			return nil, err
		}
		res.NextHotkey = sdk.AccAddress(hotkey).String()
	}
	return res, nil
}

// valued returns a position with what it is worth.
func (k *Keeper) valued(ctx context.Context, hotkey, coldkey []byte) (types.Position, error) {
	p, err := k.Positions.Get(ctx, collections.Join(hotkey, coldkey))
	if err != nil {
		return p, err
	}
	h, err := k.hotkey(ctx, hotkey)
	if err != nil {
		return p, err
	}
	held, err := k.position(ctx, hotkey, coldkey)
	if err != nil {
		return p, err
	}
	pool, err := poolOf(h)
	p.Value = pool.Value(held)
	return p, err
}

// Stake implements types.QueryServer.
func (q queryServer) Stake(ctx context.Context, req *types.QueryStakeRequest) (*types.QueryStakeResponse, error) {
	coldkey, hotkey, err := pairOf(req.Coldkey, req.Hotkey)
	if err != nil {
		return nil, grpcError(err)
	}
	p, err := q.k.valued(ctx, hotkey, coldkey)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, status.Errorf(codes.NotFound, "%s has no stake at %s", req.Coldkey, req.Hotkey)
	}
	return &types.QueryStakeResponse{Position: p}, err
}

// Stakes implements types.QueryServer.
func (q queryServer) Stakes(ctx context.Context, req *types.QueryStakesRequest) (*types.QueryStakesResponse, error) {
	coldkey, err := address("coldkey", req.Coldkey)
	if err != nil {
		return nil, grpcError(err)
	}
	list, page, err := query.CollectionPaginate(ctx, q.k.PositionsByColdkey, req.Pagination,
		func(key addrPair, _ collections.NoValue) (types.Position, error) {
			return q.k.valued(ctx, key.K2(), coldkey)
		},
		query.WithCollectionPaginationPairPrefix[[]byte, []byte](coldkey))
	return &types.QueryStakesResponse{Positions: list, Pagination: page}, err
}

// Delegators implements types.QueryServer.
func (q queryServer) Delegators(ctx context.Context, req *types.QueryDelegatorsRequest) (*types.QueryDelegatorsResponse, error) {
	hotkey, err := address("hotkey", req.Hotkey)
	if err != nil {
		return nil, grpcError(err)
	}
	list, page, err := query.CollectionPaginate(ctx, q.k.Positions, req.Pagination,
		func(key addrPair, _ types.Position) (types.Position, error) { return q.k.valued(ctx, hotkey, key.K2()) },
		query.WithCollectionPaginationPairPrefix[[]byte, []byte](hotkey))
	return &types.QueryDelegatorsResponse{Positions: list, Pagination: page}, err
}

// Unbondings implements types.QueryServer.
func (q queryServer) Unbondings(ctx context.Context, req *types.QueryUnbondingsRequest) (*types.QueryUnbondingsResponse, error) {
	coldkey, err := address("coldkey", req.Coldkey)
	if err != nil {
		return nil, grpcError(err)
	}
	list, page, err := query.CollectionPaginate(ctx, q.k.UnbondingByColdkey, req.Pagination,
		func(key addrID, _ collections.NoValue) (types.Unbonding, error) {
			return q.k.Unbondings.Get(ctx, key.K2())
		},
		query.WithCollectionPaginationPairPrefix[[]byte, uint64](coldkey))
	return &types.QueryUnbondingsResponse{Unbondings: list, Pagination: page}, err
}

// Identity implements types.QueryServer.
func (q queryServer) Identity(ctx context.Context, req *types.QueryIdentityRequest) (*types.QueryIdentityResponse, error) {
	coldkey, err := address("coldkey", req.Coldkey)
	if err != nil {
		return nil, grpcError(err)
	}
	identity, err := q.k.Identities.Get(ctx, coldkey)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, status.Errorf(codes.NotFound, "%s has not said who it is", req.Coldkey)
	}
	return &types.QueryIdentityResponse{Identity: identity}, err
}

// ColdkeySwap implements types.QueryServer.
func (q queryServer) ColdkeySwap(ctx context.Context, req *types.QueryColdkeySwapRequest) (*types.QueryColdkeySwapResponse, error) {
	coldkey, err := address("coldkey", req.Coldkey)
	if err != nil {
		return nil, grpcError(err)
	}
	swap, err := q.k.Swaps.Get(ctx, coldkey)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, status.Errorf(codes.NotFound, "%s has not asked for a swap", req.Coldkey)
	}
	return &types.QueryColdkeySwapResponse{Swap: swap}, err
}
