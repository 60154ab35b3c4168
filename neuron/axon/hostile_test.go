package axon

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// send makes a call whose head and body were tampered with.
func (c *client) send(method string, body synapse.Raw, change func(*synapse.Head), tamper func(*synapse.Signed, *synapse.Raw)) error {
	h := c.head(method)
	if change != nil {
		change(h)
	}
	signed, err := synapse.SignRequest(c.key, h, body)
	require.NoError(c.site.t, err)
	if tamper != nil {
		tamper(&signed, &body)
	}
	ctx := within(c.site.t)
	if signed.Head != nil {
		ctx = metadata.NewOutgoingContext(ctx, signed.Metadata())
	}
	var answer synapse.Raw
	return c.Invoke(ctx, prefix+method, &body, &answer)
}

func TestHeadsThatAreRefused(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	body := marshal(t, text(t, 1, 4))
	now := time.Now().UnixMilli()
	for _, test := range []struct {
		words  string
		change func(*synapse.Head)
	}{
		{"another-chain", func(h *synapse.Head) { h.ChainId = "another-chain" }},
		{"Backward", func(h *synapse.Head) { h.Method = prefix + "Backward" }},
		{"axon records", func(h *synapse.Head) { h.Receiver = newHotkey().Address() }},
		{"NTP", func(h *synapse.Head) { h.Time = now - 31_000 }},
		{"NTP", func(h *synapse.Head) { h.Time = now + 40_000 }},
		{"NTP", func(h *synapse.Head) { h.Time = math.MinInt64 }},
		{"NTP", func(h *synapse.Head) { h.Time = math.MaxInt64 }},
		{"nonce of 3", func(h *synapse.Head) { h.Nonce = []byte{1, 2, 3} }},
	} {
		requireCode(t, codes.Unauthenticated, c.send("Forward", body, test.change, nil), test.words)
	}
	for words, tamper := range map[string]func(*synapse.Signed, *synapse.Raw){
		"sign the request":  func(s *synapse.Signed, _ *synapse.Raw) { *s = synapse.Signed{} },
		"malformed head":    func(s *synapse.Signed, _ *synapse.Raw) { s.Head = []byte{0xff, 0xff} },
		"1025 bytes":        func(s *synapse.Signed, _ *synapse.Raw) { s.Head = make([]byte, 1025) },
		"wrong signature":   func(s *synapse.Signed, _ *synapse.Raw) { s.Signature[0] ^= 1 },
		"another message":   func(_ *synapse.Signed, b *synapse.Raw) { *b = marshal(t, text(t, 1, 5)) },
		"not signed by thi": func(s *synapse.Signed, _ *synapse.Raw) { s.Signature, _ = newHotkey().Sign(s.Head) },
	} {
		requireCode(t, codes.Unauthenticated, c.send("Forward", body, nil, tamper), words)
	}
	require.Empty(t, s.oracle.passes())
	require.Zero(t, s.nonces.size())
	_, err := c.forward(within(t), 1, 4)
	require.NoError(t, err)
}

func TestAReplayIsRefused(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	body := marshal(t, text(t, 1, 4))
	ctx, _ := c.signed(within(t), c.head("Forward"), body)
	var answer synapse.Raw
	require.NoError(t, c.Invoke(ctx, prefix+"Forward", &body, &answer))
	requireCode(t, codes.AlreadyExists, c.Invoke(ctx, prefix+"Forward", &body, &answer), "16 random bytes")
	require.Len(t, s.oracle.passes(), 1)

	// Another caller may use the same nonce, and nobody can use up one of another's.
	nonce := bytes.Repeat([]byte{7}, synapse.NonceBytes)
	other := s.neuron(5)
	require.Error(t, c.send("Forward", body, func(h *synapse.Head) { h.Nonce = nonce }, func(s *synapse.Signed, _ *synapse.Raw) { s.Signature[0] ^= 1 }))
	require.NoError(t, c.send("Forward", body, func(h *synapse.Head) { h.Nonce = nonce }, nil))
	require.NoError(t, other.send("Forward", body, func(h *synapse.Head) { h.Nonce = nonce }, nil))
}

func TestWhatIsDatedBeforeARestartIsRefused(t *testing.T) {
	clock := atomic.Int64{}
	clock.Store(time.Now().UnixNano())
	s := serve(t, textOracle(), func(c *Config, d *Deps) {
		c.Restart = c.Window
		d.Clock = func() time.Time { return time.Unix(0, clock.Load()) }
	})
	c := s.neuron(5)
	_, err := c.forward(within(t), 1, 1)
	requireCode(t, codes.Unauthenticated, err, "sign anew then")
	require.InDelta(t, 30, retry(err).Seconds(), 0.01)
	clock.Add(int64(retry(err)) + int64(time.Millisecond)) // an honest caller waits
	_, err = c.forward(within(t), 1, 1)
	require.NoError(t, err)
}

func TestStrangersAreRefusedUnlessItIsOpen(t *testing.T) {
	s := serve(t, textOracle(), nil)
	_, err := s.dial("127.0.0.1").forward(within(t), 1, 1)
	requireCode(t, codes.PermissionDenied, err, "register")
	require.Zero(t, s.nonces.size(), "nothing is remembered of strangers")

	open := serve(t, textOracle(), func(c *Config, _ *Deps) {
		c.Open, c.Generates, c.Rows, c.RowBurst, c.RowsPerSecond = true, 0, 64, 10*callRows, 1
	})
	_, err = open.dial("127.0.0.1").forward(within(t), 1, 1)
	require.NoError(t, err)
	// New keys do not give new budgets.
	for range 10 {
		if _, err = open.dial("127.0.0.1").forward(within(t), 1, callRows); err != nil {
			break
		}
	}
	requireCode(t, codes.ResourceExhausted, err, "your budget")
	_, err = open.neuron(1).forward(within(t), 1, 1)
	require.NoError(t, err, "a neuron has its own")
}

func TestMessagesThatAreRefused(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	forward := func(change func(frame []byte) []byte) synapse.Raw {
		m := text(t, 2, 4)
		m.Input = change(m.Input)
		return marshal(t, m)
	}
	numbers, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityText, DType: tensor.F32, Shape: tensor.Shape{1, 2}}, []float32{1, 2})
	require.NoError(t, err)
	many := text(t, 2, 9000)
	for words, body := range map[string]synapse.Raw{
		"not a message":     {0x0a, 0x05, 1},
		"cannot parse":      {0x0f},
		"truncated":         forward(func(f []byte) []byte { return f[:10] }),
		"pass the whole":    forward(func(f []byte) []byte { return f[:len(f)-1] }),
		"bytes after":       forward(func(f []byte) []byte { return append(f, 0) }),
		"checksum":          forward(func(f []byte) []byte { f[25] ^= 1; return f }),
		"rank 9":            forward(func(f []byte) []byte { f[3] = 9; return f }),
		"too large":         forward(func(f []byte) []byte { binary.LittleEndian.PutUint32(f[4:], 1<<31); return f }),
		"modality image":    forward(func(f []byte) []byte { f[1] = 2; return numbersOf(t, tensor.ModalityImage) }),
		"text of dtype f32": forward(func([]byte) []byte { return numbers }),
		"18000 rows":        marshal(t, many),
		"output 7":          marshal(t, &synapse.ForwardRequest{Input: text(t, 1, 1).Input, Output: 7}),
		"encoding -1":       marshal(t, &synapse.ForwardRequest{Input: text(t, 1, 1).Input, Encoding: -1}),
		"the header alone":  marshal(t, &synapse.ForwardRequest{}),
	} {
		requireCode(t, codes.InvalidArgument, c.send("Forward", body, nil, nil), words)
	}
	err = c.send("Forward", make(synapse.Raw, s.message+1), nil, nil)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.ErrorContains(t, err, "larger than max")
	require.Zero(t, retry(err), "coming again does not help")
	require.Empty(t, s.oracle.passes())
}

func numbersOf(t testing.TB, m tensor.Modality) []byte {
	frame, err := tensor.AppendFrame(nil, tensor.Header{Modality: m, DType: tensor.F32, Shape: tensor.Shape{1, 3}}, []float32{1, 2, 3})
	require.NoError(t, err)
	return frame
}

func TestNotANumberIsRefused(t *testing.T) {
	s := serve(t, tensorOracle(), nil)
	c := s.neuron(5)
	for _, bits := range []uint32{0x7fc00000, 0x7f800000, 0xff800000} {
		frame := numbersOf(t, tensor.ModalityTensor)
		binary.LittleEndian.PutUint32(frame[tensor.HeaderBytes+4:], bits)
		body := marshal(t, &synapse.ForwardRequest{Input: reseal(frame)})
		requireCode(t, codes.InvalidArgument, c.send("Forward", body, nil, nil), "not finite")
	}
	require.Empty(t, s.oracle.passes())
}

func TestUnknownMethods(t *testing.T) {
	c := serve(t, textOracle(), nil).neuron(5)
	requireCode(t, codes.Unimplemented, c.send("Train", synapse.Raw{}, nil, nil))
	requireCode(t, codes.Unimplemented, c.send("Backward", synapse.Raw{}, nil, nil), "no gradients")
}

func TestAModelThatFailsOrPanics(t *testing.T) {
	o := textOracle()
	s := serve(t, o, nil)
	c := s.neuron(5)
	o.before = func(context.Context, model.Input) error { panic("secret") }
	_, err := c.forward(within(t), 1, 65)
	requireCode(t, codes.Internal, err, "model failed")
	require.NotContains(t, err.Error(), "secret")
	for _, test := range []struct {
		err    error
		length int
		code   codes.Code
	}{
		{io.ErrNoProgress, 64, codes.Internal},
		{io.ErrNoProgress, 65, codes.InvalidArgument}, // longer than the context: the model may say no
		{status.Error(codes.PermissionDenied, "of another service"), 65, codes.Internal},
		{model.ErrClosed, 65, codes.Unavailable},
		{model.ErrUnsupported, 1, codes.Unimplemented},
	} {
		o.before = func(context.Context, model.Input) error { return test.err }
		_, err := c.forward(within(t), 1, test.length)
		requireCode(t, test.code, err)
	}
	o.before = nil
	_, err = c.forward(within(t), 1, 65)
	require.NoError(t, err)
}
