package lane_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/lane"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

func key(subnet uint64) lane.Key { return lane.Key{Hotkey: "tao1", Subnet: subnet} }

func TestSlotsAreClaimedAllOrNone(t *testing.T) {
	s := lane.NewSlots(lane.Limits{PaidTxs: 1, PaidBytes: 1, PaidGas: 1})
	require.NoError(t, s.Claim(5, []lane.Key{key(1), key(2)}))
	taken, ok := s.Taken(5, []lane.Key{key(3), key(2)})
	require.True(t, ok)
	require.Equal(t, key(2), taken)
	require.ErrorIs(t, s.Claim(5, []lane.Key{key(3), key(1)}), sdkerrors.ErrMempoolIsFull)
	_, ok = s.Taken(5, []lane.Key{key(3)})
	require.False(t, ok, "a claim that fails takes nothing")
	_, ok = s.Taken(6, []lane.Key{key(1)})
	require.False(t, ok, "a new height frees all")
	require.NoError(t, s.Claim(6, []lane.Key{key(1)}))
}

func TestPaidTransactionsAreBounded(t *testing.T) {
	s := lane.NewSlots(lane.Limits{PaidTxs: 3, PaidBytes: 100, PaidGas: 1000})
	require.NoError(t, s.Admit(5, 40, 1, false))
	require.NoError(t, s.Admit(5, 40, 1, false))
	require.ErrorIs(t, s.Admit(5, 21, 1, false), sdkerrors.ErrMempoolIsFull, "too many bytes")
	require.NoError(t, s.Admit(5, 20, 1, false))
	require.ErrorIs(t, s.Admit(5, 0, 1, false), sdkerrors.ErrMempoolIsFull, "too many")
	for range 3 {
		require.NoError(t, s.Admit(6, 50, 1, true), "what is pending stays")
	}
	require.ErrorIs(t, s.Admit(6, 1, 1, false), sdkerrors.ErrMempoolIsFull, "rechecks count")
	require.NoError(t, s.Admit(7, 100, 1, false))
	require.NoError(t, s.Admit(8, 1, 600, false))
	require.ErrorIs(t, s.Admit(8, 1, 401, false), sdkerrors.ErrMempoolIsFull, "too much gas")
	require.NoError(t, s.Admit(8, 1, 400, false))
	require.ErrorIs(t, s.Admit(9, 1, math.MaxUint64, false), sdkerrors.ErrMempoolIsFull, "far too much gas")
	require.NoError(t, s.Admit(9, 1, math.MaxUint64, true), "what is pending stays")
	require.ErrorIs(t, s.Admit(9, 1, 1, false), sdkerrors.ErrMempoolIsFull, "rechecks count")
}

// forged changes the signature of a transaction.
func forged(t *testing.T, tx []byte, i int) []byte {
	t.Helper()
	var raw txtypes.TxRaw
	require.NoError(t, raw.Unmarshal(tx))
	raw.Signatures[0] = bytes.Repeat([]byte{byte(i)}, len(raw.Signatures[0]))
	bz, err := raw.Marshal()
	require.NoError(t, err)
	return bz
}

func TestForgedJunkCannotDelayTheRow(t *testing.T) {
	for _, n := range []int{0, 2} { // ed25519 and secp256k1
		c, neurons, _ := world(t)
		hot := neurons[n]
		row := apptest.Row(hot.Hotkey(), 1, 7)
		real := c.Free(hot.Hot, row)
		for i := range 200 {
			res := c.Check(forged(t, real, i))
			require.NotZero(t, res.Code)
			require.NotContains(t, res.Log, "pending", "no forgery takes a slot")
			attacker := apptest.Ed25519(fmt.Sprint(i))
			require.NotZero(t, c.Check(c.Free(attacker, row)).Code, "another key for the same hotkey")
		}
		res := c.Check(real)
		require.Zero(t, res.Code, res.Log)
		second := c.Check(c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 9)))
		require.NotZero(t, second.Code)
		require.Contains(t, second.Log, "pending already")
		require.Zero(t, c.NextBlock(real)[0].Code)
	}
}

func TestSlotIsFreedOnInclusion(t *testing.T) {
	c, neurons, _ := world(t)
	hot := neurons[0]
	first := c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 7))
	require.Zero(t, c.Check(first).Code)
	require.Zero(t, c.NextBlock(first)[0].Code)
	res := c.Check(c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 9)))
	require.Zero(t, res.Code, res.Log)
	// Of another neuron there may be one at any time.
	require.Zero(t, c.Check(c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, 1))).Code)
}

func TestSlotIsHeldWhileTheRowIsPending(t *testing.T) {
	c, neurons, _ := world(t)
	hot := neurons[0]
	first := c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 7))
	require.Zero(t, c.Check(first).Code)
	c.Blocks(1)
	require.Zero(t, c.Recheck(first).Code)
	res := c.Check(c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 9)))
	require.Contains(t, res.Log, "pending already")
}

func TestSlotIsFreedOnExpiryAndFailedRecheck(t *testing.T) {
	c, neurons, _ := world(t)
	hot := neurons[0]
	row := apptest.Row(hot.Hotkey(), 1, 7)
	first := c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: 200_000, Timeout: c.Time(c.Height()).Add(lane.MinLife)}, row)
	require.Zero(t, c.Check(first).Code)
	c.Blocks(3)
	require.NotZero(t, c.Recheck(first).Code, "it timed out")
	res := c.Check(c.Free(hot.Hot, row))
	require.Zero(t, res.Code, res.Log)

	// A commit that became pointless: the row it follows came by another way.
	c.Blocks(1)
	pending := c.Free(hot.Hot, row)
	require.Zero(t, c.Check(pending).Code)
	uncached := c.NewUncachedContext(false, c.Ctx().BlockHeader())
	s, err := c.SubnetKeeper.Subnet(uncached, 1)
	require.NoError(t, err)
	s.Hyperparameters.WeightsVersion = 1
	require.NoError(t, c.SubnetKeeper.Subnets.Set(uncached, 1, s))
	c.Blocks(1)
	require.Contains(t, c.Recheck(pending).Log, weightstypes.ErrVersion.Error())
	next := apptest.Row(hot.Hotkey(), 1, 7)
	next.Version = 1
	res = c.Check(c.Free(hot.Hot, next))
	require.Zero(t, res.Code, res.Log)
}

// spam is a paid transaction of about 100 kB.
func spam(c *apptest.Chain, rich cryptotypes.PrivKey) []byte {
	row := apptest.Row(apptest.Address(rich))
	row.Uids, row.Weights = make([]uint32, 20_000), make([]uint32, 20_000)
	for i := range row.Uids {
		row.Uids[i], row.Weights[i] = 60_000, 60_000
	}
	return c.Tx(apptest.TxOptions{Key: rich, Gas: 3_000_000, Fee: 3000}, row)
}

func TestPaidSpamCannotDelayTheRow(t *testing.T) {
	c, neurons, rich := world(t)
	var pending [][]byte
	for {
		tx := spam(c, rich)
		if res := c.Check(tx); res.Code != 0 {
			require.Contains(t, res.Log, "the bound of 2097152")
			break
		}
		pending = append(pending, tx)
		require.Less(t, len(pending), 100, "the bound holds")
	}
	require.Greater(t, len(pending), 10)
	res := c.Check(c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 1)))
	require.Zero(t, res.Code, res.Log)
	c.Blocks(1)
	for _, tx := range pending {
		require.Zero(t, c.Recheck(tx).Code)
	}
	require.NotZero(t, c.Check(spam(c, rich)).Code, "it is still full")
	for i, res := range c.NextBlock(pending[:5]...) {
		require.Equal(t, weightstypes.ModuleName, res.Codespace, "%d: %s", i, res.Log)
	}
	for _, tx := range pending[5:] {
		require.Zero(t, c.Recheck(tx).Code)
	}
	require.Zero(t, c.Check(spam(c, rich)).Code, "there is room again")
}

func TestOneRowPerBlock(t *testing.T) {
	c, neurons, _ := world(t)
	hot := neurons[0]
	first := c.Free(hot.Hot, apptest.Row(hot.Hotkey(), 1, 7))
	second := c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: 200_000, Timeout: c.Time(c.Height() + 10)}, apptest.Row(hot.Hotkey(), 2, 7))
	res := c.NextBlock(first, second, first)
	require.Zero(t, res[0].Code, res[0].Log)
	require.Equal(t, weightstypes.ErrTooSoon.ABCICode(), res[1].Code, "the same checks run in the block")
	require.Equal(t, weightstypes.ModuleName, res[1].Codespace)
	require.Contains(t, res[2].Log, "already used", "and none is taken twice")
}
