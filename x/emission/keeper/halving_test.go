package keeper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

// threshold is the smallest issuance at which the emission has halved k times.
func threshold(k uint) uint64 { return schedule.Cap - schedule.Cap>>k }

// Every halving there is, on a chain: genesis stands what three blocks emit below
// the threshold, for odd ones a rao more, so that it takes a fourth block.
func TestHalvings(t *testing.T) {
	for _, e := range []struct {
		base        uint64
		first, last uint
	}{
		{schedule.DefaultBase, 1, 27},
		{types.MaxBase, 28, 30},
	} {
		require.NotZero(t, e.base>>(e.last-1))
		require.Zero(t, e.base>>e.last, "nothing is left after the last")
		for k := e.first; k <= e.last; k++ {
			short := uint64(k % 2)
			t.Run(fmt.Sprintf("base %d, halving %d, %d short", e.base, k, short), func(t *testing.T) {
				t.Parallel()
				before, after, full := e.base>>(k-1), e.base>>k, 3+int(short)
				genesis := threshold(k) - 3*before - short
				c := chainAt(t, genesis, func(gs *types.GenesisState) { gs.Params.Base = e.base })
				held := genesis
				for height := 1; height <= full+2; height++ {
					if height > 1 { // New made the first
						c.NextBlock()
					}
					want := before
					if height > full {
						want = after
					}
					require.Equal(t, want, formula(held, e.base), "the formula at height %d", height)
					held += want
					require.Equal(t, held, supply(c, c.Ctx()), "at height %d", height)
				}
				require.LessOrEqual(t, held, uint64(schedule.Cap))
				ledger := ledgerOf(t, c, c.Ctx())
				require.Equal(t, held-genesis, ledger.Minted+ledger.Validators+ledger.Treasury, "booked to the rao")
				require.NoError(t, c.Invariants(c.Ctx()))
			})
		}
	}
}

// At the cap, and a rao below it, nothing is minted and the chain goes on.
func TestAtTheCap(t *testing.T) {
	for _, e := range []struct{ below, base uint64 }{
		{0, schedule.DefaultBase}, {0, types.MaxBase}, {1, types.MaxBase}, {1000, schedule.DefaultBase},
	} {
		t.Run(fmt.Sprintf("%d below, base %d", e.below, e.base), func(t *testing.T) {
			t.Parallel()
			c := chainAt(t, schedule.Cap-e.below, func(gs *types.GenesisState) { gs.Params.Base = e.base })
			c.Blocks(3)
			require.Equal(t, schedule.Cap-e.below, supply(c, c.Ctx()))
			require.Zero(t, ledgerOf(t, c, c.Ctx()))
		})
	}
}

// What a registration burns at the cap is minted anew, as the schedule says.
func TestRecycledTaoIsEarnedAgain(t *testing.T) {
	c := chainAt(t, schedule.Cap, nil)
	hot := apptest.Ed25519("hot")
	coldkey := apptest.Address(whale)
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	signature, err := hot.Sign(neurontypes.ConsentBytes(apptest.ChainID, coldkey, apptest.Address(hot), 1, 100))
	require.NoError(t, err)
	for _, res := range c.NextBlock(c.Paid(whale, &neurontypes.MsgRegister{
		Coldkey: coldkey.String(), Hotkey: key, Subnet: 1, MaxPrice: apptest.Coin(10 * tao), Expiry: 100, Consent: signature,
	})) {
		require.Zero(t, res.Code, res.Log)
	}
	held := uint64(schedule.Cap - 10*tao)
	require.Equal(t, held, supply(c, c.Ctx()), "the price is burned")
	require.Equal(t, uint64(10*tao), ledgerOf(t, c, c.Ctx()).Burned)
	const again = schedule.DefaultBase >> 21 // 10 tao are between 1/2^21 and 1/2^22 of the cap
	for range 3 {
		c.NextBlock()
		held += again
		require.Equal(t, held, supply(c, c.Ctx()))
	}
	ledger := ledgerOf(t, c, c.Ctx())
	require.Equal(t, uint64(3*again), ledger.Minted+ledger.Validators)
	require.Equal(t, ledger.Minted, moduleBalance(c, c.Ctx(), types.ModuleName))
}

// A burn that undoes a halving doubles the emission again.
func TestBurnUndoesAHalving(t *testing.T) {
	c := chainAt(t, threshold(1), nil)
	ctx := at(c)
	held := supply(c, ctx)
	require.Equal(t, threshold(1)+schedule.DefaultBase/2, held)
	require.NoError(t, c.EmissionKeeper.BurnFromAccount(ctx, apptest.Address(whale), schedule.DefaultBase/2+1, 0, types.ReasonRegistration))
	require.NoError(t, c.EmissionKeeper.BeginBlock(ctx))
	require.Equal(t, threshold(1)-1+schedule.DefaultBase, supply(c, ctx), "one rao below the threshold")
	require.NoError(t, c.EmissionKeeper.BeginBlock(ctx))
	require.Equal(t, threshold(1)-1+schedule.DefaultBase+schedule.DefaultBase/2, supply(c, ctx))
	require.NoError(t, c.Invariants(ctx))
}
