package remote

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

// pair is a model served from Go and what it is seen as.
func pair(t testing.TB, m model.Language) (*Model, *Server) {
	s, err := NewServer(m, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	address := socket(t)
	stop := listen(t, address, s)
	t.Cleanup(stop)
	return dial(t, address), s
}

// lesson is one to learn the song from.
func lesson(count, length, at int) Lesson {
	text := song(count*length + at + 1)[at:]
	l := Lesson{Input: model.Input{Count: count, Length: length, Tokens: text[:count*length]}, Rate: 5e-3}
	for _, b := range text[1:] {
		l.Targets = append(l.Targets, int32(b))
	}
	return l
}

func TestRemoteIsTheModel(t *testing.T) {
	m, s := pair(t, small(1))
	want := s.served.Card()
	want.Width = 0 // hidden states do not travel
	require.Equal(t, want, m.Card())
	require.True(t, m.Trains() && m.Saves())
	const length = 40
	tokens := song(2 * rowsAtOnce / length * length) // two requests
	in := model.Input{Count: len(tokens) / length, Length: length, Tokens: tokens}
	direct, remote := make([]float32, 256*len(tokens)), make([]float32, 256*len(tokens))
	require.NoError(t, s.served.Forward(t.Context(), in, direct))
	require.NoError(t, m.Forward(t.Context(), in, remote))
	require.Less(t, farthest(direct, remote), 1e-6)

	f, err := m.Follow(3)
	require.NoError(t, err)
	row := make([]float32, 2*256)
	for range 2 {
		for i := range length {
			require.NoError(t, f.Next(t.Context(), []byte{tokens[i], tokens[length+i]}, row))
			require.InDeltaSlice(t, direct[i*256:][:256], row[:256], 1e-5)
			require.InDeltaSlice(t, direct[(length+i)*256:][:256], row[256:], 1e-5)
		}
		f.Restart()
	}
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.Next(t.Context(), tokens[:1], row[:256]), model.ErrClosed)

	generate := func(e model.Expert) (text []byte) {
		require.NoError(t, e.Generate(t.Context(), []byte("verse"), 30, 0.8, 4, func(b []byte) error {
			text = append(text, b...)
			return nil
		}))
		return text
	}
	require.Equal(t, generate(s.served), generate(m))
	require.ErrorIs(t, m.Hidden(t.Context(), in, remote), model.ErrUnsupported)
}

// farthest is the largest difference.
func farthest(x, y []float32) (d float64) {
	for i, v := range x {
		d = max(d, math.Abs(float64(v-y[i])))
	}
	return d
}

// TestTraining: from here the model over there learns, remembers, and follows on with
// what it was when a follower was opened.
func TestTraining(t *testing.T) {
	m, _ := pair(t, small(1))
	begin := m.Card().Hash
	f, err := m.Follow(1)
	require.NoError(t, err)
	before, after := make([]float32, 256), make([]float32, 256)
	require.NoError(t, f.Next(t.Context(), []byte{'v'}, before))
	var losses []float64
	for i := range 120 {
		loss, err := m.Step(t.Context(), lesson(16, 16, 13*i%500))
		require.NoError(t, err)
		losses = append(losses, loss)
	}
	require.InDelta(t, math.Log(256), losses[0], 0.5)
	require.Less(t, losses[119], 1.8)
	f.Restart()
	require.NoError(t, f.Next(t.Context(), []byte{'v'}, after))
	require.Equal(t, before, after)
	trained := m.Card().Hash
	require.NotEqual(t, begin, trained)

	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, m.Save(t.Context(), path))
	next, err := m.Step(t.Context(), lesson(16, 16, 1))
	require.NoError(t, err)
	require.NotEqual(t, trained, m.Card().Hash)
	require.NoError(t, m.Load(t.Context(), path))
	require.Equal(t, trained, m.Card().Hash)
	again, err := m.Step(t.Context(), lesson(16, 16, 1))
	require.NoError(t, err)
	require.Equal(t, next, again)

	require.ErrorContains(t, m.Save(t.Context(), "model"), "give it whole")
	require.ErrorIs(t, m.Load(t.Context(), path+".none"), ErrRefused)
	require.ErrorContains(t, m.Load(t.Context(), path+".none"), "no such file")
	require.NoError(t, os.WriteFile(path, []byte("no checkpoint at all"), 0o600))
	require.ErrorContains(t, m.Load(t.Context(), path), "no checkpoint of ours")
	require.NoError(t, err)
}

// TestTeacher: without any target the model learns from probabilities alone.
func TestTeacher(t *testing.T) {
	m, _ := pair(t, small(1))
	l := lesson(8, 8, 0)
	for i := range l.Targets {
		l.Targets[i] = -1
		l.Teacher = append(l.Teacher, sure('x', 1)...)
	}
	l.Beta, l.Rate = 2, 2e-2
	first, err := m.Step(t.Context(), l)
	require.NoError(t, err)
	require.InDelta(t, 2*math.Log(256), first, 1)
	var last float64
	for range 40 {
		last, err = m.Step(t.Context(), l)
		require.NoError(t, err)
	}
	require.Less(t, last, 0.2)
}

// TestGradientOfALesson is that of its loss.
func TestGradientOfALesson(t *testing.T) {
	logits := []float32{0.3, -1, 0.5, 2, 0.1, -0.4, 0, 0, 1}
	l := Lesson{Targets: []int32{2, -1, 0}, Teacher: []float32{0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.1, 0.8}, Beta: 0.7}
	gradient, scratch := make([]float32, 9), make([]float32, 9)
	l.gradient(gradient, logits, 3)
	for i := range logits {
		const step = 1e-2
		moved := slices.Clone(logits)
		moved[i] += step
		above := l.gradient(scratch, moved, 3)
		moved[i] -= 2 * step
		require.InDelta(t, (above-l.gradient(scratch, moved, 3))/(2*step), gradient[i], 1e-4, "logit %d", i)
	}
}

func TestRefusedLessons(t *testing.T) {
	m, s := pair(t, small(1))
	for name, c := range map[string]struct {
		change func(l *Lesson)
		want   string
	}{
		"targets missing": {func(l *Lesson) { l.Targets = l.Targets[1:] }, "63 targets for 64 rows"},
		"no class":        {func(l *Lesson) { l.Targets[5] = 256 }, "target 5 is 256"},
		"below none":      {func(l *Lesson) { l.Targets[5] = -2 }, "target 5 is -2"},
		"values":          {func(l *Lesson) { l.Values = make([]float32, 64) }, "64 values"},
		"teacher":         {func(l *Lesson) { l.Teacher = make([]float32, 64) }, "a teacher of 64 probabilities"},
		"beta":            {func(l *Lesson) { l.Beta = float32(math.NaN()) }, "beta NaN"},
		"rate":            {func(l *Lesson) { l.Rate = -1 }, "learning rate of -1"},
		"input":           {func(l *Lesson) { l.Length = 0 }, "sequences of 0 bytes"},
	} {
		l := lesson(8, 8, 0)
		c.change(&l)
		_, err := m.Step(t.Context(), l)
		require.ErrorContains(t, err, c.want, name)
	}
	// What a process would not take from another client.
	input, err := frame(m.Card(), lesson(8, 8, 0).Input)
	require.NoError(t, err)
	_, err = s.Step(t.Context(), &StepRequest{Input: input})
	require.ErrorContains(t, err, "0 targets for 64 rows")
	_, err = s.Step(t.Context(), &StepRequest{Input: input, Targets: make([]int32, 64), Teacher: rows(t, 64, sure(0, 3)...)})
	require.ErrorContains(t, err, "sums to 3")
	_, err = s.Step(t.Context(), &StepRequest{Input: input[1:]})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = s.Forward(t.Context(), &ForwardRequest{Input: rows(t, 1, 1)})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = s.Save(t.Context(), &SaveRequest{Path: "here"})
	require.ErrorContains(t, err, "give it whole")
}

// TestRegressionAndImages: what is not text travels in the shapes of the protocol.
func TestRegressionAndImages(t *testing.T) {
	for name, c := range map[string]struct {
		card *synapse.Card
		row  []float32
	}{
		"gray":       {&synapse.Card{Modality: 2, Architecture: "f", Classes: 3, Shape: []uint32{4, 5}}, []float32{0.25, 0.25, 0.5}},
		"coloured":   {&synapse.Card{Modality: 2, Architecture: "f", Classes: 2, Shape: []uint32{4, 5, 3}}, []float32{0, 1}},
		"regression": {&synapse.Card{Modality: 3, Architecture: "f", Classes: 1, Shape: []uint32{7}, Regression: true}, []float32{-30}},
	} {
		address := socket(t)
		listen(t, address, &fake{
			card: func() *synapse.Card { return c.card },
			forward: func(_ context.Context, n int) (*ForwardResponse, error) {
				return &ForwardResponse{Output: rows(t, n, c.row...)}, nil
			},
			step: func() (*StepResponse, error) { return &StepResponse{Loss: 2}, nil },
		})
		m := dial(t, address)
		n := rowsAtOnce + 10
		in := model.Input{Count: n, Values: make([]float32, n*volume(m.Card().Shape))}
		got := make([]float32, n*len(c.row))
		require.NoError(t, m.Forward(t.Context(), in, got), name)
		require.Equal(t, slices.Repeat(c.row, n), got, name)
		l := Lesson{Input: model.Input{Count: 2, Values: in.Values[:2*volume(m.Card().Shape)]}}
		if m.Card().Regression {
			_, err := m.Step(t.Context(), Lesson{Input: l.Input, Targets: []int32{1, 2}})
			require.ErrorContains(t, err, "a regression learns from one value for each row")
			l.Values = []float32{1, 2}
		} else {
			l.Targets = []int32{1, -1}
		}
		loss, err := m.Step(t.Context(), l)
		require.NoError(t, err, name)
		require.Equal(t, 2.0, loss)
		_, err = m.Follow(1)
		require.ErrorIs(t, err, model.ErrUnsupported)
		require.ErrorIs(t, m.Generate(t.Context(), nil, 1, 0, 0, nil), model.ErrUnsupported)
	}
}

// TestPieces: every row goes into one request, in order, and none has too many.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		card := model.Card{Modality: model.Text, Classes: 256}
		in := model.Input{Length: rapid.IntRange(1, 3000).Draw(t, "length")}
		unit := in.Length
		if rapid.Bool().Draw(t, "image") {
			card = model.Card{Modality: model.Tensor, Classes: rapid.IntRange(1, 3000).Draw(t, "classes"), Shape: []int{rapid.IntRange(1, 9).Draw(t, "values")}}
			in.Length, unit = 0, card.Shape[0]
		}
		in.Count = rapid.IntRange(1, 1+20_000/unit).Draw(t, "count")
		if card.Modality == model.Text {
			in.Tokens = make([]byte, in.Count*in.Length)
		} else {
			in.Values = make([]float32, in.Count*card.Shape[0])
		}
		at := 0
		require.NoError(t, pieces(card, in, func(part model.Input, row int) error {
			require.Equal(t, at, row)
			require.NoError(t, card.Check(part))
			require.True(t, part.Count == 1 || part.Rows() <= rowsAtOnce && part.Rows()*card.Classes <= valuesAtOnce)
			at += part.Rows()
			return nil
		}))
		require.Equal(t, in.Rows(), at)
	})
}

func TestOpeningOfAStream(t *testing.T) {
	_, s := pair(t, small(1))
	for name, request := range map[string]*FollowRequest{
		"step":     {Kind: &FollowRequest_Step{Step: &synapse.FollowStep{Bytes: []byte{1}}}},
		"nothing":  {},
		"contexts": {Kind: &FollowRequest_Open{Open: &synapse.FollowOpen{Sequences: 1, Contexts: [][]byte{{1}}}}},
		"none":     {Kind: &FollowRequest_Open{Open: &synapse.FollowOpen{}}},
		"many":     {Kind: &FollowRequest_Open{Open: &synapse.FollowOpen{Sequences: math.MaxUint32}}},
	} {
		err := s.Follow(&oneRequest{request: request})
		require.Equal(t, codes.InvalidArgument, status.Code(err), fmt.Sprint(name, err))
	}
}

// oneRequest is a stream with one request.
type oneRequest struct {
	grpc.BidiStreamingServer[FollowRequest, FollowResponse]
	request *FollowRequest
}

func (o *oneRequest) Recv() (*FollowRequest, error) { return o.request, nil }
func (o *oneRequest) Send(*FollowResponse) error    { return nil }
func (o *oneRequest) Context() context.Context      { return context.Background() }
