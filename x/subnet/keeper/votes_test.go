package keeper_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission/schedule"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	"github.com/taonet/taonet/x/subnet/types"
)

// votingChain has two hotkeys with 90 and 10 tao in subnet 1, and a subnet 2.
func votingChain(t *testing.T) (*apptest.Chain, sdk.Context, []apptest.Neuron) {
	t.Helper()
	neurons := []apptest.Neuron{apptest.NewNeuron("a", 90*apptest.Tao), apptest.NewNeuron("b", 10*apptest.Tao)}
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(neurons[0].Coldkey(), 1000*apptest.Tao), apptest.WithGenesis(withoutEmission))
	ctx := c.Ctx().WithIsCheckTx(false).WithBlockHeight(1000)
	_, err := c.Deliver(ctx, &types.MsgCreateSubnet{
		Owner: neurons[0].Coldkey().String(), Name: "second", Modality: types.MODALITY_TEXT, MaxCost: apptest.Coin(100 * apptest.Tao),
	})
	require.NoError(t, err)
	for _, id := range []uint64{1, 2} {
		subnet, err := c.SubnetKeeper.Subnet(ctx, id)
		require.NoError(t, err)
		subnet.Live = true
		require.NoError(t, c.SubnetKeeper.Subnets.Set(ctx, id, subnet))
	}
	return c, ctx, neurons
}

// withoutEmission mints nothing, so that every rao that moves was moved by a message.
func withoutEmission(raw map[string]json.RawMessage) {
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	var gs emissiontypes.GenesisState
	cdc.MustUnmarshalJSON(raw[emissiontypes.ModuleName], &gs)
	gs.Params.Base = 0
	raw[emissiontypes.ModuleName] = cdc.MustMarshalJSON(&gs)
}

// sums ends a block and returns what counts for subnets 1 and 2, in rao.
func sums(t *testing.T, c *apptest.Chain, ctx sdk.Context) [2]uint64 {
	t.Helper()
	require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
	require.NoError(t, c.SubnetKeeper.Invariant(ctx))
	var got [2]uint64
	for i := range got {
		sum, err := c.SubnetKeeper.Sums.Get(ctx, uint64(i+1))
		if err != nil {
			require.ErrorIs(t, err, collections.ErrNotFound)
		}
		got[i] = sum
	}
	return got
}

func vote(n apptest.Neuron, subnets, weights []uint64) *types.MsgVoteSubnets {
	return &types.MsgVoteSubnets{Hotkey: n.Hotkey().String(), Subnets: subnets, Weights: weights}
}

// swapTo exchanges the hotkey of a neuron for one made from seed.
func swapTo(t *testing.T, c *apptest.Chain, ctx sdk.Context, n apptest.Neuron, seed string) apptest.Neuron {
	t.Helper()
	hot := apptest.Ed25519(seed)
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	const expiry = 1_000_000
	signature, err := hot.Sign(neurontypes.ConsentBytes(apptest.ChainID, n.Coldkey(), apptest.Address(hot), 0, expiry))
	require.NoError(t, err)
	_, err = c.Deliver(ctx, &neurontypes.MsgSwapHotkey{
		Coldkey: n.Coldkey().String(), Hotkey: n.Hotkey().String(), NewHotkey: key, Expiry: expiry, Consent: signature,
	})
	require.NoError(t, err)
	n.Hot = hot
	return n
}

func TestStakeCountsForWhereItIsRegisteredOrWhatItVotes(t *testing.T) {
	const tao = apptest.Tao
	c, ctx, neurons := votingChain(t)
	require.Equal(t, [2]uint64{100 * tao, 0}, sums(t, c, ctx), "from genesis on, without a vote")

	_, err := c.Deliver(ctx, vote(neurons[0], []uint64{2, 1}, []uint64{2, 1}))
	require.NoError(t, err)
	require.Equal(t, [2]uint64{40 * tao, 60 * tao}, sums(t, c, ctx))

	// Stake that comes and goes counts from the block on in which it does.
	_, err = c.Deliver(ctx, &neurontypes.MsgAddStake{Coldkey: neurons[0].Coldkey().String(), Hotkey: neurons[0].Hotkey().String(), Amount: apptest.Coin(30 * tao)})
	require.NoError(t, err)
	require.Equal(t, [2]uint64{50 * tao, 80 * tao}, sums(t, c, ctx))
	_, err = c.Deliver(ctx, &neurontypes.MsgRemoveStake{Coldkey: neurons[0].Coldkey().String(), Hotkey: neurons[0].Hotkey().String(), All: true, Amount: apptest.Coin(0)})
	require.NoError(t, err)
	require.Equal(t, [2]uint64{10 * tao, 0}, sums(t, c, ctx))

	// A hotkey without a uid counts for nothing until it votes.
	_, err = c.Deliver(ctx, &neurontypes.MsgDeregister{Coldkey: neurons[1].Coldkey().String(), Hotkey: neurons[1].Hotkey().String(), Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, [2]uint64{0, 0}, sums(t, c, ctx))
	_, err = c.Deliver(ctx, vote(neurons[1], []uint64{2}, []uint64{7}))
	require.NoError(t, err)
	require.Equal(t, [2]uint64{0, 10 * tao}, sums(t, c, ctx))
}

// A hotkey may be swapped any number of times: its stake counts once, its vote
// stays, and so does the height that bounds the next.
func TestSwappedStakeCountsOnce(t *testing.T) {
	const tao = apptest.Tao
	c, ctx, neurons := votingChain(t)
	_, err := c.Deliver(ctx, vote(neurons[0], []uint64{2}, []uint64{1}))
	require.NoError(t, err)
	n := neurons[0]
	for i := range 20 {
		n = swapTo(t, c, ctx.WithBlockHeight(1001+int64(i)), n, fmt.Sprint("swap/", i))
		require.Equal(t, [2]uint64{10 * tao, 90 * tao}, sums(t, c, ctx.WithBlockHeight(1001+int64(i))), "swap %d", i)
	}
	_, err = c.Deliver(ctx.WithBlockHeight(1359), vote(n, nil, nil))
	require.ErrorIs(t, err, types.ErrTooSoon)
	require.ErrorContains(t, err, "1360")
	_, err = c.SubnetKeeper.Votes.Get(ctx, neurons[0].Hotkey())
	require.ErrorIs(t, err, collections.ErrNotFound, "the old hotkey votes no more")

	// A vote that is taken back bounds the next one too.
	_, err = c.Deliver(ctx.WithBlockHeight(1360), vote(n, nil, nil))
	require.NoError(t, err)
	require.Equal(t, [2]uint64{100 * tao, 0}, sums(t, c, ctx.WithBlockHeight(1360)))
	_, err = c.Deliver(ctx.WithBlockHeight(1361), vote(n, []uint64{2}, []uint64{1}))
	require.ErrorIs(t, err, types.ErrTooSoon)
}

func TestSumsBecomeWeightsEveryInterval(t *testing.T) {
	c, ctx, neurons := votingChain(t)
	_, err := c.Deliver(ctx, vote(neurons[0], []uint64{2}, []uint64{1}))
	require.NoError(t, err)
	weights := func(height int64) map[uint64]uint64 {
		require.NoError(t, c.SubnetKeeper.EndBlock(ctx.WithBlockHeight(height)))
		got := map[uint64]uint64{}
		require.NoError(t, c.EmissionKeeper.Weights.Walk(ctx, nil, func(subnet, weight uint64) (bool, error) {
			got[subnet] = weight
			return false, nil
		}))
		for id := range got {
			subnet, err := c.SubnetKeeper.Subnet(ctx, id)
			require.NoError(t, err)
			if subnet.Live {
				require.Equal(t, got[id], subnet.Weight)
			}
		}
		return got
	}
	before := weights(1009)
	require.NotContains(t, before, uint64(2))
	require.Equal(t, map[uint64]uint64{1: 10 * apptest.Tao >> 8, 2: 90 * apptest.Tao >> 8}, weights(1010))

	setLive := func(id uint64, live bool) {
		subnet, err := c.SubnetKeeper.Subnet(ctx, id)
		require.NoError(t, err)
		subnet.Live = live
		require.NoError(t, c.SubnetKeeper.Subnets.Set(ctx, id, subnet))
	}
	setLive(2, false)
	require.Equal(t, map[uint64]uint64{1: 10 * apptest.Tao >> 8}, weights(1020), "nobody scores in subnet 2")
	setLive(1, false)
	require.Equal(t, map[uint64]uint64{emissiontypes.DefaultSubnet: 1}, weights(1030), "nobody scores anywhere")
}

// All Tao behind one subnet stays within the bound of a weight, and the least stake
// weighs something.
func TestWeightsOfTheMostAndTheLeastStake(t *testing.T) {
	c, ctx, _ := votingChain(t)
	for _, e := range []struct{ sum, weight uint64 }{
		{1, 1}, {255, 1}, {512, 2}, {schedule.Cap, schedule.Cap >> 8},
	} {
		require.NoError(t, c.SubnetKeeper.Sums.Set(ctx, 1, e.sum))
		require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
		weight, err := c.EmissionKeeper.Weights.Get(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, e.weight, weight)
		require.Less(t, weight, uint64(emissiontypes.MaxWeight))
	}
}

// However many hotkeys change in a block, the next ones count a bounded number each.
func TestABlockCountsABoundedNumber(t *testing.T) {
	c, ctx, _ := votingChain(t)
	require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
	for i := range 2500 {
		require.NoError(t, c.SubnetKeeper.StakeChanged(ctx, fmt.Appendf(nil, "nobody %4d", i)))
	}
	for _, left := range []int{1500, 500, 0} {
		require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
		count := 0
		require.NoError(t, c.SubnetKeeper.Changed.Walk(ctx, nil, func([]byte) (bool, error) { count++; return false, nil }))
		require.Equal(t, left, count)
	}
}

// A sum that is not what the hotkeys count for is found.
func TestTheInvariantFindsAWrongCount(t *testing.T) {
	c, ctx, neurons := votingChain(t)
	for name, harm := range map[string]func(sdk.Context) error{
		"a sum too high":  func(ctx sdk.Context) error { return c.SubnetKeeper.Sums.Set(ctx, 1, 101*apptest.Tao) },
		"a sum of nobody": func(ctx sdk.Context) error { return c.SubnetKeeper.Sums.Set(ctx, 7, 1) },
		"a sum lost":      func(ctx sdk.Context) error { return c.SubnetKeeper.Sums.Remove(ctx, 1) },
		"a count of more": func(ctx sdk.Context) error {
			return c.SubnetKeeper.Counts.Set(ctx, neurons[0].Hotkey(), types.Count{Subnets: []uint64{1}, Stakes: []uint64{91 * apptest.Tao}})
		},
	} {
		cached, _ := ctx.CacheContext()
		require.NoError(t, c.SubnetKeeper.Invariant(cached), name)
		require.NoError(t, harm(cached), name)
		require.ErrorIs(t, c.SubnetKeeper.Invariant(cached), types.ErrInvariant, name)
	}
}
