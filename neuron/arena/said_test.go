package arena

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/score"
)

func TestMeanRow(t *testing.T) {
	require.Nil(t, meanRow(nil, 3))
	rows := [][]score.Weight{
		{{UID: 1, Value: 65535}, {UID: 2, Value: 65535}, {UID: 4, Value: 0}}, // a half each
		{{UID: 2, Value: 100}},                   // all for 2
		{{UID: 1, Value: 1}, {UID: 3, Value: 1}}, // 3 is self
	}
	mean := meanRow(rows, 3)
	require.Equal(t, []score.Weight{{UID: 1, Value: 43690}, {UID: 2, Value: 65535}}, mean, "1: 1/2+1/2 against 2: 1/2+1")
	require.Len(t, meanRow(rows, 9), 3, "nobody is left out but self")
}

func TestHonestRowsAreRemembered(t *testing.T) {
	var all said
	a, b, liar := &Seat{UID: 0}, &Seat{UID: 1}, &Seat{UID: 2}
	require.Nil(t, all.mean(liar)(nil), "nobody has said anything")
	row := []score.Weight{{UID: 1, Value: 9}}
	require.Equal(t, row, all.note(a)(row), "a row is passed on as it is")
	require.Nil(t, all.note(a)(nil))
	all.note(b)([]score.Weight{{UID: 0, Value: 5}})
	require.Equal(t, []score.Weight{{UID: 0, Value: 65535}, {UID: 1, Value: 65535}}, all.mean(liar)(nil))
	all.note(a)([]score.Weight{{UID: 2, Value: 9}})
	require.Equal(t, []score.Weight{{UID: 0, Value: 65535}}, all.mean(liar)(nil), "the last row counts, and nothing for oneself")
}
