package keeper_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/keeper"
	"github.com/taonet/taonet/x/weights/types"
)

const tao = apptest.Tao

// makeNeurons makes neurons with the given stakes.
func makeNeurons(seed string, stakes ...uint64) []apptest.Neuron {
	neurons := make([]apptest.Neuron, len(stakes))
	for i, stake := range stakes {
		neurons[i] = apptest.NewNeuron(fmt.Sprintf("%s/%d", seed, i), stake)
	}
	return neurons
}

// at is a context in which messages run at a height, on the state of the last
// block and what ran before in such a context.
func at(c *apptest.Chain, height int64) sdk.Context {
	return c.Ctx().WithIsCheckTx(false).WithBlockHeight(height)
}

// setSubnet changes the hyperparameters of subnet 1 at once.
func setSubnet(t testing.TB, c *apptest.Chain, ctx sdk.Context, change func(*subnettypes.Subnet)) {
	t.Helper()
	s, err := c.SubnetKeeper.Subnet(ctx, 1)
	require.NoError(t, err)
	change(&s)
	require.NoError(t, c.SubnetKeeper.Subnets.Set(ctx, 1, s))
}

// sendRows puts rows in force in the next block.
func sendRows(t testing.TB, c *apptest.Chain, rows map[int][]uint32, neurons []apptest.Neuron) {
	t.Helper()
	var txs [][]byte
	for i, n := range neurons {
		if row, ok := rows[i]; ok {
			txs = append(txs, c.Free(n.Hot, apptest.Row(n.Hotkey(), row...)))
		}
	}
	for _, res := range c.NextBlock(txs...) {
		require.Zero(t, res.Code, res.Log)
	}
}

// consent is the message by which a coldkey registers a hotkey in subnet 1.
func consent(t testing.TB, c *apptest.Chain, cold, hot cryptotypes.PrivKey) *neurontypes.MsgRegister {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	expiry := uint64(c.Height()) + 100
	signature, err := hot.Sign(neurontypes.ConsentBytes(apptest.ChainID, apptest.Address(cold), apptest.Address(hot), 1, expiry))
	require.NoError(t, err)
	return &neurontypes.MsgRegister{
		Coldkey: apptest.Address(cold).String(), Hotkey: key, Subnet: 1, MaxPrice: apptest.Coin(100 * tao),
		Expiry: expiry, Consent: signature,
	}
}

// block makes a block and returns the typed events of its end.
func block(t testing.TB, c *apptest.Chain, txs ...[]byte) []any {
	t.Helper()
	res, err := c.TryBlock(txs...)
	require.NoError(t, err)
	for _, tx := range res.TxResults {
		require.Zero(t, tx.Code, tx.Log)
	}
	return typed(res.Events)
}

// typed parses typed events.
func typed(events []abci.Event) (list []any) {
	for _, event := range events {
		event.Attributes = slices.DeleteFunc(slices.Clone(event.Attributes), func(a abci.EventAttribute) bool {
			return a.Key == "mode" // BaseApp adds it to what blocks begin and end with
		})
		if msg, err := sdk.ParseTypedEvent(event); err == nil {
			list = append(list, msg)
		}
	}
	return list
}

// of picks the events of one type.
func of[T any](events []any) (list []T) {
	for _, event := range events {
		if e, ok := event.(T); ok {
			list = append(list, e)
		}
	}
	return list
}

func queries(c *apptest.Chain) types.QueryServer { return keeper.NewQueryServer(c.WeightsKeeper) }

// past reads the state of a past block.
func past(t testing.TB, c *apptest.Chain, height int64) sdk.Context {
	t.Helper()
	ctx, err := c.CreateQueryContext(height, false)
	require.NoError(t, err)
	return ctx.WithBlockHeight(height)
}

func decode(t testing.TB, text string, to any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), to))
}
