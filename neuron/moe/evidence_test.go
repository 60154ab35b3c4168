package moe

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEvidenceByHand(t *testing.T) {
	e := NewEvidence(1, 3)
	g := make([]float32, 3)
	e.Weigh(0, g, nil, nil)
	require.InDeltaSlice(t, []float32{0.6, 0.2, 0.2}, g, 1e-6)

	e.Reveal(0, []float32{0.1, 0.9, 0.3})
	e.Weigh(0, g, nil, nil)
	// 0.06, 0.18, 0.06 of 0.30
	require.InDeltaSlice(t, []float32{
		0.98*0.2 + 0.02*0.6, 0.98*0.6 + 0.02*0.2, 0.98*0.2 + 0.02*0.2,
	}, g, 1e-6)

	e.Reset(0)
	e.Weigh(0, g, nil, nil)
	require.Equal(t, e.Prior, g)
}

func TestEvidenceForgets(t *testing.T) {
	e := NewEvidence(1, 2)
	e.Share, e.Forget = 0, 0.5
	e.Prior = []float32{0.5, 0.5}
	e.Weights = []float32{0.8, 0.2}
	e.Reveal(0, []float32{0.3, 0.6})
	// sqrt(0.8) 0.3 : sqrt(0.2) 0.6 = 2*0.3 : 0.6
	require.InDeltaSlice(t, []float32{0.5, 0.5}, e.Weights, 1e-6)
}

func TestEvidenceFindsTheExpertAndChangesHands(t *testing.T) {
	e := NewEvidence(1, 4)
	g := make([]float32, 4)
	for range 5 {
		e.Weigh(0, g, nil, nil)
		e.Reveal(0, []float32{0.02, 0.02, 0.5, 0.02})
	}
	require.Greater(t, g[2], float32(0.95))
	for range 5 {
		e.Weigh(0, g, nil, nil)
		e.Reveal(0, []float32{0.5, 0.02, 0.02, 0.02})
	}
	require.Greater(t, g[0], float32(0.95))
}

func TestAbsentExpertsHaveNothingAndComeBackWithTheirPrior(t *testing.T) {
	e := NewEvidence(1, 3)
	g := make([]float32, 3)
	e.Weigh(0, g, nil, nil)
	e.Reveal(0, []float32{0.1, 0.9, 0.3}) // 0.208, 0.592, 0.2
	e.Weigh(0, g, []bool{true, false, true}, nil)
	require.InDeltaSlice(t, []float32{0.208 / 0.408, 0, 0.2 / 0.408}, g, 1e-6)

	e.Reveal(0, []float32{0.5, -7, 0.5})
	require.Zero(t, e.Weights[1])

	before := []float32{e.Weights[0], 0, e.Weights[2]}
	e.Weigh(0, g, nil, nil)
	require.InDelta(t, 0.2, g[1], 1e-6, "its part of the prior")
	require.InDelta(t, 0.8*before[0], g[0], 1e-6, "the others keep their proportions")
	require.InDelta(t, 0.8*before[2], g[2], 1e-6)

	// alone, self has everything, and all others come back with their priors at once
	e.Weigh(0, g, []bool{false, false, false}, nil)
	require.Equal(t, []float32{1, 0, 0}, g)
	e.Weigh(0, g, nil, nil)
	require.InDeltaSlice(t, e.Prior, g, 1e-6)
}

func TestWeighTwiceIsWeighOnce(t *testing.T) {
	e := NewEvidence(1, 4)
	e.Reveal(0, []float32{0.1, 0.2, 0.3, 0.4})
	a, b := make([]float32, 4), make([]float32, 4)
	answered := []bool{true, true, false, true}
	e.Weigh(0, a, answered, nil)
	e.Weigh(0, b, answered, nil)
	require.Equal(t, a, b)
}

func TestEvidenceIsADistributionForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		experts := rapid.IntRange(1, 6).Draw(t, "experts")
		e := NewEvidence(2, experts)
		e.Share = rapid.Float32Range(0, 1).Draw(t, "share")
		e.Forget = rapid.SampledFrom([]float32{0, 0, 0.01, 1}).Draw(t, "forget")
		g := make([]float32, experts)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s := rapid.IntRange(0, 1).Draw(t, "sequence")
			answered := rapid.SliceOfN(rapid.Bool(), experts, experts).Draw(t, "answered")
			e.Weigh(s, g, answered, nil)
			requireDistribution(t, g)
			for j := 1; j < experts; j++ {
				require.Equal(t, answered[j], g[j] > 0)
			}
			e.Reveal(s, rapid.SliceOfN(finite(), experts, experts).Draw(t, "p"))
			require.NoError(t, e.Check())
		}
	})
}

func TestEvidenceIsItsState(t *testing.T) {
	e := NewEvidence(3, 5)
	for s := range 3 {
		e.Reveal(s, []float32{0.1, 0.7, 0.3, 1e-12, 0.11})
	}
	blob, err := json.Marshal(e)
	require.NoError(t, err)
	var back Evidence
	require.NoError(t, json.Unmarshal(blob, &back))
	require.NoError(t, back.Check())
	require.Equal(t, *e, back)
}

func TestEvidenceCheck(t *testing.T) {
	for name, spoil := range map[string]func(*Evidence){
		"has 1 priors":                  func(e *Evidence) { e.Prior = e.Prior[:1] },
		"and 3 weights":                 func(e *Evidence) { e.Weights = e.Weights[:3] },
		"share 2":                       func(e *Evidence) { e.Share = 2 },
		"prior 0 for expert 1":          func(e *Evidence) { e.Prior[1] = 0 },
		"weight -1 for expert 0 of seq": func(e *Evidence) { e.Weights[2] = -1 },
	} {
		e := NewEvidence(2, 2)
		require.NoError(t, e.Check())
		spoil(e)
		require.ErrorContains(t, e.Check(), name)
	}
}

func TestEvidenceAllocatesNothing(t *testing.T) {
	e := NewEvidence(4, 7)
	g, p := make([]float32, 7), []float32{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}
	answered := []bool{true, true, false, true, true, true, true}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		e.Weigh(1, g, answered, nil)
		e.Reveal(1, p)
		e.Weigh(1, g, nil, nil)
		e.Reveal(1, p)
		e.Reset(1)
	}))
}

func TestWalkIsTheSameInBothOrders(t *testing.T) {
	const sequences, steps, experts = 3, 5, 4
	byTime, bySequence := Window{sequences, steps, true}, Window{sequences, steps, false}
	n := byTime.Positions()
	p := make([]float32, n*experts)
	q := make([]float32, n*experts)
	answered := make([]bool, n*experts)
	answeredQ := make([]bool, n*experts)
	for s := range sequences {
		for t := range steps {
			for j := range experts {
				x := float32((s*7+t*5+j*3)%11+1) / 12
				p[byTime.At(s, t)*experts+j], q[bySequence.At(s, t)*experts+j] = x, x
				here := (s+t+j)%4 != 0
				answered[byTime.At(s, t)*experts+j], answeredQ[bySequence.At(s, t)*experts+j] = here, here
			}
		}
	}
	g, h := make([]float32, n*experts), make([]float32, n*experts)
	Walk(NewEvidence(sequences, experts), byTime, g, p, answered, nil)
	Walk(NewEvidence(sequences, experts), bySequence, h, q, answeredQ, nil)
	for s := range sequences {
		for t1 := range steps {
			a, b := byTime.At(s, t1)*experts, bySequence.At(s, t1)*experts
			require.Equal(t, g[a:a+experts], h[b:b+experts])
		}
	}
	require.NotPanics(t, func() { Walk(NewEvidence(1, 2), Window{}, nil, nil, nil, nil) })
}
