package keeper_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission/schedule"
	"github.com/taonet/taonet/x/emission/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

const (
	tao = apptest.Tao
	// bonded is what the CometBFT validator of a test chain holds.
	bonded = 1000 * tao
)

var whale = apptest.Key("whale")

// chainAt starts a chain whose genesis holds supply rao, in which no epoch falls
// due, so that nothing but registrations burns.
func chainAt(t testing.TB, supply uint64, edit func(*types.GenesisState)) *apptest.Chain {
	t.Helper()
	return apptest.New(t, apptest.WithFunds(apptest.Address(whale), supply-bonded),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
			h.Tempo, h.BurnFloor, h.BurnCeiling = 50_400, 10*tao, 100*tao
		}),
		apptest.WithGenesis(func(raw map[string]json.RawMessage) {
			cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
			var gs types.GenesisState
			cdc.MustUnmarshalJSON(raw[types.ModuleName], &gs)
			if edit != nil {
				edit(&gs)
			}
			raw[types.ModuleName] = cdc.MustMarshalJSON(&gs)
		}))
}

// at is a context in which messages run, on the state of the last block and what
// ran before in such a context.
func at(c *apptest.Chain) sdk.Context { return c.Ctx().WithIsCheckTx(false) }

func supply(c *apptest.Chain, ctx sdk.Context) uint64 {
	return c.BankKeeper.GetSupply(ctx, types.Denom).Amount.Uint64()
}

func moduleBalance(c *apptest.Chain, ctx sdk.Context, module string) uint64 {
	return c.BankKeeper.GetBalance(ctx, authtypes.NewModuleAddress(module), types.Denom).Amount.Uint64()
}

func ledgerOf(t testing.TB, c *apptest.Chain, ctx sdk.Context) types.Ledger {
	t.Helper()
	ledger, err := c.EmissionKeeper.Ledger(ctx)
	require.NoError(t, err)
	return ledger
}

// registered checks that an error is one of the module's, with a code that no
// other kind of failure has, and that it says what it must.
func registered(t testing.TB, err, want error, says ...string) {
	t.Helper()
	require.ErrorIs(t, err, want)
	codespace, code, _ := errorsmod.ABCIInfo(err, false)
	require.Equal(t, types.ModuleName, codespace)
	require.GreaterOrEqual(t, code, uint32(2))
	for _, text := range says {
		require.ErrorContains(t, err, text)
	}
}

// formula is the emission of one block by the definition, in whole numbers of any
// size: k is the largest with s*2^k >= M*(2^k-1).
func formula(s, base uint64) uint64 {
	limit, issued := new(big.Int).SetUint64(schedule.Cap), new(big.Int).SetUint64(s)
	if issued.Cmp(limit) >= 0 {
		return 0
	}
	reached := func(k uint) bool {
		power := new(big.Int).Lsh(big.NewInt(1), k)
		left := new(big.Int).Mul(issued, power)
		return left.Cmp(new(big.Int).Mul(limit, power.Sub(power, big.NewInt(1)))) >= 0
	}
	k := uint(0)
	for reached(k + 1) {
		k++
	}
	return min(base>>k, schedule.Cap-s)
}
