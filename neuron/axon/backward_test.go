package axon

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// pupil is a Learner that writes down what it is given.
type pupil struct {
	mu       sync.Mutex
	in       model.Input
	gradient []float32
}

func (p *pupil) Learn(_ context.Context, in model.Input, gradient []float32) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in, p.gradient = in, gradient
	return true, nil
}

func gradientOf(t testing.TB, rows, classes int, value float32) []byte {
	x := make([]float32, rows*classes)
	for i := range x {
		x[i] = value
	}
	frame, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityText, DType: tensor.F32, Shape: tensor.Shape{rows, classes}}, x)
	require.NoError(t, err)
	return frame
}

func TestGradientsAreClippedAndFromStakersAlone(t *testing.T) {
	p := &pupil{}
	s := serve(t, textOracle(), func(c *Config, d *Deps) { c.Backward, c.GradientNorm, d.Learner = true, 2, p })
	request := &synapse.BackwardRequest{Input: text(t, 1, 4).Input, Gradient: gradientOf(t, 4, 256, 1)}
	var r synapse.BackwardResponse
	requireCode(t, codes.PermissionDenied, s.neuron(0).ask(within(t), "Backward", request, &r), "no stake")
	c := s.neuron(5)
	require.NoError(t, c.ask(within(t), "Backward", request, &r))
	require.True(t, r.Applied)
	require.Equal(t, []byte{0, 1, 2, 3}, p.in.Tokens)
	sum := 0.0
	for _, v := range p.gradient {
		sum += float64(v) * float64(v)
	}
	require.InDelta(t, 2, math.Sqrt(sum), 1e-4)

	for words, wrong := range map[string]*synapse.BackwardRequest{
		"shape [3, 256]":   {Input: request.Input, Gradient: gradientOf(t, 3, 256, 1)},
		"gradient: tensor": {Input: request.Input},
		"input: tensor":    {Gradient: request.Gradient},
	} {
		requireCode(t, codes.InvalidArgument, c.ask(within(t), "Backward", wrong, &r), words)
	}
}

func TestClipKeepsSmallGradients(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SliceOfN(rapid.Float32Range(-100, 100), 1, 20).Draw(t, "g")
		most := rapid.Float64Range(0.01, 200).Draw(t, "most")
		before := append([]float32(nil), g...)
		norm := func(x []float32) (n float64) {
			for _, v := range x {
				n += float64(v) * float64(v)
			}
			return math.Sqrt(n)
		}
		clip(g, most)
		if norm(before) <= most {
			require.Equal(t, before, g)
		} else {
			require.InEpsilon(t, most, norm(g), 1e-5)
		}
	})
}

func TestSeenKnowsEverySampleOfForward(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	s := serve(t, textOracle(), func(_ *Config, d *Deps) {
		d.Clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	c := s.neuron(5)
	_, err := c.forward(within(t), 2, 4)
	require.NoError(t, err)
	hash := func(b ...byte) []byte { return sha(b) }
	ask := func() []bool {
		var r synapse.SeenResponse
		require.NoError(t, c.ask(within(t), "Seen", &synapse.SeenRequest{Samples: [][]byte{hash(0, 1, 2, 3), hash(9), hash(4, 5, 6, 7)}}, &r))
		return r.Seen
	}
	require.Equal(t, []bool{true, false, true}, ask())
	mu.Lock()
	now = now.Add(10*time.Minute - time.Second)
	mu.Unlock()
	require.Equal(t, []bool{true, false, true}, ask())
	mu.Lock()
	now = now.Add(3 * time.Minute)
	mu.Unlock()
	require.Equal(t, []bool{false, false, false}, ask())

	for words, wrong := range map[string][][]byte{"0 hashes": {}, "257 hashes": make([][]byte, 257), "has 2 bytes": {{1, 2}}} {
		requireCode(t, codes.InvalidArgument, c.ask(within(t), "Seen", &synapse.SeenRequest{Samples: wrong}, &synapse.SeenResponse{}), words)
	}
}

func TestSamplesOfNumbersAreTheirBytes(t *testing.T) {
	s := unserved(t, tensorOracle(), nil)
	s.remember(model.Input{Count: 2, Values: []float32{1, 2, 3, 4, 5, 6}})
	b := []byte{0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40, 0, 0, 0xc0, 0x40}
	require.True(t, s.samples.has(keyOf(b), s.now()))
	require.False(t, s.samples.has(keyOf(b[4:]), s.now()))
	require.Equal(t, 2, s.samples.size())
}
