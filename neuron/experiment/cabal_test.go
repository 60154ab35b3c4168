package experiment

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/chain"
)

func TestTheFormulaOf2021(t *testing.T) {
	text, err := os.ReadFile("testdata/cabal_2021.json")
	require.NoError(t, err)
	var vector struct {
		Share []float64 `json:"share"`
	}
	require.NoError(t, json.Unmarshal(text, &vector))
	require.Len(t, vector.Share, 100)
	shares := formula2021(0.51, 0.49, 0.1, 10, 100)
	for step, want := range vector.Share {
		require.InDelta(t, want, shares[step], 1e-9, "step %d", step+1)
	}
	for step, printed := range []float64{0.48773, 0.48495, 0.48155, 0.47739, 0.47231} {
		require.InDelta(t, printed, shares[step], 5e-6, "step %d", step+1)
	}
	require.True(t, falls(shares))
	require.InDelta(t, 0.5, formula2021(0.5, 0.5, 0.1, 10, 3)[2], 1e-15, "equals stay equal")
}

func TestFallsMeansAtEveryStep(t *testing.T) {
	require.True(t, falls([]float64{0.49, 0.48, 0.47}))
	require.False(t, falls([]float64{0.49, 0.49}))
	require.False(t, falls([]float64{0.49, 0.48, 0.481}))
	require.True(t, falls([]float64{0.49}))
}

func TestCabalMembersWeighTheirOwnSide(t *testing.T) {
	members := cabalMembers(3)
	require.Len(t, members, honestSide+cabalSide)
	sides := [2]uint64{}
	for i, m := range members {
		side := min(i/honestSide, 1)
		sides[side] += m.Stake
		require.Zero(t, m.Row[i], "itself")
		for j, w := range m.Row {
			if j != i {
				require.Equal(t, min(j/honestSide, 1) == side, w > 0, "%d of %d", j, i)
			}
		}
	}
	require.InDelta(t, 0.49, float64(sides[1])/float64(sides[0]+sides[1]), 1e-6)
	for _, m := range members[cabalRich:honestSide] {
		require.Less(t, float64(m.Stake), 0.01*cabalStake, "else its column has no majority without itself")
	}
	require.NotEqual(t, members[0].Row, cabalMembers(4)[0].Row)
	require.Equal(t, members, cabalMembers(3))
}

func TestCabalEpochsCountStakeAndWhatIsOwed(t *testing.T) {
	m := chain.Metagraph{Epoch: 10}
	for i := range honestSide + cabalSide {
		n := chain.Neuron{UID: uint32(i), Stake: 50, Permit: true, Active: true, LastUpdate: 5}
		if i < honestSide {
			n.Owed, n.ServerEmission, n.ValidatorEmission = 50, 3, 4
		}
		m.Neurons = append(m.Neurons, n)
	}
	require.True(t, allSpoke(m))
	stake := uint64(100*honestSide + 50*cabalSide)
	require.Equal(t, cabalEpoch{Height: 10, Share: 50 * cabalSide / float64(stake), Honest: 7 * honestSide}, cabalEpochOf(m))
	m.Neurons[11].LastUpdate = 10 // after the epoch's rows were read
	require.False(t, allSpoke(m))
	m.Neurons = m.Neurons[:11]
	require.False(t, allSpoke(m))
}

func TestCabalResultSaysWhenAShareDoesNotFall(t *testing.T) {
	epochs := func(shares ...float64) (list []cabalEpoch) {
		for _, s := range shares {
			list = append(list, cabalEpoch{Share: s, Cabal: 2})
		}
		return list
	}
	r := cabalResult([]cabalRun{{Seed: 1, Epochs: epochs(0.49, 0.48, 0.47)}, {Seed: 2, Epochs: epochs(0.49, 0.485, 0.486)}})
	require.Len(t, r.Tables[0].Rows, 3)
	require.Equal(t, []string{"2", "0.48495", "0.48000", "2", "0.48500", "2"}, r.Tables[0].Rows[1])
	require.Contains(t, r.Findings[1], "in 1 of 2 runs; it is paid 12 rao")
	require.Len(t, r.Plots[0].Lines, 3)
}
