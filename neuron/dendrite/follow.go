package dendrite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// ErrClosed says that a stream has ended: by Close, or by the error before.
var ErrClosed = errors.New("the stream is closed")

// Stream is a peer that follows parallel sequences. It is for one goroutine, only Close
// may come from others. It ends with its first error and must be closed in any case.
type Stream struct {
	p         *Peer
	client    grpc.ClientStream
	cancel    context.CancelFunc
	close     sync.Once
	ctx       context.Context
	sequences int
	restart   bool
	first     []float32
	buffer    []float32
}

// Follow opens a stream of up to so many sequences of text. contexts are what the first
// of them have read already, the longest first. ctx bounds the opening alone; the stream lives until
// Close, or until the peer's record changes. It fails with model.ErrUnsupported when
// the peer does not follow.
func (p *Peer) Follow(ctx context.Context, sequences int, contexts ...[]byte) (*Stream, error) {
	d, err := p.Describe(ctx)
	if err != nil {
		return nil, err
	}
	request := &synapse.FollowRequest{Kind: &synapse.FollowRequest_Open{Open: &synapse.FollowOpen{
		Sequences: uint32(max(sequences, 0)), Encoding: encodingOf(p.d.cfg.Encoding), Contexts: contexts,
	}}}
	known, err := d.follows(sequences, contexts, proto.Size(request))
	if err != nil {
		return nil, p.refuse(follow, err)
	}
	s := &Stream{p: p, sequences: sequences}
	if n := p.streams.Add(1); d.Limits.Streams > 0 && n > int64(d.Limits.Streams) {
		p.streams.Add(-1)
		return nil, p.refuse(follow, fmt.Errorf("%d streams are open, it takes %d: close one", n-1, d.Limits.Streams))
	}
	s.ctx, s.cancel = context.WithCancel(p.ctx)
	err = p.call(ctx, follow, 0, func(limited context.Context, conn *grpc.ClientConn, _ *attempt) error {
		return s.open(limited, conn, request, known)
	})
	if err == nil {
		err = p.register(ctx, s)
	}
	if err != nil {
		_ = s.Close() // always nil
		return nil, err
	}
	return s, nil
}

// follows says why the peer cannot follow that many sequences, or how many of the
// contexts are not empty.
func (d *Description) follows(sequences int, contexts [][]byte, size int) (known int, err error) {
	most := tensor.MaxPayloadBytes / (4 * model.Vocabulary) // in f32
	if l := d.Limits.Sequences; l > 0 {
		most = min(most, l)
	}
	total, sorted := 0, true
	for i, c := range contexts {
		total += len(c)
		sorted = sorted && (i == 0 || len(c) <= len(contexts[i-1]))
		if len(c) > 0 {
			known++
		}
	}
	switch {
	case !d.Card.Follows || d.Card.Modality != model.Text:
		return 0, fmt.Errorf("%w: it follows no sequences", model.ErrUnsupported)
	case sequences < 1 || sequences > most:
		return 0, fmt.Errorf("%d sequences, it takes 1 to %d: open several streams", sequences, most)
	case len(contexts) > sequences:
		return 0, fmt.Errorf("%d contexts for %d sequences: give at most one each", len(contexts), sequences)
	case !sorted:
		return 0, errors.New("a context is longer than the one before: give the longest first")
	case d.Limits.Rows > 0 && total > d.Limits.Rows || d.Limits.Message > 0 && size > d.Limits.Message:
		return 0, fmt.Errorf("contexts of %d bytes make a request of %d, it takes %d and %d: shorten them to the card's context", total, size, d.Limits.Rows, d.Limits.Message)
	}
	return known, nil
}

// open sends the opening and reads the answer, a row for each context that is known.
func (s *Stream) open(limited context.Context, conn *grpc.ClientConn, request proto.Message, known int) error {
	size, err := s.p.d.cfg.Encoding.Bytes(s.sequences * model.Vocabulary)
	if err != nil {
		return local("%w", err)
	}
	return s.within(limited, func() error {
		md, _ := metadata.FromOutgoingContext(limited)
		client, answer, err := s.p.open(s.ctx, conn, follow, md, request, tensor.HeaderBytes+size+slack)
		if err != nil {
			return err
		}
		s.client = client
		r := &synapse.FollowResponse{}
		if err := proto.Unmarshal(answer, r); err != nil {
			return wrong("%w", err)
		}
		if known == 0 && len(r.Output) == 0 {
			return nil
		}
		s.first, err = s.read(nil, r.Output, known)
		return err
	})
}

// within ends the stream when ctx ends while do runs.
func (s *Stream) within(ctx context.Context, do func() error) error {
	stop := context.AfterFunc(ctx, s.cancel)
	err := do()
	switch {
	case !stop():
		return ctx.Err()
	case err != nil && s.ctx.Err() != nil:
		return local("%w", ErrClosed)
	}
	return err
}

func (s *Stream) read(buffer []float32, frame []byte, rows int) ([]float32, error) {
	return numbers(buffer, frame, s.p.d.cfg.Encoding, tensor.Shape{rows, model.Vocabulary}, true)
}

// First are the distributions that follow the contexts that are not empty, a row of 256
// for each; nil when there are none.
func (s *Stream) First() []float32 { return s.first }

// Next reveals one byte of each of the first len(bytes) sequences and writes the
// distributions of those that follow to dst, len(bytes) x 256. After an error the
// stream is closed, unless it is one of the arguments.
func (s *Stream) Next(ctx context.Context, bytes []byte, dst []float32) error {
	n := len(bytes)
	if n < 1 || n > s.sequences || len(dst) != n*model.Vocabulary {
		return s.p.refuse(follow, fmt.Errorf("%d bytes and room for %d numbers: the stream has %d sequences of %d", n, len(dst), s.sequences, model.Vocabulary))
	}
	leave, err := s.p.enter(ctx, follow)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.over(); err != nil {
		return err
	}
	err = s.p.run(ctx, follow, &attempt{}, func(limited context.Context, _ *attempt) error {
		return s.within(limited, func() error { return s.step(bytes) })
	})
	if err == nil {
		s.restart = false
		err = s.p.deliver(ctx, follow, func() { copy(dst, s.buffer) })
	}
	if err != nil {
		_ = s.Close() // always nil
	}
	return err
}

// over is the Error of a stream that has ended.
func (s *Stream) over() error {
	switch {
	case s.p.ctx.Err() != nil:
		return s.p.problem(follow, ReasonGone, 0, ErrGone)
	case s.ctx.Err() != nil:
		return s.p.refuse(follow, ErrClosed)
	}
	return nil
}

func (s *Stream) step(bytes []byte) error {
	message := &synapse.FollowRequest{Kind: &synapse.FollowRequest_Step{Step: &synapse.FollowStep{Bytes: bytes, Restart: s.restart}}}
	_ = s.client.SendMsg(message) // RecvMsg has the status when the stream is broken
	var answer synapse.Raw
	if err := receive(s.client, &answer); err != nil {
		return err
	}
	r := &synapse.FollowResponse{}
	if err := proto.Unmarshal(answer, r); err != nil {
		return wrong("%w", err)
	}
	var err error
	s.buffer, err = s.read(s.buffer, r.Output, len(bytes))
	return err
}

// Restart makes all sequences begin anew with the next Next.
func (s *Stream) Restart() { s.restart = true }

// Close ends the stream. It never fails.
func (s *Stream) Close() error {
	s.close.Do(func() {
		s.cancel()
		s.p.streams.Add(-1)
	})
	return nil
}
