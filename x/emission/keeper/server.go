package keeper

import (
	"context"

	sdkmath "cosmossdk.io/math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
)

type msgServer struct{ *Keeper }

// NewMsgServer serves messages.
func NewMsgServer(k *Keeper) types.MsgServer { return msgServer{k} }

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
	return &types.MsgUpdateParamsResponse{}, sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventParamsUpdated{
		Authority: msg.Authority,
	})
}

type queryServer struct{ k *Keeper }

// NewQueryServer serves queries.
func NewQueryServer(k *Keeper) types.QueryServer { return queryServer{k} }

// Params implements types.QueryServer.
func (q queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := q.k.Params.Get(ctx)
	return &types.QueryParamsResponse{Params: params}, err
}

// Schedule implements types.QueryServer.
func (q queryServer) Schedule(ctx context.Context, req *types.QueryScheduleRequest) (*types.QueryScheduleResponse, error) {
	if req.Issuance > schedule.Cap {
		return nil, status.Errorf(codes.InvalidArgument, "issuance is %d rao, the cap is %d", req.Issuance, uint64(schedule.Cap))
	}
	params, err := q.k.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryScheduleResponse{
		Emission:    schedule.PerBlock(req.Issuance, schedule.Cap, params.Base),
		Halvings:    uint32(schedule.Halvings(req.Issuance, schedule.Cap)),
		NextHalving: schedule.NextHalving(req.Issuance, schedule.Cap),
	}, nil
}

// Supply implements types.QueryServer.
func (q queryServer) Supply(ctx context.Context, _ *types.QuerySupplyRequest) (*types.QuerySupplyResponse, error) {
	ledger, err := q.k.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	res := &types.QuerySupplyResponse{Supply: q.k.issuance(ctx), Cap: schedule.Cap, Ledger: ledger}
	rest := sdkmath.NewIntFromUint64(res.Supply)
	for _, name := range q.k.holders {
		amount := q.k.bank.GetBalance(ctx, q.k.accounts.GetModuleAddress(name), types.Denom).Amount
		rest = rest.Sub(amount)
		res.Holdings = append(res.Holdings, types.Holding{Name: name, Amount: amount.Uint64()})
	}
	res.Holdings = append(res.Holdings, types.Holding{Name: "balances", Amount: rest.Uint64()})
	return res, nil
}

// NextHalving implements types.QueryServer.
func (q queryServer) NextHalving(ctx context.Context, _ *types.QueryNextHalvingRequest) (*types.QueryNextHalvingResponse, error) {
	params, err := q.k.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	issuance := q.k.issuance(ctx)
	res := &types.QueryNextHalvingResponse{
		Issuance: schedule.NextHalving(issuance, schedule.Cap),
		Emission: schedule.PerBlock(issuance, schedule.Cap, params.Base),
	}
	if res.Issuance > 0 {
		res.Missing = res.Issuance - issuance
		res.EmissionAfter = schedule.PerBlock(res.Issuance, schedule.Cap, params.Base)
	}
	if res.Emission > 0 {
		res.Blocks = (res.Missing + res.Emission - 1) / res.Emission
	}
	return res, nil
}

// Pots implements types.QueryServer.
func (q queryServer) Pots(ctx context.Context, _ *types.QueryPotsRequest) (*types.QueryPotsResponse, error) {
	pots, weights, err := q.k.lists(ctx)
	return &types.QueryPotsResponse{Pots: pots, Weights: weights}, err
}
