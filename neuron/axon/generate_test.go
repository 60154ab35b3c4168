package axon

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

func sha(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// generate returns the text and how many messages it came in.
func (c *client) generate(ctx context.Context, m *synapse.GenerateRequest) (text []byte, messages int, err error) {
	body := marshal(c.site.t, m)
	ctx, sent := c.signed(ctx, c.head("Generate"), body)
	g, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, prefix+"Generate")
	if err != nil {
		return nil, 0, err
	}
	if err := g.SendMsg(&body); err != nil {
		return nil, 0, err
	}
	if err := g.CloseSend(); err != nil {
		return nil, 0, err
	}
	for done := false; ; messages++ {
		var raw synapse.Raw
		err := g.RecvMsg(&raw)
		if errors.Is(err, io.EOF) {
			require.True(c.site.t, done)
			return text, messages, nil
		}
		if err != nil {
			return text, messages, err
		}
		if messages == 0 {
			header, err := g.Header()
			require.NoError(c.site.t, err)
			signed, err := synapse.FromMetadata(header)
			require.NoError(c.site.t, err)
			require.NoError(c.site.t, synapse.VerifyResponse(notary{}, signed, c.site.key.Address(), sent.Head, raw))
		}
		var r synapse.GenerateResponse
		require.NoError(c.site.t, proto.Unmarshal(raw, &r))
		text, done = append(text, r.Text...), r.Done
	}
}

func TestGenerateStreamsWhatTheModelEmits(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	text, messages, err := c.generate(within(t), &synapse.GenerateRequest{Prompt: []byte("abc"), Most: 5})
	require.NoError(t, err)
	require.Equal(t, []byte{3, 4, 5, 6, 7}, text)
	require.Equal(t, 6, messages)
	for words, wrong := range map[string]*synapse.GenerateRequest{
		"4097 bytes":      {Prompt: make([]byte, 4097), Most: 1},
		"0 bytes to gen":  {},
		"65537 bytes":     {Most: 65537},
		"temperature 2.5": {Most: 1, Temperature: 2.5},
	} {
		_, _, err := c.generate(within(t), wrong)
		requireCode(t, codes.InvalidArgument, err, words)
	}
}

func TestGenerationsAreCounted(t *testing.T) {
	o := textOracle()
	running := make(chan struct{}, 8)
	o.before = func(ctx context.Context, _ model.Input) error {
		running <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	s := serve(t, o, func(c *Config, _ *Deps) { c.Generates, c.GeneratesPerCaller = 2, 1 })
	first, second, third := s.neuron(1), s.neuron(1), s.neuron(1)
	ctx, leave := context.WithCancel(within(t))
	ended := make(chan error, 2)
	for _, c := range []*client{first, second} {
		go func() {
			_, _, err := c.generate(ctx, &synapse.GenerateRequest{Most: 1})
			ended <- err
		}()
		<-running
	}
	_, _, err := first.generate(within(t), &synapse.GenerateRequest{Most: 1})
	requireCode(t, codes.ResourceExhausted, err, "1 of yours")
	_, _, err = third.generate(within(t), &synapse.GenerateRequest{Most: 1})
	requireCode(t, codes.ResourceExhausted, err, "2 texts")
	leave()
	require.Error(t, <-ended)
	require.Error(t, <-ended)
}

// A text that is beyond the budget for long ends.
func TestGenerateIsPaidFromTheBudget(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) {
		c.RowsPerSecond, c.Idle = 1, 500*time.Millisecond
		c.Rows, c.RowBurst = 1, maxPrompt
	})
	text, _, err := s.neuron(5).generate(within(t), &synapse.GenerateRequest{Most: 65536})
	requireCode(t, codes.ResourceExhausted, err, "your budget")
	require.Len(t, text, maxPrompt-callRows)
}
