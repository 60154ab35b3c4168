package dendrite

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

func TestForward(t *testing.T) {
	for _, encoding := range []tensor.DType{0, tensor.F32, tensor.F16, tensor.BF16, tensor.Int8} {
		t.Run(encoding.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				a := n.add(text())
				p := peer(t, n.dendrite(func(c *Config, _ *Deps) { c.Encoding = encoding }), 1)
				require.NoError(t, forwardText(t.Context(), t, p, "hello"))
				require.NoError(t, forwardText(t.Context(), t, p, "x"))
				require.Equal(t, 1, a.asked("Describe"), "the card is kept")
				require.Equal(t, 2, a.asked("Forward"))

				s := p.Stats()
				require.Equal(t, uint64(3), s.Answered)
				require.Equal(t, uint64(3), s.Asked)
				require.Empty(t, s.Failures)
				require.Greater(t, s.BytesIn, uint64(5*256), "int8 has a byte for each number")
				require.Greater(t, s.BytesOut, uint64(500))
				require.Equal(t, []string{"10.0.0.1"}, s.Addresses)
				require.Len(t, s.Methods, 2)
			})
		})
	}
}

func TestCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		p := peer(t, n.dendrite(), 1)
		require.Nil(t, p.Stats().Card)
		card, err := p.Card(t.Context())
		require.NoError(t, err)
		want := model.Card{Modality: model.Text, Architecture: "successor", Classes: 256, Context: 8, Width: 4, Parameters: 1, Follows: true, Generates: true}
		for i := range want.Hash {
			want.Hash[i] = 7
		}
		require.Equal(t, want, card)
		require.Equal(t, &want, p.Stats().Card)
		d, err := p.Describe(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]uint64{"request": 5}, d.Prices)
		require.Equal(t, uint64(9), d.Step)
	})
}

func TestForwardOfTensorsAndImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TENSOR, Classes: 3, Shape: []uint32{3}})
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_IMAGE, Classes: 2, Shape: []uint32{1, 2, 1}})
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TENSOR, Classes: 1, Regression: true})
		d := n.dendrite(func(c *Config, _ *Deps) { c.Encoding = tensor.F32 })

		dst := make([]float32, 6)
		require.NoError(t, peer(t, d, 1).Forward(t.Context(), model.Input{Count: 2, Values: []float32{1, 3, 0, 0, -5, 2}}, dst))
		require.Equal(t, []float32{0.25, 0.75, 0, 0, 0, 1}, dst, "each row is a distribution")
		require.NoError(t, peer(t, d, 2).Forward(t.Context(), model.Input{Count: 1, Values: []float32{3, 1}}, dst[:2]))
		require.Equal(t, []float32{0.75, 0.25}, dst[:2])
		require.NoError(t, peer(t, d, 3).Forward(t.Context(), model.Input{Count: 2, Values: []float32{-3, 1, 8, 2}}, dst[:2]))
		require.Equal(t, []float32{-3, 8}, dst[:2], "a regression's answer is a value")
	})
}

func TestHiddenAndBackward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Classes: 256})
		d := n.dendrite()
		in := model.Input{Count: 1, Length: 2, Tokens: []byte("ab")}
		dst := make([]float32, 8)
		require.NoError(t, peer(t, d, 1).Hidden(t.Context(), in, dst))
		require.InDelta(t, -3000, dst[7], 10, "not made a distribution")
		require.ErrorIs(t, peer(t, d, 2).Hidden(t.Context(), in, dst), model.ErrUnsupported)

		applied, err := peer(t, d, 1).Backward(t.Context(), in, make([]float32, 512))
		require.NoError(t, err)
		require.True(t, applied)
		_, err = peer(t, d, 1).Backward(t.Context(), in, make([]float32, 511))
		require.ErrorContains(t, err, "a gradient of 511 numbers, the answer has 2 rows of 256")
		a.description.Backward = false
		d.SetPeers(nil)
		d.SetPeers(n.endpoints)
		_, err = peer(t, d, 1).Backward(t.Context(), in, make([]float32, 512))
		require.ErrorIs(t, err, model.ErrUnsupported)
	})
}

func TestLargeBatchesAreSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		a.description.Limits = &synapse.Limits{Rows: 8}
		b := n.add(text())
		b.description.Limits = &synapse.Limits{Message: slack + 11}
		d := n.dendrite()
		tokens := []byte("abcdefghijklmnopqrstuvwxyz0123") // 10 sequences of 3
		dst := make([]float32, len(tokens)*256)
		in := model.Input{Count: 10, Length: 3, Tokens: tokens}
		require.NoError(t, peer(t, d, 1).Forward(t.Context(), in, dst))
		requireSuccessors(t, tokens, dst)
		require.Equal(t, 5, a.asked("Forward"), "2 sequences at a time")
		clear(dst)
		require.NoError(t, peer(t, d, 2).Forward(t.Context(), in, dst))
		requireSuccessors(t, tokens, dst)
		require.Equal(t, 4, b.asked("Forward"), "3 sequences at a time")

		err := peer(t, d, 1).Forward(t.Context(), model.Input{Count: 1, Length: 30, Tokens: tokens}, dst)
		require.ErrorContains(t, err, "send shorter sequences")
		require.Equal(t, ReasonLocal, ReasonOf(err))
		err = peer(t, d, 1).Forward(t.Context(), model.Input{Count: 200, Length: 1, Tokens: make([]byte, 200)}, make([]float32, 200*256))
		require.ErrorContains(t, err, "makes 25 requests, at most 16 are sent")
		require.Empty(t, peer(t, d, 1).Stats().Failures, "this side's faults are not the peer's")
	})
}

func TestInputsThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		b := n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TENSOR, Classes: 3, Shape: []uint32{3}})
		d := n.dendrite()
		for _, c := range []struct {
			uid  uint32
			in   model.Input
			dst  int
			want string
		}{
			{1, model.Input{Count: 1, Length: 2, Tokens: []byte("a")}, 512, "1 bytes for 1 sequences of 2"},
			{1, model.Input{Count: 0, Length: 2}, 0, "0 sequences or examples"},
			{1, model.Input{Count: -1, Length: -1, Tokens: []byte("a")}, 256, "-1 sequences"},
			{1, model.Input{Count: 1, Length: 1, Tokens: []byte("a")}, 255, "room for 255 numbers, the answer has 1 rows of 256"},
			{1, model.Input{Count: 1, Values: []float32{1}}, 256, "its model is for text"},
			{2, model.Input{Count: 1, Length: 3, Tokens: []byte("abc")}, 9, "0 values for 1 examples of [3]"},
			{2, model.Input{Count: 2, Values: make([]float32, 4)}, 6, "4 values for 2 examples of [3]"},
		} {
			err := peer(t, d, c.uid).Forward(t.Context(), c.in, make([]float32, c.dst))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "this does not count against it")
			require.Equal(t, ReasonLocal, ReasonOf(err))
		}
		require.Zero(t, a.asked("Forward")+b.asked("Forward"), "nothing was sent")
	})
}

func TestMetadataOfTheCallerTravels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		ctx := metadata.AppendToOutgoingContext(t.Context(), "tao-voucher-bin", "paid")
		require.NoError(t, forwardText(ctx, t, p, "a"))
		require.Equal(t, []string{"paid"}, a.md.Get("tao-voucher-bin"))
		a.md = nil
		s, err := p.Follow(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, []string{"paid"}, a.md.Get("tao-voucher-bin"))
		require.NoError(t, s.Close())
	})
}

func TestErrorsAreSentences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.endpoints = []Endpoint{{UID: 7, Hotkey: "h", Host: "10.0.0.9", Port: 1234}}
		d := n.dendrite()
		err := forwardText(t.Context(), t, peer(t, d, 7), "a")
		require.ErrorContains(t, err, "peer 7 (10.0.0.9:1234), Describe: no connection: ")
		require.Contains(t, err.Error(), "nobody is at 10.0.0.9:1234")
		require.Regexp(t, `; next try in 0\.[345] s$`, err.Error())
		err = forwardText(t.Context(), t, peer(t, d, 7), "a")
		require.ErrorContains(t, err, "not asked: 1 failures in a row; next try in 0.")
		require.False(t, strings.Contains(err.Error(), "\n"))
	})
}
