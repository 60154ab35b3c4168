package axon

import (
	"context"
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

// stream is a Follow that was opened.
type stream struct {
	grpc.ClientStream
	opening *synapse.FollowResponse
}

// follow opens a stream and verifies the first answer's signature.
func (c *client) follow(ctx context.Context, open *synapse.FollowOpen) (*stream, error) {
	body := marshal(c.site.t, &synapse.FollowRequest{Kind: &synapse.FollowRequest_Open{Open: open}})
	ctx, sent := c.signed(ctx, c.head("Follow"), body)
	f, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+"Follow")
	if err != nil {
		return nil, err
	}
	if err := f.SendMsg(&body); err != nil {
		return nil, err
	}
	var answer synapse.Raw
	if err := f.RecvMsg(&answer); err != nil {
		return nil, err
	}
	header, err := f.Header()
	if err != nil {
		return nil, err
	}
	signed, err := synapse.FromMetadata(header)
	if err != nil {
		return nil, err
	}
	if err := synapse.VerifyResponse(notary{}, signed, c.site.key.Address(), sent.Head, answer); err != nil {
		return nil, err
	}
	r := &synapse.FollowResponse{}
	return &stream{f, r}, proto.Unmarshal(answer, r)
}

// step reveals bytes and returns where the distributions of the next have their peaks.
func (f *stream) step(restart bool, bytes ...byte) ([]int, error) {
	body, err := proto.Marshal(&synapse.FollowRequest{Kind: &synapse.FollowRequest_Step{Step: &synapse.FollowStep{Bytes: bytes, Restart: restart}}})
	if err != nil {
		return nil, err
	}
	if err := f.SendMsg((*synapse.Raw)(&body)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var answer synapse.Raw
	if err := f.RecvMsg(&answer); err != nil {
		return nil, err
	}
	var r synapse.FollowResponse
	if err := proto.Unmarshal(answer, &r); err != nil {
		return nil, err
	}
	x, err := floats(r.Output)
	return peaks(x, 256), err
}

// Each byte is sent only after the distribution for it has come: nothing that the
// server says can depend on it.
func TestADistributionLeavesBeforeItsByteIsSent(t *testing.T) {
	s := serve(t, textOracle(), nil)
	f, err := s.neuron(5).follow(within(t), &synapse.FollowOpen{Sequences: 3})
	require.NoError(t, err)
	require.Empty(t, f.opening.Output)
	require.EqualValues(t, 7, f.opening.Step)
	sums := []int{0, 0, 0}
	for i := range 20 {
		bytes := []byte{byte(i), byte(3 * i), byte(7 * i)}
		for j, b := range bytes {
			sums[j] = (sums[j] + int(b)) % 256
		}
		at, err := f.step(false, bytes...)
		require.NoError(t, err)
		require.Equal(t, sums, at)
	}
	at, err := f.step(false, 1)
	require.NoError(t, err)
	require.Equal(t, []int{(sums[0] + 1) % 256}, at, "the first sequences are in use")
	at, err = f.step(true, 4, 5)
	require.NoError(t, err)
	require.Equal(t, []int{4, 5}, at)
	require.NoError(t, f.CloseSend())
	_, err = f.step(false, 1)
	require.Error(t, err)
	eventually(t, "the follower is closed", func() bool { s.oracle.mu.Lock(); defer s.oracle.mu.Unlock(); return s.oracle.closed == 1 })
}

func TestContextsAreReadFirst(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	f, err := c.follow(within(t), &synapse.FollowOpen{Sequences: 5, Contexts: [][]byte{{1, 2, 3}, {10, 20, 30}, {5}, {}}})
	require.NoError(t, err)
	x, err := floats(f.opening.Output)
	require.NoError(t, err)
	require.Equal(t, []int{6, 60, 5}, peaks(x, 256))
	at, err := f.step(false, 1, 1, 1, 1, 1)
	require.NoError(t, err)
	require.Equal(t, []int{7, 61, 6, 1, 1}, at)

	for words, open := range map[string]*synapse.FollowOpen{
		"longest first":     {Sequences: 2, Contexts: [][]byte{{1}, {1, 2}}},
		"2 contexts for 1":  {Sequences: 1, Contexts: [][]byte{{1}, {1}}},
		"0 sequences":       {},
		"257 sequences":     {Sequences: 257},
		"encoding 9":        {Sequences: 1, Encoding: 9},
		"contexts of 17000": {Sequences: 1, Contexts: [][]byte{make([]byte, 17000)}},
	} {
		_, err := c.follow(within(t), open)
		requireCode(t, codes.InvalidArgument, err, words)
	}
}

func TestStepsThatEndAStream(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	for _, bytes := range [][]byte{{}, {1, 2, 3}} {
		f, err := c.follow(within(t), &synapse.FollowOpen{Sequences: 2})
		require.NoError(t, err)
		_, err = f.step(false, bytes...)
		requireCode(t, codes.InvalidArgument, err, "of 2 sequences")
	}
	f, err := c.follow(within(t), &synapse.FollowOpen{Sequences: 2})
	require.NoError(t, err)
	again := marshal(t, &synapse.FollowRequest{Kind: &synapse.FollowRequest_Open{Open: &synapse.FollowOpen{Sequences: 1}}})
	require.NoError(t, f.SendMsg(&again))
	requireCode(t, codes.InvalidArgument, f.RecvMsg(new(synapse.Raw)), "opened before")

	step := marshal(t, &synapse.FollowRequest{Kind: &synapse.FollowRequest_Step{Step: &synapse.FollowStep{Bytes: []byte{1}}}})
	ctx, _ := c.signed(within(t), c.head("Follow"), step)
	raw, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+"Follow")
	require.NoError(t, err)
	require.NoError(t, raw.SendMsg(&step))
	requireCode(t, codes.InvalidArgument, raw.RecvMsg(new(synapse.Raw)), "send open first")
}

func TestStreamsAreCounted(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Follows, c.FollowsPerCaller = 3, 2 })
	c, other := s.neuron(5), s.neuron(9)
	ctx, leave := context.WithCancel(within(t))
	for range 2 {
		_, err := c.follow(ctx, &synapse.FollowOpen{Sequences: 1})
		require.NoError(t, err)
	}
	_, err := c.follow(ctx, &synapse.FollowOpen{Sequences: 1})
	requireCode(t, codes.ResourceExhausted, err, "2 of yours")
	_, err = other.follow(within(t), &synapse.FollowOpen{Sequences: 1})
	require.NoError(t, err)
	_, err = other.follow(within(t), &synapse.FollowOpen{Sequences: 1})
	requireCode(t, codes.ResourceExhausted, err, "3 streams")
	leave()
	eventually(t, "streams end with their callers", func() bool { n, _ := s.follows.inUse(); return n == 1 })
}

func TestAnIdleStreamEnds(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Idle = 30 * time.Millisecond })
	f, err := s.neuron(5).follow(within(t), &synapse.FollowOpen{Sequences: 1})
	require.NoError(t, err)
	requireCode(t, codes.DeadlineExceeded, f.RecvMsg(new(synapse.Raw)), "30ms")
}

// A stream goes on more slowly when its budget is spent.
func TestStepsWaitForTheBudget(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) {
		c.Rows, c.RowBurst, c.RowsPerSecond = 64, 4096, 200*callRows
	})
	f, err := s.neuron(5).follow(within(t), &synapse.FollowOpen{Sequences: 1})
	require.NoError(t, err)
	began := time.Now()
	steps := 4096/callRows + 20
	for range steps {
		_, err := f.step(false, 1)
		require.NoError(t, err)
	}
	require.Greater(t, time.Since(began), 60*time.Millisecond, "20 steps beyond the burst at 200 per second")
}

// The caller leaves while its step runs: the follower must not be closed under it.
func TestAFollowerIsNotClosedWhileItRuns(t *testing.T) {
	o := textOracle()
	s := serve(t, o, nil)
	ctx, leave := context.WithCancel(within(t))
	f, err := s.neuron(5).follow(ctx, &synapse.FollowOpen{Sequences: 1})
	require.NoError(t, err)
	running := make(chan struct{})
	o.before = func(ctx context.Context, _ model.Input) error {
		close(running)
		<-ctx.Done() // it is told
		o.mu.Lock()
		defer o.mu.Unlock()
		require.Zero(t, o.closed)
		return ctx.Err()
	}
	go func() { _, _ = f.step(false, 1) }()
	<-running
	leave()
	eventually(t, "closed", func() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.closed == 1 })
}
