package keeper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission"
	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
)

func TestGenesisSurvivesExport(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	c.Blocks(10) // weights are set every 10 blocks
	ctx := at(c)
	gs, err := c.EmissionKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, gs.Pots)
	require.NotEmpty(t, gs.Weights)
	require.NoError(t, c.EmissionKeeper.InitGenesis(ctx, gs))
	again, err := c.EmissionKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	require.Equal(t, gs, again)
}

// A genesis that breaks one assumption is refused, and the error names it.
func TestBrokenGenesis(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	module := emission.NewAppModule(c.AppCodec(), c.EmissionKeeper)
	for _, e := range []struct {
		name  string
		spoil func(*types.GenesisState)
		want  error
		says  string
	}{
		{"base too large", func(gs *types.GenesisState) { gs.Params.Base = types.MaxBase + 1 }, types.ErrInvalidParams, "base is 1000000001"},
		{"shares above 1", func(gs *types.GenesisState) { gs.Params.ValidatorShare = 1_000_001 }, types.ErrInvalidParams, "1000001"},
		{"minted too much", func(gs *types.GenesisState) { gs.Ledger.Minted++ }, types.ErrInvalidGenesis, "1 are missing"},
		{"minted too little", func(gs *types.GenesisState) { gs.Ledger.Minted-- }, types.ErrInvalidGenesis, "pots is 75000000"},
		{"paid without minting", func(gs *types.GenesisState) { gs.Ledger.Paid++ }, types.ErrInvalidGenesis, "pots is 75000000"},
		{"paid more than minted", func(gs *types.GenesisState) { gs.Ledger.Paid = 75_000_001 }, types.ErrInvalidGenesis, "paid is 75000001"},
		{"owed without minting", func(gs *types.GenesisState) { gs.Ledger.Owed++ }, types.ErrInvalidGenesis, "pots is 75000000"},
		{"recycled without minting", func(gs *types.GenesisState) { gs.Ledger.Recycled++ }, types.ErrInvalidGenesis, "pots is 75000000"},
		{"sums wrap around", func(gs *types.GenesisState) { gs.Ledger.Paid, gs.Ledger.Owed = 1<<63, 1<<63 }, types.ErrInvalidGenesis, "paid is 9223372036854775808"},
		{"a pot less", func(gs *types.GenesisState) { gs.Pots = nil }, types.ErrInvalidGenesis, "75000000 are missing"},
		{"pot of subnet 0", func(gs *types.GenesisState) { gs.Pots[0].Subnet = 0 }, types.ErrInvalidGenesis, "subnet 0"},
		{"pot twice", func(gs *types.GenesisState) { gs.Pots = append(gs.Pots, gs.Pots[0]) }, types.ErrInvalidGenesis, "subnet 1 comes after that of 1"},
		{"pots out of order", func(gs *types.GenesisState) { gs.Pots = pots(2, 1, 1, 74_999_999) }, types.ErrInvalidGenesis, "subnet 1 comes after that of 2"},
		{"pot above the cap", func(gs *types.GenesisState) { gs.Pots[0].Amount = schedule.Cap + 1 }, types.ErrInvalidGenesis, "21000000000000000"},
		{"pots above the cap", func(gs *types.GenesisState) { gs.Pots = pots(1, schedule.Cap, 2, 1) }, types.ErrInvalidGenesis, "up to subnet 2"},
		{"weight of subnet 0", func(gs *types.GenesisState) { gs.Weights = weights(0, 1) }, types.ErrInvalidWeights, "subnet 0"},
		{"weight twice", func(gs *types.GenesisState) { gs.Weights = weights(1, 1, 1, 1) }, types.ErrInvalidWeights, "subnet 1 comes after that of 1"},
		{"weights out of order", func(gs *types.GenesisState) { gs.Weights = weights(2, 1, 1, 1) }, types.ErrInvalidWeights, "subnet 1 comes after that of 2"},
		{"weight too large", func(gs *types.GenesisState) { gs.Weights = weights(1, 1<<48+1) }, types.ErrInvalidWeights, "281474976710657, the bound is 281474976710656"},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx, _ := at(c).CacheContext()
			gs, err := c.EmissionKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			e.spoil(gs)
			registered(t, module.ValidateGenesis(c.AppCodec(), nil, c.AppCodec().MustMarshalJSON(gs)), e.want, e.says)
			registered(t, c.EmissionKeeper.InitGenesis(ctx, gs), e.want, e.says)
		})
	}
}

// What only bank can tell is checked when the state is loaded.
func TestGenesisAgainstBank(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	load := func(t *testing.T, mint uint64, to string, spoil func(*types.GenesisState)) error {
		ctx, _ := at(c).CacheContext()
		gs, err := c.EmissionKeeper.ExportGenesis(ctx)
		require.NoError(t, err)
		if mint > 0 {
			require.NoError(t, c.BankKeeper.MintCoins(ctx, types.ModuleName, apptest.Rao(mint)))
			if to != types.ModuleName {
				require.NoError(t, c.BankKeeper.SendCoinsFromModuleToModule(ctx, types.ModuleName, to, apptest.Rao(mint)))
			}
		}
		spoil(gs)
		return c.EmissionKeeper.InitGenesis(ctx, gs)
	}
	keep := func(*types.GenesisState) {}
	left := schedule.Cap - supply(c, c.Ctx())
	require.NoError(t, load(t, 0, "", keep))
	require.NoError(t, load(t, left, "gov", keep), "the cap itself")
	registered(t, load(t, left+1, "gov", keep), types.ErrInvalidGenesis, "21000000000000001", "21000000000000000")
	registered(t, load(t, 1, types.ModuleName, keep), types.ErrInvariant, "holds 75000001", "75000000")
	registered(t, load(t, 0, "", func(gs *types.GenesisState) { gs.Pots[0].Amount++; gs.Ledger.Minted++ }),
		types.ErrInvariant, "holds 75000000", "75000001")
	registered(t, load(t, 0, "", func(gs *types.GenesisState) { gs.Ledger.Owed++; gs.Ledger.Minted++ }),
		types.ErrInvariant, "holds 75000000", "75000001")
}

// A chain does not start above the cap, nor with pots that nobody backs.
func TestChainDoesNotStart(t *testing.T) {
	for _, e := range []struct {
		name   string
		supply uint64
		edit   func(*types.GenesisState)
		want   error
		says   string
	}{
		{"a rao above the cap", schedule.Cap + 1, nil, types.ErrInvalidGenesis, "21000000000000001"},
		{"pots without coins", 2 * bonded, func(gs *types.GenesisState) { gs.Pots, gs.Ledger.Minted = pots(1, 7), 7 }, types.ErrInvariant, "holds 0 rao, pots and owed are 7"},
	} {
		t.Run(e.name, func(t *testing.T) {
			defer func() {
				r := recover()
				err, ok := r.(error)
				require.True(t, ok, fmt.Sprint(r))
				registered(t, err, e.want, e.says)
			}()
			chainAt(t, e.supply, e.edit)
		})
	}
}

// The split adds the weights up in 64 bits.
func TestWeightsFitIn64Bits(t *testing.T) {
	list := make([]types.SubnetWeight, 1<<16)
	for i := range list {
		list[i] = types.SubnetWeight{Subnet: uint64(i) + 1, Weight: 1 << 48}
	}
	require.NoError(t, types.ValidateWeights(list[:256]), "as many subnets as there can be")
	registered(t, types.ValidateWeights(list), types.ErrInvalidWeights)
}
