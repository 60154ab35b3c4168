package score

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/moe"
)

func TestUnigram(t *testing.T) {
	u := NewUnigram(256)
	require.InDelta(t, 1.0/256, u.P(7), 1e-9)
	u.AddBytes([]byte("aab"))
	require.InDelta(t, 3.0/259, u.P('a'), 1e-9)
	require.InDelta(t, 2.0/259, u.P('b'), 1e-9)
	require.InDelta(t, 1.0/259, u.P(0), 1e-9)

	classes := NewUnigram(3)
	classes.Add([]int32{0, 2, 2, -1})
	require.InDelta(t, 2.0/6, classes.P(0), 1e-6)
	require.InDelta(t, 1.0/6, classes.P(1), 1e-6)
	require.InDelta(t, 3.0/6, classes.P(2), 1e-6)
}

// overconfident is a neuron that is right seven times in ten and gives 0.98 to what
// it expects; beside it peer 0 says nothing (uniform over 256) and peer 1 knows a
// little of what self does not. Symbols are skewed, as in text, and the null expert
// knows how much.
func overconfident(r *rand.Rand, n int, withNull bool) Batch {
	const peers, width = 2, First + 2
	b := Batch{Peers: peers, Gates: make([]float32, n*width), P: make([]float32, n*width)}
	u := NewUnigram(256)
	symbols := make([]byte, n)
	for i := range symbols {
		symbols[i] = byte(32 * r.ExpFloat64() / 4)
	}
	u.AddBytes(symbols)
	for i, y := range symbols {
		g, p := b.Gates[i*width:(i+1)*width], b.P[i*width:(i+1)*width]
		p[Self] = 0.98
		right := r.IntN(10) < 7
		if !right {
			p[Self] = 0.02 / 255
		}
		p[Null] = u.P(int(y))
		p[First] = 1.0 / 256
		p[First+1] = 0.02
		if !right && r.IntN(2) == 0 {
			p[First+1] = 0.6
		}
		g[Self], g[First], g[First+1] = 0.6, 0.1, 0.1
		if withNull {
			g[Null] = 0.2
		}
	}
	return b
}

// weighed replaces the gates of a batch by those of an evidence gate that walks its
// positions as one sequence.
func weighed(b Batch, withNull bool) Batch {
	const width = First + 2
	gate := moe.NewEvidence(1, width)
	answered := []bool{true, withNull, true, true}
	for i := range b.Positions() {
		gate.Weigh(0, b.Gates[i*width:(i+1)*width], answered, nil)
		gate.Reveal(0, b.P[i*width:(i+1)*width])
	}
	return b
}

func TestNoiseEarnsNothingThanksToTheNullExpert(t *testing.T) {
	for _, gates := range []string{"fixed", "evidence"} {
		t.Run(gates, func(t *testing.T) {
			value := func(withNull bool) []Value {
				r := rand.New(rand.NewPCG(1, 2))
				e := NewEstimator(2, DefaultSampling(1))
				for range 20 {
					b := overconfident(r, 512, withNull)
					if gates == "evidence" {
						b = weighed(b, withNull)
					}
					e.Add(b)
				}
				return e.Values(nil)
			}
			without := value(false)
			require.Greater(t, without[0].Counted, 0.05, "noise softens what self is too sure of")
			with := value(true)
			require.Negative(t, with[0].Phi)
			require.Zero(t, with[0].Counted)
			require.Greater(t, with[1].Counted, 0.1, "who knows something still earns")
		})
	}
}
