package data

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// rows are the values of a part's examples, as text, with their targets.
func rows(l *Labelled, p Part) map[string][]float32 {
	out := map[string][]float32{}
	x := make([]float32, l.Dim())
	for i := range l.Len(p) {
		y := l.Row(p, i, x)
		out[fmt.Sprint(x)] = append(out[fmt.Sprint(x)], y)
	}
	return out
}

func TestPartsOfImagesHaveTheClassesInProportion(t *testing.T) {
	l := images(t, 5, 200)
	require.Equal(t, []int{2, 2}, l.Shape)
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, l.Labels)
	for p := range Part(Parts) {
		var count [5]int
		for _, labels := range rows(l, p) {
			for _, label := range labels {
				count[int(label)]++
			}
		}
		for class, n := range count {
			require.Equal(t, 2*p.Percent(), n, "class %d in part %s", class, p)
		}
	}
}

func TestEqualRowsStayTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few values, so that rows are often equal, with the same class or another.
		n, classes := rapid.IntRange(1, 300).Draw(t, "rows"), rapid.IntRange(0, 3).Draw(t, "classes")
		variety := rapid.IntRange(1, 80).Draw(t, "variety")
		var v values
		var target []float32
		v.shape = []int{1}
		for range n {
			v.floats = append(v.floats, float32(rapid.IntRange(0, variety).Draw(t, "x")))
			target = append(target, float32(rapid.IntRange(0, max(classes, 1)-1).Draw(t, "y")))
		}
		var labels []string
		if classes > 0 {
			labels = numbers(classes)
		}
		l := newLabelled("rows", v, labels, target)
		side, count := map[string]Part{}, 0
		for p := range Part(Parts) {
			for x, ys := range rows(l, p) {
				require.NotContains(t, side, x, "one content in two parts")
				side[x] = p
				count += len(ys)
			}
		}
		require.Equal(t, n, count)
	})
}

// Without equal rows, a class of m rows is cut at the rounded percentages.
func TestSharesOfAnyClassAreRounded(t *testing.T) {
	for m := 1; m < 250; m++ {
		var v values
		v.shape = []int{1}
		for i := range m {
			v.floats = append(v.floats, float32(i))
		}
		l := newLabelled("rows", v, nil, v.floats)
		sum := 0
		for p := range Part(Parts) {
			sum += l.Len(p)
			require.Equal(t, int(math.Floor(float64(m*p.end())/100+0.5)), sum, "%d rows, part %s", m, p)
		}
	}
}

func TestTheSplitFollowsFromTheContent(t *testing.T) {
	var forward, backward values
	forward.shape, backward.shape = []int{1}, []int{1}
	for i := range 500 {
		forward.floats = append(forward.floats, float32(i))
		backward.floats = append(backward.floats, float32(499-i))
	}
	a := newLabelled("a", forward, nil, forward.floats)
	b := newLabelled("b", backward, nil, backward.floats)
	for p := range Part(Parts) {
		require.Equal(t, rows(a, p), rows(b, p))
	}
}

func TestExamplesAreRowsOfTheirPart(t *testing.T) {
	l := images(t, 3, 50)
	for p := range Part(Parts) {
		all, seen := rows(l, p), map[string]bool{}
		x, y := make([]float32, 7*4), make([]float32, 7)
		s := NewSampler(2, 3)
		for range 200 {
			require.NoError(t, l.Examples(p, s, 7, x, y))
			for i := range y {
				text := fmt.Sprint(x[i*4 : i*4+4])
				require.Contains(t, all[text], y[i])
				seen[text] = true
			}
		}
		require.Len(t, seen, len(all), "every example of part %s comes", p)
	}
}

func TestExamplesResume(t *testing.T) {
	l := images(t, 3, 50)
	x, y := make([]float32, 2*4), make([]float32, 2)
	x2, y2 := make([]float32, 2*4), make([]float32, 2)
	s := NewSampler(2, 3)
	require.NoError(t, l.Examples(Train, s, 2, x, y))
	state, err := s.MarshalBinary()
	require.NoError(t, err)
	var restored Sampler
	require.NoError(t, restored.UnmarshalBinary(state))
	require.NoError(t, l.Examples(Train, s, 2, x, y))
	require.NoError(t, l.Examples(Train, &restored, 2, x2, y2))
	require.Equal(t, x, x2)
	require.Equal(t, y, y2)
}

func TestPixelsBecomeZeroToOne(t *testing.T) {
	l := images(t, 2, 3)
	x := make([]float32, 4)
	for p := range Part(Parts) {
		for i := range l.Len(p) {
			y := l.Row(p, i, x)
			require.Equal(t, float32(1), x[3])
			require.Equal(t, y/255, x[2])
		}
	}
}

func TestClassesKeepOwnAndSomeOfOthers(t *testing.T) {
	l := images(t, 6, 100)
	own, err := l.Classes(14, 2, 3)
	require.NoError(t, err)
	require.Equal(t, l.Labels, own.Labels)
	var count [6]int
	for p := range Part(Parts) {
		whole := rows(l, p)
		for x, labels := range rows(own, p) {
			require.Contains(t, whole, x, "an example never changes its part")
			for _, label := range labels {
				count[int(label)]++
			}
		}
		if p == Train {
			require.Equal(t, 2*80+4*11, own.Len(p))
		}
	}
	require.Equal(t, [6]int{14, 14, 100, 100, 14, 14}, count)
	fewer, err := l.Classes(5, 2, 3)
	require.NoError(t, err)
	for p := range Part(Parts) {
		for x := range rows(fewer, p) {
			require.Contains(t, rows(own, p), x, "fewer of the same")
		}
	}
	alone, err := l.Classes(0, 5)
	require.NoError(t, err)
	require.Equal(t, 100, alone.held.size())
}

func TestSelectionsOfImages(t *testing.T) {
	l := images(t, 4, 100)
	union := 0
	for i := range 3 {
		shard, err := l.Shard(Shard{i, 3})
		require.NoError(t, err)
		union += shard.held.size()
		for p := range Part(Parts) {
			for x := range rows(shard, p) {
				require.Contains(t, rows(l, p), x)
			}
		}
	}
	require.Equal(t, 400, union)
	hundred, err := l.Take(100)
	require.NoError(t, err)
	require.Equal(t, 80, hundred.Len(Train))
	require.Equal(t, 3, hundred.Len(Test))
}

func TestWrongSelections(t *testing.T) {
	l := images(t, 3, 20)
	values := newLabelled("heights", values{shape: []int{1}, floats: []float32{1, 2}}, nil, []float32{3, 4})
	x, y := make([]float32, 8), make([]float32, 2)
	refuses(t, []wrong{
		{"shard", func() error { _, err := l.Shard(Shard{-1, 3}); return err }, []string{"digits", "shard -1 of 3"}},
		{"take", func() error { _, err := l.Take(61); return err }, []string{"61", "0 to 60"}},
		{"class", func() error { _, err := l.Classes(1, 0, 3); return err }, []string{"class 3", "0 to 2"}},
		{"each", func() error { _, err := l.Classes(-1, 0); return err }, []string{"-1", "at least 0"}},
		{"classes of values", func() error { _, err := values.Classes(1); return err }, []string{"heights", "no classes", "Take"}},
		{"memory", func() error { return l.Examples(Train, NewSampler(1, 1), 2, x[:7], y) }, []string{"7 values", "2 examples of 4"}},
		{"targets", func() error { return l.Examples(Train, NewSampler(1, 1), 2, x, y[:1]) }, []string{"1 targets"}},
		{"no batch", func() error { return l.Examples(Train, NewSampler(1, 1), 0, nil, nil) }, []string{"at least 1"}},
		{"empty part", func() error { return values.Examples(Gate, NewSampler(1, 1), 2, x[:2], y) }, []string{"part gate", "among 2"}},
	})
}
