package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/apptest"
)

func TestRowsBecomePay(t *testing.T) {
	const tao = apptest.Tao
	neurons := []apptest.Neuron{
		apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 100*tao), apptest.NewNeuron("c", 100*tao), apptest.NewNeuron("d", 0),
	}
	c := apptest.New(t, apptest.WithNeurons(neurons...))
	for range 20 {
		txs := [][]byte{
			c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 10, 2, 10, 3, 100)),
			c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, 10, 2, 10, 3, 100)),
			c.Free(neurons[2].Hot, apptest.Row(neurons[2].Hotkey(), 0, 10, 1, 10, 3, 100)),
		}
		for _, tx := range txs {
			res := c.Check(tx)
			require.Zero(t, res.Code, res.Log)
		}
		for _, res := range c.NextBlock(txs...) {
			require.Zero(t, res.Code, res.Log)
		}
	}
	columns, err := c.NeuronKeeper.Columns(c.Ctx(), 1)
	require.NoError(t, err)
	require.Greater(t, columns.Stake[3], uint64(0), "the one whom all praise is paid")
	require.Greater(t, columns.Stake[0], uint64(100*tao), "who finds it is paid too")
}

func TestEmptyBlocksKeepAllInvariants(t *testing.T) {
	c := apptest.New(t)
	c.Blocks(100)
	require.Equal(t, c.Height(), c.LastBlockHeight())
}
