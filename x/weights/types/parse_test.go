package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/weights/types"
)

func TestRowsThatNobodyCouldReveal(t *testing.T) {
	require.NoError(t, types.ValidateRow([]uint32{4095, 0}, []uint32{65535, 0}))
	require.NoError(t, types.ValidateRow(nil, nil))
	for _, c := range []struct {
		uids, weights []uint32
		want          error
	}{
		{[]uint32{1, 2}, []uint32{1}, types.ErrLengths},
		{[]uint32{1, 2, 1}, []uint32{1, 2, 3}, types.ErrDuplicate},
		{[]uint32{4096}, []uint32{1}, types.ErrUnknownUID},
		{[]uint32{65536 + 1}, []uint32{1}, types.ErrUnknownUID},
		{[]uint32{1}, []uint32{65536}, types.ErrInvalidWeight},
		{make([]uint32, 4097), make([]uint32, 4097), types.ErrTooLong},
	} {
		require.ErrorIs(t, types.ValidateRow(c.uids, c.weights), c.want, "%v %v", c.uids, c.weights)
	}
}

func TestTao(t *testing.T) {
	for rao, want := range map[uint64]string{
		0: "0tao", 1: "0.000000001tao", 1_000_000_000: "1tao", 1_500_000_000: "1.5tao", 120_000_000_000: "120tao",
	} {
		require.Equal(t, want, types.Tao(rao))
	}
}
