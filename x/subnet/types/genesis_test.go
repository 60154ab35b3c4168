package types_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/types"
)

const tao = 1_000_000_000

// account is an address; a higher n gives a higher one.
func account(n byte) string { return sdk.AccAddress(append(make([]byte, 19), n)).String() }

// full is a genesis that has something in every field.
func full() *types.GenesisState {
	gs := types.DefaultGenesis()
	pending := types.LocalnetHyperparameters()
	gs.Subnets = append(gs.Subnets,
		types.Subnet{
			Id: 2, Owner: account(2), OfferedTo: account(3), Name: "second", Modality: types.MODALITY_IMAGE, Created: 5,
			Lock: 100 * tao, DissolvesAt: 900, Hyperparameters: types.DefaultHyperparameters(), Pending: &pending, OwnerChanged: 7,
		},
		types.Subnet{
			Id: 4, Owner: account(2), Name: "fourth", Modality: types.MODALITY_TENSOR, Created: 9, Lock: 150 * tao,
			Hyperparameters: types.DefaultHyperparameters(), Live: true, Weight: 1 << 40,
		})
	gs.NextId = 7
	gs.Votes = []types.Vote{
		{Hotkey: account(1), Subnets: []uint64{1, 2, 9}, Weights: []uint64{1, 65535, 3}, Height: 4},
		{Hotkey: account(2), Height: 6}, // taken back
	}
	gs.CreationCost = types.CreationCost{Last: 300 * tao, Height: 9}
	return gs
}

func TestGenesisThatIsInOrder(t *testing.T) {
	for name, gs := range map[string]*types.GenesisState{
		"default": types.DefaultGenesis(), "localnet": types.NewGenesis(types.LocalnetHyperparameters()), "full": full(),
	} {
		require.NoError(t, gs.Validate(), name)
	}
	gs := types.DefaultGenesis()
	require.Equal(t, types.DefaultParams(), gs.Params)
	require.Len(t, gs.Subnets, 1)
	first := gs.Subnets[0]
	require.Equal(t, uint64(types.FirstSubnet), first.Id)
	require.Equal(t, "text", first.Name)
	require.Equal(t, types.DefaultHyperparameters(), first.Hyperparameters)
	require.Empty(t, first.Owner)
	require.Zero(t, first.Lock)
	require.Equal(t, uint64(250*tao), full().LockSum())
}

// Each assumption broken once: the error is told, and what to look for.
func TestGenesisThatContradictsItself(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(*types.GenesisState)
		want error
		says []string
	}{
		{"parameters", func(gs *types.GenesisState) { gs.Params.MaxSubnets = 0 }, types.ErrInvalidParams, []string{"max_subnets is 0", "1..256"}},
		{"no subnet", func(gs *types.GenesisState) { gs.Subnets = nil }, types.ErrInvalidGenesis, []string{"no subnet 1"}},
		{"no first subnet", func(gs *types.GenesisState) { gs.Subnets = gs.Subnets[1:] }, types.ErrInvalidGenesis, []string{"no subnet 1"}},
		{"subnet 0", func(gs *types.GenesisState) { gs.Subnets[0].Id = 0 }, types.ErrInvalidGenesis, []string{"no subnet 1"}},
		{"ids that fall", func(gs *types.GenesisState) { gs.Subnets[1], gs.Subnets[2] = gs.Subnets[2], gs.Subnets[1] }, types.ErrInvalidGenesis, []string{"subnet 2 comes after subnet 4", "rise"}},
		{"an id twice", func(gs *types.GenesisState) { gs.Subnets[2].Id = 2 }, types.ErrInvalidGenesis, []string{"subnet 2 comes after subnet 2"}},
		{"too many subnets", func(gs *types.GenesisState) {
			for id := uint64(5); len(gs.Subnets) <= types.MostSubnets; id++ {
				gs.Subnets = append(gs.Subnets, types.Subnet{Id: id, Name: fmt.Sprint(id), Modality: types.MODALITY_TEXT, Hyperparameters: types.DefaultHyperparameters()})
				gs.NextId = id + 1
			}
		}, types.ErrInvalidGenesis, []string{"257 subnets", "256"}},
		{"a name twice", func(gs *types.GenesisState) { gs.Subnets[2].Name = "second" }, types.ErrInvalidGenesis, []string{"subnets 2 and 4", `"second"`}},
		{"no name", func(gs *types.GenesisState) { gs.Subnets[1].Name = "" }, types.ErrInvalidGenesis, []string{"subnet 2", "name has 0 bytes", "1..64"}},
		{"a long name", func(gs *types.GenesisState) { gs.Subnets[1].Name = strings.Repeat("a", 65) }, types.ErrInvalidGenesis, []string{"subnet 2", "name has 65 bytes"}},
		{"a name that is not printable", func(gs *types.GenesisState) { gs.Subnets[1].Name = "a\u202e" }, types.ErrInvalidGenesis, []string{"subnet 2", "U+202E"}},
		{"a long description", func(gs *types.GenesisState) { gs.Subnets[1].Description = strings.Repeat("a", 1025) }, types.ErrInvalidGenesis, []string{"subnet 2", "description has 1025 bytes", "1024"}},
		{"no modality", func(gs *types.GenesisState) { gs.Subnets[1].Modality = 0 }, types.ErrInvalidGenesis, []string{"subnet 2", "1..3", "invalid modality"}},
		{"another modality", func(gs *types.GenesisState) { gs.Subnets[1].Modality = 4 }, types.ErrInvalidGenesis, []string{"subnet 2", "1..3"}},
		{"an owner that is no address", func(gs *types.GenesisState) { gs.Subnets[1].Owner = "carol" }, types.ErrInvalidGenesis, []string{"subnet 2", `owner "carol"`}},
		{"an owner in capitals", func(gs *types.GenesisState) { gs.Subnets[1].Owner = strings.ToUpper(account(2)) }, types.ErrInvalidGenesis, []string{"subnet 2", "owner", "write it as " + account(2)}},
		{"an offer to no address", func(gs *types.GenesisState) { gs.Subnets[1].OfferedTo = "dave" }, types.ErrInvalidGenesis, []string{"subnet 2", `offered_to "dave"`}},
		{"an offer in capitals", func(gs *types.GenesisState) { gs.Subnets[1].OfferedTo = strings.ToUpper(account(3)) }, types.ErrInvalidGenesis, []string{"subnet 2", "offered_to", "write it as " + account(3)}},
		{"the first subnet dissolving", func(gs *types.GenesisState) { gs.Subnets[0].DissolvesAt = 1 }, types.ErrInvalidGenesis, []string{"subnet 1", "dissolves_at is 1", "must be 0"}},
		{"a lock of more than all Tao", func(gs *types.GenesisState) { gs.Subnets[1].Lock = 21_000_000*tao + 1 }, types.ErrInvalidGenesis, []string{"subnet 2", "21000000000000001"}},
		{"a lock of nobody", func(gs *types.GenesisState) { gs.Subnets[1].Owner, gs.Subnets[1].OfferedTo = "", "" }, types.ErrInvalidGenesis, []string{"subnet 2", "100000000000 rao", "without an owner"}},
		{"next_id taken", func(gs *types.GenesisState) { gs.NextId = 4 }, types.ErrInvalidGenesis, []string{"next_id is 4", "above the largest id 4"}},
		{"no next_id", func(gs *types.GenesisState) { gs.NextId = 0 }, types.ErrInvalidGenesis, []string{"next_id is 0", "4"}},
		{"hyperparameters", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.Tempo = 0 }, types.ErrInvalidGenesis, []string{"subnet 4", "tempo is 0", "1..50400"}},
		{"no hyperparameters", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters = types.Hyperparameters{} }, types.ErrInvalidGenesis, []string{"subnet 4", "tempo is 0"}},
		{"hyperparameters that do not fit", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.AlphaLow = 60_000 }, types.ErrInvalidGenesis, []string{"subnet 4", "alpha_low 60000", "alpha_high 58982"}},
		{"what is pending", func(gs *types.GenesisState) { gs.Subnets[1].Pending.Kappa = 65_536 }, types.ErrInvalidGenesis, []string{"subnet 2", "kappa is 65536", "0..65535"}},
		{"a version of 2^63-1", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.WeightsVersion = 1<<63 - 1 }, types.ErrInvalidGenesis, []string{"subnet 4", "weights_version is 9223372036854775807", "0..9223372036854775806"}},
		{"a version of 2^63", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.WeightsVersion = 1 << 63 }, types.ErrInvalidGenesis, []string{"subnet 4", "weights_version"}},
		{"a version of 2^64-1", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.WeightsVersion = 1<<64 - 1 }, types.ErrInvalidGenesis, []string{"subnet 4", "weights_version"}},
		{"an amount of 2^64-1", func(gs *types.GenesisState) { gs.Subnets[2].Hyperparameters.BurnCeiling = 1<<64 - 1 }, types.ErrInvalidGenesis, []string{"subnet 4", "burn_ceiling"}},
		{"a vote of no address", func(gs *types.GenesisState) { gs.Votes[0].Hotkey = "" }, types.ErrInvalidGenesis, []string{`vote of ""`}},
		{"a vote in capitals", func(gs *types.GenesisState) { gs.Votes[0].Hotkey = strings.ToUpper(account(1)) }, types.ErrInvalidGenesis, []string{strings.ToUpper(account(1)), "write it as " + account(1)}},
		{"votes out of order", func(gs *types.GenesisState) { gs.Votes[0], gs.Votes[1] = gs.Votes[1], gs.Votes[0] }, types.ErrInvalidGenesis, []string{account(1), "out of order"}},
		{"a vote twice", func(gs *types.GenesisState) { gs.Votes[1] = gs.Votes[0] }, types.ErrInvalidGenesis, []string{account(1), "comes twice"}},
		{"a vote whose lists differ", func(gs *types.GenesisState) { gs.Votes[0].Weights = []uint64{1} }, types.ErrInvalidGenesis, []string{account(1), "3 subnets and 1 weights"}},
		{"a vote of no weight", func(gs *types.GenesisState) { gs.Votes[0].Weights[1] = 0 }, types.ErrInvalidGenesis, []string{account(1), "subnet 2 is 0", "1..65535"}},
		{"a vote of weight 65536", func(gs *types.GenesisState) { gs.Votes[0].Weights[1] = 65_536 }, types.ErrInvalidGenesis, []string{account(1), "subnet 2 is 65536", "1..65535"}},
		{"a vote for one subnet twice", func(gs *types.GenesisState) { gs.Votes[0].Subnets[1] = 1 }, types.ErrInvalidGenesis, []string{account(1), "subnet 1 comes twice"}},
		{"a vote for subnets that fall", func(gs *types.GenesisState) { gs.Votes[0].Subnets[2] = 1; gs.Votes[0].Subnets[0] = 9 }, types.ErrInvalidGenesis, []string{account(1), "rise"}},
		{"a vote for 33 subnets", func(gs *types.GenesisState) {
			gs.Votes[0].Subnets, gs.Votes[0].Weights = nil, nil
			for id := range uint64(33) {
				gs.Votes[0].Subnets, gs.Votes[0].Weights = append(gs.Votes[0].Subnets, id+1), append(gs.Votes[0].Weights, 1)
			}
		}, types.ErrInvalidGenesis, []string{account(1), "33 subnets", "32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			gs := full()
			c.harm(gs)
			err := gs.Validate()
			require.ErrorIs(t, err, c.want)
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

// An offer of what belongs to nobody would be taken by whom it names.
func TestGenesisOffersNothingThatNobodyOwns(t *testing.T) {
	for name, harm := range map[string]func(*types.GenesisState){
		"the first subnet is offered":  func(gs *types.GenesisState) { gs.Subnets[0].OfferedTo = account(2) },
		"one without owner is offered": func(gs *types.GenesisState) { gs.Subnets[1].Owner, gs.Subnets[1].Lock = "", 0 },
	} {
		t.Run(name, func(t *testing.T) {
			gs := full()
			harm(gs)
			require.ErrorIs(t, gs.Validate(), types.ErrInvalidGenesis)
		})
	}
}

// A genesis of a height keeps its distances from the first block.
func TestRebase(t *testing.T) {
	gs := full()
	gs.Subnets[2].DissolvesAt = 40
	gs.Rebase(100)
	want := full()
	want.Subnets[1].Created, want.Subnets[2].Created, want.Subnets[1].OwnerChanged = 0, 0, 0
	want.Subnets[1].DissolvesAt, want.Subnets[2].DissolvesAt = 800, 1
	want.Votes[0].Height, want.Votes[1].Height, want.CreationCost.Height = 0, 0, 0
	require.Equal(t, want, gs)
	require.NoError(t, gs.Validate())
	gs = full()
	gs.Rebase(5)
	require.Equal(t, uint64(2), gs.Subnets[1].OwnerChanged)
	require.Equal(t, uint64(895), gs.Subnets[1].DissolvesAt)
	require.Equal(t, uint64(1), gs.Votes[1].Height)
	require.Equal(t, uint64(4), gs.CreationCost.Height)
}

// Errors have the codes by which programs know them.
func TestErrorsHaveTheirCodes(t *testing.T) {
	for i, err := range []*errorsmod.Error{
		types.ErrInvalidParams, types.ErrInvalidGenesis, types.ErrUnknownSubnet, types.ErrUnauthorized, types.ErrInvalidHyperparameter,
		types.ErrTooSoon, types.ErrTooMany, types.ErrTooExpensive, types.ErrInvalidText, types.ErrNameTaken, types.ErrInvalidModality,
		types.ErrInvalidVote, types.ErrUnknownHotkey, types.ErrNotOffered, types.ErrDissolving, types.ErrInvalidAddress,
		types.ErrInvalidAmount, types.ErrInvariant,
	} {
		require.Equal(t, uint32(i+2), err.ABCICode(), err.Error())
		require.Equal(t, types.ModuleName, err.Codespace())
	}
}
