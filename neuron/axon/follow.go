package axon

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// follow answers Follow: one response for each request, sent before the next request is
// read.
func (s *Server) follow(c *call) error {
	f := &following{call: c}
	if err := c.admit(f.readOpen); err != nil {
		return err
	}
	if !s.follows.take(c.budget, 1) {
		return exhausted(s.config.Idle, "%d streams are open here, or %d of yours: close one, or ask another neuron", s.config.Follows, s.config.FollowsPerCaller)
	}
	defer s.follows.give(c.budget, 1)
	defer f.close()
	if err := f.open(); err != nil {
		return err
	}
	for {
		body, err := c.next(s.config.Idle)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.step(body); err != nil {
			return err
		}
	}
}

// following is a stream. Its follower is for one goroutine at a time: a job that runs
// is waited for, even when the caller has left.
type following struct {
	*call
	follower  model.Follower
	sequences int
	contexts  [][]byte
	dtype     tensor.DType
	classes   int
	trained   uint64
	// dst is what the follower writes to, answer the rows that are sent.
	dst, answer []float32
}

// readOpen checks the opening.
func (f *following) readOpen(body []byte) (rows int, err error) {
	card := f.describe().card
	if card.Modality != model.Text || !card.Follows || f.config.Follows == 0 {
		return 0, errUnsupported("is not followed", "ask with Forward, or ask another neuron")
	}
	var m synapse.FollowRequest
	if err := parse(body, &m); err != nil {
		return 0, err
	}
	open := m.GetOpen()
	if open == nil {
		return 0, refuse(codes.InvalidArgument, "the stream does not begin with an opening: send open first")
	}
	if open.Sequences < 1 || int64(open.Sequences) > int64(f.config.Sequences) {
		return 0, refuse(codes.InvalidArgument, "%d sequences, 1 to %d are followed: open several streams", open.Sequences, f.config.Sequences)
	}
	f.sequences, f.contexts, f.classes = int(open.Sequences), open.Contexts, card.Classes
	if f.dtype, err = dtypeOf(int32(open.Encoding)); err != nil {
		return 0, err
	}
	return f.readContexts()
}

// readContexts checks that a follower can read them: it takes a byte of each of the
// first so many sequences.
func (f *following) readContexts() (rows int, err error) {
	if len(f.contexts) > f.sequences {
		return 0, refuse(codes.InvalidArgument, "%d contexts for %d sequences: send one for each at most", len(f.contexts), f.sequences)
	}
	for i, c := range f.contexts {
		if i > 0 && len(c) > len(f.contexts[i-1]) {
			return 0, refuse(codes.InvalidArgument, "context %d has %d bytes, the one before %d: put the longest first", i, len(c), len(f.contexts[i-1]))
		}
		rows += len(c)
	}
	if rows > f.config.Rows {
		return 0, refuse(codes.InvalidArgument, "contexts of %d bytes together, at most %d are taken: send their ends alone", rows, f.config.Rows)
	}
	return rows, nil
}

// open makes the follower, reads the contexts and answers with a row for each that is
// not empty.
func (f *following) open() error {
	known := 0
	for known < len(f.contexts) && len(f.contexts[known]) > 0 {
		known++
	}
	f.dst = make([]float32, f.sequences*f.classes)
	f.answer = make([]float32, known*f.classes)
	err := f.alone(func(ctx context.Context) error {
		expert := f.deps.Expert()
		if expert == nil {
			return model.ErrClosed
		}
		f.trained = stepOf(expert)
		var err error
		if f.follower, err = expert.Follow(f.sequences); err != nil {
			return err
		}
		return f.read(ctx, known)
	})
	if err != nil {
		return err
	}
	contexts := f.contexts
	f.contexts, f.body = nil, nil
	if len(contexts) == 0 || known == 0 {
		return f.send(appendStep(nil, f.trained))
	}
	return f.tell(known, f.answer)
}

// read walks the contexts; the row of each is kept when its last byte was read.
func (f *following) read(ctx context.Context, known int) error {
	next := make([]byte, known)
	for at := 0; known > 0; at++ {
		for i := range known {
			next[i] = f.contexts[i][at]
		}
		if err := f.follower.Next(ctx, next[:known], f.dst[:known*f.classes]); err != nil {
			return err
		}
		for known > 0 && len(f.contexts[known-1]) == at+1 {
			known--
			copy(f.answer[known*f.classes:][:f.classes], f.dst[known*f.classes:])
		}
	}
	return nil
}

// step reveals a byte of each sequence and answers with the distributions of the next.
func (f *following) step(body synapse.Raw) error {
	var m synapse.FollowRequest
	if err := parse(body, &m); err != nil {
		return err
	}
	step := m.GetStep()
	if step == nil {
		return refuse(codes.InvalidArgument, "the stream was opened before: send steps, or open another")
	}
	n := len(step.Bytes)
	if n < 1 || n > f.sequences {
		return refuse(codes.InvalidArgument, "%d bytes in a step of %d sequences: send one for each of the first so many, 1 at least", n, f.sequences)
	}
	if err := f.charge(max(n, callRows), f.config.Idle); err != nil {
		return err
	}
	err := f.alone(func(ctx context.Context) error {
		if step.Restart {
			f.follower.Restart()
		}
		return f.follower.Next(ctx, step.Bytes, f.dst[:n*f.classes])
	})
	if err != nil {
		return err
	}
	return f.tell(n, f.dst[:n*f.classes])
}

// tell sends rows.
func (f *following) tell(rows int, x []float32) error {
	body, err := answerOf(tensor.Header{Modality: tensor.ModalityText, DType: f.dtype, Shape: tensor.Shape{rows, f.classes}}, x, f.trained)
	if err != nil {
		return f.failed(err)
	}
	r, err := f.room(len(body))
	if err != nil {
		return err
	}
	return r.send(body)
}

// alone runs something of the stream in the queue.
func (f *following) alone(run func(context.Context) error) error {
	o := f.queue.do(&job{ctx: f.ctx, caller: f.budget, rank: f.rank(), exempt: true, run: run})
	return f.verdict(o, false)
}

func (f *following) close() {
	if f.follower == nil {
		return
	}
	if err := f.follower.Close(); err != nil {
		f.log.Error("a follower did not close", "error", err)
	}
}
