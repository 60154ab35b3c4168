package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/weights/types"
)

type msgServer struct{ *Keeper }

// NewMsgServer serves messages.
func NewMsgServer(k *Keeper) types.MsgServer { return msgServer{k} }

func chainID(ctx context.Context) string { return sdk.UnwrapSDKContext(ctx).ChainID() }

// SetWeights replaces the sender's row.
func (s msgServer) SetWeights(ctx context.Context, msg *types.MsgSetWeights) (*types.MsgSetWeightsResponse, error) {
	from, err := s.checkRow(ctx, msg)
	if err != nil {
		return nil, err
	}
	now := heightOf(ctx)
	return &types.MsgSetWeightsResponse{}, s.setRow(ctx, from, msg.Hotkey, types.StoredRow{
		Updated: now, Written: now, Entries: types.PackRow(msg.Uids, msg.Weights),
	}, false)
}

func (k *Keeper) setRow(ctx context.Context, from sender, hotkey string, row types.StoredRow, revealed bool) error {
	if err := k.Rows.Set(ctx, collections.Join(from.subnet.Id, uint32(from.uid)), row.Bytes()); err != nil {
		return err
	}
	sdk.UnwrapSDKContext(ctx).EventManager().EmitEvent(types.EventRowSet{
		Subnet: from.subnet.Id, Uid: uint32(from.uid), Hotkey: hotkey, Entries: uint32(len(row.Entries)), Revealed: revealed,
	}.Event())
	return nil
}

// CommitWeights hides a row until it is revealed. Commits that nobody revealed in
// time are forgotten here.
func (s msgServer) CommitWeights(ctx context.Context, msg *types.MsgCommitWeights) (*types.MsgCommitWeightsResponse, error) {
	from, c, err := s.checkCommit(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.dropCommits(ctx, c.Subnet, c.Uid, func(old types.Commit) bool { return old.RevealUntil < c.Height }); err != nil {
		return nil, err
	}
	if err := s.Commits.Set(ctx, collections.Join3(c.Subnet, c.Uid, c.Height), c); err != nil {
		return nil, err
	}
	return &types.MsgCommitWeightsResponse{RevealFrom: c.RevealFrom, RevealUntil: c.RevealUntil}, emit(ctx, &types.EventCommitted{
		Subnet: from.subnet.Id, Uid: c.Uid, Hotkey: msg.Hotkey, Hash: c.Hash, RevealFrom: c.RevealFrom, RevealUntil: c.RevealUntil,
	})
}

// dropCommits removes the commits of a uid for which drop is true.
func (k *Keeper) dropCommits(ctx context.Context, subnet uint64, uid uint32, drop func(types.Commit) bool) error {
	var keys []commitKey
	err := k.Commits.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, uint32, uint64](subnet, uid),
		func(key commitKey, c types.Commit) (bool, error) {
			if drop(c) {
				keys = append(keys, key)
			}
			return false, nil
		})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := k.Commits.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// RevealWeights puts a committed row in force, as written when it was committed.
// Older commits are superseded.
func (s msgServer) RevealWeights(ctx context.Context, msg *types.MsgRevealWeights) (*types.MsgRevealWeightsResponse, error) {
	from, c, err := s.checkReveal(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.dropCommits(ctx, c.Subnet, c.Uid, func(old types.Commit) bool { return old.Height <= c.Height }); err != nil {
		return nil, err
	}
	return &types.MsgRevealWeightsResponse{}, s.setRow(ctx, from, msg.Hotkey, types.StoredRow{
		Updated: heightOf(ctx), Written: c.Height, Entries: types.PackRow(msg.Uids, msg.Weights),
	}, true)
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
