package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// A validator may be away for hours.
func TestDefaultSlashing(t *testing.T) {
	c := apptest.New(t)
	var state slashingtypes.GenesisState
	c.AppCodec().MustUnmarshalJSON(c.DefaultGenesis()[slashingtypes.ModuleName], &state)
	require.NoError(t, slashingtypes.ValidateGenesis(state))
	require.EqualValues(t, 10_000, state.Params.SignedBlocksWindow)
	require.Equal(t, "0.050000000000000000", state.Params.MinSignedPerWindow.String())
	require.Equal(t, 10*time.Minute, state.Params.DowntimeJailDuration)
	require.Equal(t, "0.050000000000000000", state.Params.SlashFractionDoubleSign.String())
	require.Equal(t, "0.000100000000000000", state.Params.SlashFractionDowntime.String())
}

// Neurons may be added to any subnet in any order.
func TestDraftKeepsOrder(t *testing.T) {
	c := apptest.New(t)
	cdc, state := c.AppCodec(), c.DefaultGenesis()
	var subnets subnettypes.GenesisState
	cdc.MustUnmarshalJSON(state[subnettypes.ModuleName], &subnets)
	second := subnets.Subnets[0]
	second.Id, second.Name = 2, "second"
	subnets.Subnets = append(subnets.Subnets, second)
	subnets.NextId = 3
	state[subnettypes.ModuleName] = cdc.MustMarshalJSON(&subnets)
	draft, err := app.NewDraft(cdc, state)
	require.NoError(t, err)
	for i, name := range []string{"a", "b", "c", "d"} {
		n := apptest.NewNeuron(name, apptest.Tao)
		require.NoError(t, draft.Neuron(uint64(2-i%2), n.Hot.PubKey(), n.Coldkey(), n.Stake))
	}
	state, err = draft.State()
	require.NoError(t, err)
	var neurons neurontypes.GenesisState
	cdc.MustUnmarshalJSON(state[neurontypes.ModuleName], &neurons)
	require.NoError(t, neurons.Validate())
	require.Len(t, neurons.Neurons, 4)
}
