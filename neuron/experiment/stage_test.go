package experiment

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/train"
)

// What is heard of whole blocks is what Follow says byte by byte.
func TestStageMeasuresAsEvaluateDoes(t *testing.T) {
	texts, err := data.Generated(2, 100<<10)
	require.NoError(t, err)
	env := &Env{Texts: texts[:2]}
	self, peer := specialist(t, 1), specialist(t, 2)
	s := testStage(env, 1)
	voices, err := s.hearAll(context.Background(), []model.Expert{self, peer})
	require.NoError(t, err)
	on, alone := s.mixed(voices, mixture{gate: evidenceGate(0)}), s.alone(voices[0])

	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: peer})
	mix := 0.0
	for i, blocks := range s.groups {
		e, err := train.Evaluate(context.Background(), train.DefaultConfig(), self, network, network.Live(), blocks, len(blocks))
		require.NoError(t, err)
		mix += e.Network / 2
		if i == 1 {
			require.InDelta(t, e.Network, on.Own, 1e-4)
			require.InDelta(t, e.Alone, alone.Own, 1e-4)
		}
	}
	require.InDelta(t, mix, on.Mix, 1e-4)
}

// experts that know one group each, and a self that knows nothing much.
func invented(blocks int) (stage, [][]voice) {
	s, voices := stage{}, make([][]voice, 3)
	for group := range 2 {
		var texts [][]byte
		for range blocks {
			texts = append(texts, make([]byte, 100))
		}
		s.groups = append(s.groups, texts)
		for j := range voices {
			v := make(voice, 99*blocks)
			for i := range v {
				switch j {
				case 0:
					v[i] = 0.1
				case group + 1:
					v[i] = 0.8
				default:
					v[i] = 0.01
				}
			}
			voices[j] = append(voices[j], v)
		}
	}
	return s, voices
}

func TestGainFallsWithFailures(t *testing.T) {
	s, voices := invented(3)
	last, lastKept := 0.0, 0.0
	alone := s.alone(voices[0]).Mix
	for _, part := range []float64{0, 0.1, 0.3, 0.5} {
		on := s.mixed(voices, mixture{gate: evidenceGate(0), fails: failing(part, 1)}).Mix
		kept := s.mixed(voices, mixture{gate: newSleeping, fails: failing(part, 1)}).Mix
		require.Greater(t, on, last, "%g of answers fail", part)
		require.Greater(t, kept, lastKept)
		require.Less(t, on, alone, "some gain is left")
		if part == 0 {
			require.InDelta(t, on, kept, 1e-6)
		} else {
			require.Less(t, kept, on, "who remembers loses less")
		}
		last, lastKept = on, kept
	}
}

func TestFailingDrawsOnceForAPositionAndExpert(t *testing.T) {
	fails, gone := failing(0.3, 7), 0
	for position := range 2000 {
		for expert := 1; expert < 3; expert++ {
			first := fails(position, expert)
			require.Equal(t, first, fails(position, expert))
			if first {
				gone++
			}
		}
	}
	require.InDelta(t, 0.3, float64(gone)/4000, 0.03)
	require.Nil(t, failing(0, 7))
}

func TestSleepingIsEvidenceWhileAllAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "experts")
		evidence, gate := moe.NewEvidence(2, n), newSleeping(2, n)
		a, b, p := make([]float32, n), make([]float32, n), make([]float32, n)
		gate.Reset(0)
		gate.Reset(1)
		for range rapid.IntRange(1, 30).Draw(t, "positions") {
			sequence := rapid.IntRange(0, 1).Draw(t, "sequence")
			for j := range p {
				p[j] = rapid.Float32Range(0.001, 1).Draw(t, "p")
			}
			evidence.Weigh(sequence, a, nil, nil)
			gate.Weigh(sequence, b, nil, nil)
			require.InDeltaSlice(t, a, b, 1e-4)
			evidence.Reveal(sequence, p)
			gate.Reveal(sequence, p)
		}
	})
}

func TestSleepingKeepsTheWeightOfTheAbsent(t *testing.T) {
	gate := newSleeping(1, 3)
	g := make([]float32, 3)
	gate.Reset(0)
	for range 20 {
		gate.Weigh(0, g, nil, nil)
		gate.Reveal(0, []float32{0.1, 0.9, 0.1})
	}
	before := g[1]
	gate.Weigh(0, g, []bool{true, false, true}, nil)
	require.Zero(t, g[1])
	require.InDelta(t, 1, g[0]+g[2], 1e-6)
	gate.Reveal(0, []float32{0.1, 0, 0.1})
	gate.Weigh(0, g, nil, nil)
	require.InDelta(t, before, g[1], 0.03)
}

func TestCodedAnswersStayDistributions(t *testing.T) {
	m := specialist(t, 3)
	in := model.Input{Count: 3, Length: 500, Tokens: make([]byte, 1500)} // more than one frame
	for i := range in.Tokens {
		in.Tokens[i] = byte(i * 7)
	}
	exact := make([]float32, 1500*model.Vocabulary)
	require.NoError(t, m.Forward(context.Background(), in, exact))
	for as, far := range map[tensor.DType]float64{tensor.F32: 1e-6, tensor.F16: 1e-4, tensor.BF16: 1e-2, tensor.Int8: 1e-2} {
		got := make([]float32, len(exact))
		require.NoError(t, coded{m, as}.Forward(context.Background(), in, got))
		sum, most := float32(0), 0.0
		for i, p := range got {
			most = max(most, float64(p-exact[i]), float64(exact[i]-p))
			if i < model.Vocabulary {
				sum += p
			}
		}
		require.InDelta(t, 1, sum, 1e-4, as)
		require.Less(t, most, far, as)
	}
}
