package types_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/weights/types"
)

// hotkey of somebody who has committed.
var hotkey = sdk.AccAddress("twenty bytes, no more").String()

// full is a valid genesis with one of everything.
func full() types.GenesisState {
	return types.GenesisState{
		Params: types.DefaultParams(),
		Subnets: []types.SubnetState{{
			Epoch: types.Epoch{Subnet: 1, Height: 8, Previous: 4, Count: 2, Uids: 2},
			Rows: []types.Row{
				{Subnet: 1, Uid: 0, Updated: 7, Written: 5, Entries: []types.Entry{{Uid: 1, Value: 65535}}},
				{Subnet: 1, Uid: 1, Updated: 7, Written: 7, Entries: []types.Entry{{Uid: 0, Value: 1}, {Uid: 1, Value: 65535}}},
			},
			Bonds:       []types.Row{{Subnet: 1, Uid: 1, Updated: 8, Written: 8, Entries: []types.Entry{{Uid: 0, Value: 9}}}},
			BondsBefore: []types.Row{{Subnet: 1, Uid: 1, Updated: 4, Written: 4, Entries: []types.Entry{{Uid: 1, Value: 7}}}},
			Commits: []types.Commit{
				{Subnet: 1, Uid: 0, Hotkey: hotkey, Hash: make([]byte, 32), Height: 5, RevealFrom: 25, RevealUntil: 45},
				{Subnet: 1, Uid: 0, Hotkey: hotkey, Hash: make([]byte, 32), Height: 6, RevealFrom: 26, RevealUntil: 46},
			},
			Columns: []types.PackedColumn{
				{Name: types.ColumnPermit, Data: []byte{0, 1}}, {Name: types.ColumnServer, Data: make([]byte, 16)},
			},
			Due: 9,
		}, {Epoch: types.Epoch{Subnet: 3}}},
	}
}

func TestGenesisValidation(t *testing.T) {
	require.NoError(t, full().Validate())
	require.NoError(t, types.DefaultGenesis().Validate())
	for _, c := range []struct {
		name  string
		spoil func(*types.GenesisState, *types.SubnetState)
		says  string
	}{
		{"budget 0", func(g *types.GenesisState, _ *types.SubnetState) { g.Params.EpochBudget = 0 }, "epoch_budget is 0"},
		{"budget too large", func(g *types.GenesisState, _ *types.SubnetState) { g.Params.EpochBudget = 1<<24 + 1 }, "epoch_budget"},
		{"no commits", func(g *types.GenesisState, _ *types.SubnetState) { g.Params.MaxCommits = 0 }, "max_commits is 0"},
		{"too many commits", func(g *types.GenesisState, _ *types.SubnetState) { g.Params.MaxCommits = 65 }, "max_commits is 65"},
		{"subnet 0", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Subnet = 0 }, "subnet 0"},
		{"subnets out of order", func(g *types.GenesisState, _ *types.SubnetState) { g.Subnets[1].Epoch.Subnet = 1 }, "subnet 1 comes after"},
		{"row of another subnet", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[0].Subnet = 2 }, "elsewhere"},
		{"rows out of order", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[0].Uid = 1 }, "out of order"},
		{"row of a uid out of range", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[1].Uid = 4096 }, "out of range"},
		{"entries out of order", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[1].Entries[1].Uid = 0 }, "must rise"},
		{"entry out of range", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[1].Entries[1].Uid = 4096 }, "below 4096"},
		{"zero weight", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[1].Entries[0].Value = 0 }, "the range is 1..65535"},
		{"large weight", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[1].Entries[0].Value = 65536 }, "the range is 1..65535"},
		{"written later than updated", func(_ *types.GenesisState, s *types.SubnetState) { s.Rows[0].Written = 8 }, "written at 8"},
		{"an epoch without a height", func(_ *types.GenesisState, s *types.SubnetState) {
			*s = types.SubnetState{Epoch: types.Epoch{Subnet: 1, Count: 3}}
		}, "epoch 3 has no height"},
		{"an epoch before the last", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Previous = 8 }, "the one before was at height 8"},
		{"a second epoch that is the first", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Count = 1 }, "is number 1"},
		{"an epoch without a number", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Count = 0 }, "is number 0"},
		{"an epoch of too many uids", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Uids = 1 << 31 }, "the bound is 4096"},
		{"bonds of a uid that the epoch did not know", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Uid = 2 }, "bonds of uid 2"},
		{"bonds in a uid that the epoch did not know", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Entries[0].Uid = 2 }, "below 2"},
		{"bonds of another height", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Updated = 9 }, "updated at 9"},
		{"bonds of nobody", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Entries = nil }, "0 entries"},
		{"bonds from before of another height", func(_ *types.GenesisState, s *types.SubnetState) { s.BondsBefore[0].Written = 8 }, "bonds_before of uid 1"},
		{"bonds from before the first epoch", func(_ *types.GenesisState, s *types.SubnetState) { s.Epoch.Previous, s.Epoch.Count = 0, 1 }, "bonds_before of uid 1: no epoch"},
		{"commit of nobody", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[0].Hotkey = "" }, "hotkey"},
		{"commit of an address in capitals", func(_ *types.GenesisState, s *types.SubnetState) {
			s.Commits[0].Hotkey = strings.ToUpper(hotkey)
		}, "write it as " + hotkey},
		{"bonds of another subnet", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Subnet = 2 }, "bonds"},
		{"commits out of order", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].Height = 5 }, "out of order"},
		{"commit with a short hash", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].Hash = nil }, "at height 6"},
		{"commit that ends before it begins", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].RevealUntil = 25 }, "at height 6"},
		{"commit revealed before it was made", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[0].RevealFrom = 4 }, "at height 5"},
		{"too many commits of a uid", func(_ *types.GenesisState, s *types.SubnetState) {
			for height := uint64(7); height < 70; height++ {
				s.Commits = append(s.Commits, types.Commit{Subnet: 1, Hotkey: hotkey, Hash: make([]byte, 32), Height: height, RevealFrom: 90, RevealUntil: 110})
			}
		}, "more than 64"},
		{"unknown column", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Name = "nothing" }, "nothing"},
		{"columns out of order", func(_ *types.GenesisState, s *types.SubnetState) {
			s.Columns[0], s.Columns[1] = s.Columns[1], s.Columns[0]
		}, "out of order"},
		{"column of odd length", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[1].Data = make([]byte, 15) }, "15 bytes"},
		{"column too long", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Data = make([]byte, 3) }, "3 bytes, it needs 1 for each of the epoch's 2 uids"},
		{"column too short", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[1].Data = make([]byte, 8) }, "8 bytes, it needs 8 for each of the epoch's 2 uids"},
		{"results before the first epoch", func(_ *types.GenesisState, s *types.SubnetState) {
			*s = types.SubnetState{Epoch: types.Epoch{Subnet: 1}, Columns: s.Columns}
		}, "column server: no epoch"},
		{"too many first permits", func(_ *types.GenesisState, s *types.SubnetState) {
			*s = types.SubnetState{Epoch: types.Epoch{Subnet: 1}, Columns: s.Columns[:1]}
			s.Columns[0].Data = make([]byte, 4097)
		}, "4097 bytes"},
		{"permit of 2", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Data[0] = 2 }, "0 and 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := full()
			c.spoil(&g, &g.Subnets[0])
			require.ErrorContains(t, g.Validate(), c.says)
		})
	}
}
