package remote

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/tensor"
)

// maxRows bounds the memory of one request: the answer to more does not fit a frame.
const maxRows = tensor.MaxPayloadBytes / 4 / model.Vocabulary

// Server serves a byte language model of package model to a neuron in another process:
//
//	s, err := remote.NewServer(m, 0)
//	g := grpc.NewServer(remote.ServerOptions()...)
//	remote.RegisterModelServiceServer(g, s)
//	err = g.Serve(listener)
type Server struct {
	UnimplementedModelServiceServer
	served *model.Served

	// learning guards all below: one step at a time.
	learning sync.Mutex
	model    model.Language
	card     model.Card
	device   *nn.Device
	tape     *nn.Tape
	adam     *nn.AdamW
	gradient []float32
}

// NewServer serves and trains m, with so many workers for each; 0 is one for each CPU
// that Go may use. The model belongs to the server until Close.
func NewServer(m model.Language, workers int) (*Server, error) {
	served, err := model.NewServed(m, workers)
	if err != nil {
		return nil, err
	}
	s := &Server{served: served, model: m, card: served.Card(), device: nn.NewDevice(workers), adam: nn.NewAdamW(0, 0.1)}
	s.tape = nn.NewTape(s.device, 1)
	s.tape.Training = true
	return s, nil
}

// ServerOptions lets messages be as large as a neuron's are.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage)}
}

// Close ends the workers, after the grpc server has stopped.
func (s *Server) Close() error {
	err := s.served.Close()
	s.learning.Lock()
	defer s.learning.Unlock()
	s.device.Close()
	return err
}

// Describe implements ModelServiceServer.
func (s *Server) Describe(context.Context, *DescribeRequest) (*DescribeResponse, error) {
	return &DescribeResponse{Card: toProto(s.served.Card()), Trains: true, Saves: true}, nil
}

// invalid is the neuron's mistake.
func invalid(err error) error { return status.Error(codes.InvalidArgument, err.Error()) }

// failed says whose mistake an error of the model is.
func failed(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	if errors.Is(err, model.ErrClosed) {
		return status.Error(codes.Unavailable, err.Error())
	}
	return invalid(err)
}

// text reads an input.
func text(input []byte) (model.Input, error) {
	f, err := tensor.Parse(input)
	if err != nil {
		return model.Input{}, invalid(err)
	}
	tokens, err := f.Tokens()
	if err != nil {
		return model.Input{}, invalid(err)
	}
	shape := f.Header().Shape
	in := model.Input{Count: shape[0], Length: shape[1], Tokens: tokens}
	if in.Rows() > maxRows {
		return in, status.Errorf(codes.InvalidArgument, "%d rows, at most %d: send fewer at a time", in.Rows(), maxRows)
	}
	return in, nil
}

// encode is a frame of probabilities.
func encode(p []float32) ([]byte, error) {
	h := tensor.Header{Modality: tensor.ModalityText, DType: tensor.F32, Shape: tensor.Shape{len(p) / model.Vocabulary, model.Vocabulary}}
	b, err := tensor.AppendFrame(nil, h, p)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return b, nil
}

// Forward implements ModelServiceServer.
func (s *Server) Forward(ctx context.Context, request *ForwardRequest) (*ForwardResponse, error) {
	in, err := text(request.Input)
	if err != nil {
		return nil, err
	}
	p := make([]float32, in.Rows()*model.Vocabulary)
	if err := s.served.Forward(ctx, in, p); err != nil {
		return nil, failed(err)
	}
	output, err := encode(p)
	return &ForwardResponse{Output: output}, err
}

// Follow implements ModelServiceServer.
func (s *Server) Follow(stream grpc.BidiStreamingServer[FollowRequest, FollowResponse]) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	open := request.GetOpen()
	if open == nil || len(open.Contexts) > 0 {
		return status.Error(codes.InvalidArgument, "a stream begins with an opening without contexts; step through them")
	}
	f, err := s.served.Follow(int(min(open.Sequences, model.MaxSequences+1)))
	if err != nil {
		return failed(err)
	}
	defer func() { _ = f.Close() }()
	if err := stream.Send(&FollowResponse{}); err != nil {
		return err
	}
	p := make([]float32, int(open.Sequences)*model.Vocabulary)
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		step := request.GetStep()
		if step == nil || len(step.Bytes) > int(open.Sequences) {
			return status.Errorf(codes.InvalidArgument, "after the opening come steps of 1 to %d bytes", open.Sequences)
		}
		if step.Restart {
			f.Restart()
		}
		row := p[:len(step.Bytes)*model.Vocabulary]
		if err := f.Next(stream.Context(), step.Bytes, row); err != nil {
			return failed(err)
		}
		output, err := encode(row)
		if err != nil {
			return err
		}
		if err := stream.Send(&FollowResponse{Output: output}); err != nil {
			return err
		}
	}
}
