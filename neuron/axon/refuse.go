package axon

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/taonet/taonet/neuron/model"
)

// refuse is an error as callers get it.
func refuse(code codes.Code, format string, args ...any) error {
	return status.Errorf(code, format, args...)
}

// later is a refusal that says when to come again.
func later(code codes.Code, after time.Duration, format string, args ...any) error {
	s := status.Newf(code, format, args...)
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(max(after, time.Millisecond))})
	if err != nil {
		return s.Err() // OK alone takes no details
	}
	return detailed.Err()
}

// exhausted is a refusal for now.
func exhausted(after time.Duration, format string, args ...any) error {
	return later(codes.ResourceExhausted, after, format, args...)
}

// hungUp is what is said to nobody: the caller left, or its time is over.
func hungUp(ctx context.Context) error { return status.FromContextError(context.Cause(ctx)).Err() }

// verdict is what a caller is told about a job; nil if it went well. What is the
// caller's fault was refused before, but for the length of a text: a model may read
// more than its context, and says itself when it does not.
func (s *Server) verdict(o outcome, long bool) error {
	if o.refusal != nil || o.err == nil {
		return o.refusal
	}
	if _, remote := status.FromError(o.err); long && !remote && !internal(o.err) {
		return refuse(codes.InvalidArgument, "%v", o.err)
	}
	return s.failed(o.err)
}

// internal errors say nothing about the input.
func internal(err error) bool {
	for _, known := range []error{errPanic, model.ErrUnsupported, model.ErrClosed, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// failed says what went wrong in the model.
func (s *Server) failed(err error) error {
	switch {
	case errors.Is(err, errPanic):
	case errors.Is(err, model.ErrUnsupported):
		return errUnsupported("does not do that", "see Describe for what it does")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	case errors.Is(err, model.ErrClosed):
		return later(codes.Unavailable, time.Second, "this neuron is changing its model: ask again in a second")
	}
	s.log.Error("the model failed", "error", err)
	return refuse(codes.Internal, "this neuron's model failed: ask again, or ask another neuron")
}

func errUnsupported(what, instead string) error {
	return refuse(codes.Unimplemented, "this neuron's model %s: %s", what, instead)
}

func errStopping() error {
	return later(codes.Unavailable, time.Second, "this neuron is stopping: ask another one, or again later")
}

func errNoModel() error {
	return later(codes.Unavailable, time.Second, "this neuron has no model at the moment: ask again in a second")
}
