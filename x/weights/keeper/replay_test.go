package keeper_test

import (
	"encoding/binary"
	"errors"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

// replay computes the epoch at a height from one query at that height.
func replay(t *testing.T, c *apptest.Chain, height int64) yuma.Result {
	t.Helper()
	input, err := queries(c).EpochInput(past(t, c, height), &types.QueryEpochInputRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(height), input.Height)
	scenario, err := yuma.ParseScenario([]byte(input.Scenario))
	require.NoError(t, err)
	results, err := scenario.Run(false, nil)
	require.NoError(t, err)
	return results[0]
}

// column reads a stored column of u16 or u64.
func column[T uint16 | uint64](t *testing.T, c *apptest.Chain, ctx sdk.Context, name string, width int) (list []T) {
	t.Helper()
	data, err := c.WeightsKeeper.Columns.Get(ctx, collections.Join(uint64(1), name))
	require.NoError(t, err)
	for ; len(data) > 0; data = data[width:] {
		if width == 2 {
			list = append(list, T(binary.LittleEndian.Uint16(data)))
		} else {
			list = append(list, T(binary.LittleEndian.Uint64(data)))
		}
	}
	return list
}

// sameAsChain compares a result with what the chain stored at its height.
func sameAsChain(t *testing.T, c *apptest.Chain, height int64, got yuma.Result) {
	t.Helper()
	ctx := past(t, c, height)
	for name, want := range map[string][]uint16{
		types.ColumnStakeWeight: got.StakeWeight, types.ColumnRank: got.Rank, types.ColumnTrust: got.Trust,
		types.ColumnConsensus: got.Consensus, types.ColumnIncentive: got.Incentive, types.ColumnDividends: got.Dividends,
		types.ColumnValidatorTrust: got.ValidatorTrust, types.ColumnPruningScore: got.PruningScore,
	} {
		require.Equal(t, want, column[uint16](t, c, ctx, name, 2), "%s at %d", name, height)
	}
	require.Equal(t, got.ServerEmission, column[uint64](t, c, ctx, types.ColumnServer, 8), "at %d", height)
	require.Equal(t, got.ValidatorEmission, column[uint64](t, c, ctx, types.ColumnValidator, 8), "at %d", height)
	after, err := queries(c).Bonds(ctx, &types.QueryBondsRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, got.ValidatorPermit, after.Permits)
	rows := make([][]yuma.Weight, len(got.Bonds))
	for i := range rows {
		rows[i] = []yuma.Weight{}
	}
	for _, row := range after.Bonds {
		for _, e := range row.Entries {
			rows[row.Uid] = append(rows[row.Uid], yuma.Weight{uint16(e.Uid), uint16(e.Value)})
		}
	}
	require.Equal(t, got.Bonds, rows, "bonds at %d", height)
	epoch, err := queries(c).Epoch(ctx, &types.QueryEpochRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, got.Remainder, epoch.Epoch.Carried)
	require.Equal(t, got.Recycled, epoch.Epoch.Recycled)
}

func TestEpochsReplayToTheBit(t *testing.T) {
	for name, change := range map[string]func(*subnettypes.Hyperparameters){
		"yuma 3":       func(*subnettypes.Hyperparameters) {},
		"yuma 2":       func(h *subnettypes.Hyperparameters) { h.Yuma = 2 },
		"liquid alpha": func(h *subnettypes.Hyperparameters) { h.LiquidAlpha, h.BondsPenalty = true, 30_000 },
	} {
		t.Run(name, func(t *testing.T) {
			neurons := makeNeurons("replay", 100*tao, 80*tao, 60*tao, 40*tao, 0, 0, 0, 0)
			rich := apptest.Key("rich")
			c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(rich), 1000*tao),
				apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
					h.Tempo, h.MaxUids, h.Immunity, h.MaxValidators = 3, 9, 2, 3
					change(h)
				}))
			random := rand.New(rand.NewSource(3))
			owed := append([]apptest.Neuron(nil), neurons...)
			replaced := 0
			for range 60 {
				var txs [][]byte
				for _, n := range owed[:4] {
					if _, ok, _ := c.NeuronKeeper.UID(c.Ctx(), 1, n.Hotkey()); !ok || random.Intn(3) > 0 {
						continue
					}
					row := apptest.Row(n.Hotkey())
					for uid := range uint32(8) {
						if w := random.Intn(4); w > 0 {
							row.Uids, row.Weights = append(row.Uids, uid), append(row.Weights, uint32(w*w*100))
						}
					}
					if c.WeightsKeeper.CheckRow(c.Ctx(), row) == nil {
						txs = append(txs, c.Free(n.Hot, row))
					}
				}
				if random.Intn(8) == 0 {
					txs = append(txs, c.Paid(rich, consent(t, c, rich, apptest.Ed25519(string(rune('a'+replaced))))))
					replaced++
				}
				if ran := of[*types.EventEpoch](block(t, c, txs...)); len(ran) == 1 {
					sameAsChain(t, c, c.Height(), replay(t, c, c.Height()))
					sameAsExplained(t, c, c.Height())
				}
			}
			require.Greater(t, replaced, 3)
		})
	}
}

// sameAsExplained compares what Explain says at an epoch's height with what the epoch
// booked.
func sameAsExplained(t *testing.T, c *apptest.Chain, height int64) {
	t.Helper()
	ctx := past(t, c, height)
	server := column[uint64](t, c, ctx, types.ColumnServer, 8)
	validator := column[uint64](t, c, ctx, types.ColumnValidator, 8)
	for uid := range server {
		res, err := queries(c).Explain(ctx, &types.QueryExplainRequest{Subnet: 1, Uid: uint32(uid)})
		require.NoError(t, err)
		require.True(t, res.Paid)
		require.Equal(t, uint64(height), res.Height)
		var x yuma.Explanation
		decode(t, res.Explanation, &x)
		require.Equal(t, server[uid], x.Server, "uid %d at %d", uid, height)
		require.Equal(t, validator[uid], x.Validator, "uid %d at %d", uid, height)
	}
}

func TestTheFirstEpochReplays(t *testing.T) {
	neurons := makeNeurons("first", 100*tao, 50*tao, 0)
	for _, tempo := range []uint64{1, 2} { // subnet 1 is due at height 1 with either
		c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = tempo }))
		require.Equal(t, int64(1), c.Height())
		result := replay(t, c, 1)
		sameAsChain(t, c, 1, result)
		sameAsExplained(t, c, 1)
		require.Positive(t, result.ValidatorEmission[0], "the permits of genesis are part of it")
	}
}

// TestBondsAlternateBetweenTwoSlots looks at what is stored: an epoch writes one slot
// and leaves the other as it found it.
func TestBondsAlternateBetweenTwoSlots(t *testing.T) {
	neurons := makeNeurons("slots", 100*tao, 50*tao, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.Tempo, h.ActivityCutoff = 1, 1000
	}))
	sendRows(t, c, map[int][]uint32{0: {2, 1}, 1: {2, 1}}, neurons)
	slot := func(n uint32) []byte {
		b, err := c.WeightsKeeper.Bonds.Get(c.Ctx(), collections.Join3(uint64(1), n, uint32(0)))
		if errors.Is(err, collections.ErrNotFound) {
			return nil
		}
		require.NoError(t, err)
		return b
	}
	for range 6 {
		epoch, err := c.WeightsKeeper.Epoch(c.Ctx(), 1)
		require.NoError(t, err)
		after := slot(epoch.SlotAfter())
		require.NotEmpty(t, after)
		c.Blocks(1)
		next, err := c.WeightsKeeper.Epoch(c.Ctx(), 1)
		require.NoError(t, err)
		require.Equal(t, epoch.SlotAfter(), next.SlotBefore())
		require.Equal(t, after, slot(next.SlotBefore()))
		require.NotEqual(t, after, slot(next.SlotAfter()), "bonds grow")
	}
	var keys int
	require.NoError(t, c.WeightsKeeper.Bonds.Walk(c.Ctx(), nil, func(collections.Triple[uint64, uint32, uint32], []byte) (bool, error) {
		keys++
		return false, nil
	}))
	require.Equal(t, 2, keys)
}

func TestExplainSaysWhetherItWasPaid(t *testing.T) {
	c, neurons := rowChain(t) // epochs at odd heights
	sendRows(t, c, map[int][]uint32{0: {3, 1}, 1: {3, 1}, 2: {3, 1}}, neurons)
	c.Blocks(2)
	res, err := queries(c).Explain(past(t, c, 3), &types.QueryExplainRequest{Subnet: 1, Uid: 3})
	require.NoError(t, err)
	require.True(t, res.Paid)
	require.Equal(t, uint64(3), res.Height)
	require.Equal(t, neurons[3].Hotkey().String(), res.Hotkey)

	res, err = queries(c).Explain(past(t, c, 4), &types.QueryExplainRequest{Subnet: 1, Uid: 3})
	require.NoError(t, err)
	require.False(t, res.Paid)
	require.Equal(t, uint64(4), res.Height)
	var x yuma.Explanation
	decode(t, res.Explanation, &x)
	require.Positive(t, x.Server, "the present state and the last pot")
}

func TestBondsQueryLeavesOutWhoWasReplaced(t *testing.T) {
	neurons := makeNeurons("bonds", 100*tao, 100*tao, 100*tao, 0, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(neurons[3].Coldkey(), tao),
		apptest.WithFunds(neurons[2].Coldkey(), tao), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
			h.Tempo, h.ActivityCutoff = 1000, 1000 // due at 999
		}))
	sendRows(t, c, map[int][]uint32{0: {3, 1, 4, 1}, 1: {3, 1, 4, 1}, 2: {3, 1, 4, 1}}, neurons)
	ctx := at(c, 999)
	require.NoError(t, c.WeightsKeeper.EndBlock(ctx))
	bonds := func() map[uint32][]uint32 {
		res, err := queries(c).Bonds(ctx, &types.QueryBondsRequest{Subnet: 1})
		require.NoError(t, err)
		held := make(map[uint32][]uint32)
		for _, row := range res.Bonds {
			for _, e := range row.Entries {
				held[row.Uid] = append(held[row.Uid], e.Uid)
			}
		}
		return held
	}
	require.Equal(t, map[uint32][]uint32{0: {3, 4}, 1: {3, 4}, 2: {3, 4}}, bonds())
	for _, uid := range []int{2, 3} {
		_, err := c.Deliver(ctx, &neurontypes.MsgDeregister{
			Coldkey: neurons[uid].Coldkey().String(), Hotkey: neurons[uid].Hotkey().String(), Subnet: 1,
		})
		require.NoError(t, err)
	}
	require.Equal(t, map[uint32][]uint32{0: {4}, 1: {4}}, bonds(), "of and in a uid that was given up")
}

func TestEpochInputIsOfTheEpochsHeight(t *testing.T) {
	c, _ := rowChain(t)
	c.Blocks(4) // epochs at 1, 3, 5
	_, err := queries(c).EpochInput(past(t, c, 4), &types.QueryEpochInputRequest{Subnet: 1})
	require.ErrorContains(t, err, "the last was at 3; ask with --height 3")
	_, err = queries(c).EpochInput(past(t, c, 3), &types.QueryEpochInputRequest{Subnet: 1})
	require.NoError(t, err)
}

func TestColumnQueryLeavesOutWhatMeantSomebodyElse(t *testing.T) {
	cold := apptest.Key("newcomer/cold")
	hot := apptest.Ed25519("newcomer/hot")
	neurons := makeNeurons("column", 100*tao, 100*tao, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(cold), 1000*tao),
		apptest.WithFunds(neurons[2].Coldkey(), tao))
	block(t, c, c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 2, 1)))
	entries := func() []types.Entry {
		res, err := queries(c).Column(c.Ctx(), &types.QueryColumnRequest{Subnet: 1, Uid: 2})
		require.NoError(t, err)
		return res.Entries
	}
	require.Equal(t, []types.Entry{{Uid: 0, Value: 65535}}, entries())
	block(t, c, c.Paid(neurons[2].Cold, &neurontypes.MsgDeregister{
		Coldkey: neurons[2].Coldkey().String(), Hotkey: neurons[2].Hotkey().String(), Subnet: 1,
	}))
	block(t, c, c.Paid(cold, consent(t, c, cold, hot)))
	require.Empty(t, entries())
	block(t, c, c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 2, 1)))
	require.Equal(t, []types.Entry{{Uid: 1, Value: 65535}}, entries())
}
