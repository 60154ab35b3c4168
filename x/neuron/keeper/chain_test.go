package keeper_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

const tao = apptest.Tao

// state is the part of a genesis that tests change.
type state struct {
	emission emissiontypes.GenesisState
	subnet   subnettypes.GenesisState
	neuron   types.GenesisState
}

// withState edits the genesis of our modules.
func withState(edit func(*state)) apptest.Option {
	return apptest.WithGenesis(func(raw map[string]json.RawMessage) {
		cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
		var s state
		parts := []struct {
			name string
			to   codec.ProtoMarshaler
		}{{emissiontypes.ModuleName, &s.emission}, {subnettypes.ModuleName, &s.subnet}, {types.ModuleName, &s.neuron}}
		for _, part := range parts {
			cdc.MustUnmarshalJSON(raw[part.name], part.to)
		}
		edit(&s)
		for _, part := range parts {
			raw[part.name] = cdc.MustMarshalJSON(part.to)
		}
	})
}

func join(a, b []byte) collections.Pair[[]byte, []byte] { return collections.Join(a, b) }

func joinID(a []byte, id uint64) collections.Pair[[]byte, uint64] { return collections.Join(a, id) }

func joinIDs(a, b uint64) collections.Pair[uint64, uint64] { return collections.Join(a, b) }

func joinHeight(h uint64, a []byte) collections.Pair[uint64, []byte] { return collections.Join(h, a) }

func join3(subnet uint64, a []byte, uid uint32) collections.Triple[uint64, []byte, uint32] {
	return collections.Join3(subnet, a, uid)
}

// still is a genesis in which nothing is minted, so that every rao that moves was
// moved by a message.
func still(s *state) { s.emission.Params.Base = 0 }

// at is a context in which messages run at a height, on the state of the last
// block and what ran before in such a context.
func at(c *apptest.Chain, height int64) sdk.Context {
	return c.Ctx().WithIsCheckTx(false).WithBlockHeight(height)
}

// run delivers a message that must succeed and returns its response.
func run[R any](t testing.TB, c *apptest.Chain, ctx sdk.Context, msg sdk.Msg) R {
	t.Helper()
	res, err := c.Deliver(ctx, msg)
	require.NoError(t, err)
	require.Len(t, res.MsgResponses, 1)
	response, ok := res.MsgResponses[0].GetCachedValue().(R)
	require.True(t, ok, "%T", res.MsgResponses[0].GetCachedValue())
	return response
}

// refused delivers a message that must fail with an error.
func refused(t testing.TB, c *apptest.Chain, ctx sdk.Context, msg sdk.Msg, want error, says ...string) {
	t.Helper()
	_, err := c.Deliver(ctx, msg)
	require.ErrorIs(t, err, want)
	for _, text := range says {
		require.ErrorContains(t, err, text)
	}
}

// agreed is a registration to which the hotkey consents.
func agreed(t testing.TB, coldkey sdk.AccAddress, hot cryptotypes.PrivKey, subnet, expiry, maxPrice uint64) *types.MsgRegister {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	return &types.MsgRegister{
		Coldkey: coldkey.String(), Hotkey: key, Subnet: subnet, MaxPrice: apptest.Coin(maxPrice), Expiry: expiry,
		Consent: consent(t, apptest.ChainID, coldkey, hot, subnet, expiry),
	}
}

func consent(t testing.TB, chainID string, coldkey sdk.AccAddress, hot cryptotypes.PrivKey, subnet, expiry uint64) []byte {
	t.Helper()
	signature, err := hot.Sign(types.ConsentBytes(chainID, coldkey, apptest.Address(hot), subnet, expiry))
	require.NoError(t, err)
	return signature
}

// swapped is a swap to which the new hotkey consents.
func swapped(t testing.TB, n apptest.Neuron, hot cryptotypes.PrivKey, expiry uint64) *types.MsgSwapHotkey {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	return &types.MsgSwapHotkey{
		Coldkey: n.Coldkey().String(), Hotkey: n.Hotkey().String(), NewHotkey: key, Expiry: expiry,
		Consent: consent(t, apptest.ChainID, n.Coldkey(), hot, 0, expiry),
	}
}

func stake(coldkey, hotkey sdk.AccAddress, amount uint64) *types.MsgAddStake {
	return &types.MsgAddStake{Coldkey: coldkey.String(), Hotkey: hotkey.String(), Amount: apptest.Coin(amount)}
}

func unstake(coldkey, hotkey sdk.AccAddress, amount uint64) *types.MsgRemoveStake {
	return &types.MsgRemoveStake{Coldkey: coldkey.String(), Hotkey: hotkey.String(), Amount: apptest.Coin(amount)}
}

func unstakeAll(coldkey, hotkey sdk.AccAddress) *types.MsgRemoveStake {
	return &types.MsgRemoveStake{Coldkey: coldkey.String(), Hotkey: hotkey.String(), Amount: apptest.Coin(0), All: true}
}

// fill puts newly minted rao into a pot and books it as the emission would.
func fill(t testing.TB, c *apptest.Chain, ctx sdk.Context, subnet, amount uint64) {
	t.Helper()
	require.NoError(t, c.BankKeeper.MintCoins(ctx, emissiontypes.ModuleName, apptest.Rao(amount)))
	pot, err := c.EmissionKeeper.Pot(ctx, subnet)
	require.NoError(t, err)
	require.NoError(t, c.EmissionKeeper.Pots.Set(ctx, subnet, pot+amount))
	ledger, err := c.EmissionKeeper.Ledger(ctx)
	require.NoError(t, err)
	ledger.Minted += amount
	require.NoError(t, c.EmissionKeeper.Sums.Set(ctx, ledger))
}

// earn lets a uid of subnet 1 earn incentive and dividends.
func earn(t testing.TB, c *apptest.Chain, ctx sdk.Context, uid int, incentive, dividends uint64) {
	t.Helper()
	if incentive+dividends == 0 {
		return
	}
	fill(t, c, ctx, 1, incentive+dividends)
	n, err := c.NeuronKeeper.Size(ctx, 1)
	require.NoError(t, err)
	server, validator := make([]uint64, n), make([]uint64, n)
	server[uid], validator[uid] = incentive, dividends
	require.NoError(t, c.NeuronKeeper.Accrue(ctx, 1, server, validator, 1, 100))
}

func balance(c *apptest.Chain, ctx sdk.Context, addr sdk.AccAddress) uint64 {
	return c.BankKeeper.GetBalance(ctx, addr, types.Denom).Amount.Uint64()
}

func supply(c *apptest.Chain, ctx sdk.Context) uint64 {
	return c.BankKeeper.GetSupply(ctx, types.Denom).Amount.Uint64()
}

func hotkeyOf(t testing.TB, c *apptest.Chain, ctx sdk.Context, addr sdk.AccAddress) types.Hotkey {
	t.Helper()
	h, err := c.NeuronKeeper.Hotkeys.Get(ctx, addr)
	require.NoError(t, err)
	return h
}

// setSubnet changes a subnet at once.
func setSubnet(t testing.TB, c *apptest.Chain, ctx sdk.Context, id uint64, change func(*subnettypes.Subnet)) {
	t.Helper()
	s, err := c.SubnetKeeper.Subnet(ctx, id)
	require.NoError(t, err)
	change(&s)
	require.NoError(t, c.SubnetKeeper.Subnets.Set(ctx, id, s))
}
