package arena

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/score"
)

func TestMedianRow(t *testing.T) {
	require.Nil(t, medianRow(nil, nil, 3))
	rows := [][]score.Weight{
		{{UID: 1, Value: 65535}, {UID: 2, Value: 65535}, {UID: 4, Value: 0}}, // of 8: a half each
		{{UID: 2, Value: 100}},                   // of 1: all for 2
		{{UID: 1, Value: 1}, {UID: 3, Value: 3}}, // of 7: 3 is self
		{{UID: 1, Value: 3}, {UID: 5, Value: 1}}, // of 6: alone with 5
	}
	authors := []uint32{8, 1, 7, 6}
	row := medianRow(rows, authors, 3)
	require.Equal(t, []score.Weight{{UID: 1, Value: 65535}, {UID: 2, Value: 32767}}, row,
		"1: a half, of 1/2 1/4 3/4 without its own row; 2: a quarter, between 0 and a half of 0 0 1/2 1; 5 has a minority")
}

func TestHonestRowsAreRemembered(t *testing.T) {
	var all said
	a, b, liar := &Seat{UID: 0}, &Seat{UID: 1}, &Seat{UID: 2}
	require.Nil(t, all.median(liar)(nil), "nobody has said anything")
	row := []score.Weight{{UID: 1, Value: 9}}
	require.Equal(t, row, all.note(a)(row), "a row is passed on as it is")
	require.Nil(t, all.note(a)(nil))
	all.note(b)([]score.Weight{{UID: 0, Value: 5}})
	require.Equal(t, []score.Weight{{UID: 0, Value: 65535}, {UID: 1, Value: 65535}}, all.median(liar)(nil))
	all.note(a)([]score.Weight{{UID: 2, Value: 9}})
	require.Equal(t, []score.Weight{{UID: 0, Value: 65535}}, all.median(liar)(nil), "the last row counts, and nothing for oneself")
}
