package moe

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// finite draws any finite float32, huge and tiny ones included.
func finite() *rapid.Generator[float32] {
	return rapid.OneOf(
		rapid.Float32Range(-1, 2),
		rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32),
		rapid.SampledFrom([]float32{0, 1, 1e-45, -1e-45, 1e-38, math.MaxFloat32, -math.MaxFloat32}),
	)
}

func requireNumbers(t require.TestingT, values []float32) {
	for i, x := range values {
		require.False(t, math.IsNaN(float64(x)), "entry %d of %v", i, values)
	}
}

func requireDistribution(t require.TestingT, values []float32) {
	var sum float64
	for i, x := range values {
		require.True(t, x >= 0 && x <= 1.0001, "entry %d of %v", i, values)
		sum += float64(x)
	}
	require.InDelta(t, 1, sum, 1e-4)
}

func TestExpRow(t *testing.T) {
	const most = 3
	dst := make([]float32, 1)
	for x := float32(0); x > -87; x -= 0.0137 {
		z := most + x
		sum := expRow(dst, []float32{z}, most)
		require.InEpsilon(t, math.Exp(float64(z-most)), float64(sum), 3e-7, "exp(%v)", x)
		require.Equal(t, sum, dst[0])
	}
	require.Equal(t, float32(1), expRow(dst, []float32{0}, 0))
	for _, x := range []float32{-88, float32(math.Inf(-1)), float32(math.NaN())} {
		require.Zero(t, expRow(dst, []float32{x}, 0))
		require.Zero(t, dst[0])
	}
}

func TestSoftmax(t *testing.T) {
	z := []float32{0, float32(math.Log(3)), 500, 500, -1e30, math.MaxFloat32}
	Softmax(z, z, 2)
	require.InDeltaSlice(t, []float32{0.25, 0.75, 0.5, 0.5, 0, 1}, z, 1e-6)
}

func TestSoftmaxIsADistributionForAnyLogits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SliceOfN(finite(), 5, 5).Draw(t, "z")
		Softmax(z, z, 5)
		requireDistribution(t, z)
	})
}

func TestNormalize(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, row := range [][]float32{{0, 0}, {-1, 0}, {1, inf}, {float32(math.NaN()), 0}} {
		require.False(t, Normalize(row), row)
	}
	row := []float32{-3, 1, 3, float32(math.NaN())}
	require.True(t, Normalize(row))
	require.Equal(t, []float32{0, 0.25, 0.75, 0}, row)

	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(finite(), 1, 6).Draw(t, "row")
		if Normalize(row) {
			requireDistribution(t, row)
		}
	})
}

func TestBounded(t *testing.T) {
	require.Equal(t, Floor, Bounded(0))
	require.Equal(t, Floor, Bounded(-1))
	require.Equal(t, Floor, Bounded(float32(math.NaN())))
	require.Equal(t, 0.5, Bounded(0.5))
	require.Equal(t, 1.0, Bounded(2))
	require.InDelta(t, math.Ln2, NLL(0.5), 1e-12)
	require.InDelta(t, 20.72, NLL(0), 0.01)
}
