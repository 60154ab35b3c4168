package moe

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func stretch(p float64) float64 { return math.Log(p / (1 - p)) }

func TestLogisticMixingOfTwoClassesAddsStretches(t *testing.T) {
	l := NewLogistic(1, 2, 2)
	dst := make([]float32, 2)
	l.Mix(0, dst, [][]float32{{0.3, 0.7}, {0.9, 0.1}}, nil)
	want := 0.6*stretch(0.7) + 0.4*stretch(0.1)
	require.InDelta(t, want, stretch(float64(dst[1])), 1e-5)

	// PAQ: w_i += rate * stretch(p_i) * (y - p_mix)
	l.Reveal(0, [][]float32{{0.3, 0.7}, {0.9, 0.1}}, 1)
	off := 1 - float64(dst[1])
	require.InDelta(t, 0.6+0.02*stretch(0.7)*off, l.Weights[0], 1e-6)
	require.InDelta(t, 0.4+0.02*stretch(0.1)*off, l.Weights[1], 1e-6)
}

func TestLogisticMixingAloneIsSelf(t *testing.T) {
	l := NewLogistic(1, 4, 3)
	dst, self := make([]float32, 3), []float32{0.2, 0.7, 0.1}
	l.Mix(0, dst, [][]float32{self, nil, nil, nil}, nil)
	require.InDeltaSlice(t, self, dst, 1e-6)
	l.Mix(0, dst, [][]float32{self, self, nil, self}, nil)
	require.InDeltaSlice(t, self, dst, 1e-6, "and so is agreement")
	require.InDelta(t, l.Prior[1], l.Weights[1], 1e-6, "who comes back starts at its prior")
}

func TestLogisticMixingLearns(t *testing.T) {
	l := NewLogistic(1, 2, 2)
	rows := [][]float32{{0.5, 0.5}, {0.2, 0.8}}
	dst := make([]float32, 2)
	l.Mix(0, dst, rows, nil)
	before := dst[1]
	for range 200 {
		l.Mix(0, dst, rows, nil)
		l.Reveal(0, rows, 1)
	}
	require.Greater(t, dst[1], before)
	require.Greater(t, dst[1], float32(0.8), "sharper than either")
}

func TestMixersForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const experts, classes = 3, 4
		mixers := []Mixer{
			NewLogistic(1, experts, classes),
			NewLinear(NewEvidence(1, experts), experts),
			NewLinear(NewGeneral(NewEvidence(1, experts), 1), experts),
		}
		dst := make([]float32, classes)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			rows := make([][]float32, experts)
			for j := range rows {
				if j > 0 && rapid.Bool().Draw(t, "absent") {
					continue
				}
				row := rapid.SliceOfN(finite(), classes, classes).Draw(t, "row")
				if Normalize(row) {
					rows[j] = row
				} else if j == 0 {
					rows[j] = []float32{0.25, 0.25, 0.25, 0.25}
				}
			}
			target := rapid.IntRange(0, classes-1).Draw(t, "target")
			for _, m := range mixers {
				m.Mix(0, dst, rows, []float32{1})
				requireDistribution(t, dst)
				m.Reveal(0, rows, target)
			}
		}
		for _, m := range mixers {
			m.Reset(0)
		}
	})
}

func TestLogisticIsItsState(t *testing.T) {
	l := NewLogistic(2, 2, 2)
	rows := [][]float32{{0.5, 0.5}, {0.2, 0.8}}
	a, b := make([]float32, 2), make([]float32, 2)
	l.Mix(1, a, rows, nil)
	l.Reveal(1, rows, 1)
	blob, err := json.Marshal(l)
	require.NoError(t, err)
	var back Logistic
	require.NoError(t, json.Unmarshal(blob, &back))
	back.Prepare()
	l.Mix(1, a, rows, nil)
	back.Mix(1, b, rows, nil)
	require.Equal(t, a, b)
	require.Equal(t, l.Weights, back.Weights)
}

func TestMixersAllocateNothing(t *testing.T) {
	rows := [][]float32{{0.5, 0.5}, {0.2, 0.8}}
	dst := make([]float32, 2)
	for _, m := range []Mixer{NewLogistic(1, 2, 2), NewLinear(NewEvidence(1, 2), 2)} {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			m.Mix(0, dst, rows, nil)
			m.Reveal(0, rows, 1)
		}))
	}
}
