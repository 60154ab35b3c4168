package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/lane"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// A free transaction that asks for the least gas does not fail in a block for want
// of it, however long its row; one that asks for less is refused before it is in one.
func TestFreeTransactionsNeverRunOutOfGas(t *testing.T) {
	const size = 1500
	var neurons []apptest.Neuron
	for i := range size {
		neurons = append(neurons, apptest.NewNeuron(fmt.Sprint(i), uint64(2*size-i)*apptest.Tao))
	}
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.MaxUids, h.MaxRow, h.MaxValidators, h.MinStake = 4096, 4096, 64, 1
	}))
	c.Blocks(3)
	for _, n := range []int{1, 64, 256, size} {
		row := &weightstypes.MsgSetWeights{Hotkey: neurons[0].Hotkey().String(), Subnet: 1}
		for i := range n {
			row.Uids, row.Weights = append(row.Uids, uint32(i)), append(row.Weights, 65535)
		}
		tx := func(gas uint64) []byte {
			return c.Tx(apptest.TxOptions{Key: neurons[0].Hot, Gas: gas, Timeout: c.Time(c.Height()).Add(20 * time.Second)}, row)
		}
		least := uint64(lane.LeastBase + n*lane.LeastEntry)
		check := c.Check(tx(least - 1))
		require.NotZero(t, check.Code)
		require.Contains(t, check.Log, fmt.Sprintf("may ask for %d to %d gas, this asks for %d", least, lane.GasBase+n*lane.GasEntry, least-1))
		check = c.Check(tx(least))
		require.Zero(t, check.Code, check.Log)
		require.Equal(t, int64(least), check.GasWanted, "it counts what it asks for")
		res := c.NextBlock(tx(least))[0]
		require.Zero(t, res.Code, res.Log)
		require.Greater(t, res.GasUsed, int64(least), "%d weights", n)
		require.Less(t, res.GasUsed, int64(lane.GasBase+n*lane.GasEntry))
	}
}
