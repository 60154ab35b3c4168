package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/weights/types"
)

// full is a valid genesis with one of everything.
func full() types.GenesisState {
	return types.GenesisState{
		Params: types.DefaultParams(),
		Subnets: []types.SubnetState{{
			Epoch: types.Epoch{Subnet: 1, Height: 8, Uids: 2},
			Rows: []types.Row{
				{Subnet: 1, Uid: 0, Updated: 7, Written: 5, Entries: []types.Entry{{Uid: 1, Value: 65535}}},
				{Subnet: 1, Uid: 1, Updated: 7, Written: 7, Entries: []types.Entry{{Uid: 0, Value: 1}, {Uid: 1, Value: 65535}}},
			},
			Bonds: []types.Row{{Subnet: 1, Uid: 1, Updated: 8, Written: 8, Entries: []types.Entry{{Uid: 0, Value: 9}}}},
			Commits: []types.Commit{
				{Subnet: 1, Uid: 0, Hash: make([]byte, 32), Height: 5, RevealFrom: 25, RevealUntil: 45},
				{Subnet: 1, Uid: 0, Hash: make([]byte, 32), Height: 6, RevealFrom: 26, RevealUntil: 46},
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
		{"bonds of another subnet", func(_ *types.GenesisState, s *types.SubnetState) { s.Bonds[0].Subnet = 2 }, "bonds"},
		{"commits out of order", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].Height = 5 }, "out of order"},
		{"commit with a short hash", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].Hash = nil }, "at height 6"},
		{"commit that ends before it begins", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[1].RevealUntil = 25 }, "at height 6"},
		{"commit revealed before it was made", func(_ *types.GenesisState, s *types.SubnetState) { s.Commits[0].RevealFrom = 4 }, "at height 5"},
		{"too many commits of a uid", func(_ *types.GenesisState, s *types.SubnetState) {
			for height := uint64(7); height < 70; height++ {
				s.Commits = append(s.Commits, types.Commit{Subnet: 1, Hash: make([]byte, 32), Height: height, RevealFrom: 90, RevealUntil: 110})
			}
		}, "more than 64"},
		{"unknown column", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Name = "nothing" }, "nothing"},
		{"columns out of order", func(_ *types.GenesisState, s *types.SubnetState) {
			s.Columns[0], s.Columns[1] = s.Columns[1], s.Columns[0]
		}, "out of order"},
		{"column of odd length", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[1].Data = make([]byte, 15) }, "15 bytes"},
		{"column too long", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Data = make([]byte, 4097) }, "4097 bytes"},
		{"permit of 2", func(_ *types.GenesisState, s *types.SubnetState) { s.Columns[0].Data[0] = 2 }, "0 and 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := full()
			c.spoil(&g, &g.Subnets[0])
			require.ErrorContains(t, g.Validate(), c.says)
		})
	}
}
