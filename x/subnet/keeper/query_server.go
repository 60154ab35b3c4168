package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/taonet/taonet/x/subnet/types"
)

type queryServer struct{ k *Keeper }

// NewQueryServer serves queries.
func NewQueryServer(k *Keeper) types.QueryServer { return queryServer{k} }

// Params implements types.QueryServer.
func (q queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := q.k.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Subnet implements types.QueryServer.
func (q queryServer) Subnet(ctx context.Context, req *types.QuerySubnetRequest) (*types.QuerySubnetResponse, error) {
	subnet, err := q.k.Subnet(ctx, req.Subnet)
	if errors.Is(err, types.ErrUnknownSubnet) {
		return nil, status.Error(codes.NotFound, err.Error())
	}
	return &types.QuerySubnetResponse{Subnet: subnet}, err
}

// Subnets implements types.QueryServer.
func (q queryServer) Subnets(ctx context.Context, req *types.QuerySubnetsRequest) (*types.QuerySubnetsResponse, error) {
	subnets, page, err := query.CollectionPaginate(ctx, q.k.Subnets, req.Pagination,
		func(_ uint64, subnet types.Subnet) (types.Subnet, error) { return subnet, nil })
	return &types.QuerySubnetsResponse{Subnets: subnets, Pagination: page}, err
}

// CreationCost implements types.QueryServer.
func (q queryServer) CreationCost(ctx context.Context, _ *types.QueryCreationCostRequest) (*types.QueryCreationCostResponse, error) {
	cost, err := q.k.creationCost(ctx)
	if err != nil {
		return nil, err
	}
	params, err := q.k.Params.Get(ctx)
	return &types.QueryCreationCostResponse{Cost: cost, Floor: params.CreationFloor}, err
}

// Vote implements types.QueryServer.
func (q queryServer) Vote(ctx context.Context, req *types.QueryVoteRequest) (*types.QueryVoteResponse, error) {
	hotkey, err := address("hotkey", req.Hotkey)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	vote, err := q.k.Votes.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) || (err == nil && len(vote.Subnets) == 0) {
		return nil, status.Errorf(codes.NotFound, "hotkey %s has not voted: its stake votes equally for the subnets where it is registered", req.Hotkey)
	}
	return &types.QueryVoteResponse{Vote: vote}, err
}

// Votes implements types.QueryServer.
func (q queryServer) Votes(ctx context.Context, req *types.QueryVotesRequest) (*types.QueryVotesResponse, error) {
	votes, page, err := query.CollectionPaginate(ctx, q.k.Votes, req.Pagination,
		func(_ []byte, vote types.Vote) (types.Vote, error) { return vote, nil })
	return &types.QueryVotesResponse{Votes: votes, Pagination: page}, err
}
