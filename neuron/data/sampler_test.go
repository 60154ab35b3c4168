package data

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A checkpoint of one release must resume in the next. The numbers were computed
// apart from this package and from math/rand/v2.
func TestTheSequenceNeverChanges(t *testing.T) {
	s := NewSampler(1, 2)
	var got []int
	for range 8 {
		got = append(got, s.below(1000))
	}
	require.Equal(t, []int{769, 616, 784, 796, 234, 41, 499, 449}, got)
}

func TestSamplerResumes(t *testing.T) {
	text := generated(t, 5, 0, 64<<10)
	other := generated(t, 5, 1, 64<<10)
	mixture, err := NewMixture(0.5, text, other)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		s := NewSampler(rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "stream"))
		a, b := make([]byte, 6*40), make([]byte, 6*40)
		for range rapid.IntRange(0, 20).Draw(t, "batches before") {
			require.NoError(t, mixture.Windows(Train, s, 6, 40, a))
		}
		state, err := s.MarshalBinary()
		require.NoError(t, err)
		require.Len(t, state, 20)
		appended, err := s.AppendBinary([]byte("x"))
		require.NoError(t, err)
		require.Equal(t, append([]byte("x"), state...), appended)
		var restored Sampler
		require.NoError(t, restored.UnmarshalBinary(state))
		for range 5 {
			require.NoError(t, mixture.Windows(Train, s, 6, 40, a))
			require.NoError(t, mixture.Windows(Train, &restored, 6, 40, b))
			require.Equal(t, a, b)
		}
	})
}

func TestWrongSamplerState(t *testing.T) {
	s := NewSampler(1, 2)
	before, err := s.MarshalBinary()
	require.NoError(t, err)
	for _, state := range [][]byte{nil, before[:19], append([]byte("xyz:"), before[4:]...)} {
		require.ErrorContains(t, s.UnmarshalBinary(state), "sampler state")
	}
	after, err := s.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestBelowIsUniform(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 100} {
		s, count := NewSampler(9, 9), make([]int, n)
		for range 20000 {
			count[s.below(n)]++
		}
		chi := 0.0
		for _, c := range count {
			d := float64(c) - 20000/float64(n)
			chi += d * d / (20000 / float64(n))
		}
		require.Less(t, chi, float64(n)+6*float64(n), "n = %d", n)
	}
	s := NewSampler(1, 1)
	for range 100 {
		require.GreaterOrEqual(t, s.below(math.MaxInt/2+2), 0) // a quarter of all numbers and one more
	}
}

func TestMixtureKeepsItsShares(t *testing.T) {
	var texts []*Text
	for i, letter := range []string{"a", "b", "c"} {
		// Bytes that tell the domain, and enough different blocks to fill all parts.
		var content []byte
		for n := range 200 << i {
			block := make([]byte, BlockSize)
			for j := range block {
				block[j] = letter[0]
			}
			block[0], block[1] = byte(1+n%250), byte(1+n/250)
			content = append(content, block...)
		}
		text, err := NewText(letter, content)
		require.NoError(t, err)
		texts = append(texts, text)
	}
	empty, err := texts[2].Take(0)
	require.NoError(t, err)
	for _, own := range []float64{0.4, 0.55, 1} {
		m, err := NewMixture(own, texts[0], texts[1], texts[2], empty)
		require.NoError(t, err)
		into := make([]byte, 10000*16)
		for p := range Part(Parts) {
			require.NoError(t, m.Windows(p, NewSampler(3, 4), 10000, 16, into))
			var share [3]float64
			for i := range 10000 {
				share[into[i*16+15]-'a'] += 1.0 / 10000
			}
			require.InDelta(t, own, share[0], 0.02)
			require.InDelta(t, (1-own)/2, share[1], 0.02)
			require.InDelta(t, (1-own)/2, share[2], 0.02)
		}
	}
	alone, err := NewMixture(0.4, texts[0], empty)
	require.NoError(t, err)
	into := make([]byte, 160)
	require.NoError(t, alone.Windows(Gate, NewSampler(1, 1), 10, 16, into))
	for i := range 10 {
		require.EqualValues(t, 'a', into[i*16+15])
	}
}

func TestWrongMixture(t *testing.T) {
	text := generated(t, 1, 0, 8<<10)
	empty, err := text.Take(0)
	require.NoError(t, err)
	m, err := NewMixture(0.5, empty, text)
	require.NoError(t, err)
	share := func(x float64) func() error {
		return func() error { _, err := NewMixture(x, text); return err }
	}
	refuses(t, []wrong{
		{"no share", share(0), []string{"share 0", "prose", "above 0"}},
		{"more than all", share(1.01), []string{"1.01", "at most 1"}},
		{"no number", share(math.NaN()), []string{"NaN"}},
		{"empty own part", func() error { return m.Windows(Train, NewSampler(1, 1), 1, 8, make([]byte, 8)) }, []string{"part train", "0 bytes"}},
		{"memory", func() error { return m.Windows(Train, NewSampler(1, 1), 1, 8, make([]byte, 9)) }, []string{"9 bytes"}},
	})
}

func TestBatchesTakeNoMemory(t *testing.T) {
	text := generated(t, 5, 0, 64<<10)
	mixture, err := NewMixture(0.45, text, generated(t, 5, 1, 64<<10), generated(t, 5, 2, 64<<10))
	require.NoError(t, err)
	pictures := images(t, 3, 40)
	s, into := NewSampler(1, 1), make([]byte, 32*129)
	x, y := make([]float32, 32*4), make([]float32, 32)
	cursor, err := NewCursor(Train, 16, text)
	require.NoError(t, err)
	_, err = cursor.Reserve(BlockSize)
	require.NoError(t, err)
	for name, step := range map[string]func(){
		"text":     func() { _ = text.Windows(Train, s, 32, 129, into) },
		"mixture":  func() { _ = mixture.Windows(Train, s, 32, 129, into) },
		"examples": func() { _ = pictures.Examples(Train, s, 32, x, y) },
		"cursor":   func() { _, _ = cursor.Next(into) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, step), name)
	}
}

func BenchmarkWindows(b *testing.B) {
	text := generated(b, 5, 0, 1<<20)
	s, into := NewSampler(1, 1), make([]byte, 64*129)
	b.SetBytes(int64(len(into)))
	for b.Loop() {
		if err := text.Windows(Train, s, 64, 129, into); err != nil {
			b.Fatal(err)
		}
	}
}
