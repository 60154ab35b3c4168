package remote

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// song is text with some structure.
func song(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "verse %d of the song goes on and on, ", i%7)
	}
	return b.Bytes()[:n]
}

func small(seed uint64) model.Language {
	return model.NewMLP(model.MLPConfig{Context: 4, Embedding: 8, Hidden: 32}, seed)
}

// socket is an address with a short path: a Unix socket's has at most 107 bytes.
func socket(t testing.TB) string {
	folder, err := os.MkdirTemp("", "tao")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return "unix:" + filepath.Join(folder, "model")
}

// listen serves at an address until stop is called.
func listen(t testing.TB, address string, s ModelServiceServer) (stop func()) {
	l, err := net.Listen("unix", address[len("unix:"):])
	require.NoError(t, err)
	g := grpc.NewServer(ServerOptions()...)
	RegisterModelServiceServer(g, s)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	return g.Stop
}

func dial(t testing.TB, address string, with ...Option) *Model {
	m, err := Dial(t.Context(), address, with...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// fake is a process that answers whatever a test wants.
type fake struct {
	UnimplementedModelServiceServer
	card    func() *synapse.Card
	forward func(ctx context.Context, rows int) (*ForwardResponse, error)
	follow  func(stream grpc.BidiStreamingServer[FollowRequest, FollowResponse]) error
	step    func() (*StepResponse, error)
}

func textCard() *synapse.Card {
	return &synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Architecture: "fake", Classes: 256, Context: 9, Follows: true}
}

func (f *fake) Describe(context.Context, *DescribeRequest) (*DescribeResponse, error) {
	card := textCard()
	if f.card != nil {
		card = f.card()
	}
	return &DescribeResponse{Card: card, Trains: true}, nil
}

func (f *fake) Forward(ctx context.Context, request *ForwardRequest) (*ForwardResponse, error) {
	h, err := tensor.ParseHeader(request.Input)
	if err != nil {
		return nil, err
	}
	rows := h.Shape[0]
	if h.Modality == tensor.ModalityText {
		rows *= h.Shape[1]
	}
	return f.forward(ctx, rows)
}

func (f *fake) Follow(stream grpc.BidiStreamingServer[FollowRequest, FollowResponse]) error {
	return f.follow(stream)
}

func (f *fake) Step(context.Context, *StepRequest) (*StepResponse, error) { return f.step() }

// rows is a frame of equal rows of a few classes.
func rows(t testing.TB, n int, row ...float32) []byte {
	var all []float32
	for range n {
		all = append(all, row...)
	}
	b, err := tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityText, DType: tensor.F32, Shape: tensor.Shape{n, len(row)}}, all)
	require.NoError(t, err)
	return b
}

// sure is a distribution over bytes that gives one of them all.
func sure(class int, p float32) []float32 {
	row := make([]float32, 256)
	row[class] = p
	return row
}
