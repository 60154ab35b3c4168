package data

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// contents are the blocks of a text with their parts.
func contents(text *Text) map[string]Part {
	out := map[string]Part{}
	for p := range Part(Parts) {
		for i := range text.Len(p) {
			out[string(text.Block(p, i))] = p
		}
	}
	return out
}

func TestShardsTogetherAreTheWhole(t *testing.T) {
	text := generated(t, 2, 0, 128<<10)
	whole := contents(text)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "count")
		union := map[string]Part{}
		for i := range n {
			shard, err := text.Shard(Shard{i, n})
			require.NoError(t, err)
			for block, p := range contents(shard) {
				require.NotContains(t, union, block)
				union[block] = p
			}
		}
		require.Equal(t, whole, union)
	})
}

func TestShardsAreOfAboutEqualSize(t *testing.T) {
	text := generated(t, 2, 0, 2<<20)
	for i := range 4 {
		shard, err := text.Shard(Shard{i, 4})
		require.NoError(t, err)
		require.InEpsilon(t, text.Bytes()/4, shard.Bytes(), 0.1)
	}
}

func TestTakesLieWithinEachOther(t *testing.T) {
	text := generated(t, 2, 3, 256<<10)
	whole := contents(text)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, text.Bytes()).Draw(t, "bytes")
		less := rapid.IntRange(0, n).Draw(t, "fewer bytes")
		large, err := text.Take(n)
		require.NoError(t, err)
		small, err := text.Take(less)
		require.NoError(t, err)
		require.InDelta(t, n, large.Bytes(), BlockSize/2)
		require.Zero(t, large.Bytes()%BlockSize)
		outer := contents(large)
		for block, p := range contents(small) {
			require.Equal(t, p, outer[block])
			require.Contains(t, outer, block)
		}
		for block, p := range outer {
			require.Equal(t, p, whole[block])
			require.Contains(t, whole, block)
		}
		again, err := large.Take(less)
		require.NoError(t, err)
		require.Equal(t, small.held, again.held, "a take of a take")
	})
}

func TestTakeKeepsTheProportions(t *testing.T) {
	text := generated(t, 2, 0, 1<<20)
	for n, want := range map[int][Parts]int{
		0:                {},
		BlockSize:        {1},
		3 * BlockSize:    {3},
		100 * BlockSize:  {80, 8, 6, 3, 3},
		1000 * BlockSize: {800, 80, 60, 30, 30},
	} {
		taken, err := text.Take(n)
		require.NoError(t, err)
		var got [Parts]int
		for p := range Part(Parts) {
			got[p] = taken.Len(p)
		}
		require.Equal(t, want, got, "%d bytes", n)
	}
	all, err := text.Take(text.Bytes())
	require.NoError(t, err)
	require.Equal(t, text.held, all.held)
}

func TestASelectionKeepsTheOrder(t *testing.T) {
	text := generated(t, 2, 0, 256<<10)
	half, err := text.Take(text.Bytes() / 2)
	require.NoError(t, err)
	shard, err := text.Shard(Shard{1, 3})
	require.NoError(t, err)
	for p := range Part(Parts) {
		require.IsIncreasing(t, half.held[p])
		require.IsIncreasing(t, shard.held[p])
	}
}
