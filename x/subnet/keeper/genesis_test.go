package keeper_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/subnet/types"
)

// genesis is the module's state.
func (a *arena) genesis(t testing.TB) *types.GenesisState {
	t.Helper()
	gs, err := a.SubnetKeeper.ExportGenesis(a.Ctx())
	require.NoError(t, err)
	return gs
}

// Loading fails when the module's account does not hold the locks to the rao, and
// when the state contradicts itself.
func TestGenesisIsNotLoaded(t *testing.T) {
	a := newArena(t, carols)
	module := authtypes.NewModuleAddress(types.ModuleName)
	for _, c := range []struct {
		name string
		harm func(sdk.Context, *types.GenesisState)
		want error
		says []string
	}{
		{"a rao more is locked", func(_ sdk.Context, gs *types.GenesisState) { gs.Subnets[1].Lock++ }, types.ErrInvariant,
			[]string{"holds 7000000000 rao", "locks are 7000000001"}},
		{"a rao less is locked", func(_ sdk.Context, gs *types.GenesisState) { gs.Subnets[1].Lock-- }, types.ErrInvariant,
			[]string{"holds 7000000000 rao", "locks are 6999999999"}},
		{"nothing is locked", func(_ sdk.Context, gs *types.GenesisState) { gs.Subnets[1].Lock = 0 }, types.ErrInvariant,
			[]string{"holds 7000000000 rao", "locks are 0"}},
		{"the account is empty", func(ctx sdk.Context, _ *types.GenesisState) {
			require.NoError(t, a.BankKeeper.SendCoins(ctx, module, apptest.Address(a.dave), apptest.Rao(7*tao)))
		}, types.ErrInvariant, []string{"holds 0 rao", "locks are 7000000000"}},
		{"the account holds a gift", func(ctx sdk.Context, _ *types.GenesisState) {
			require.NoError(t, a.BankKeeper.SendCoins(ctx, apptest.Address(a.dave), module, apptest.Rao(1)))
		}, types.ErrInvariant, []string{"holds 7000000001 rao", "locks are 7000000000"}},
		{"it contradicts itself", func(_ sdk.Context, gs *types.GenesisState) { gs.NextId = 2 }, types.ErrInvalidGenesis, []string{"next_id is 2"}},
		{"a parameter is out of range", func(_ sdk.Context, gs *types.GenesisState) { gs.Params.WeightsInterval = 0 }, types.ErrInvalidParams, []string{"weights_interval is 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, _ := a.Ctx().CacheContext()
			gs := a.genesis(t)
			require.NoError(t, a.SubnetKeeper.InitGenesis(ctx, gs))
			c.harm(ctx, gs)
			err := a.SubnetKeeper.InitGenesis(ctx, gs)
			require.ErrorIs(t, err, c.want)
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

// Nobody sends to the module's account, by which its locks would no longer add up.
func TestNobodySendsToTheLocks(t *testing.T) {
	a := newArena(t, carols)
	res := a.NextBlock(a.Paid(a.dave, a.send(a.dave, authtypes.NewModuleAddress(types.ModuleName), 1)))
	require.NotZero(t, res[0].Code)
	require.Equal(t, uint64(7*tao), a.locked())
}

// busy is an arena that has something in every field of its state.
func busy(t *testing.T) *arena {
	t.Helper()
	a := newArena(t, carols, func(gs *types.GenesisState) {
		gs.Params.OwnerInterval = 1
		gs.Subnets[1].Hyperparameters.Tempo = 50_400 // no epoch comes
	})
	a.do(t, a.dave, a.create(a.dave, "third", 100*tao))
	a.do(t, a.dave, a.create(a.dave, "fourth", 200*tao))
	a.do(t, a.dave, &types.MsgDissolveSubnet{Authority: a.of(a.dave), Subnet: 3})
	a.do(t, a.dave, &types.MsgOfferOwnership{Owner: a.of(a.dave), Subnet: 4, To: a.of(a.erin)})
	a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 4})
	a.next(t, a.now())
	a.do(t, a.dave, a.create(a.dave, "fifth", 400*tao))
	a.do(t, a.dave, &types.MsgOfferOwnership{Owner: a.of(a.dave), Subnet: 5, To: a.of(a.erin)})
	a.do(t, a.carol, a.set(a.of(a.carol), "immunity", "9"))
	a.vote(t, []uint64{5, 1}, []uint64{2, 3})
	require.NoError(t, a.Invariants(a.Ctx()))
	return a
}

// vote lets alice's hotkey vote, without the block that would count it: a hotkey pays
// no fee of its own.
func (a *arena) vote(t testing.TB, subnets, weights []uint64) {
	t.Helper()
	msg := &types.MsgVoteSubnets{Hotkey: a.alice.Hotkey().String(), Subnets: subnets, Weights: weights}
	ctx := a.Ctx().WithIsCheckTx(false).WithBlockHeight(int64(a.now()))
	_, err := a.Deliver(ctx, msg)
	require.NoError(t, err)
}

// What is exported and loaded again is the same, on this chain and on one that begins
// with it; what is counted by height comes as many blocks later as it would have.
func TestExportIsWhatIsLoaded(t *testing.T) {
	a := busy(t)
	gs := a.genesis(t)
	require.Len(t, gs.Subnets, 4)
	require.Equal(t, uint64(6), gs.NextId)
	require.NotNil(t, gs.Subnets[1].Pending)
	require.NotZero(t, gs.Subnets[2].DissolvesAt)
	require.NotEmpty(t, gs.Subnets[3].OfferedTo)
	require.Len(t, gs.Votes, 1)
	require.NotZero(t, gs.CreationCost.Last)
	require.NoError(t, gs.Validate())

	text := a.export(t, a.Ctx())
	ctx, _ := a.Ctx().CacheContext()
	require.NoError(t, a.SubnetKeeper.InitGenesis(ctx, gs))
	require.Equal(t, text, a.export(t, ctx))

	// A new chain begins at block 1 with the same state, its heights moved.
	exported, err := a.ExportAppStateAndValidators(true, nil, nil)
	require.NoError(t, err)
	var state map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(exported.AppState, &state))
	next := apptest.New(t, apptest.WithGenesis(func(raw map[string]json.RawMessage) { maps.Copy(raw, state) }))
	require.NoError(t, next.Invariants(next.Ctx()))
	got, err := next.SubnetKeeper.ExportGenesis(next.Ctx())
	require.NoError(t, err)
	gs.Rebase(uint64(a.Height()))
	require.Equal(t, gs, got)
	for _, s := range got.Subnets {
		id, err := next.SubnetKeeper.Names.Get(next.Ctx(), s.Name)
		require.NoError(t, err)
		require.Equal(t, s.Id, id)
	}
}
