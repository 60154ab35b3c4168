package axon

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

func TestForwardAnswersEachRow(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	x, err := c.forward(within(t), 2, 3)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 3, 3, 7, 12}, peaks(x, 256))
}

func TestGeneratedClientsAreServed(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	request := text(t, 1, 4)
	request.Encoding = synapse.Encoding_ENCODING_UNSPECIFIED
	ctx, sent := c.signed(within(t), c.head("Forward"), marshal(t, request))
	var header metadata.MD
	r, err := synapse.NewSynapseServiceClient(c).Forward(ctx, request, grpc.Header(&header))
	require.NoError(t, err)
	require.EqualValues(t, 7, r.Step)
	f, err := tensor.Parse(r.Output)
	require.NoError(t, err)
	require.Equal(t, tensor.Header{Modality: tensor.ModalityText, DType: tensor.F16, Shape: tensor.Shape{4, 256}}, f.Header())
	signed, err := synapse.FromMetadata(header)
	require.NoError(t, err)
	require.NoError(t, synapse.VerifyResponse(notary{}, signed, s.key.Address(), sent.Head, marshal(t, r)))
}

func TestEncodingsAndHiddenStates(t *testing.T) {
	s := serve(t, textOracle(), nil)
	c := s.neuron(5)
	for e := synapse.Encoding_ENCODING_F32; e <= synapse.Encoding_ENCODING_INT8; e++ {
		request, r := text(t, 1, 3), &synapse.ForwardResponse{}
		request.Encoding = e
		require.NoError(t, c.ask(within(t), "Forward", request, r))
		x, err := floats(r.Output)
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 3}, peaks(x, 256), e)
	}
	request, r := text(t, 1, 2), &synapse.ForwardResponse{}
	request.Output = synapse.Output_OUTPUT_HIDDEN
	require.NoError(t, c.ask(within(t), "Forward", request, r))
	x, err := floats(r.Output)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 1, 2, 3}, x)
}

func TestNumbersAreServed(t *testing.T) {
	s := serve(t, tensorOracle(), nil)
	c := s.neuron(5)
	frame, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityTensor, DType: tensor.F32, Shape: tensor.Shape{2, 3}}, []float32{1, 0, 0, 3, 0, 0})
	require.NoError(t, err)
	var r synapse.ForwardResponse
	require.NoError(t, c.ask(within(t), "Forward", &synapse.ForwardRequest{Input: frame}, &r))
	x, err := floats(r.Output)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, peaks(x, 4))

	err = c.ask(within(t), "Forward", &synapse.ForwardRequest{Input: frame, Output: synapse.Output_OUTPUT_HIDDEN}, &r)
	requireCode(t, codes.Unimplemented, err, "no hidden states")
	err = c.ask(within(t), "Forward", text(t, 1, 1), &r)
	requireCode(t, codes.InvalidArgument, err, "modality text")
	_, err = c.follow(within(t), &synapse.FollowOpen{Sequences: 1})
	requireCode(t, codes.Unimplemented, err, "not followed")
	err = c.ask(within(t), "Generate", &synapse.GenerateRequest{Most: 1}, &synapse.GenerateResponse{})
	requireCode(t, codes.Unimplemented, err, "generates nothing")
	wrong, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityTensor, DType: tensor.F32, Shape: tensor.Shape{3, 2}}, make([]float32, 6))
	require.NoError(t, err)
	err = c.ask(within(t), "Forward", &synapse.ForwardRequest{Input: wrong}, &r)
	requireCode(t, codes.InvalidArgument, err, "[3, 2]", "[3]")
}

func TestDescribeNeedsNoSignature(t *testing.T) {
	o := textOracle()
	s := serve(t, o, func(c *Config, _ *Deps) {
		c.Version, c.Prices = "v1", []*synapse.Price{{Unit: "request", Amount: 9}}
	})
	client := synapse.NewSynapseServiceClient(s.dial("127.0.0.1"))
	d, err := client.Describe(within(t), &synapse.DescribeRequest{})
	require.NoError(t, err)
	require.Equal(t, "oracle", d.Card.Architecture)
	require.EqualValues(t, 256, d.Card.Classes)
	require.True(t, d.Card.Follows)
	require.False(t, d.Backward)
	require.Equal(t, s.key.Address(), d.Hotkey)
	require.EqualValues(t, 7, d.Step)
	require.Equal(t, "v1", d.Version)
	require.EqualValues(t, 9, d.Prices[0].Amount)
	require.EqualValues(t, s.config.Rows, d.Limits.Rows)
	require.EqualValues(t, s.message, d.Limits.Message)
	require.Less(t, s.message, 1<<17, "the bound follows the model")
}

func TestADescriptionIsKeptAWhile(t *testing.T) {
	now, cards := time.Unix(1e9, 0), 0
	s := unserved(t, textOracle(), func(_ *Config, d *Deps) {
		d.Clock = func() time.Time { return now }
		d.Expert = func() model.Expert { cards++; return textOracle() }
	})
	asked := cards
	for range 10 {
		s.describe()
	}
	require.Equal(t, asked, cards)
	now = now.Add(describeFor)
	s.describe()
	require.Equal(t, asked+1, cards)
}

func TestStreamsEndAndCallsFinishWhenItStops(t *testing.T) {
	o := textOracle()
	running, proceed := make(chan struct{}), make(chan struct{})
	s := serve(t, o, nil)
	c := s.neuron(5)
	f, err := c.follow(within(t), &synapse.FollowOpen{Sequences: 1})
	require.NoError(t, err)
	o.before = func(context.Context, model.Input) error {
		close(running)
		<-proceed
		return nil
	}
	answered := make(chan error, 1)
	go func() {
		_, err := c.forward(within(t), 1, 1)
		answered <- err
	}()
	<-running
	require.NoError(t, s.Close())
	var raw synapse.Raw
	requireCode(t, codes.Unavailable, f.RecvMsg(&raw), "stopping")
	close(proceed)
	require.NoError(t, <-answered)
	require.Equal(t, 1, o.closed)
}

func TestItStopsInTimeWithAHandshakeUnderWay(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Grace = 20 * time.Millisecond })
	conn, err := net.Dial("tcp", s.address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	eventually(t, "a connection", func() bool { n, _ := s.connections.inUse(); return n == 1 })
	began := time.Now()
	require.NoError(t, s.Close())
	err = <-s.served
	s.served <- err
	require.NoError(t, err)
	require.Less(t, time.Since(began), s.config.Handshake/2)
}

func TestServeOnce(t *testing.T) {
	s := serve(t, textOracle(), nil)
	eventually(t, "serving", s.Server.served.Load)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorContains(t, s.Serve(context.Background(), listener), "make a new one")
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := func() (Config, Deps) {
		c := DefaultConfig()
		c.ChainID, c.Certificate = chainID, certificate()
		o := textOracle()
		return c, Deps{Expert: func() model.Expert { return o }, Signer: newHotkey(), Verifier: notary{}, Registry: &subnet{}}
	}
	c, d := good()
	_, err := New(c, d)
	require.NoError(t, err)
	for words, spoil := range map[string]func(*Config, *Deps){
		"chain id":      func(c *Config, _ *Deps) { c.ChainID = "" },
		"certificate":   func(c *Config, _ *Deps) { c.Certificate = []byte("none") },
		"Rows is 0":     func(c *Config, _ *Deps) { c.Rows = 0 },
		"RowBurst":      func(c *Config, _ *Deps) { c.RowBurst = c.Rows - 1 },
		"Restart":       func(c *Config, _ *Deps) { c.Restart = c.Window / 2 },
		"GradientNorm":  func(c *Config, _ *Deps) { c.GradientNorm = 0 },
		"Memory is":     func(c *Config, _ *Deps) { c.Message, c.Memory = 1<<20, 1<<20 },
		"no model":      func(_ *Config, d *Deps) { d.Expert = func() model.Expert { return nil } },
		"give all four": func(_ *Config, d *Deps) { d.Registry = nil },
	} {
		c, d := good()
		spoil(&c, &d)
		_, err := New(c, d)
		require.ErrorContains(t, err, words)
	}
	c, d = good()
	c.Backward, c.RowBurst = true, 2*c.Rows
	_, err = New(c, d)
	require.ErrorContains(t, err, "RowBurst", "a Backward costs three times its rows")
}
