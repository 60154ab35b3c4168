package keeper_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/weights/keeper"
	"github.com/taonet/taonet/x/weights/types"
)

// imported is an app that starts from the exported state of another.
func imported(t *testing.T, c *apptest.Chain) *app.App {
	t.Helper()
	exported, err := c.ExportAppStateAndValidators(false, nil, nil)
	require.NoError(t, err)
	fresh := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, true, simtestutil.AppOptionsMap{
		"home": t.TempDir(), app.OptionInvariants: true,
	}, baseapp.SetChainID(apptest.ChainID))
	_, err = fresh.InitChain(&abci.RequestInitChain{
		ChainId: apptest.ChainID, Time: c.Time(c.Height()), InitialHeight: exported.Height,
		AppStateBytes: exported.AppState, ConsensusParams: &exported.ConsensusParams,
	})
	require.NoError(t, err)
	return fresh
}

func TestGenesisRoundTrip(t *testing.T) {
	c, neurons := hiddenChain(t)
	var rows []*types.MsgSetWeights
	for i := range 3 {
		rows = append(rows, apptest.Row(neurons[i].Hotkey(), 3, 7, uint32(i+1)%3, 2))
	}
	for i, row := range rows {
		block(t, c, c.Free(neurons[i].Hot, commit(neurons[i], row)))
	}
	for c.Height() < 30 {
		c.Blocks(1)
	}
	block(t, c, c.Free(neurons[0].Hot, reveal(rows[0])), c.Free(neurons[1].Hot, reveal(rows[1])))
	block(t, c, c.Free(neurons[0].Hot, commit(neurons[0], rows[0])))
	for c.Height() < 41 { // epochs at 34 and 39
		c.Blocks(1)
	}
	// An epoch that waits for the budget; exports read the state that checks see.
	require.NoError(t, c.WeightsKeeper.Due.Set(c.Ctx(), 1, 41))

	want, err := c.WeightsKeeper.ExportGenesis(c.Ctx())
	require.NoError(t, err)
	s := want.Subnets[0]
	require.Len(t, s.Rows, 2)
	require.NotEqual(t, s.Rows[0].Written, s.Rows[0].Updated)
	require.Len(t, s.Commits, 2, "one open, one that nobody revealed")
	require.NotEmpty(t, s.Bonds)
	require.NotEmpty(t, s.BondsBefore)
	require.NotEqual(t, s.Bonds, s.BondsBefore)
	require.Len(t, s.Columns, 14)
	require.NotZero(t, s.Due)
	require.NotZero(t, s.Epoch.Paid)

	fresh := imported(t, c)
	got, err := fresh.WeightsKeeper.ExportGenesis(fresh.NewContext(false))
	require.NoError(t, err)
	require.Equal(t, want, got)
	old := c.Ctx().KVStore(c.StoreKey(types.StoreKey))
	onlyOld, onlyNew := simtestutil.DiffKVStores(old, fresh.NewContext(false).KVStore(fresh.StoreKey(types.StoreKey)), nil)
	require.Empty(t, onlyOld, "a state has one form only")
	require.Empty(t, onlyNew)
}

func TestAnImportedChainGoesOnAlike(t *testing.T) {
	c, neurons := rowChain(t)
	for i := range 3 {
		block(t, c, c.Free(neurons[i].Hot, apptest.Row(neurons[i].Hotkey(), 3, 7, uint32(i+1)%3, 2)))
	}
	c.Blocks(5)
	fresh := imported(t, c)
	for range 10 {
		req := &abci.RequestFinalizeBlock{Height: c.Height() + 1, Time: c.Time(c.Height() + 1), Hash: []byte("same hash for both, 32 bytes.....")[:32]}
		_, err := fresh.FinalizeBlock(req)
		require.NoError(t, err)
		_, err = fresh.Commit()
		require.NoError(t, err)
		c.Blocks(1)
		want, err := c.WeightsKeeper.ExportGenesis(c.Ctx())
		require.NoError(t, err)
		got, err := fresh.WeightsKeeper.ExportGenesis(fresh.NewContext(true))
		require.NoError(t, err)
		require.Equal(t, want, got, "height %d", c.Height())
		if want.Subnets[0].Epoch.Height != uint64(c.Height()) {
			continue
		}
		// The first epoch behind the import replays as well.
		input, err := queries(c).EpochInput(c.Ctx(), &types.QueryEpochInputRequest{Subnet: 1})
		require.NoError(t, err)
		imported, err := keeper.NewQueryServer(fresh.WeightsKeeper).EpochInput(
			fresh.NewContext(true).WithBlockHeight(c.Height()), &types.QueryEpochInputRequest{Subnet: 1})
		require.NoError(t, err)
		require.Equal(t, input, imported)
		require.Contains(t, input.Scenario, `"bonds":[[[3,`, "there were bonds before")
	}
}

func TestGenesisNamesWhatDoesNotFit(t *testing.T) {
	c, neurons := rowChain(t) // 4 uids
	type state = types.SubnetState
	row := func(uid uint32, height uint64, toward ...uint32) []types.Row {
		row := types.Row{Subnet: 1, Uid: uid, Updated: height, Written: height}
		for _, other := range toward {
			row.Entries = append(row.Entries, types.Entry{Uid: other, Value: 1})
		}
		return []types.Row{row}
	}
	hidden := func(uid uint32, height uint64) []types.Commit {
		return []types.Commit{{
			Subnet: 1, Uid: uid, Hotkey: neurons[0].Hotkey().String(), Hash: make([]byte, 32),
			Height: height, RevealFrom: height + 20, RevealUntil: height + 40,
		}}
	}
	empty := func(s *state) { *s = state{Epoch: types.Epoch{Subnet: 1}} }
	for _, e := range []struct {
		says  string
		spoil func(*state)
	}{
		{"", func(*state) {}},
		{"", func(s *state) { s.Rows, s.Commits, s.Due = row(0, 100, 3), hidden(0, 100), 100 }},
		{"uid 77 has a row and no neuron", func(s *state) { s.Rows = row(77, 1) }},
		{"the row of uid 0 weighs uid 4, there are 4", func(s *state) { s.Rows = row(0, 1, 1, 4) }},
		{"uid 4 has a commit and no neuron", func(s *state) { s.Commits = hidden(4, 1) }},
		{"bonds of uid 77", func(s *state) { s.Bonds = row(77, s.Epoch.Height, 1) }},
		{"unknown subnet", func(s *state) { *s = state{Epoch: types.Epoch{Subnet: 9}, Due: 5} }},
		{"the last epoch covers 5 uids, there are 4", func(s *state) { s.Epoch.Uids, s.Columns = 5, nil }},
		{"column permit is of 5 uids, there are 4", func(s *state) {
			empty(s)
			s.Columns = []types.PackedColumn{{Name: types.ColumnPermit, Data: make([]byte, 5)}}
		}},
		{"the row of uid 0 is of height 101, the chain is at 100", func(s *state) { s.Rows = row(0, 101, 1) }},
		{"a commit of uid 0 is of height 101, the chain is at 100", func(s *state) { s.Commits = hidden(0, 101) }},
		{"the last epoch ran at height 101", func(s *state) { s.Epoch.Height = 101 }},
		{"the next fell due at 101", func(s *state) { s.Due = 101 }},
	} {
		t.Run(e.says, func(t *testing.T) {
			ctx, _ := at(c, 100).CacheContext()
			genesis, err := c.WeightsKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			e.spoil(&genesis.Subnets[0])
			err = c.WeightsKeeper.InitGenesis(ctx, genesis)
			if e.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, types.ErrInvalidGenesis)
			require.ErrorContains(t, err, e.says)
		})
	}
}

func TestANewChainBeginsAtHeightOne(t *testing.T) {
	c, _ := rowChain(t)
	ctx, _ := at(c, 0).CacheContext() // as InitChain calls the first block
	genesis, err := c.WeightsKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(1), genesis.Subnets[0].Epoch.Height)
	require.NoError(t, c.WeightsKeeper.InitGenesis(ctx, genesis))
}

func TestInvariantSeesARowOfNobody(t *testing.T) {
	c, _ := rowChain(t)
	ctx := at(c, 100)
	require.NoError(t, c.WeightsKeeper.Invariant(ctx))
	require.NoError(t, c.WeightsKeeper.Rows.Set(ctx, collections.Join(uint64(1), uint32(77)), types.StoredRow{}.Bytes()))
	require.ErrorIs(t, c.WeightsKeeper.Invariant(ctx), types.ErrInvariant)
}
