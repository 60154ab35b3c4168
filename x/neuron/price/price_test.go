package price

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHalvesEveryHalfLife(t *testing.T) {
	const tao = 1_000_000_000
	require.Equal(t, uint64(8*tao), Now(8*tao, 100, 100, 360, 0, math.MaxUint64))
	require.Equal(t, uint64(6*tao), Now(8*tao, 100, 280, 360, 0, math.MaxUint64))
	require.Equal(t, uint64(4*tao), Now(8*tao, 100, 460, 360, 0, math.MaxUint64))
	require.Equal(t, uint64(3*tao), Now(8*tao, 100, 640, 360, 0, math.MaxUint64))
	require.Equal(t, uint64(2*tao), Now(8*tao, 100, 820, 360, 0, math.MaxUint64))
	require.Equal(t, uint64(tao), Now(8*tao, 0, math.MaxUint64, 1, tao, math.MaxUint64), "the floor holds")
	require.Equal(t, uint64(8*tao), Now(8*tao, 100, 50, 360, 0, math.MaxUint64), "a height before the last one")
}

func TestBumpMultiplies(t *testing.T) {
	require.Equal(t, uint64(126), Bump(100, 1_260_000, 0, 1000))
	require.Equal(t, uint64(1000), Bump(900, 1_260_000, 0, 1000), "the ceiling holds")
	require.Equal(t, uint64(1000), Bump(math.MaxUint64, math.MaxUint32, 0, 1000), "no overflow")
}

func FuzzPrice(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint64(3), uint64(4))
	f.Add(uint64(math.MaxUint64), uint64(0), uint64(math.MaxUint64), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, price, height, step, halfLife uint64) {
		now := Now(price, 0, height, halfLife, 0, math.MaxUint64)
		require.LessOrEqual(t, now, price)
		if later := height + step; later >= height {
			require.LessOrEqual(t, Now(price, 0, later, halfLife, 0, math.MaxUint64), now, "it never rises by itself")
		}
		require.GreaterOrEqual(t, Bump(price, 1_000_001, 0, math.MaxUint64), price)
	})
}

func TestStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := rapid.Uint64().Draw(t, "floor")
		ceiling := rapid.Uint64Min(floor).Draw(t, "ceiling")
		p := Now(rapid.Uint64().Draw(t, "price"), 0, rapid.Uint64().Draw(t, "height"), rapid.Uint64().Draw(t, "half"), floor, ceiling)
		require.True(t, floor <= p && p <= ceiling)
		b := Bump(p, rapid.Uint32().Draw(t, "bump"), floor, ceiling)
		require.True(t, floor <= b && b <= ceiling)
	})
}
