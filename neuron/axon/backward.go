package axon

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// backward answers Backward: it hands a gradient on, clipped, and gives none back.
func (s *Server) backward(c *call) error {
	if !s.learns() {
		return refuse(codes.Unimplemented, "this neuron takes no gradients: see backward in Describe")
	}
	var a asked
	var gradient []byte
	err := c.admit(func(body []byte) (rows int, err error) {
		a, gradient, err = s.readBackward(body)
		return backwardRows * a.rows, err
	})
	if err != nil {
		return err
	}
	if c.caller.Stake == 0 && c.paid == 0 {
		return refuse(codes.PermissionDenied, "%q has no stake and pays nothing, gradients are taken from others alone: stake, or pay with a voucher", c.head.Sender)
	}
	in, err := a.decode()
	if err != nil {
		return err
	}
	f, err := tensor.Parse(gradient)
	if err != nil {
		return refuse(codes.InvalidArgument, "gradient: %v", err)
	}
	g, err := f.Floats(nil)
	if err != nil {
		return refuse(codes.InvalidArgument, "gradient: %v", err)
	}
	clip(g, s.config.GradientNorm)
	applied := false
	o := s.queue.do(&job{ctx: c.ctx, caller: c.budget, rank: c.rank(), run: func(ctx context.Context) (err error) {
		applied, err = s.deps.Learner.Learn(ctx, in, g)
		return err
	}})
	if err := s.verdict(o, a.long()); err != nil {
		return err
	}
	return c.reply(&synapse.BackwardResponse{Applied: applied})
}

func (s *Server) readBackward(body []byte) (asked, []byte, error) {
	input, gradient, err := parseBackward(body)
	if err != nil {
		return asked{}, nil, err
	}
	a, err := s.readInput(input)
	if err != nil {
		return a, nil, err
	}
	h, err := tensor.ParseHeader(gradient)
	if err != nil {
		return a, nil, refuse(codes.InvalidArgument, "gradient: %v", err)
	}
	if want := (tensor.Shape{a.rows, a.card.Classes}); h.Shape != want || h.DType == tensor.U8 {
		return a, nil, refuse(codes.InvalidArgument, "gradient: %s of shape %s, need numbers of %s: one row for each row of the answer", h.DType, h.Shape, want)
	}
	return a, gradient, nil
}

// clip scales g so that its L2 norm is not more than most.
func clip(g []float32, most float64) {
	sum := 0.0
	for _, v := range g {
		sum += float64(v) * float64(v)
	}
	if norm := math.Sqrt(sum); norm > most {
		for i, v := range g {
			g[i] = float32(float64(v) * most / norm)
		}
	}
}
