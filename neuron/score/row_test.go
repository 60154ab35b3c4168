package score

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func ledger(scores map[uint32]float64) *Ledger {
	l := &Ledger{}
	for uid, score := range scores {
		l.Record(uid, 0)
		i, _ := l.find(uid)
		l.Entries[i].Score = score
	}
	return l
}

func TestLedger(t *testing.T) {
	l := &Ledger{}
	l.Record(7, 1)
	l.Record(3, 0.5)
	require.InDelta(t, 0.1, l.Score(7), 1e-12)
	l.Record(7, 1)
	require.InDelta(t, 0.19, l.Score(7), 1e-12)
	require.InDelta(t, 0.05, l.Score(3), 1e-12, "not told of: as it was")
	l.Record(7, 0) // asked and silent
	require.InDelta(t, 0.171, l.Score(7), 1e-12)
	l.Record(9, math.NaN())
	l.Record(9, math.Inf(1))
	l.Record(9, -1)
	require.Zero(t, l.Score(9))
	require.Zero(t, l.Score(1))

	blob, err := json.Marshal(l)
	require.NoError(t, err)
	var back Ledger
	require.NoError(t, json.Unmarshal(blob, &back))
	require.Equal(t, *l, back)

	l.Clear(7)
	l.Clear(1000)
	require.Zero(t, l.Score(7))
	l.Forget(3)
	l.Forget(1000)
	require.Equal(t, []Entry{{UID: 7}, {UID: 9}}, l.Entries)
}

func TestRow(t *testing.T) {
	for name, c := range map[string]struct {
		scores map[uint32]float64
		bounds Bounds
		want   []Weight
	}{
		"nothing earned": {map[uint32]float64{1: 0, 2: 0}, Bounds{MinPositive: 2}, nil},
		"nobody":         {nil, Bounds{}, nil},
		"in proportion, self left out, every live peer in it": {
			map[uint32]float64{5: 0.3, 2: 0.1, 9: 100, 1: 0, 4: 0.6}, Bounds{},
			[]Weight{{1, 0}, {2, 10922}, {4, 65535}, {5, 32768}}, // 10922.5, 32767.5: the larger score takes the one that is over
		},
		"one peer": {map[uint32]float64{3: 1e-9}, Bounds{}, []Weight{{3, 65535}}},
		"equal":    {map[uint32]float64{3: 2, 4: 2, 8: 2}, Bounds{}, []Weight{{3, 65535}, {4, 65535}, {8, 65535}}},
		"the excess is poured over the others": {
			// 0.8, 0.15, 0.05 with at most half: 0.5, 0.375, 0.125
			map[uint32]float64{1: 16, 2: 3, 3: 1}, Bounds{MaxWeight: 32768},
			[]Weight{{1, 65535}, {2, 49150}, {3, 16384}},
		},
		"again and again": {
			// 0.7, 0.25, 0.05 with at most 0.4: 0.4, then 0.5 -> 0.4, then 0.2
			map[uint32]float64{1: 14, 2: 5, 3: 1}, Bounds{MaxWeight: 26214},
			[]Weight{{1, 65535}, {2, 65535}, {3, 32768}},
		},
		"over those with nothing when all others are full": {
			map[uint32]float64{1: 1, 2: 0, 3: 0}, Bounds{MaxWeight: 32768},
			[]Weight{{1, 65535}, {2, 32767}, {3, 32767}},
		},
		"equal when the bound is too tight": {
			map[uint32]float64{1: 1, 2: 0}, Bounds{MaxWeight: 100},
			[]Weight{{1, 65535}, {2, 65535}},
		},
		"enough of them positive": {
			map[uint32]float64{1: 1, 2: 0, 3: 0, 5: 0}, Bounds{MinPositive: 3},
			[]Weight{{1, 65535}, {2, 1}, {3, 1}, {5, 0}},
		},
		"a trace is not nothing": {
			map[uint32]float64{1: 1, 2: 1e-12}, Bounds{},
			[]Weight{{1, 65535}, {2, 1}},
		},
		"the largest of too many": {
			map[uint32]float64{1: 1, 2: 3, 3: 0, 4: 2}, Bounds{MaxEntries: 2},
			[]Weight{{2, 65535}, {4, 43690}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := ledger(c.scores)
			var live []uint32
			for uid := range c.scores {
				live = append(live, uid, uid) // in any order, and twice
			}
			require.Equal(t, c.want, l.Row(live, 9, c.bounds))
		})
	}
}

// checkRow is what every row must be.
func checkRow(t require.TestingT, row []Weight, live map[uint32]bool, self uint32, bounds Bounds) {
	var sum, most uint64
	positive := 0
	for i, w := range row {
		require.True(t, live[w.UID] && w.UID != self)
		require.True(t, i == 0 || row[i-1].UID < w.UID)
		sum += uint64(w.Value)
		most = max(most, uint64(w.Value))
		if w.Value > 0 {
			positive++
		}
	}
	require.EqualValues(t, full, most)
	require.GreaterOrEqual(t, positive, min(bounds.MinPositive, len(row)))
	if bound := uint64(bounds.MaxWeight); bound > 0 && bound*uint64(len(row)) > full {
		require.LessOrEqual(t, most*full, bound*sum, "as the chain checks it")
	}
}

func TestRowsForAnyScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, live := &Ledger{}, map[uint32]bool{}
		var uids []uint32
		earned := false
		self := rapid.Uint32Range(0, 30).Draw(t, "self")
		for uid := range rapid.Uint32Range(0, 30).Draw(t, "peers") {
			score := rapid.OneOf(
				rapid.Float64Range(0, 1), rapid.Just(0.0), rapid.Float64(),
				rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e-300}),
			).Draw(t, "score")
			l.Entries = append(l.Entries, Entry{UID: uid, Score: score})
			live[uid] = true
			uids = append(uids, uid)
			earned = earned || uid != self && score > 0
		}
		bounds := Bounds{
			MaxWeight:   rapid.Uint16().Draw(t, "max weight"),
			MinPositive: rapid.IntRange(0, 10).Draw(t, "min positive"),
			MaxEntries:  rapid.IntRange(0, 40).Draw(t, "max entries"),
		}
		row := l.Row(uids, self, bounds)
		if !earned {
			require.Nil(t, row)
			return
		}
		delete(live, self)
		want := len(live)
		if bounds.MaxEntries > 0 {
			want = min(want, bounds.MaxEntries)
		}
		require.Len(t, row, want)
		checkRow(t, row, live, self, bounds)
	})
}

func TestRowsRoundOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &Ledger{}
		var uids []uint32
		var most float64
		for uid := range rapid.Uint32Range(1, 20).Draw(t, "peers") {
			l.Entries = append(l.Entries, Entry{UID: uid, Score: rapid.Float64Range(1e-3, 1).Draw(t, "score")})
			uids = append(uids, uid)
			most = max(most, l.Entries[uid].Score)
		}
		for _, w := range l.Row(uids, 99, Bounds{}) {
			require.InDelta(t, l.Score(w.UID)/most*full, float64(w.Value), 1)
		}
	})
}

func FuzzRow(f *testing.F) {
	f.Add(uint16(0), 0.5, 0.25, 0.0)
	f.Add(uint16(20000), 1.0, 1e-9, math.Inf(1))
	f.Fuzz(func(t *testing.T, limit uint16, a, b, c float64) {
		l := &Ledger{Entries: []Entry{{1, a}, {2, b}, {3, c}, {4, 0}}}
		bounds := Bounds{MaxWeight: limit, MinPositive: 2}
		row := l.Row([]uint32{4, 3, 2, 1}, 0, bounds)
		if a > 0 || b > 0 || c > 0 {
			require.Len(t, row, 4)
			checkRow(t, row, map[uint32]bool{1: true, 2: true, 3: true, 4: true}, 0, bounds)
		} else {
			require.Nil(t, row)
		}
	})
}
