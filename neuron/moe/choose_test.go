package moe

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	self := []float32{2, 1, 3, 2}
	better := []float32{1.8, 0.9, 2.8, 1.9}
	best := []float32{1.7, 0.7, 2.6, 1.8}
	worse := []float32{2.1, 1.1, 3.1, 2.1}
	lucky := []float32{0.5, 2.5, 3, 1.5} // lower by chance
	broken := []float32{float32(math.NaN()), 0, 0, 0}

	c := Choose([][]float32{self, better, worse, best}, 2)
	require.Equal(t, 3, c.Index)
	require.InDelta(t, 1.7, c.Loss, 1e-6)
	require.InDelta(t, 0.3, c.Gain, 1e-6)

	require.Zero(t, Choose([][]float32{self, worse}, 0).Index, "self alone where the network does not help")
	require.Zero(t, Choose([][]float32{self, lucky}, 2).Index, "or where it may be luck")
	require.Equal(t, 1, Choose([][]float32{self, lucky}, 0).Index)
	require.Zero(t, Choose([][]float32{self, broken}, 0).Index)
	require.Zero(t, Choose([][]float32{self}, 2).Index)
	require.Zero(t, Choose([][]float32{{2}, {1}}, 0).Index, "one pair says nothing")
	require.Zero(t, Choose([][]float32{{}, {}}, 0).Index)
}
