package distill

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/moe"
)

// finite draws any finite float32, huge and tiny ones included.
func finite() *rapid.Generator[float32] {
	return rapid.OneOf(
		rapid.Float32Range(-1, 2),
		rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32),
		rapid.SampledFrom([]float32{0, 1, 1e-45, 1e-38, math.MaxFloat32, -math.MaxFloat32}),
	)
}

func requireNumbers(t require.TestingT, values []float32) {
	for i, x := range values {
		require.False(t, math.IsNaN(float64(x)), "entry %d of %v", i, values)
	}
}

// invented makes random local logits and a batch with their softmax as expert 0.
func invented(n, classes, experts int) (logits []float32, b *moe.Batch) {
	r := rand.New(rand.NewPCG(7, uint64(experts)))
	b = &moe.Batch{
		Classes: classes, Experts: make([][]float32, experts),
		Gates: make([]float32, n*experts), Targets: make([]int32, n),
	}
	for j := range b.Experts {
		z := make([]float32, n*classes)
		for i := range z {
			z[i] = 2 * float32(r.NormFloat64())
		}
		if j == 0 {
			logits = z
		}
		b.Experts[j] = make([]float32, n*classes)
		moe.Softmax(b.Experts[j], z, classes)
	}
	for i := range b.Gates {
		b.Gates[i] = float32(r.NormFloat64())
	}
	moe.Softmax(b.Gates, b.Gates, experts)
	for i := range b.Targets {
		b.Targets[i] = int32(r.IntN(classes))
	}
	return logits, b
}

func softmax64(z []float64, temperature float64) []float64 {
	p, most, sum := make([]float64, len(z)), math.Inf(-1), 0.0
	for _, x := range z {
		most = max(most, x/temperature)
	}
	for v, x := range z {
		p[v] = math.Exp(x/temperature - most)
		sum += p[v]
	}
	for v := range p {
		p[v] /= sum
	}
	return p
}

// reference is the loss of position i in float64, written as the package comment has
// it. teacher is the mixture as it was: a constant.
func reference(l Loss, z []float64, teacher []float64, b *moe.Batch, i int) float64 {
	p, y := softmax64(z, 1), b.Targets[i]
	var loss float64
	if y >= 0 {
		for v := range p {
			smooth := float64(l.Smoothing) / float64(len(p))
			if v == int(y) {
				smooth += 1 - float64(l.Smoothing)
			}
			loss -= float64(l.Local) * smooth * math.Log(p[v])
		}
		loss -= float64(l.Mix) * math.Log(mixture64(p, b, i)[y])
	}
	temperature := float64(l.Temperature)
	if temperature == 0 {
		temperature = 1
	}
	logs := make([]float64, len(teacher))
	for v, x := range teacher {
		logs[v] = math.Log(x)
	}
	m, q := softmax64(logs, temperature), softmax64(z, temperature)
	for v := range m {
		loss += float64(l.Beta) * temperature * temperature * m[v] * math.Log(m[v]/q[v])
	}
	return loss
}

func mixture64(p []float64, b *moe.Batch, i int) []float64 {
	m := make([]float64, len(p))
	for v := range m {
		m[v] = float64(b.Gate(i)[0]) * p[v]
		for j := 1; j < len(b.Experts); j++ {
			m[v] += float64(b.Gate(i)[j]) * float64(b.Experts[j][i*b.Classes+v])
		}
	}
	return m
}

func TestGradientByFiniteDifferences(t *testing.T) {
	const n, classes = 4, 6
	for name, l := range map[string]Loss{
		"all":         DefaultLoss(),
		"local":       {Local: 1},
		"mixture":     {Mix: 1},
		"teacher":     {Beta: 1},
		"uneven":      {Local: 0.3, Mix: 2, Beta: 0.7},
		"smoothed":    {Local: 1, Mix: 1, Beta: 0.5, Smoothing: 0.1},
		"tempered":    {Local: 1, Mix: 1, Beta: 0.5, Smoothing: 0.1, Temperature: 2},
		"cold":        {Local: 1, Beta: 0.5, Temperature: 0.7},
		"without KL":  {Local: 1, Mix: 0.5, Smoothing: 0.2},
		"temperate 1": {Beta: 1, Temperature: 1},
	} {
		for _, experts := range []int{1, 2, 7} {
			t.Run(fmt.Sprintf("%s/J=%d", name, experts), func(t *testing.T) {
				logits, b := invented(n, classes, experts)
				b.Targets[2] = -1
				grad := make([]float32, n*classes)
				l.Gradient(grad, nil, b, 0.5, make([]float32, 3*classes))
				for i := range n {
					z := make([]float64, classes)
					for v := range z {
						z[v] = float64(logits[i*classes+v])
					}
					teacher := mixture64(softmax64(z, 1), b, i)
					const step = 1e-5
					for v := range z {
						at := z[v]
						z[v] = at + step
						up := reference(l, z, teacher, b, i)
						z[v] = at - step
						down := reference(l, z, teacher, b, i)
						z[v] = at
						require.InDelta(t, 0.5*(up-down)/(2*step), grad[i*classes+v], 2e-5, "position %d, class %d", i, v)
					}
				}
			})
		}
	}
}

func TestGradientInPlaceAndWithTheMixture(t *testing.T) {
	const n, classes = 5, 8
	l := Loss{Local: 1, Mix: 1, Beta: 0.5, Temperature: 2}
	_, b := invented(n, classes, 4)
	scratch := make([]float32, 3*classes)
	want, mix, same := make([]float32, n*classes), make([]float32, n*classes), make([]float32, n*classes)
	sums := l.Gradient(want, nil, b, 1, scratch)
	require.Equal(t, b.Combine(same), sums)
	require.Equal(t, sums, l.Gradient(b.Experts[0], mix, b, 1, scratch))
	require.Equal(t, want, b.Experts[0])
	require.Equal(t, same, mix)
}

func TestGradientIsNeverNaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, classes, experts = 2, 3, 5
		b := &moe.Batch{
			Classes: classes, Experts: make([][]float32, experts),
			Gates:   rapid.SliceOfN(finite(), n*experts, n*experts).Draw(t, "gates"),
			Targets: []int32{rapid.Int32Range(-1, classes-1).Draw(t, "target"), 0},
		}
		for j := range b.Experts {
			b.Experts[j] = rapid.SliceOfN(finite(), n*classes, n*classes).Draw(t, "answers")
		}
		if rapid.Bool().Draw(t, "logits") {
			moe.Softmax(b.Experts[0], b.Experts[0], classes)
		}
		l := Loss{
			Local: rapid.Float32Range(0, 2).Draw(t, "local"), Mix: rapid.Float32Range(0, 2).Draw(t, "mix"),
			Beta: rapid.Float32Range(0, 2).Draw(t, "beta"), Smoothing: rapid.Float32Range(0, 1).Draw(t, "smoothing"),
			Temperature: rapid.SampledFrom([]float32{0, 1, 2, 0.1, 100}).Draw(t, "temperature"),
		}
		grad := make([]float32, n*classes)
		sums := l.Gradient(grad, nil, b, 0.1, make([]float32, 3*classes))
		requireNumbers(t, grad)
		require.False(t, math.IsNaN(sums.Mix) || math.IsNaN(sums.Self))
	})
}

func TestDescentReachesTheTeacher(t *testing.T) {
	const classes = 8
	logits, b := invented(1, classes, 3)
	b.Targets[0] = -1
	l := Loss{Beta: 1}
	grad, scratch := make([]float32, classes), make([]float32, 3*classes)
	for range 4000 {
		moe.Softmax(b.Experts[0], logits, classes)
		l.Gradient(grad, nil, b, 1, scratch)
		for v, d := range grad {
			logits[v] -= d
		}
	}
	moe.Softmax(b.Experts[0], logits, classes)
	mix := make([]float32, classes)
	moe.MixRow(mix, b.Experts, 0, b.Gates)
	require.InDeltaSlice(t, mix, b.Experts[0], 1e-3)
}

func BenchmarkGradient(b *testing.B) {
	const n, classes = 1024, 256
	for _, c := range []struct {
		name    string
		experts int
		loss    Loss
	}{
		{"alone", 1, Loss{Local: 1}},
		{"without KL", 7, Loss{Local: 1, Mix: 1}},
		{"all", 7, DefaultLoss()},
		{"T=2", 7, Loss{Local: 1, Mix: 1, Beta: 1, Temperature: 2}},
	} {
		b.Run(fmt.Sprintf("%s/J=%d", c.name, c.experts), func(b *testing.B) {
			_, batch := invented(n, classes, c.experts)
			grad, scratch := make([]float32, n*classes), make([]float32, 3*classes)
			for b.Loop() {
				c.loss.Gradient(grad, nil, batch, 1.0/n, scratch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/position")
		})
	}
}
