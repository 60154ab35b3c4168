package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// invented makes a batch of random answers and gates.
func invented(n, classes, experts int) *Batch {
	r := rand.New(rand.NewPCG(5, uint64(experts)))
	b := &Batch{
		Classes: classes, Experts: make([][]float32, experts),
		Gates: make([]float32, n*experts), Targets: make([]int32, n),
	}
	for j := range b.Experts {
		b.Experts[j] = make([]float32, n*classes)
		for i := range b.Experts[j] {
			b.Experts[j][i] = 4 * float32(r.NormFloat64())
		}
		Softmax(b.Experts[j], b.Experts[j], classes)
	}
	for i := range b.Gates {
		b.Gates[i] = float32(r.NormFloat64())
	}
	Softmax(b.Gates, b.Gates, experts)
	for i := range b.Targets {
		b.Targets[i] = int32(r.IntN(classes))
	}
	return b
}

func TestCombineAgainstFloat64(t *testing.T) {
	const n, classes = 9, 13
	for experts := 1; experts <= 10; experts++ {
		b := invented(n, classes, experts)
		b.Targets[4] = -1
		if experts > 2 { // one that answered nowhere
			b.Experts[2] = nil
			for i := range n {
				b.Gates[i*experts+2] = 0
			}
		}
		mix := make([]float32, n*classes)
		sums := b.Combine(mix)
		var self, both float64
		for i, y := range b.Targets {
			for v := range classes {
				var want float64
				for j, g := range b.Gate(i) {
					if b.Experts[j] != nil {
						want += float64(g) * float64(b.Experts[j][i*classes+v])
					}
				}
				require.InDelta(t, want, mix[i*classes+v], 1e-6)
				if v == int(y) {
					self -= math.Log(float64(b.Experts[0][i*classes+v]))
					both -= math.Log(want)
				}
			}
		}
		require.Equal(t, n-1, sums.Targets)
		require.InDelta(t, self, sums.Self, 1e-4)
		require.InDelta(t, both, sums.Mix, 1e-4)

		cheap := b.Combine(nil)
		require.InDelta(t, sums.Mix, cheap.Mix, 1e-4)
		require.Equal(t, sums.Self, cheap.Self)
	}
}

func TestGather(t *testing.T) {
	b := &Batch{
		Classes: 2, Targets: []int32{1, -1}, Gates: make([]float32, 4),
		Experts: [][]float32{{0.2, 0.8, 0.5, 0.5}, nil},
	}
	p := make([]float32, 4)
	b.Gather(p)
	require.Equal(t, []float32{0.8, 0, 1, 0}, p)
}

func TestMeanGates(t *testing.T) {
	dst := make([]float32, 2)
	MeanGates(dst, []float32{1, 0, 0.5, 0.5})
	require.Equal(t, []float32{0.75, 0.25}, dst)
	MeanGates(dst, nil)
	require.Equal(t, []float32{0, 0}, dst)
}

func TestCombineIsNeverNaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, classes, experts = 2, 3, 6
		b := &Batch{
			Classes: classes, Experts: make([][]float32, experts),
			Gates:   rapid.SliceOfN(finite(), n*experts, n*experts).Draw(t, "gates"),
			Targets: []int32{rapid.Int32Range(-1, classes-1).Draw(t, "target"), 0},
		}
		for j := range b.Experts {
			b.Experts[j] = rapid.SliceOfN(finite(), n*classes, n*classes).Draw(t, "answers")
		}
		for _, mix := range [][]float32{nil, make([]float32, n*classes)} {
			sums := b.Combine(mix)
			require.False(t, math.IsNaN(sums.Mix) || math.IsNaN(sums.Self))
		}
	})
}

func TestCombineAllocatesNothing(t *testing.T) {
	b := invented(16, 32, 7)
	mix, p := make([]float32, 16*32), make([]float32, 16*7)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		b.Combine(mix)
		b.Combine(nil)
		b.Gather(p)
	}))
}

func perPosition(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/position")
}

func BenchmarkCombine(b *testing.B) {
	const n, classes = 1024, 256
	for _, experts := range []int{1, 4, 7, 9} {
		batch := invented(n, classes, experts)
		mix := make([]float32, n*classes)
		b.Run(fmt.Sprintf("mixture/J=%d", experts), func(b *testing.B) {
			for b.Loop() {
				batch.Combine(mix)
			}
			perPosition(b, n)
		})
		b.Run(fmt.Sprintf("losses/J=%d", experts), func(b *testing.B) {
			for b.Loop() {
				batch.Combine(nil)
			}
			perPosition(b, n)
		})
	}
}

func BenchmarkWalk(b *testing.B) {
	const n, experts = 1024, 7
	batch := invented(n, 256, experts)
	p, hidden := make([]float32, n*experts), make([]float32, n*128)
	window := Window{Sequences: 64, Steps: n / 64}
	for name, gate := range map[string]Gate{
		"evidence": NewEvidence(64, experts), "general": NewGeneral(NewEvidence(64, experts), 128),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				batch.Gather(p)
				Walk(gate, window, batch.Gates, p, nil, hidden)
			}
			perPosition(b, n)
		})
	}
}

func BenchmarkMixers(b *testing.B) {
	const experts, classes = 7, 256
	batch := invented(1, classes, experts)
	dst := make([]float32, classes)
	for name, m := range map[string]Mixer{
		"linear": NewLinear(NewEvidence(1, experts), experts), "logistic": NewLogistic(1, experts, classes),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m.Mix(0, dst, batch.Experts, nil)
				m.Reveal(0, batch.Experts, 17)
			}
			perPosition(b, 1)
		})
	}
}

func BenchmarkSoftmax(b *testing.B) {
	const n, classes = 1024, 256
	z := invented(n, classes, 1).Experts[0]
	dst := make([]float32, len(z))
	for b.Loop() {
		Softmax(dst, z, classes)
	}
	perPosition(b, n)
}
