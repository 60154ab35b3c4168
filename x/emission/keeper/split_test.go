package keeper_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission/keeper"
	"github.com/taonet/taonet/x/emission/types"
)

func weights(pairs ...uint64) (list []types.SubnetWeight) {
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, types.SubnetWeight{Subnet: pairs[i], Weight: pairs[i+1]})
	}
	return list
}

func pots(pairs ...uint64) (list []types.Pot) {
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, types.Pot{Subnet: pairs[i], Amount: pairs[i+1]})
	}
	return list
}

// The split of one block, worked out by hand. What flooring leaves over goes to
// the first subnet with a weight.
func TestSplit(t *testing.T) {
	c := chainAt(t, 2*bonded, func(gs *types.GenesisState) { gs.Params.Base = 0 })
	require.Zero(t, ledgerOf(t, c, c.Ctx()), "base 0 mints nothing")
	for _, e := range []struct {
		name                 string
		base                 uint64
		validators, treasury uint32
		weights              []types.SubnetWeight
		toValidators         uint64
		toTreasury           uint64
		pots                 []types.Pot
	}{
		{"default", 83_333_333, 100_000, 0, weights(1, 1), 8_333_333, 0, pots(1, 75_000_000)},
		{"nobody weighs", 83_333_333, 100_000, 0, nil, 8_333_333, 0, pots(1, 75_000_000)},
		{"weights are 0", 83_333_333, 100_000, 0, weights(1, 0, 2, 0), 8_333_333, 0, pots(1, 75_000_000)},
		{"subnet 1 weighs nothing", 100, 0, 0, weights(1, 0, 2, 1, 3, 2), 0, 0, pots(2, 34, 3, 66)},
		{"thirds", 100, 0, 0, weights(1, 1, 2, 1, 3, 1), 0, 0, pots(1, 34, 2, 33, 3, 33)},
		{"sevenths of little", 6, 0, 0, weights(1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1), 0, 0, pots(1, 6)},
		{"shares floor", 19, 333_333, 333_333, weights(1, 1), 6, 6, pots(1, 7)},
		{"one rao is the pots'", 1, 999_999, 1, weights(1, 1), 0, 0, pots(1, 1)},
		{"all to validators", 1000, 1_000_000, 0, weights(1, 1), 1000, 0, nil},
		{"all to the treasury", 1000, 0, 1_000_000, weights(1, 1), 0, 1000, nil},
		{"half each", 1001, 500_000, 500_000, weights(1, 1), 500, 500, pots(1, 1)},
		{"largest weights", 1_000_000_000, 0, 0, weights(1, 1<<48, 2, 1<<48, 3, 1<<48, 4, 1), 0, 0, pots(1, 333_333_334, 2, 333_333_333, 3, 333_333_333)},
		{"largest base", 1_000_000_000, 100_000, 50_000, weights(1, 3, 2, 1), 100_000_000, 50_000_000, pots(1, 637_500_000, 2, 212_500_000)},
	} {
		t.Run(e.name, func(t *testing.T) {
			const blocks = 3
			ctx, _ := at(c).CacheContext()
			params := types.Params{Base: e.base, ValidatorShare: e.validators, TreasuryShare: e.treasury}
			_, err := c.Deliver(ctx, &types.MsgUpdateParams{Authority: c.EmissionKeeper.Authority(), Params: params})
			require.NoError(t, err)
			require.NoError(t, c.EmissionKeeper.SetWeights(ctx, e.weights))
			pool, err := c.DistrKeeper.FeePool.Get(ctx)
			require.NoError(t, err)
			treasury := pool.CommunityPool.AmountOf(types.Denom).TruncateInt().Uint64()
			held, collected := supply(c, ctx), moduleBalance(c, ctx, authtypes.FeeCollectorName)
			for range blocks {
				require.NoError(t, c.EmissionKeeper.BeginBlock(ctx))
			}
			require.Equal(t, held+blocks*e.base, supply(c, ctx))
			require.Equal(t, collected+blocks*e.toValidators, moduleBalance(c, ctx, authtypes.FeeCollectorName))
			pool, err = c.DistrKeeper.FeePool.Get(ctx)
			require.NoError(t, err)
			require.Equal(t, treasury+blocks*e.toTreasury, pool.CommunityPool.AmountOf(types.Denom).TruncateInt().Uint64())
			gs, err := c.EmissionKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			sum := uint64(0)
			require.Len(t, gs.Pots, len(e.pots))
			for i, pot := range e.pots {
				require.Equal(t, types.Pot{Subnet: pot.Subnet, Amount: blocks * pot.Amount}, gs.Pots[i])
				sum += pot.Amount
			}
			require.Equal(t, e.base, sum+e.toValidators+e.toTreasury, "the parts are the whole")
			require.Equal(t, types.Ledger{
				Minted: blocks * sum, Validators: blocks * e.toValidators, Treasury: blocks * e.toTreasury,
			}, gs.Ledger)
			require.NoError(t, c.Invariants(ctx))
		})
	}
}

func TestParamsOutOfRange(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	before, err := c.EmissionKeeper.ExportGenesis(at(c))
	require.NoError(t, err)
	gov := c.EmissionKeeper.Authority()
	for _, e := range []struct {
		name, sender string
		params       types.Params
		want         error
		says         []string
	}{
		{"base", gov, types.Params{Base: types.MaxBase + 1}, types.ErrInvalidParams, []string{"base", "1000000001", "1000000000"}},
		{"largest base", gov, types.Params{Base: math.MaxUint64}, types.ErrInvalidParams, []string{"base", fmt.Sprint(uint64(math.MaxUint64)), "1000000000"}},
		{"validator_share", gov, types.Params{ValidatorShare: 1_000_001}, types.ErrInvalidParams, []string{"validator_share", "1000001", "1000000"}},
		{"treasury_share", gov, types.Params{TreasuryShare: 1_000_001}, types.ErrInvalidParams, []string{"treasury_share", "1000001", "1000000"}},
		{"sum", gov, types.Params{ValidatorShare: 600_000, TreasuryShare: 400_001}, types.ErrInvalidParams, []string{"600000", "400001", "1000001", "1000000"}},
		{"sum of 2^32", gov, types.Params{ValidatorShare: 1 << 31, TreasuryShare: 1 << 31}, types.ErrInvalidParams, []string{"4294967296", "1000000"}},
		{"no governance", apptest.Address(whale).String(), types.DefaultParams(), types.ErrUnauthorized, []string{apptest.Address(whale).String(), gov}},
		{"nobody", "", types.DefaultParams(), types.ErrUnauthorized, []string{`""`, gov}},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx := at(c)
			_, err := c.Deliver(ctx, &types.MsgUpdateParams{Authority: e.sender, Params: e.params})
			registered(t, err, e.want, e.says...)
			after, err := c.EmissionKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
	for _, params := range []types.Params{
		{}, {Base: types.MaxBase}, {ValidatorShare: 1_000_000}, {TreasuryShare: 1_000_000}, {ValidatorShare: 1, TreasuryShare: 999_999},
	} {
		_, err := c.Deliver(at(c), &types.MsgUpdateParams{Authority: gov, Params: params})
		require.NoError(t, err, "%v is within the range", params)
	}
}

// Whoever follows the chain learns of new parameters.
func TestUpdateParamsTells(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	ctx := at(c).WithEventManager(sdk.NewEventManager())
	gov := c.EmissionKeeper.Authority()
	_, err := keeper.NewMsgServer(c.EmissionKeeper).UpdateParams(ctx, &types.MsgUpdateParams{Authority: gov, Params: types.DefaultParams()})
	require.NoError(t, err)
	events := ctx.EventManager().ABCIEvents()
	require.Len(t, events, 1)
	event, err := sdk.ParseTypedEvent(events[0])
	require.NoError(t, err)
	require.Equal(t, &types.EventParamsUpdated{Authority: gov}, event)
}

// More than there is leaves neither a pot nor what is owed.
func TestPayIsBounded(t *testing.T) {
	c := chainAt(t, 2*bonded, nil)
	ctx, k := at(c), c.EmissionKeeper
	pot, err := k.Pot(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, uint64(75_000_000), pot)
	addr := apptest.Address(whale)
	registered(t, k.Owe(ctx, 1, pot+1), types.ErrPotTooSmall, "75000001", "75000000")
	registered(t, k.Owe(ctx, 2, 1), types.ErrPotTooSmall, "subnet 2 has 0", "1 are")
	registered(t, k.RecyclePot(ctx, 1, pot+1, types.ReasonEpoch), types.ErrPotTooSmall, "75000001", "75000000")
	registered(t, k.PayToAccount(ctx, addr, 1), types.ErrOwedTooSmall, "0 rao are owed", "1 are")

	require.NoError(t, k.Owe(ctx, 1, 50))
	registered(t, k.PayToAccount(ctx, addr, 51), types.ErrOwedTooSmall, "50 rao are owed", "51 are")
	held := supply(c, ctx)
	require.NoError(t, k.PayToAccount(ctx, addr, 20))
	require.NoError(t, k.RecyclePot(ctx, 1, 100, types.ReasonEpoch))
	require.Equal(t, held-100, supply(c, ctx))
	closed, err := k.ClosePot(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, pot-150, closed)
	require.Equal(t, held-(pot-50), supply(c, ctx))
	require.Equal(t, types.Ledger{Minted: pot, Paid: 20, Owed: 30, Recycled: pot - 50, Validators: 8_333_333}, ledgerOf(t, c, ctx))
	require.Equal(t, uint64(30), moduleBalance(c, ctx, types.ModuleName))
	require.NoError(t, k.Invariant(ctx))
}
