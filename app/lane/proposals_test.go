package lane_test

import (
	"fmt"
	"math"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/log/v2"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/lane"
)

// maker is where proposals are made: no chain but its encoding.
type maker struct {
	chain     *apptest.Chain
	proposals *lane.Proposals
}

func newMaker(t *testing.T) maker {
	t.Helper()
	c := apptest.New(t)
	return maker{c, lane.NewProposals(c.TxConfig().TxDecoder(), 100, log.NewNopLogger())}
}

// free is a row of the neuron with a number.
func (b maker) free(i int, gas uint64, weight uint32) []byte {
	hot := apptest.Ed25519(fmt.Sprint("hot", i))
	return b.chain.Tx(apptest.TxOptions{Key: hot, Gas: gas, Timeout: b.chain.Time(20)}, apptest.Row(apptest.Address(hot), 1, weight))
}

func (b maker) paid(i int, gas uint64) []byte {
	key := apptest.Key(fmt.Sprint("paid", i))
	return b.chain.Tx(apptest.TxOptions{Key: key, Gas: gas, Fee: 1}, apptest.Row(apptest.Address(key), 1, 1))
}

func maxGas(most int64) sdk.Context {
	return sdk.Context{}.WithConsensusParams(cmtproto.ConsensusParams{Block: &cmtproto.BlockParams{MaxGas: most}})
}

func (b maker) prepare(t require.TestingT, most int64, maxBytes int64, txs ...[]byte) [][]byte {
	res, err := b.proposals.PrepareProposal(maxGas(most), &abci.RequestPrepareProposal{Txs: txs, MaxTxBytes: maxBytes})
	require.NoError(t, err)
	return res.Txs
}

func (b maker) accepts(t require.TestingT, most int64, txs ...[]byte) bool {
	res, err := b.proposals.ProcessProposal(maxGas(most), &abci.RequestProcessProposal{Txs: txs})
	require.NoError(t, err)
	return res.IsAccepted()
}

func TestPrepareProposal(t *testing.T) {
	b := newMaker(t)
	rows := make([][]byte, 5)
	for i := range rows {
		rows[i] = b.free(i, 200_000, 1)
	}
	paid := [][]byte{b.paid(0, 300_000), b.paid(1, 300_000), b.paid(2, 300_000)}
	again := b.free(0, 100_000, 2) // another row of neuron 0
	huge := b.paid(3, math.MaxUint64)
	size := func(txs ...[]byte) (sum int64) {
		for _, tx := range txs {
			sum += cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{tx})
		}
		return sum
	}
	const lots = 1 << 20
	for _, e := range []struct {
		name     string
		gas      int64
		maxBytes int64
		in, out  [][]byte
	}{
		{"rows first up to half, then the rest", 1_000_000, lots,
			[][]byte{paid[0], paid[1], paid[2], rows[0], rows[1], rows[2]},
			[][]byte{rows[0], rows[1], paid[0], paid[1]}},
		{"rows take what is left", 1_000_000, lots,
			[][]byte{paid[0], rows[0], rows[1], rows[2], rows[3]},
			[][]byte{rows[0], rows[1], paid[0], rows[2]}},
		{"no bound on gas", -1, lots,
			[][]byte{paid[0], rows[0], paid[1], rows[1]},
			[][]byte{rows[0], rows[1], paid[0], paid[1]}},
		{"one row per place", 1_000_000, lots, [][]byte{rows[0], again, rows[1]}, [][]byte{rows[0], rows[1]}},
		{"what does not decode stays out", 1_000_000, lots, [][]byte{[]byte("junk"), paid[0]}, [][]byte{paid[0]}},
		{"gas near 2^64 does not wrap around", 1_000_000, lots, [][]byte{paid[0], huge, paid[1]}, [][]byte{paid[0], paid[1]}},
		{"bytes: exactly two fit", 1_000_000, size(rows[0], paid[0]), [][]byte{paid[0], rows[0], paid[1]}, [][]byte{rows[0], paid[0]}},
		{"bytes: one too few", 1_000_000, size(rows[0], paid[0]) - 1, [][]byte{paid[0], rows[0]}, [][]byte{rows[0]}},
		{"a row larger than half the block comes after the rest", 300_000, lots, [][]byte{rows[0], paid[0]}, [][]byte{paid[0]}},
		{"or alone", 300_000, lots, [][]byte{rows[0]}, [][]byte{rows[0]}},
		{"nothing", 1_000_000, lots, nil, nil},
	} {
		t.Run(e.name, func(t *testing.T) {
			require.Equal(t, e.out, b.prepare(t, e.gas, e.maxBytes, e.in...))
			require.True(t, b.accepts(t, e.gas, e.out...))
		})
	}
}

func TestProcessProposal(t *testing.T) {
	b := newMaker(t)
	row, other := b.free(0, 200_000, 1), b.free(1, 200_000, 1)
	for _, e := range []struct {
		name string
		gas  int64
		txs  [][]byte
		want bool
	}{
		{"empty", 1000, nil, true},
		{"exactly the gas", 700_000, [][]byte{row, other, b.paid(0, 300_000)}, true},
		{"one gas more", 699_999, [][]byte{row, other, b.paid(0, 300_000)}, false},
		{"one alone above", 199_999, [][]byte{row}, false},
		{"unbounded", -1, [][]byte{row, b.paid(0, math.MaxUint64), b.paid(1, math.MaxUint64)}, true},
		{"gas that would wrap around", 1_000_000, [][]byte{row, b.paid(0, math.MaxUint64)}, false},
		{"undecodable", 1_000_000, [][]byte{row, []byte("junk")}, false},
		{"two rows of one place", 1_000_000, [][]byte{row, b.free(0, 100_000, 2)}, false},
		{"the same row twice", 1_000_000, [][]byte{row, row}, false},
		{"a paid one beside the row", 1_000_000, [][]byte{row, b.paid(0, 1), b.paid(0, 2)}, true},
	} {
		t.Run(e.name, func(t *testing.T) {
			require.Equal(t, e.want, b.accepts(t, e.gas, e.txs...))
		})
	}
}

func TestProposalsAreAlwaysAccepted(t *testing.T) {
	b := newMaker(t)
	var pool [][]byte
	for i := range 6 {
		for _, gas := range []uint64{1, 150_000, 400_000} {
			pool = append(pool, b.free(i, gas, 1), b.paid(i, gas))
		}
	}
	pool = append(pool, []byte("junk"), b.paid(9, math.MaxUint64))
	rapid.Check(t, func(t *rapid.T) {
		txs := rapid.SliceOfN(rapid.SampledFrom(pool), 0, 30).Draw(t, "txs")
		most := rapid.SampledFrom([]int64{-1, 1, 400_000, 1_000_000, 5_000_000}).Draw(t, "gas")
		maxBytes := rapid.Int64Range(0, 8000).Draw(t, "bytes")
		out := b.prepare(t, most, maxBytes, txs...)
		if !b.accepts(t, most, out...) {
			t.Fatalf("%d of %d transactions are refused", len(out), len(txs))
		}
		if size := cmttypes.ComputeProtoSizeForTxs(cmttypes.ToTxs(out)); size > maxBytes {
			t.Fatalf("%d bytes, the bound is %d", size, maxBytes)
		}
	})
}

func TestTheAppProposesWhatItAccepts(t *testing.T) {
	c, neurons, rich := world(t)
	row, paid := c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 1)), c.Paid(rich, apptest.Row(apptest.Address(rich), 1, 1))
	res, err := c.PrepareProposal(&abci.RequestPrepareProposal{
		Height: c.Height() + 1, Time: c.Time(c.Height() + 1), Txs: [][]byte{paid, row, []byte("junk")}, MaxTxBytes: 1 << 20,
	})
	require.NoError(t, err)
	require.Equal(t, [][]byte{row, paid}, res.Txs)
	answer, err := c.ProcessProposal(&abci.RequestProcessProposal{
		Height: c.Height() + 1, Time: c.Time(c.Height() + 1), Txs: [][]byte{row, row}, Hash: make([]byte, 32),
	})
	require.NoError(t, err)
	require.False(t, answer.IsAccepted())
}
