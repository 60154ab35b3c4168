package keeper_test

import (
	"encoding/binary"
	"encoding/json"
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

// replay computes the epoch at height H from queries alone: EpochInput at H, and
// bonds and permits as Bonds reports them at H-1. What belonged to a uid that was
// given to another neuron since the epoch before is void.
func replay(t *testing.T, c *apptest.Chain, height int64) yuma.Result {
	t.Helper()
	input, err := queries(c).EpochInput(past(t, c, height), &types.QueryEpochInputRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(height), input.Height)
	var fields map[string]json.RawMessage
	decode(t, input.Scenario, &fields)
	var known struct {
		Registered []uint64 `json:"block_at_registration"`
		Last       uint64   `json:"last_step_block"`
	}
	decode(t, input.Scenario, &known)

	before, err := queries(c).Bonds(past(t, c, height-1), &types.QueryBondsRequest{Subnet: 1})
	require.NoError(t, err)
	bonds, permits := make([]yuma.Row, len(known.Registered)), make([]bool, len(known.Registered))
	copy(permits, before.Permits)
	for _, row := range before.Bonds {
		if known.Registered[row.Uid] <= known.Last {
			bonds[row.Uid] = types.FromEntries(row.Entries)
		}
	}
	for uid, registered := range known.Registered {
		if registered > known.Last && known.Last > 0 {
			permits[uid] = false
		}
	}
	list := make([][]yuma.Weight, len(bonds))
	for i, row := range bonds {
		list[i] = []yuma.Weight{}
		for _, e := range row {
			list[i] = append(list[i], yuma.Weight{uint16(e >> 16), uint16(e)})
		}
	}
	fields["bonds"], err = json.Marshal(list)
	require.NoError(t, err)
	fields["validator_permit"], err = json.Marshal(permits)
	require.NoError(t, err)
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	scenario, err := yuma.ParseScenario(text)
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
				if ran := of[*types.EventEpoch](block(t, c, txs...)); len(ran) == 1 && c.Height() > 2 {
					sameAsChain(t, c, c.Height(), replay(t, c, c.Height()))
				}
			}
			require.Greater(t, replaced, 3)
		})
	}
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
