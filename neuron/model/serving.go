package model

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/taonet/taonet/neuron/nn"
)

// ErrClosed says that a served model or a follower was used after its end.
var ErrClosed = errors.New("model: closed")

const (
	// rowsAtOnce bounds the memory of one pass: a larger batch is cut.
	rowsAtOnce = 512
	// spareSnapshots is how many sets of parameters wait to be written again.
	spareSnapshots = 2
)

// described is a model that can be served.
type described interface {
	Network
	Card() Card
}

// serving publishes snapshots of a model that learns elsewhere, and lends out what a
// call needs to compute with them.
//
// A snapshot is never written to while anybody holds it: Update fills another one and
// makes that the current one. Who began with the old one ends with it.
type serving[M described] struct {
	device *nn.Device
	slots  chan *slot[M]
	// updating is held while a snapshot is filled.
	updating sync.Mutex

	mu      sync.Mutex
	current *snapshot[M]
	spare   []M

	closing sync.Once
	closed  chan struct{}
}

// snapshot is the parameters at one step.
type snapshot[M described] struct {
	step uint64
	// model holds the parameters. It is only read.
	model  M
	params []*nn.Param
	// card is computed when it is first asked for.
	card func() Card
	// holders counts calls, followers, and being the current one; under serving.mu.
	holders int
}

// slot is what one call computes with.
type slot[M described] struct {
	tape *nn.Tape
	// model borrows the parameters of a snapshot: Forward of one and the same model is
	// not for several goroutines.
	model  M
	params []*nn.Param
}

// newServing publishes a first snapshot of from.
func newServing[M described](from M, blank func() M, workers int) (*serving[M], error) {
	s := &serving[M]{device: nn.NewDevice(workers), closed: make(chan struct{})}
	// While one call has all workers, others go on.
	s.slots = make(chan *slot[M], 2*s.device.Workers())
	for range cap(s.slots) {
		s.slots <- &slot[M]{}
	}
	if err := s.publish(from, blank, 0); err != nil {
		s.device.Close()
		return nil, err
	}
	return s, nil
}

// publish makes a copy of from's parameters the current snapshot.
func (s *serving[M]) publish(from M, blank func() M, step uint64) error {
	s.updating.Lock()
	defer s.updating.Unlock()
	m, ok := s.unused()
	if !ok {
		m = blank()
	}
	next := &snapshot[M]{step: step, model: m, params: m.Params(), holders: 1}
	if err := copyParams(next.params, from.Params()); err != nil {
		s.keep(m)
		return fmt.Errorf("step %d is not served: %w", step, err)
	}
	next.card = sync.OnceValue(m.Card)
	s.mu.Lock()
	old := s.current
	s.current = next
	s.mu.Unlock()
	if old != nil {
		s.release(old)
	}
	return nil
}

// copyParams copies values and nothing else. A value that is not finite would answer
// nothing that is one.
func copyParams(to, from []*nn.Param) error {
	if len(to) != len(from) {
		return fmt.Errorf("%d parameters for a model of %d", len(from), len(to))
	}
	for i, p := range from {
		if q := to[i]; p.Name != q.Name || p.Rows != q.Rows || p.Cols != q.Cols {
			return fmt.Errorf("parameter %d is %q of %s, the served model's is %q of %s: give a model of the same size", i, p.Name, p, q.Name, q)
		}
	}
	for i, p := range from {
		dst := to[i].Data
		for j, v := range p.Data {
			if v-v != 0 {
				return fmt.Errorf("value %d of parameter %q is %v: lower the learning rate and go on from a checkpoint", j, p.Name, v)
			}
			dst[j] = v
		}
	}
	return nil
}

func (s *serving[M]) unused() (m M, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.spare); n > 0 {
		m, s.spare = s.spare[n-1], s.spare[:n-1]
		return m, true
	}
	return m, false
}

func (s *serving[M]) keep(m M) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spare) < spareSnapshots {
		s.spare = append(s.spare, m)
	}
}

// hold is the current snapshot; release gives it back.
func (s *serving[M]) hold() *snapshot[M] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.holders++
	return s.current
}

func (s *serving[M]) release(old *snapshot[M]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old.holders--
	if old.holders == 0 && len(s.spare) < spareSnapshots {
		s.spare = append(s.spare, old.model)
	}
}

// with waits for a slot and computes with it.
func (s *serving[M]) with(ctx context.Context, compute func(taken *slot[M])) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case taken := <-s.slots:
		defer func() { s.slots <- taken }()
		if taken.tape == nil {
			taken.tape = nn.NewTape(s.device, 0)
		}
		taken.tape.Reset()
		compute(taken)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return ErrClosed
	}
}

// borrow makes the slot's model one with the snapshot's parameters.
func (t *slot[M]) borrow(from *snapshot[M], blank func() M) M {
	if t.params == nil {
		t.model = blank()
		t.params = t.model.Params()
	}
	for i, p := range from.params {
		t.params[i].Data = p.Data
	}
	return t.model
}

// Card describes the current snapshot. Its hash is computed once for each.
func (s *serving[M]) Card() Card {
	held := s.hold()
	defer s.release(held)
	return held.card()
}

// Step is the step of training that the current snapshot is from.
func (s *serving[M]) Step() uint64 {
	held := s.hold()
	defer s.release(held)
	return held.step
}

// Close waits for running calls and ends the workers. Calls after it fail with
// ErrClosed.
func (s *serving[M]) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		for range cap(s.slots) {
			<-s.slots
		}
		s.device.Close()
	})
	return nil
}
