package types_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/x/subnet/types"
)

// numbers reads a list of varints.
func numbers(bz []byte) (list []uint64) {
	for len(bz) > 0 {
		v, n := binary.Uvarint(bz)
		if n <= 0 {
			break
		}
		list, bz = append(list, v), bz[n:]
	}
	return list
}

func varints(list ...uint64) (bz []byte) {
	for _, v := range list {
		bz = binary.AppendUvarint(bz, v)
	}
	return bz
}

// FuzzValidateVote hands any two lists to the check of a vote: it refuses with
// ErrInvalidVote exactly what is no vote, and what it takes is, when its subnets are
// brought in order, a genesis.
func FuzzValidateVote(f *testing.F) {
	many := make([]uint64, types.MaxVotes+1)
	for i := range many {
		many[i] = uint64(i + 1)
	}
	for _, seed := range [][2][]byte{
		{nil, nil},
		{varints(1), varints(1)},
		{varints(2, 1), varints(65535, 1)},
		{varints(1, 1), varints(1, 2)},
		{varints(1, 2), varints(0, 65536)},
		{varints(1, 2), varints(1)},
		{varints(0, 1<<64-1), varints(1, 1)},
		{varints(many...), varints(many...)},
		{varints(many[1:]...), varints(many[1:]...)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		subnets, weights := numbers(first), numbers(second)
		distinct := slices.Compact(slices.Sorted(slices.Values(subnets)))
		inOrder := len(subnets) == len(weights) && len(subnets) <= types.MaxVotes && len(distinct) == len(subnets) &&
			!slices.ContainsFunc(weights, func(w uint64) bool { return w < 1 || w > 65535 })
		err := types.ValidateVote(slices.Clone(subnets), slices.Clone(weights))
		if !inOrder {
			require.ErrorIs(t, err, types.ErrInvalidVote)
			return
		}
		require.NoError(t, err)
		vote := types.Vote{Hotkey: account(1), Subnets: distinct}
		for _, subnet := range distinct {
			vote.Weights = append(vote.Weights, weights[slices.Index(subnets, subnet)])
		}
		gs := types.DefaultGenesis()
		gs.Votes = []types.Vote{vote}
		require.NoError(t, gs.Validate())
	})
}

// FuzzParse hands any text to any hyperparameter: what it reads is in the range, and
// its text reads the same again.
func FuzzParse(f *testing.F) {
	for i, p := range types.HyperparameterTable() {
		for _, text := range []string{p.Text(p.Min), p.Text(p.Max), "true", "-1", "1.5tao", "5rao", "1e3", ".tao", "+0", "-0tao", "0x1"} {
			f.Add(uint8(i), text)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		table := types.HyperparameterTable()
		p := table[int(i)%len(table)]
		v, err := p.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, types.ErrInvalidHyperparameter)
			require.ErrorContains(t, err, p.Name)
			return
		}
		require.GreaterOrEqual(t, v, p.Min)
		require.LessOrEqual(t, v, p.Max)
		again, err := p.Parse(p.Text(v))
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}
