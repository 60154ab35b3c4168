package experiment

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
)

func TestImagesRunEndToEnd(t *testing.T) {
	env := tiny(t, 1)
	env.Digits, env.Steps = shapes(t, 10, 600), 30
	var runs []imagesRun
	done(t, images(), env, &runs)
	require.Len(t, runs, 2)
	for _, r := range runs {
		n := r.Neurons[0]
		require.Greater(t, r.All.Accuracy, 0.5)
		require.Greater(t, n.on().Accuracy, n.Local.Accuracy, "experts for all classes beat one for some")
		require.Greater(t, n.on().Accuracy, 0.3)
		require.Contains(t, n.Alone, n.Best)
		for _, opponent := range n.Alone {
			require.LessOrEqual(t, opponent.Accuracy, n.alone().Accuracy)
		}
		require.Positive(t, n.OffMore.Accuracy)
	}
}

func TestDealSharesNoImage(t *testing.T) {
	dir := shapes(t, 10, 600)
	set, err := data.LoadIDX("shapes", filepath.Join(dir, "t10k-images-idx3-ubyte.gz"), filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"))
	require.NoError(t, err)
	a := newAlbum(set)
	require.Len(t, a.y, 6000)
	hands, err := a.deal(4, 100, 4, 1)
	require.NoError(t, err)
	seen, classes := map[int]bool{}, map[int]bool{}
	for _, rows := range a.tested() {
		for _, row := range rows {
			seen[row] = true
		}
	}
	for _, h := range hands {
		foreign := 0
		for class, rows := range h.labelled() {
			own := false
			for _, c := range h.own {
				own = own || c == class
			}
			if !own {
				foreign += len(rows)
			}
			require.Len(t, h.gate[class], 4)
			for _, row := range rows {
				require.False(t, seen[row])
				require.EqualValues(t, class, a.y[row])
				seen[row] = true
			}
		}
		require.LessOrEqual(t, foreign, 100)
		require.Greater(t, foreign, 90)
		require.Contains(t, []int{2, 3}, len(h.own))
		for _, c := range h.own {
			require.False(t, classes[c], "a class has one owner")
			classes[c] = true
		}
	}
	require.Len(t, classes, 10)

	other, err := a.deal(4, 100, 5, 1)
	require.NoError(t, err)
	require.Equal(t, hands[1].own, other[1].own)
	_, err = a.deal(4, 1000, 4, 1)
	require.ErrorContains(t, err, "give more images")
}

// An expert that is sure is heard where the others are not.
func TestConfidenceFindsWhoKnows(t *testing.T) {
	sure, unsure := []float32{0.02, 0.96, 0.02}, []float32{0.4, 0.3, 0.3}
	g := make([]float32, 3)
	confidence{0}.weigh(g, [][]float32{unsure, sure, unsure}, nil)
	require.InDeltaSlice(t, []float32{1. / 3, 1. / 3, 1. / 3}, g, 1e-6)
	last := g[1]
	for _, lambda := range []float64{1, 2, 4} {
		confidence{lambda}.weigh(g, [][]float32{unsure, sure, unsure}, nil)
		require.InDelta(t, 1, g[0]+g[1]+g[2], 1e-5)
		require.Greater(t, g[1], last)
		last = g[1]
	}

	// Where sure experts are right the gate learns to trust them, where they are not
	// it does not.
	a := asked{classes: 3, answers: [][]float32{unsure, sure}, here: make([][]float32, 2), y: []int32{1}}
	require.Greater(t, learnConfidence(a).lambda, 1.0)
	a.y[0] = 0
	require.Zero(t, learnConfidence(a).lambda)
}

func TestJointAnswersWithTheMixture(t *testing.T) {
	served := func(seed uint64) model.Expert {
		m, err := model.NewServedClassifier(model.NewImageMLP(model.ImageConfig{Shape: []int{2, 2}, Classes: 3, Hidden: 4}, seed), 1)
		require.NoError(t, err)
		t.Cleanup(func() { _ = m.Close() })
		return m
	}
	members := ensemble{served(1), served(2)}
	in := model.Input{Count: 2, Values: []float32{0, 1, 0, 1, 1, 1, 0, 0}}
	mean, mixed := make([]float32, 6), make([]float32, 6)
	require.NoError(t, members.Forward(context.Background(), in, mean))
	m := newJoint(members, confidence{0})
	require.NoError(t, m.Forward(context.Background(), in, mixed))
	require.InDeltaSlice(t, mean, mixed, 1e-6)
}

func TestAccuracyIsAMeanOverClasses(t *testing.T) {
	p := []float32{0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4}
	got := tellOf(p, []int32{0, 0, 0, 1}, 2)
	require.InDelta(t, 0.5, got.Accuracy, 1e-9)
	require.InDelta(t, (0.228393+0.916291)/2, got.Loss, 1e-5)
}
