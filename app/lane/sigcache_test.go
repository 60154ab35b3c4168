package lane_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
)

// outcome is what must not depend on how a node runs a block.
type outcome struct {
	Code      uint32
	Codespace string
	Data      []byte
	GasWanted int64
	GasUsed   int64
}

func outcomes(results []*abci.ExecTxResult) (list []outcome) {
	for _, r := range results {
		list = append(list, outcome{r.Code, r.Codespace, r.Data, r.GasWanted, r.GasUsed})
	}
	return list
}

// mixed is a block's worth of transactions of every kind: good ones with both
// kinds of keys, forged ones, ones out of order, and ones that fail later. All
// decode: for one that does not Block-STM reports other gas, which is a reason
// why ProcessProposal refuses it.
func mixed(t *testing.T, c *apptest.Chain, neurons []apptest.Neuron, round int) (txs [][]byte) {
	t.Helper()
	w := uint32(round + 1)
	good := c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, w, 2, 1))
	bad := c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, w))
	rich := apptest.Key("rich")
	to := apptest.Address(apptest.Key("poor"))
	send := func(amount uint64) sdk.Msg {
		return banktypes.NewMsgSend(apptest.Address(rich), to, apptest.Rao(amount))
	}
	paid := c.Paid(rich, send(5))
	next := c.Ctx()
	sequence := c.AccountKeeper.GetAccount(next, apptest.Address(rich)).GetSequence()
	at := func(ahead uint64, amount uint64) []byte {
		s := sequence + ahead
		return c.Tx(apptest.TxOptions{Key: rich, Gas: 1_000_000, Fee: 1000, Sequence: &s}, send(amount))
	}
	poor := c.Tx(apptest.TxOptions{Key: neurons[2].Cold, Gas: 1_000_000, Fee: 1000}, send(1))
	return [][]byte{
		good, forged(t, bad, round), paid, at(1, 7_000*tao), at(5, 1), forged(t, at(2, 1), 1), at(2, 3),
		c.Free(neurons[2].Hot, apptest.Row(neurons[2].Hotkey(), 0, 1, 1, w)),
		good, paid, poor,
		c.Tx(apptest.TxOptions{Key: neurons[1].Hot, Gas: 60_000, Timeout: c.Time(c.Height() + 9)}, apptest.Row(neurons[1].Hotkey(), 0, w)),
	}
}

// alike runs the same blocks on two chains. check is called with each chain and
// the transactions before the block.
func alike(t *testing.T, options, otherOptions []apptest.Option, check func(one, other *apptest.Chain, txs [][]byte)) {
	t.Helper()
	one, neurons, _ := world(t, options...)
	other, _, _ := world(t, otherOptions...)
	codes := map[uint32]bool{}
	for round := range 6 {
		txs := mixed(t, one, neurons, round)
		check(one, other, txs)
		a, err := one.TryBlock(txs...)
		require.NoError(t, err)
		b, err := other.TryBlock(txs...)
		require.NoError(t, err)
		require.Equal(t, outcomes(a.TxResults), outcomes(b.TxResults), "block %d", one.Height())
		require.Equal(t, a.AppHash, b.AppHash, "block %d", one.Height())
		require.Equal(t, len(a.Events), len(b.Events))
		require.Zero(t, a.TxResults[0].Code, a.TxResults[0].Log)
		require.Zero(t, a.TxResults[2].Code, a.TxResults[2].Log)
		require.Zero(t, a.TxResults[7].Code, a.TxResults[7].Log)
		for _, r := range a.TxResults {
			codes[r.Code] = true
		}
	}
	require.Greater(t, len(codes), 4, "the transactions fail in several ways: %v", codes)
}

func TestSignatureCacheChangesNothing(t *testing.T) {
	none := []apptest.Option{apptest.WithOption(app.OptionSignatureCache, 0)}
	alike(t, nil, none, func(one, _ *apptest.Chain, txs [][]byte) {
		for _, tx := range txs {
			_, _ = one.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
		}
	})
	// One that forgets all the time, against one that remembers.
	alike(t, nil, []apptest.Option{apptest.WithOption(app.OptionSignatureCache, 1)}, func(one, other *apptest.Chain, txs [][]byte) {
		for _, c := range []*apptest.Chain{one, other} {
			for _, tx := range txs {
				_, _ = c.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
			}
		}
	})
}

func TestSignatureCacheDoesNotRememberAnotherChain(t *testing.T) {
	c, neurons, _ := world(t)
	row := apptest.Row(neurons[0].Hotkey(), 1, 1)
	tx := c.Free(neurons[0].Hot, row)
	require.Zero(t, c.Check(tx).Code)
	for i := range 3 {
		require.NotZero(t, c.Check(forged(t, tx, i)).Code, "other bytes are another transaction")
	}
	require.NotZero(t, c.NextBlock(forged(t, tx, 1))[0].Code)
	require.Zero(t, c.NextBlock(tx)[0].Code)
}

func TestBlockSTMEqualsSequential(t *testing.T) {
	parallel := []apptest.Option{apptest.WithOption("block-executor", "block-stm"), apptest.WithOption("block-stm-workers", 4)}
	alike(t, nil, parallel, func(_, other *apptest.Chain, txs [][]byte) {
		for _, tx := range txs[:8] {
			_, _ = other.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
		}
	})
}

func TestBlockSTMRunsManyRowsAlike(t *testing.T) {
	var neurons []apptest.Neuron
	for i := range 60 {
		neurons = append(neurons, apptest.NewNeuron(string(rune('0'+i)), tao))
	}
	one := apptest.New(t, apptest.WithNeurons(neurons...))
	other := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithOption("block-executor", "block-stm"), apptest.WithOption("block-stm-workers", 4))
	for round := range uint32(4) {
		var txs [][]byte
		for i, n := range neurons {
			txs = append(txs, one.Free(n.Hot, apptest.Row(n.Hotkey(), uint32(i+1)%60, 1+round, uint32(i+7)%60, 9)))
		}
		a, err := one.TryBlock(txs...)
		require.NoError(t, err)
		b, err := other.TryBlock(txs...)
		require.NoError(t, err)
		require.Equal(t, outcomes(a.TxResults), outcomes(b.TxResults))
		require.Equal(t, a.AppHash, b.AppHash)
		for _, r := range a.TxResults {
			require.Zero(t, r.Code, r.Log)
		}
	}
}
