package moe

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestGeneralStartsAsTheEvidenceGate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const experts = 5
		plain, general := NewEvidence(1, experts), NewGeneral(NewEvidence(1, experts), 3)
		g, h := make([]float32, experts), make([]float32, experts)
		for range 10 {
			answered := rapid.SliceOfN(rapid.Bool(), experts, experts).Draw(t, "answered")
			p := rapid.SliceOfN(rapid.Float32Range(0, 1), experts, experts).Draw(t, "p")
			hidden := rapid.SliceOfN(rapid.Float32Range(-5, 5), 3, 3).Draw(t, "hidden")
			plain.Weigh(0, g, answered, nil)
			general.Weigh(0, h, answered, hidden)
			require.InDeltaSlice(t, g, h, 1e-5)
			plain.Reveal(0, p)
			general.Reveal(0, p)
		}
	})
}

func TestGeneralKeepsSelfAndTheBest(t *testing.T) {
	gate := NewGeneral(NewEvidence(1, 5), 0)
	gate.Top = 2
	gate.Reveal(0, []float32{1e-9, 0.2, 0.9, 0.1, 0.5})
	g := make([]float32, 5)
	gate.Weigh(0, g, nil, nil)
	requireDistribution(t, g)
	require.Positive(t, g[0], "self is always there")
	require.Positive(t, g[2])
	require.Positive(t, g[4])
	require.Zero(t, g[1])
	require.Zero(t, g[3])

	gate.Weigh(0, g, []bool{true, false, false, true, false}, nil)
	require.Positive(t, g[3], "the best of those that answered")
	require.Zero(t, g[2])
}

// loss64 is the loss of one position as a function of the parameters.
func loss64(gate *General, params []float64, w, p, hidden []float32) float64 {
	experts := gate.Evidence.Experts
	var sum, mix float64
	for j := range experts {
		a := params[experts*gate.Width+j] + params[len(params)-1]*math.Log(float64(w[j]))
		for i, h := range hidden {
			a += params[j*gate.Width+i] * float64(h)
		}
		sum += math.Exp(a)
		mix += math.Exp(a) * float64(p[j])
	}
	return -math.Log(mix / sum)
}

func TestGradientOfTheGeneralGate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const experts, width = 4, 3
	gate := NewGeneral(NewEvidence(1, experts), width)
	for i := range gate.Params {
		gate.Params[i] = r.Float32() - 0.3
	}
	gate.Reveal(0, []float32{0.1, 0.5, 0.2, 0.3})
	p, hidden := []float32{0.3, 0.05, 0.6, 0.2}, []float32{0.5, -1.5, 2}
	g := make([]float32, experts)
	gate.Weigh(0, g, nil, hidden)
	params := make([]float64, len(gate.Params))
	for i, x := range gate.Params {
		params[i] = float64(x)
	}
	loss := gate.Learn(0, p, hidden)
	require.InDelta(t, loss64(gate, params, gate.Evidence.Weights, p, hidden), loss, 1e-6)
	const step = 1e-5
	for i := range params {
		at := params[i]
		params[i] = at + step
		up := loss64(gate, params, gate.Evidence.Weights, p, hidden)
		params[i] = at - step
		down := loss64(gate, params, gate.Evidence.Weights, p, hidden)
		params[i] = at
		require.InDelta(t, (up-down)/(2*step), gate.gradient[i], 1e-5, "parameter %d", i)
	}
}

// teach lets a gate learn where the hidden state says which of two peers knows.
func teach(gate *General, steps int) (first, last float64) {
	r := rand.New(rand.NewPCG(3, 4))
	g, p, hidden := make([]float32, 3), make([]float32, 3), make([]float32, 1)
	for step := range steps {
		var loss float64
		for range 32 {
			hidden[0] = 1
			p[0], p[1], p[2] = 0.1, 0.8, 0.02
			if r.IntN(2) == 0 {
				hidden[0] = -1
				p[1], p[2] = p[2], p[1]
			}
			gate.Reset(0)
			gate.Weigh(0, g, nil, hidden)
			loss += gate.Learn(0, p, hidden) / 32
			gate.Reveal(0, p)
		}
		gate.Update(0.05)
		if step == 0 {
			first = loss
		}
		last = loss
	}
	return first, last
}

func TestLearningLowersTheLoss(t *testing.T) {
	gate := NewGeneral(NewEvidence(1, 3), 1)
	first, last := teach(gate, 200)
	require.Greater(t, first, 1.3)
	require.Less(t, last, 0.4)
	require.GreaterOrEqual(t, gate.Lambda(), float32(0))

	blind := NewGeneral(NewEvidence(1, 3), 1)
	blind.Blind()
	g := make([]float32, 3)
	blind.Weigh(0, g, nil, []float32{0})
	require.InDeltaSlice(t, blind.Evidence.Prior, g, 1e-6, "it starts at the prior")
	_, last = teach(blind, 200)
	require.Less(t, last, 0.4)
	require.Zero(t, blind.Lambda(), "held")
}

func TestGeneralIsItsState(t *testing.T) {
	gate := NewGeneral(NewEvidence(1, 3), 1)
	teach(gate, 5)
	blob, err := json.Marshal(gate)
	require.NoError(t, err)
	var back General
	require.NoError(t, json.Unmarshal(blob, &back))
	back.Prepare()
	teach(gate, 5)
	teach(&back, 5)
	require.Equal(t, gate.Params, back.Params)
	require.Equal(t, gate.Evidence, back.Evidence)
}

func TestGeneralIsADistributionForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const experts, width = 4, 2
		gate := NewGeneral(NewEvidence(1, experts), width)
		gate.Top = rapid.IntRange(0, 5).Draw(t, "top")
		g := make([]float32, experts)
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			hidden := rapid.SliceOfN(finite(), width, width).Draw(t, "hidden")
			p := rapid.SliceOfN(finite(), experts, experts).Draw(t, "p")
			answered := rapid.SliceOfN(rapid.Bool(), experts, experts).Draw(t, "answered")
			gate.Weigh(0, g, answered, hidden)
			requireDistribution(t, g)
			require.False(t, math.IsNaN(gate.Learn(0, p, hidden)))
			gate.Reveal(0, p)
			gate.Update(0.1)
			requireNumbers(t, gate.Params)
		}
	})
}

func TestGeneralAllocatesNothing(t *testing.T) {
	gate := NewGeneral(NewEvidence(2, 4), 2)
	gate.Top = 2
	g, p, hidden := make([]float32, 4), []float32{0.1, 0.2, 0.3, 0.4}, []float32{1, 2}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		gate.Weigh(1, g, nil, hidden)
		gate.Learn(1, p, hidden)
		gate.Reveal(1, p)
		gate.Update(0.01)
	}))
}
