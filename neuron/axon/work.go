package axon

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taonet/taonet/neuron/model"
)

// work starts the workers; they end with the queue.
func (s *Server) work(group *sync.WaitGroup) {
	for range s.config.Workers {
		group.Go(func() {
			for batch := s.queue.next(); batch != nil; batch = s.queue.next() {
				began := time.Now()
				rows := s.run(batch)
				s.queue.ran(len(batch), time.Since(began))
				if rows > 0 {
					s.meter.Ran(len(batch), rows, time.Since(began))
				}
			}
		})
	}
}

// run runs jobs that were taken together and returns how many rows that were.
func (s *Server) run(batch []*job) (rows int) {
	if j := batch[0]; j.run != nil {
		j.done <- outcome{err: guard(func() error { return j.run(j.ctx) })}
		return 0
	}
	in := join(batch)
	ctx, cancel := together(batch)
	defer cancel()
	expert := s.deps.Expert()
	if expert == nil {
		finish(batch, outcome{refusal: errNoModel()}, 0)
		return 0
	}
	cols := batch[0].shape.cols
	memory := s.output(in.Rows() * cols)
	o := outcome{answer: *memory, step: stepOf(expert), release: s.lend(memory, len(batch))}
	forward := expert.Forward
	if batch[0].shape.hidden {
		forward = expert.Hidden
	}
	o.err = guard(func() error { return forward(ctx, in, o.answer) })
	finish(batch, o, cols)
	return in.Rows()
}

// guard turns a panic into an error: a model may be anybody's.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	return f()
}

// errPanic is never the caller's fault.
var errPanic = errors.New("the model panicked")

// join makes one input of many.
func join(batch []*job) model.Input {
	in := batch[0].in
	if len(batch) == 1 {
		return in
	}
	in.Tokens, in.Values, in.Count = nil, nil, 0
	for _, j := range batch {
		in.Count += j.in.Count
		in.Tokens = append(in.Tokens, j.in.Tokens...)
		in.Values = append(in.Values, j.in.Values...)
	}
	return in
}

// together ends when every one of the callers has hung up.
func together(batch []*job) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	left := atomic.Int64{}
	left.Store(int64(len(batch)))
	stops := make([]func() bool, len(batch))
	for i, j := range batch {
		stops[i] = context.AfterFunc(j.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// finish gives each job its part.
func finish(batch []*job, o outcome, cols int) {
	at := 0
	for _, j := range batch {
		mine := o
		if o.answer != nil {
			n := j.in.Rows() * cols
			mine.answer = o.answer[at : at+n : at+n]
			at += n
		}
		j.done <- mine
	}
}

// output is memory for n values.
func (s *Server) output(n int) *[]float32 {
	if p, ok := s.outputs.Get().(*[]float32); ok && cap(*p) >= n {
		*p = (*p)[:n]
		return p
	}
	memory := make([]float32, n)
	return &memory
}

// lend is a function that so many holders call once each; then the memory is used
// again. A holder that never does leaves it to the garbage collector.
func (s *Server) lend(memory *[]float32, holders int) func() {
	left := atomic.Int64{}
	left.Store(int64(holders))
	return func() {
		if left.Add(-1) == 0 {
			s.outputs.Put(memory)
		}
	}
}
