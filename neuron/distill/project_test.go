package distill

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/moe"
)

func randomProjection(width, classes int) *Projection {
	r := rand.New(rand.NewPCG(9, 9))
	p := NewProjection(width, classes)
	for i := range p.W {
		p.W[i] = float32(r.NormFloat64())
	}
	for i := range p.B {
		p.B[i] = float32(r.NormFloat64())
	}
	return p
}

// answers64 is Apply at one position in float64.
func answers64(w, b []float64, hidden []float32) []float64 {
	z := make([]float64, len(b))
	copy(z, b)
	for h, x := range hidden {
		for v := range z {
			z[v] += float64(x) * w[h*len(b)+v]
		}
	}
	return softmax64(z, 1)
}

func TestProjectionGradientByFiniteDifferences(t *testing.T) {
	const n, width, classes = 3, 2, 4
	p := randomProjection(width, classes)
	hidden := []float32{0.5, -1, 2, 0, -0.3, 0.9}
	answers := make([]float32, n*classes)
	p.Apply(answers, hidden)

	// the projected peer is expert 1 of a mixture with self
	_, b := invented(n, classes, 2)
	b.Experts[1] = answers
	b.Targets[1] = -1
	shares := make([]float32, n)
	Shares(shares, b, 1)

	params := make([]float64, 0, len(p.W)+len(p.B))
	for _, x := range append(append([]float32{}, p.W...), p.B...) {
		params = append(params, float64(x))
	}
	for _, mixed := range []bool{false, true} {
		loss := func() float64 {
			var sum float64
			for i, y := range b.Targets {
				if y < 0 {
					continue
				}
				q := answers64(params[:width*classes], params[width*classes:], hidden[i*width:(i+1)*width])[y]
				if mixed {
					g := b.Gate(i)
					q = float64(g[0])*float64(b.Experts[0][i*classes+int(y)]) + float64(g[1])*q
				}
				sum -= 0.5 * math.Log(q)
			}
			return sum
		}
		dW, dB := make([]float32, len(p.W)), make([]float32, len(p.B))
		var s []float32
		if mixed {
			s = shares
		}
		p.Gradient(dW, dB, hidden, answers, b.Targets, s, 0.5)
		got := append(dW, dB...)
		const step = 1e-5
		for i := range params {
			at := params[i]
			params[i] = at + step
			up := loss()
			params[i] = at - step
			down := loss()
			params[i] = at
			require.InDelta(t, (up-down)/(2*step), got[i], 1e-5, "mixed %v, parameter %d", mixed, i)
		}
	}
}

func TestProjectionLearnsALinearPeer(t *testing.T) {
	const n, width, classes = 64, 3, 4
	r := rand.New(rand.NewPCG(1, 1))
	truth := randomProjection(width, classes)
	hidden := make([]float32, n*width)
	for i := range hidden {
		hidden[i] = float32(2 * r.NormFloat64())
	}
	answers, targets := make([]float32, n*classes), make([]int32, n)
	truth.Apply(answers, hidden)
	for i := range targets {
		for v := range classes {
			if answers[i*classes+v] > answers[i*classes+int(targets[i])] {
				targets[i] = int32(v)
			}
		}
	}
	p := NewProjection(width, classes)
	p.Apply(answers, hidden)
	require.InDelta(t, 0.25, answers[0], 1e-6, "it starts uniform")
	dW, dB := make([]float32, len(p.W)), make([]float32, len(p.B))
	for range 300 {
		clear(dW)
		clear(dB)
		p.Apply(answers, hidden)
		p.Gradient(dW, dB, hidden, answers, targets, nil, 1.0/n)
		for i, d := range dW {
			p.W[i] -= d
		}
		for i, d := range dB {
			p.B[i] -= d
		}
	}
	var loss float64
	for i, y := range targets {
		loss += moe.NLL(answers[i*classes+int(y)]) / n
	}
	require.Less(t, loss, 0.2)
}

func TestProjectionIsNeverNaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, width, classes = 2, 3, 4
		p := NewProjection(width, classes)
		copy(p.W, rapid.SliceOfN(finite(), width*classes, width*classes).Draw(t, "W"))
		copy(p.B, rapid.SliceOfN(finite(), classes, classes).Draw(t, "b"))
		hidden := rapid.SliceOfN(finite(), n*width, n*width).Draw(t, "hidden")
		answers := make([]float32, n*classes)
		p.Apply(answers, hidden)
		requireNumbers(t, answers)
		dW, dB := make([]float32, len(p.W)), make([]float32, len(p.B))
		p.Gradient(dW, dB, hidden, answers, []int32{0, 3}, nil, 0.5)
		requireNumbers(t, dW)
		requireNumbers(t, dB)
	})
}

func TestProjectionAllocatesNothing(t *testing.T) {
	p := randomProjection(3, 4)
	hidden, answers := []float32{1, 2, 3}, make([]float32, 4)
	dW, dB := make([]float32, len(p.W)), make([]float32, len(p.B))
	require.Zero(t, testing.AllocsPerRun(50, func() {
		p.Apply(answers, hidden)
		p.Gradient(dW, dB, hidden, answers, []int32{2}, nil, 1)
	}))
}

func BenchmarkProjection(b *testing.B) {
	const n, width, classes = 1024, 128, 256
	p := randomProjection(width, classes)
	r := rand.New(rand.NewPCG(2, 2))
	hidden, answers, targets := make([]float32, n*width), make([]float32, n*classes), make([]int32, n)
	for i := range hidden {
		hidden[i] = float32(r.NormFloat64())
	}
	dW, dB := make([]float32, len(p.W)), make([]float32, len(p.B))
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			p.Apply(answers, hidden)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/position")
	})
	b.Run("gradient", func(b *testing.B) {
		for b.Loop() {
			p.Gradient(dW, dB, hidden, answers, targets, nil, 1.0/n)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/position")
	})
}
