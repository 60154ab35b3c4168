package remote

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
)

// What can be wrong with another process; errors.Is tells them apart.
var (
	// ErrUnreachable: no process listens, it ended, or it does not answer in time.
	ErrUnreachable = errors.New("remote: no answer from the model's process")
	// ErrAnswer: it answered what no model answers.
	ErrAnswer = errors.New("remote: wrong answer from the model's process")
	// ErrRefused: it said that it cannot do what was asked.
	ErrRefused = errors.New("remote: the model's process refused")
)

// explain turns an error of gRPC into one that says what to do.
func (m *Model) explain(call string, err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unavailable:
		m.gone()
		return fmt.Errorf("%w at %s (%s): start it, or correct the address: %.200s", ErrUnreachable, m.address, call, s.Message())
	case codes.DeadlineExceeded:
		m.gone()
		return fmt.Errorf("%w at %s (%s) within %v: give it smaller batches, or more time: %w",
			ErrUnreachable, m.address, call, m.answer, context.DeadlineExceeded)
	case codes.Unimplemented:
		return fmt.Errorf("%w: the model at %s has no %s", model.ErrUnsupported, m.address, call)
	case codes.Canceled:
		return fmt.Errorf("%s of the model at %s: %w", call, m.address, context.Canceled)
	}
	return fmt.Errorf("%w at %s (%s): %s: %.300q", ErrRefused, m.address, call, s.Code(), s.Message())
}

// gone says that the next call must ask who is there.
func (m *Model) gone() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = true
}

// wrong is an answer that no model gives.
func (m *Model) wrong(call string, err error) error {
	return fmt.Errorf("%w at %s (%s): %w", ErrAnswer, m.address, call, err)
}
