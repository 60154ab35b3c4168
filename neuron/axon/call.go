package axon

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/synapse"
)

// prefix of the full names of methods.
const prefix = "/tao.synapse.v1.SynapseService/"

// tap sees a call when its headers have come, before anything is set up for it: the
// cheapest place to refuse.
func (s *Server) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	host, c := "", connOf(ctx)
	if c != nil {
		host = c.host
	}
	wait, ok := s.addresses.take(host, 1, s.now(), 0)
	if ok {
		if c != nil {
			c.behaves()
		}
		return ctx, nil
	}
	if c != nil {
		c.floods()
	}
	s.meter.Called(known(info.FullMethodName), codes.ResourceExhausted, 0)
	return ctx, exhausted(wait, "%s may make %d calls per second: ask again in %s", host, s.config.CallsPerSecond, wait)
}

// known keeps names that callers make up out of the meters.
func known(method string) string {
	switch name, _ := strings.CutPrefix(method, prefix); name {
	case "Describe", "Forward", "Follow", "Backward", "Seen", "Generate":
		return name
	}
	return "unknown"
}

// call is a call on its way.
type call struct {
	*Server
	method string // full name
	stream grpc.ServerStream
	ctx    context.Context
	conn   *conn // nil in tests without a network
	host   string

	signed synapse.Signed
	head   *synapse.Head // nil in Describe
	body   synapse.Raw
	caller Caller
	paid   uint64
	// budget is whose compute the call uses.
	budget string
	// held is bytes of memory of the request.
	held int64
	// answered says that the signed answer was sent.
	answered bool
}

// handle is the way through one method.
func (s *Server) handle(name string, serve func(*call) error) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) (err error) {
		began := time.Now()
		c := &call{Server: s, method: prefix + name, stream: stream, ctx: stream.Context(), conn: connOf(stream.Context())}
		if c.conn != nil {
			c.host = c.conn.host
		}
		if name != "Follow" && name != "Generate" {
			var cancel context.CancelFunc
			c.ctx, cancel = context.WithTimeout(c.ctx, s.config.Longest)
			defer cancel()
		}
		defer func() {
			if r := recover(); r != nil {
				s.log.Error("a call panicked", "method", name, "panic", r, "stack", string(debug.Stack()))
				err = refuse(codes.Internal, "this neuron failed: ask again, or ask another neuron")
			}
			s.memory.give(c.host, c.held)
			code := status.Code(err)
			s.meter.Called(name, code, time.Since(began))
			if err != nil {
				s.log.Debug("refused", "method", name, "code", code, "error", err, "address", c.host)
			}
		}()
		return serve(c)
	}
}

// receive reads the first message. Until it is there, memory for the largest is set
// aside.
func (c *call) receive() error {
	if !c.memory.take(c.host, int64(c.message)) {
		return exhausted(time.Second, "this neuron is reading as many requests as it has memory for, a quarter of it for one address: ask again in a second")
	}
	c.held = int64(c.message)
	body, err := c.next(c.config.Receive)
	c.memory.give(c.host, c.held-int64(len(body)))
	c.held, c.body = int64(len(body)), body
	if errors.Is(err, io.EOF) {
		return refuse(codes.InvalidArgument, "no message came: send one")
	}
	return err
}

// next reads a message. It fails with io.EOF when the caller has no more. What is still
// being read when it fails ends with the call. gRPC itself answers a message that is too
// large.
func (c *call) next(within time.Duration) (synapse.Raw, error) {
	type message struct {
		body synapse.Raw
		err  error
	}
	came := make(chan message, 1)
	go func() {
		var m message
		m.err = c.stream.RecvMsg(&m.body)
		came <- m
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case m := <-came:
		return m.body, m.err
	case <-timer.C:
		return nil, refuse(codes.DeadlineExceeded, "no message came within %s: send it in that time", within)
	case <-c.ctx.Done():
		return nil, hungUp(c.ctx)
	case <-c.stopping:
		return nil, errStopping()
	}
}

// room is memory set aside for an answer.
type room struct {
	call  *call
	bytes int64
	used  bool
}

// room sets memory aside for an answer of up to n bytes, before it is computed. Without
// it, callers could ask for much and read nothing.
func (c *call) room(n int) (*room, error) {
	if c.conn != nil && !c.conn.owe(int64(n)) {
		return nil, exhausted(time.Second, "%d bytes of answer on top of those not read yet are too much for one connection or address: read the others, and ask again", n)
	}
	return &room{call: c, bytes: int64(n)}, nil
}

// send sends what the room was for.
func (r *room) send(body synapse.Raw) error {
	c := r.call
	if c.conn == nil {
		return c.send(body)
	}
	r.used = true
	c.conn.settle(r.bytes, int64(len(body)))
	err := c.send(body)
	if err != nil {
		c.conn.forget(int64(len(body))) // it was not handed over
	}
	return err
}

// release gives the memory back when nothing was sent.
func (r *room) release() {
	if r.call.conn != nil && !r.used {
		r.call.conn.settle(r.bytes, 0)
	}
}

// send sends a message of the answer, the first one signed.
func (c *call) send(body synapse.Raw) error {
	if !c.answered && c.head != nil {
		signed, err := synapse.SignResponse(c.deps.Signer, c.signed.Head, body)
		if err != nil {
			c.log.Error("an answer could not be signed", "error", err)
			return refuse(codes.Internal, "this neuron could not sign its answer: ask again, or ask another neuron")
		}
		if err := c.stream.SetHeader(signed.Metadata()); err != nil {
			return err
		}
	}
	c.answered = true
	return c.stream.SendMsg(&body)
}

// reply sends a small answer.
func (c *call) reply(m proto.Message) error {
	body, err := proto.Marshal(m)
	if err != nil {
		return c.failed(err)
	}
	r, err := c.room(len(body))
	if err != nil {
		return err
	}
	return r.send(body)
}

// metadata is what came with the call.
func (c *call) metadata() metadata.MD {
	md, _ := metadata.FromIncomingContext(c.stream.Context())
	return md
}
