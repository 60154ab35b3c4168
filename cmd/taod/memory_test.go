package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"

	"github.com/taonet/taonet/app"
)

func TestGrowth(t *testing.T) {
	const mebibyte = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 1000}, {10 * mebibyte, 1000}, {256 * mebibyte, 200}, {384 * mebibyte, 100},
		{480 * mebibyte, 60}, {5000 * mebibyte, 60},
	} {
		require.Equal(t, c.want, growth(768*mebibyte, c.live), "%d bytes in use", c.live)
	}
}

func TestHeapTargetRefused(t *testing.T) {
	for _, value := range []any{"much", -1, 1<<20 + 1} {
		err := setHeapTarget(simtestutil.AppOptionsMap{app.OptionHeapTarget: value})
		require.ErrorContains(t, err, "a number of MiB, 0 to 1048576")
	}
	require.NoError(t, setHeapTarget(simtestutil.AppOptionsMap{app.OptionHeapTarget: 0}))
}
