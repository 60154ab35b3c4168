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
	for c.Height() < 36 {
		c.Blocks(1)
	}
	// An epoch that waits for the budget; exports read the state that checks see.
	require.NoError(t, c.WeightsKeeper.Due.Set(c.Ctx(), 1, 36))

	want, err := c.WeightsKeeper.ExportGenesis(c.Ctx())
	require.NoError(t, err)
	s := want.Subnets[0]
	require.Len(t, s.Rows, 2)
	require.NotEqual(t, s.Rows[0].Written, s.Rows[0].Updated)
	require.Len(t, s.Commits, 2, "one open, one that nobody revealed")
	require.NotEmpty(t, s.Bonds)
	require.Len(t, s.Columns, 13)
	require.NotZero(t, s.Due)
	require.NotZero(t, s.Epoch.Paid)

	fresh := imported(t, c)
	got, err := fresh.WeightsKeeper.ExportGenesis(fresh.NewContext(false))
	require.NoError(t, err)
	require.Equal(t, want, got)
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
	}
}

func TestGenesisNamesWhatDoesNotFit(t *testing.T) {
	c, _ := rowChain(t)
	for name, spoil := range map[string]func(*types.SubnetState){
		"a row and no neuron": func(s *types.SubnetState) {
			s.Rows = []types.Row{{Subnet: 1, Uid: 77, Updated: 1, Written: 1}}
		},
		"has bonds": func(s *types.SubnetState) {
			s.Bonds = []types.Row{{Subnet: 1, Uid: 77, Updated: 1, Written: 1, Entries: []types.Entry{{Uid: 1, Value: 1}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, _ := at(c, 100).CacheContext()
			state, err := c.WeightsKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			spoil(&state.Subnets[0])
			require.ErrorContains(t, c.WeightsKeeper.InitGenesis(ctx, state), name)
		})
	}
}

func TestInvariantSeesARowOfNobody(t *testing.T) {
	c, _ := rowChain(t)
	ctx := at(c, 100)
	require.NoError(t, c.WeightsKeeper.Invariant(ctx))
	require.NoError(t, c.WeightsKeeper.Rows.Set(ctx, collections.Join(uint64(1), uint32(77)), types.StoredRow{}.Bytes()))
	require.ErrorIs(t, c.WeightsKeeper.Invariant(ctx), types.ErrInvariant)
}
