package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission/keeper"
	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

func TestQuerySchedule(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	q := keeper.NewQueryServer(c.EmissionKeeper)
	for _, e := range []struct{ issuance, emission, halvings, next uint64 }{
		{0, 83_333_333, 0, 10_500_000 * tao},
		{10_500_000*tao - 1, 83_333_333, 0, 10_500_000 * tao},
		{10_500_000 * tao, 41_666_666, 1, 15_750_000 * tao},
		{15_750_000*tao - 1, 41_666_666, 1, 15_750_000 * tao},
		{15_750_000 * tao, 20_833_333, 2, 18_375_000 * tao},
		{18_375_000 * tao, 10_416_666, 3, 19_687_500 * tao},
		{threshold(26), 1, 26, threshold(27)},
		{threshold(27), 0, 27, threshold(28)},
		{schedule.Cap - 1, 0, 54, 0},
		{schedule.Cap, 0, 64, 0},
	} {
		res, err := q.Schedule(c.Ctx(), &types.QueryScheduleRequest{Issuance: e.issuance})
		require.NoError(t, err)
		require.Equal(t, &types.QueryScheduleResponse{Emission: e.emission, Halvings: uint32(e.halvings), NextHalving: e.next}, res, "at %d", e.issuance)
	}
	_, err := q.Schedule(c.Ctx(), &types.QueryScheduleRequest{Issuance: schedule.Cap + 1})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "21000000000000001")
	require.ErrorContains(t, err, "the cap is 21000000000000000")
	for k := uint(0); k < 54; k++ { // the emission of any issuance is the formula's
		for _, issuance := range []uint64{threshold(k), threshold(k) + 1, threshold(k+1) - 1} {
			res, err := q.Schedule(c.Ctx(), &types.QueryScheduleRequest{Issuance: issuance})
			require.NoError(t, err)
			require.Equal(t, formula(issuance, schedule.DefaultBase), res.Emission, "at %d", issuance)
		}
	}
}

func TestQueryNextHalving(t *testing.T) {
	const before = schedule.DefaultBase
	for _, e := range []struct {
		name   string
		supply uint64 // of genesis, one block before
		want   types.QueryNextHalvingResponse
	}{
		{"blocks are rounded up", threshold(1) - 3*before - 1, types.QueryNextHalvingResponse{
			Issuance: threshold(1), Missing: 2*before + 1, Blocks: 3, Emission: before, EmissionAfter: before / 2,
		}},
		{"whole blocks", threshold(1) - 3*before, types.QueryNextHalvingResponse{
			Issuance: threshold(1), Missing: 2 * before, Blocks: 2, Emission: before, EmissionAfter: before / 2,
		}},
		{"just halved", threshold(1) - before, types.QueryNextHalvingResponse{
			Issuance: threshold(2), Missing: threshold(2) - threshold(1), Blocks: (threshold(2)-threshold(1))/(before/2) + 1,
			Emission: before / 2, EmissionAfter: before / 4,
		}},
		{"nothing is emitted", threshold(27), types.QueryNextHalvingResponse{
			Issuance: threshold(28), Missing: threshold(28) - threshold(27),
		}},
		{"at the cap", schedule.Cap, types.QueryNextHalvingResponse{}},
	} {
		t.Run(e.name, func(t *testing.T) {
			c := chainAt(t, e.supply, nil)
			res, err := keeper.NewQueryServer(c.EmissionKeeper).NextHalving(c.Ctx(), &types.QueryNextHalvingRequest{})
			require.NoError(t, err)
			require.Equal(t, &e.want, res)
		})
	}
}

// Every rao is in one of the holdings.
func TestQuerySupply(t *testing.T) {
	n := apptest.NewNeuron("a", 5*tao)
	c := apptest.New(t, apptest.WithNeurons(n), apptest.WithFunds(apptest.Address(whale), 7*tao),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = 50_400 }))
	q := keeper.NewQueryServer(c.EmissionKeeper)
	res, err := q.Supply(c.Ctx(), &types.QuerySupplyRequest{})
	require.NoError(t, err)
	require.Equal(t, uint64(bonded+12*tao+schedule.DefaultBase), res.Supply)
	require.Equal(t, uint64(schedule.Cap), res.Cap)
	require.Equal(t, ledgerOf(t, c, c.Ctx()), res.Ledger)
	held, sum := map[string]uint64{}, uint64(0)
	for _, h := range res.Holdings {
		require.NotContains(t, held, h.Name)
		held[h.Name] = h.Amount
		sum += h.Amount
	}
	require.Equal(t, res.Supply, sum)
	require.Equal(t, uint64(bonded), held["bonded_tokens_pool"])
	require.Equal(t, uint64(5*tao), held["neuron"])
	require.Equal(t, uint64(7*tao), held["balances"])
	require.Equal(t, res.Ledger.Minted-res.Ledger.Paid-res.Ledger.Recycled, held["emission"])

	params, err := q.Params(c.Ctx(), &types.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, types.DefaultParams(), params.Params)
	list, err := q.Pots(c.Ctx(), &types.QueryPotsRequest{})
	require.NoError(t, err)
	require.Equal(t, pots(1, 75_000_000), list.Pots)
	require.Empty(t, list.Weights, "they are set every 10 blocks")
	c.Blocks(9)
	list, err = q.Pots(c.Ctx(), &types.QueryPotsRequest{})
	require.NoError(t, err)
	require.Equal(t, weights(1, 1), list.Weights)
}
