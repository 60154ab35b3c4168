package keeper_test

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// TestCabalLosesShareAtEveryEpoch lets 49 % of the stake weigh itself alone for
// 1,000 epochs.
func TestCabalLosesShareAtEveryEpoch(t *testing.T) {
	for name, change := range map[string]func(*subnettypes.Hyperparameters){
		"yuma 3": func(*subnettypes.Hyperparameters) {},
		"yuma 2": func(h *subnettypes.Hyperparameters) { h.Yuma = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			// On either side the first half validates, the others are weighed: a
			// neuron cannot back itself.
			const half = 2
			var stakes []uint64
			for i := range 4 * half {
				stake := []uint64{51 * tao, 49 * tao}[i%2]
				if i >= 2*half {
					stake = 0
				}
				stakes = append(stakes, stake)
			}
			neurons := makeNeurons("cabal", stakes...)
			c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithOption(app.OptionInvariants, false),
				apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
					h.Tempo, h.ActivityCutoff, h.MaxValidators = 1, 1_000_000, 2*half
					change(h)
				}))
			rows := make(map[int][]uint32)
			for i := range 2 * half {
				for j := 2*half + i%2; j < 4*half; j += 2 {
					rows[i] = append(rows[i], uint32(j), 65535)
				}
			}
			sendRows(t, c, rows, neurons)
			cabal, all := shares(t, c)
			first := float64(cabal) / float64(all)
			require.InDelta(t, 0.49, first, 0.001)
			for epoch := range 1000 {
				c.Blocks(1)
				nextCabal, nextAll := shares(t, c)
				require.True(t, less(nextCabal, nextAll, cabal, all), "epoch %d: %d of %d, before %d of %d", epoch, nextCabal, nextAll, cabal, all)
				cabal, all = nextCabal, nextAll
			}
			require.Less(t, float64(cabal)/float64(all), first*0.98)
		})
	}
}

// shares is the stake of the neurons with odd uids, and of all: what is settled
// and what is owed.
func shares(t *testing.T, c *apptest.Chain) (cabal, all uint64) {
	t.Helper()
	columns, err := c.NeuronKeeper.Columns(c.Ctx(), 1)
	require.NoError(t, err)
	for uid, s := range columns.Stake {
		s += columns.OwedIncentive[uid] + columns.OwedDividends[uid]
		all += s
		if uid%2 == 1 {
			cabal += s
		}
	}
	return cabal, all
}

// less says whether a/b < c/d, exactly.
func less(a, b, c, d uint64) bool {
	leftHigh, leftLow := bits.Mul64(a, d)
	rightHigh, rightLow := bits.Mul64(c, b)
	return leftHigh < rightHigh || (leftHigh == rightHigh && leftLow < rightLow)
}
