package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	abci "github.com/cometbft/cometbft/abci/types"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// BenchmarkTx takes a transaction apart: microseconds for CheckTx, its share of
// FinalizeBlock, with an epoch in each, and its share of Commit, in process on a
// database in memory, 1,000 in a block. Rows have 64 weights, sends pay a fee;
// verify-us is the signature alone.
func BenchmarkTx(b *testing.B) {
	for _, kind := range []string{"row", "send"} {
		for _, keys := range []string{"ed25519", "secp256k1"} {
			b.Run(kind+"/"+keys, func(b *testing.B) { benchmarkTx(b, kind, keys == "ed25519") })
		}
	}
}

const (
	benchNeurons = 1000
	benchEntries = 64
)

func benchmarkTx(b *testing.B, kind string, isED25519 bool) {
	var neurons []apptest.Neuron
	options := []apptest.Option{
		apptest.WithOption(app.OptionInvariants, false),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
			h.MaxUids, h.MaxRow, h.MaxValidators, h.MinStake, h.Tempo = 4096, benchEntries, 4096, 1, 1
		}),
	}
	for i := range benchNeurons {
		n := apptest.NewNeuron(fmt.Sprint(i), 100*apptest.Tao)
		if !isED25519 {
			n.Hot = apptest.Key(fmt.Sprint(i, "/hot"))
		} else if kind == "send" {
			n.Cold = apptest.Ed25519(fmt.Sprint(i, "/cold"))
		}
		neurons = append(neurons, n)
		options = append(options, apptest.WithFunds(n.Coldkey(), 1000*apptest.Tao))
	}
	c := apptest.New(b, append(options, apptest.WithNeurons(neurons...))...)
	c.Blocks(2) // permits come with an epoch
	height := c.Height()
	signatures := signAll(b, neurons, kind)
	var check, finalize, commit, verify time.Duration
	for round := range b.N {
		txs := make([][]byte, len(neurons))
		for i, n := range neurons {
			o := apptest.TxOptions{Key: benchKey(n, kind), Gas: 100_000, Timeout: c.Time(height).Add(20 * time.Second)}
			if kind == "send" {
				o.Fee = 1000
			}
			txs[i] = c.Tx(o, benchMessage(kind, neurons, i, round))
		}
		verify += timed(func() {
			for i, n := range neurons {
				require.True(b, benchKey(n, kind).PubKey().VerifySignature(signedBytes, signatures[i]))
			}
		})
		check += timed(func() {
			for _, tx := range txs {
				res := c.Check(tx)
				require.Zero(b, res.Code, res.Log)
			}
		})
		height++
		finalize += timed(func() {
			res, err := c.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: c.Time(height), Txs: txs, Hash: make([]byte, 32)})
			require.NoError(b, err)
			for _, r := range res.TxResults {
				require.Zero(b, r.Code, r.Log)
			}
		})
		commit += timed(func() {
			_, err := c.Commit()
			require.NoError(b, err)
		})
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N*len(neurons)) }
	b.ReportMetric(per(verify), "verify-us")
	b.ReportMetric(per(check), "check-us")
	b.ReportMetric(per(finalize), "finalize-us")
	b.ReportMetric(per(commit), "commit-us")
	b.ReportMetric(0, "ns/op")
}

func timed(work func()) time.Duration {
	began := time.Now()
	work()
	return time.Since(began)
}

func benchMessage(kind string, neurons []apptest.Neuron, i, round int) sdk.Msg {
	if kind == "send" {
		return banktypes.NewMsgSend(neurons[i].Coldkey(), neurons[(i+1)%len(neurons)].Coldkey(), apptest.Rao(uint64(1+round)))
	}
	row := &weightstypes.MsgSetWeights{Hotkey: neurons[i].Hotkey().String(), Subnet: 1}
	for k := range benchEntries {
		row.Uids = append(row.Uids, uint32((i+1+k*13)%len(neurons)))
		row.Weights = append(row.Weights, uint32(1000+(k*7+round)%1000))
	}
	return row
}

// benchKey is the key that signs.
func benchKey(n apptest.Neuron, kind string) cryptotypes.PrivKey {
	if kind == "send" {
		return n.Cold
	}
	return n.Hot
}

// signedBytes are as many as those of a row.
var signedBytes = make([]byte, 511)

func signAll(b *testing.B, neurons []apptest.Neuron, kind string) (signatures [][]byte) {
	b.Helper()
	for _, n := range neurons {
		signature, err := benchKey(n, kind).Sign(signedBytes)
		require.NoError(b, err)
		signatures = append(signatures, signature)
	}
	return signatures
}
