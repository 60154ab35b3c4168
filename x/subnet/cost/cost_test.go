package cost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFallsInAStraightLine(t *testing.T) {
	require.Equal(t, uint64(200), Now(200, 10, 10, 100, 100))
	require.Equal(t, uint64(200), Now(200, 10, 5, 100, 100), "a height before the last one")
	require.Equal(t, uint64(150), Now(200, 10, 60, 100, 100))
	require.Equal(t, uint64(100), Now(200, 10, 110, 100, 100))
	require.Equal(t, uint64(100), Now(50, 10, 11, 100, 100), "never below the floor")
	require.Equal(t, uint64(math.MaxUint64), Doubled(math.MaxUint64/2+1))
}

func TestNeverRisesByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last, floor := rapid.Uint64().Draw(t, "last"), rapid.Uint64().Draw(t, "floor")
		h, step := rapid.Uint64Max(1<<40).Draw(t, "height"), rapid.Uint64Max(1<<40).Draw(t, "step")
		period := rapid.Uint64Max(1<<40).Draw(t, "period")
		now, later := Now(last, 0, h, period, floor), Now(last, 0, h+step, period, floor)
		require.LessOrEqual(t, later, now)
		require.GreaterOrEqual(t, later, floor)
	})
}
