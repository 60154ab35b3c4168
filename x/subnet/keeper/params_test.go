package keeper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/subnet/types"
)

// Governance sets every parameter to the ends of its range and not beyond.
func TestParametersKeepTheirRange(t *testing.T) {
	a := newArena(t)
	for _, c := range []struct {
		name        string
		least, most uint64
		set         func(*types.Params, uint64)
	}{
		{"max_subnets", 1, 256, func(p *types.Params, v uint64) { p.MaxSubnets = uint32(v) }},
		{"creation_floor", 0, 1_000_000_000_000_000, func(p *types.Params, v uint64) { p.CreationFloor = v }},
		{"creation_decay", 1, 1_000_000_000, func(p *types.Params, v uint64) { p.CreationDecay = v }},
		{"dissolve_notice", 0, 1_000_000, func(p *types.Params, v uint64) { p.DissolveNotice = v }},
		{"vote_interval", 0, 1_000_000, func(p *types.Params, v uint64) { p.VoteInterval = v }},
		{"owner_interval", 0, 1_000_000, func(p *types.Params, v uint64) { p.OwnerInterval = v }},
		{"weights_interval", 1, 10_000, func(p *types.Params, v uint64) { p.WeightsInterval = v }},
	} {
		t.Run(c.name, func(t *testing.T) {
			with := func(v uint64) *types.MsgUpdateParams {
				msg := &types.MsgUpdateParams{Authority: a.governance, Params: types.DefaultParams()}
				c.set(&msg.Params, v)
				return msg
			}
			for _, v := range []uint64{c.least, c.most} {
				ctx, _ := a.Ctx().CacheContext()
				res, err := a.Deliver(ctx, with(v))
				require.NoError(t, err)
				a.parsed(res.Events).only(t, &types.EventParamsUpdated{Authority: a.governance, Params: with(v).Params})
				params, err := a.SubnetKeeper.Params.Get(ctx)
				require.NoError(t, err)
				require.Equal(t, with(v).Params, params)
				require.NoError(t, a.Invariants(ctx))
			}
			beyond := []uint64{c.most + 1, 1<<32 - 1}
			if c.name != "max_subnets" { // of 32 bits
				beyond = append(beyond, 1<<64-1)
			}
			if c.name == "creation_floor" {
				beyond[1] = c.most + 2 // its range is wider than 32 bits
			}
			if c.least > 0 {
				beyond = append(beyond, c.least-1)
			}
			for _, v := range beyond {
				a.refusedAt(t, a.Ctx(), with(v), types.ErrInvalidParams, fmt.Sprintf("%s is %d", c.name, v), fmt.Sprintf("%d..%d", c.least, c.most))
			}
		})
	}
	a.refusedAt(t, a.Ctx(), &types.MsgUpdateParams{Authority: a.governance}, types.ErrInvalidParams, "max_subnets is 0")
}

// A proposal replaces all parameters at once; nobody else does.
func TestParametersAreGovernances(t *testing.T) {
	a := newArena(t, carols)
	params := types.Params{
		MaxSubnets: 3, CreationFloor: 4, CreationDecay: 5, DissolveNotice: 6, VoteInterval: 7, OwnerInterval: 8, WeightsInterval: 9,
	}
	for _, key := range []string{a.of(a.carol), a.of(a.operator), a.alice.Hotkey().String(), "", strings.ToUpper(a.governance), "gov"} {
		a.refusedAt(t, a.Ctx(), &types.MsgUpdateParams{Authority: key, Params: params}, types.ErrUnauthorized, fmt.Sprintf("%q", key), a.governance)
	}
	a.refused(t, a.carol, &types.MsgUpdateParams{Authority: a.of(a.carol), Params: params}, types.ErrUnauthorized, a.of(a.carol), a.governance)
	a.govern(t, &types.MsgUpdateParams{Authority: a.governance, Params: params}).only(t,
		&types.EventParamsUpdated{Authority: a.governance, Params: params})
	got, err := a.SubnetKeeper.Params.Get(a.Ctx())
	require.NoError(t, err)
	require.Equal(t, params, got)
	require.Equal(t, uint64(4), a.cost(t), "they are in force")
}
