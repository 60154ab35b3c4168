package remote

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/tensor"
)

const (
	// stepsKey is the metadata of a checkpoint that has the optimiser's steps.
	stepsKey = "steps"
	// settled is so many steps that AdamW's corrections are 1.
	settled = 1 << 20
)

// Step implements ModelServiceServer.
func (s *Server) Step(_ context.Context, request *StepRequest) (*StepResponse, error) {
	l, err := s.lesson(request)
	if err != nil {
		return nil, err
	}
	s.learning.Lock()
	defer s.learning.Unlock()
	s.tape.Reset()
	logits, _ := s.model.Forward(s.tape, l.Tokens, l.Length)
	if cap(s.gradient) < len(logits.Data) {
		s.gradient = make([]float32, len(logits.Data))
	}
	gradient := s.gradient[:len(logits.Data)]
	loss := l.gradient(gradient, logits.Data, logits.Cols)
	s.tape.Backward(logits, gradient)
	s.adam.Rate = l.Rate
	s.adam.Step(s.model.Params(), 1)
	if err := s.served.Update(s.model, uint64(s.adam.Steps)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &StepResponse{Loss: loss}, nil
}

// lesson reads a request.
func (s *Server) lesson(request *StepRequest) (*Lesson, error) {
	in, err := text(request.Input)
	if err != nil {
		return nil, err
	}
	l := &Lesson{Input: in, Targets: request.Targets, Values: request.Values, Beta: request.Beta, Rate: request.Rate}
	if longest := s.model.Longest(); in.Length > longest {
		return nil, status.Errorf(codes.InvalidArgument, "sequences of %d bytes, the model reads %d at most", in.Length, longest)
	}
	if len(request.Teacher) > 0 {
		f, err := tensor.Parse(request.Teacher)
		if err != nil {
			return nil, invalid(err)
		}
		if l.Teacher, err = f.Floats(nil); err != nil {
			return nil, invalid(err)
		}
		if len(l.Teacher)%s.card.Classes == 0 {
			if err := distributions(l.Teacher, s.card.Classes); err != nil {
				return nil, invalid(fmt.Errorf("the teacher: %w", err))
			}
		}
	}
	if err := l.check(s.card); err != nil {
		return nil, invalid(err)
	}
	return l, nil
}

// gradient writes dL/dlogits of the whole lesson, with p = softmax(logits), K rows with
// a target y and n rows in all:
//
//	L = 1/K Σ -log p_y + beta/n Σ KL(teacher || p)     dL/dz = (p - [y]) / K + beta (p - teacher) / n
func (l *Lesson) gradient(dst, logits []float32, classes int) (loss float64) {
	const least = 1e-30 // a model may be sure and wrong
	moe.Softmax(dst, logits, classes)
	known := 0
	for _, y := range l.Targets {
		if y >= 0 {
			known++
		}
	}
	k, n := 1/max(1, float32(known)), l.Beta/float32(len(l.Targets))
	for i, y := range l.Targets {
		p := dst[i*classes:][:classes]
		var taught []float32
		weight := float32(0) // of p in its gradient
		if y >= 0 {
			weight += k
			loss -= float64(k) * math.Log(max(least, float64(p[y])))
		}
		if l.Teacher != nil {
			taught = l.Teacher[i*classes:][:classes]
			weight += n
			for j, q := range taught {
				if q > 0 {
					loss += float64(n*q) * (math.Log(float64(q)) - math.Log(max(least, float64(p[j]))))
				}
			}
		}
		for j := range p {
			p[j] *= weight
		}
		for j, q := range taught {
			p[j] -= n * q
		}
		if y >= 0 {
			p[y] -= k
		}
	}
	return loss
}

// Save implements ModelServiceServer: a whole new file, or the old one.
func (s *Server) Save(_ context.Context, request *SaveRequest) (*SaveResponse, error) {
	s.learning.Lock()
	defer s.learning.Unlock()
	metadata := map[string]string{stepsKey: strconv.Itoa(s.adam.Steps)}
	if err := replace(request.Path, func(w io.Writer) error { return model.Save(w, s.model, metadata) }); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	return &SaveResponse{}, nil
}

// replace writes a file beside the old one and renames it.
func replace(path string, write func(w io.Writer) error) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("path %q: give it whole", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".saving-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // there is none after the renaming
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Load implements ModelServiceServer. When it fails, the model is as it was.
func (s *Server) Load(_ context.Context, request *LoadRequest) (*LoadResponse, error) {
	s.learning.Lock()
	defer s.learning.Unlock()
	f, err := os.Open(request.Path)
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	defer func() { _ = f.Close() }()
	metadata, err := model.Load(f, s.model)
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	steps, err := strconv.Atoi(metadata[stepsKey])
	if err != nil || steps < 0 {
		steps = settled // written by another program: moments as they are, without AdamW's correction of the first ones
	}
	s.adam.Steps = steps
	if err := s.served.Update(s.model, uint64(steps)); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &LoadResponse{}, nil
}
