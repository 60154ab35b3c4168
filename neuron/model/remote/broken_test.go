package remote

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// withNaN replaces the last value of a frame by NaN, under a right checksum.
func withNaN(frame []byte) []byte {
	binary.LittleEndian.PutUint32(frame[len(frame)-4:], math.Float32bits(float32(math.NaN())))
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Checksum(frame[:20], table), table, frame[tensor.HeaderBytes:])
	binary.LittleEndian.PutUint32(frame[20:], sum)
	return frame
}

// TestWrongAnswers: each is named, and the next answer counts again.
func TestWrongAnswers(t *testing.T) {
	type reply struct {
		output  []byte
		failure error
	}
	var now atomic.Pointer[reply]
	address := socket(t)
	listen(t, address, &fake{
		forward: func(context.Context, int) (*ForwardResponse, error) {
			return &ForwardResponse{Output: now.Load().output}, now.Load().failure
		},
		follow: func(stream grpc.BidiStreamingServer[FollowRequest, FollowResponse]) error {
			if _, err := stream.Recv(); err != nil {
				return err
			}
			if err := stream.Send(&FollowResponse{}); err != nil {
				return err
			}
			if _, err := stream.Recv(); err != nil || now.Load().failure != nil {
				return now.Load().failure
			}
			return stream.Send(&FollowResponse{Output: now.Load().output})
		},
	})
	m := dial(t, address)
	row := make([]float32, 256)
	forward := func() error {
		return m.Forward(t.Context(), model.Input{Count: 1, Length: 1, Tokens: []byte{7}}, row)
	}
	next := func() error {
		f, err := m.Follow(1)
		require.NoError(t, err)
		defer func() { require.NoError(t, f.Close()) }()
		err = f.Next(t.Context(), []byte{7}, row)
		if err != nil {
			require.ErrorContains(t, f.Next(t.Context(), []byte{7}, row), "the follower ended")
		}
		return err
	}
	for name, c := range map[string]struct {
		output  []byte
		failure error
		kind    error
		want    string
	}{
		"nothing":         {nil, nil, ErrAnswer, "truncated frame"},
		"garbage":         {[]byte(strings.Repeat("x", 100)), nil, ErrAnswer, "version 120"},
		"too many rows":   {rows(t, 2, sure(1, 1)...), nil, ErrAnswer, "shape [2, 256], asked for was [1, 256]"},
		"few classes":     {rows(t, 1, 0.5, 0.5), nil, ErrAnswer, "shape [1, 2]"},
		"damaged":         {append(rows(t, 1, sure(255, 1)...)[:1045], 0, 0, 0), nil, ErrAnswer, "checksum"},
		"NaN":             {withNaN(rows(t, 1, sure(1, 1)...)), nil, ErrAnswer, "not finite"},
		"logits":          {rows(t, 1, sure(3, -4)...), nil, ErrAnswer, "class 3 the probability -4: answer softmax(logits)"},
		"no distribution": {rows(t, 1, sure(3, 1.02)...), nil, ErrAnswer, "row 0 sums to 1.0199"},
		"its own error":   {nil, status.Error(codes.Internal, "out of memory"), ErrRefused, `Internal: "out of memory"`},
		"not there":       {nil, status.Error(codes.Unimplemented, "no"), model.ErrUnsupported, "the model at " + address + " has no "},
	} {
		now.Store(&reply{c.output, c.failure})
		for _, call := range []func() error{forward, next} {
			err := call()
			require.ErrorIs(t, err, c.kind, name)
			require.ErrorContains(t, err, c.want, name)
			require.ErrorContains(t, err, address)
		}
	}
	// What is rounded is a distribution all the same.
	now.Store(&reply{output: rows(t, 1, sure(3, 0.995)...)})
	require.NoError(t, forward())
	require.Equal(t, sure(3, 1), row)
	require.NoError(t, next())
}

// stream is what a process does with a Follow.
type stream = grpc.BidiStreamingServer[FollowRequest, FollowResponse]

// TestStreamsThatEnd without an answer, or begin with one.
func TestStreamsThatEnd(t *testing.T) {
	process := func(follow func(s stream) error) *Model {
		address := socket(t)
		listen(t, address, &fake{follow: follow})
		return dial(t, address, AnswerWithin(300*time.Millisecond))
	}
	_, err := process(func(stream) error { return nil }).Follow(1)
	require.ErrorIs(t, err, ErrAnswer)
	require.ErrorContains(t, err, "ended without an answer")
	_, err = process(func(s stream) error { return s.Send(&FollowResponse{Output: []byte{1}}) }).Follow(1)
	require.ErrorContains(t, err, "1 bytes in answer to the opening")
	_, err = process(func(s stream) error { <-s.Context().Done(); return nil }).Follow(1)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	m := process(func(s stream) error {
		err := s.Send(&FollowResponse{})
		<-s.Context().Done()
		return err
	})
	f, err := m.Follow(1)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	require.ErrorIs(t, f.Next(ctx, []byte{1}, make([]float32, 256)), context.Canceled)
	_, err = m.Follow(1025)
	require.ErrorContains(t, err, "1025 sequences")
}

// TestProcessMissingHangingAndBack: a process may end at any time; what it was when it
// is back counts.
func TestProcessMissingHangingAndBack(t *testing.T) {
	address := socket(t)
	_, err := Dial(t.Context(), address)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorContains(t, err, address)
	require.ErrorContains(t, err, "start it, or correct the address")

	var card atomic.Pointer[synapse.Card]
	card.Store(textCard())
	uniform := &fake{
		card: card.Load,
		forward: func(_ context.Context, n int) (*ForwardResponse, error) {
			return &ForwardResponse{Output: rows(t, n, sure(0, 1)...)}, nil
		},
	}
	stop := listen(t, address, uniform)
	m := dial(t, address, AnswerWithin(2*time.Second))
	row := make([]float32, 256)
	forward := func() error {
		return m.Forward(t.Context(), model.Input{Count: 1, Length: 1, Tokens: []byte{7}}, row)
	}
	require.NoError(t, forward())
	stop()
	require.ErrorIs(t, forward(), ErrUnreachable)
	require.Equal(t, "fake", m.Card().Architecture, "the last card is known")
	stop = listen(t, address, uniform)
	require.Eventually(t, func() bool { return forward() == nil }, 10*time.Second, 20*time.Millisecond)

	stop()
	require.ErrorIs(t, forward(), ErrUnreachable)
	card.Store(&synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Architecture: "other", Classes: 256})
	listen(t, address, uniform)
	require.Eventually(t, func() bool {
		err = forward()
		return !strings.Contains(err.Error(), ErrUnreachable.Error())
	}, 10*time.Second, 20*time.Millisecond)
	require.ErrorIs(t, err, ErrAnswer)
	require.ErrorContains(t, err, `was a "fake" and is now a "other"`)
	card.Store(textCard())
	require.NoError(t, forward())
}

func TestHangingProcess(t *testing.T) {
	address := socket(t)
	listen(t, address, &fake{
		forward: func(ctx context.Context, _ int) (*ForwardResponse, error) { <-ctx.Done(); return nil, ctx.Err() },
		step:    func() (*StepResponse, error) { return &StepResponse{Loss: math.NaN()}, nil },
	})
	m := dial(t, address, AnswerWithin(100*time.Millisecond))
	err := m.Forward(t.Context(), model.Input{Count: 1, Length: 1, Tokens: []byte{7}}, make([]float32, 256))
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "within 100ms")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = m.Forward(ctx, model.Input{Count: 1, Length: 1, Tokens: []byte{7}}, make([]float32, 256))
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.Step(t.Context(), lesson(1, 1, 0))
	require.ErrorIs(t, err, ErrAnswer)
	require.ErrorContains(t, err, "a loss of NaN: lower the learning rate")
	require.ErrorIs(t, m.Save(t.Context(), "/nowhere"), model.ErrUnsupported)
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:7300": "passthrough:///127.0.0.1:7300", "[::1]:7300": "passthrough:///[::1]:7300",
		"localhost:7300": "passthrough:///127.0.0.1:7300", "unix:/run/m": "unix:/run/m", "127.9.9.9:1": "passthrough:///127.9.9.9:1",
	} {
		got, err := target(address, false)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for address, want := range map[string]string{
		"10.0.0.1:7300": "not on this machine", "model.example:7300": "not on this machine", "0.0.0.0:7300": "not on this machine",
		"": "give host:port", "7300": "give host:port", "127.0.0.1:": "give host:port", "unix:model": "whole path",
		":7300": "not on this machine",
	} {
		_, err := Dial(t.Context(), address)
		require.ErrorContains(t, err, want, address)
	}
	got, err := target("model.example:7300", true)
	require.NoError(t, err)
	require.Equal(t, "dns:///model.example:7300", got)
}

func TestWrongCards(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *synapse.Card)
		want   string
	}{
		"modality":      {func(c *synapse.Card) { c.Modality = 9 }, "modality 9"},
		"no name":       {func(c *synapse.Card) { c.Architecture = "" }, "architecture"},
		"name":          {func(c *synapse.Card) { c.Architecture = "a\x1b[2J" }, `"a\x1b[2J"`},
		"long name":     {func(c *synapse.Card) { c.Architecture = strings.Repeat("a", 65) }, "1 to 64"},
		"classes":       {func(c *synapse.Card) { c.Classes = 50_000 }, "text with 50000 classes"},
		"no classes":    {func(c *synapse.Card) { c.Classes = 0 }, "0 classes"},
		"context":       {func(c *synapse.Card) { c.Context = 1 << 30 }, "a context of 1073741824"},
		"hash":          {func(c *synapse.Card) { c.Hash = make([]byte, 31) }, "a hash of 31 bytes"},
		"long hash":     {func(c *synapse.Card) { c.Hash = make([]byte, 33) }, "a hash of 33 bytes"},
		"shape":         {func(c *synapse.Card) { c.Shape = []uint32{1} }, "shape [1]"},
		"regression":    {func(c *synapse.Card) { c.Regression = true }, "256 classes"},
		"image follows": {func(c *synapse.Card) { c.Modality = 2 }, "not of text follows"},
		"image shape":   {func(c *synapse.Card) { c.Modality, c.Follows, c.Shape = 2, false, []uint32{4} }, "shape [4]"},
		"large":         {func(c *synapse.Card) { c.Modality, c.Follows, c.Shape = 3, false, []uint32{1 << 31, 1 << 31} }, "at most 4194304"},
		"flat":          {func(c *synapse.Card) { c.Modality, c.Follows, c.Shape = 3, false, []uint32{4, 0} }, "every dimension"},
	} {
		card := textCard()
		c.change(card)
		_, err := fromProto(card)
		require.ErrorContains(t, err, c.want, name)
	}
	address := socket(t)
	listen(t, address, &fake{card: func() *synapse.Card { return nil }})
	_, err := Dial(t.Context(), address)
	require.ErrorIs(t, err, ErrAnswer)
	require.ErrorContains(t, err, "there is none")
}

// FuzzAnswer: whatever a process answers is refused or a distribution.
func FuzzAnswer(f *testing.F) {
	f.Add(rows(f, 2, 0.5, 0.25, 0.25))
	f.Add(rows(f, 2, 0.5, 0.25, 0.24))
	f.Add(withNaN(rows(f, 2, 0.5, 0.25, 0.25)))
	f.Fuzz(func(t *testing.T, output []byte) {
		dst := make([]float32, 6)
		if answer(output, dst, 2, model.Card{Modality: model.Tensor, Classes: 3}) != nil {
			return
		}
		for i := range 2 {
			sum := 0.0
			for _, v := range dst[3*i:][:3] {
				require.GreaterOrEqual(t, v, float32(0))
				sum += float64(v)
			}
			require.InDelta(t, 1, sum, 1e-5)
		}
	})
}
