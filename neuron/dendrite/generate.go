package dendrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

const (
	// MaxGenerate is the most bytes that can be asked for.
	MaxGenerate = 65536
	// generateTimeouts is how many ceilings a whole text may take. Each message of it
	// has a time-out of its own.
	generateTimeouts = 20
)

// Generate has the peer continue a text by up to most bytes, 1 to MaxGenerate, and
// hands them to emit as they come, on the caller's goroutine. It fails with what emit
// fails with, and with model.ErrUnsupported when the peer does not generate.
func (p *Peer) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	d, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	request := &synapse.GenerateRequest{Prompt: prompt, Most: uint32(max(most, 0)), Temperature: temperature, Seed: seed}
	switch size := proto.Size(request); {
	case !d.Card.Generates:
		err = fmt.Errorf("%w: it generates no text", model.ErrUnsupported)
	case most < 1 || most > MaxGenerate:
		err = fmt.Errorf("%d bytes, the range is 1 to %d", most, MaxGenerate)
	case !(temperature >= 0 && temperature <= 2):
		err = fmt.Errorf("temperature %g, the range is 0 to 2", temperature)
	case d.Limits.Message > 0 && size > d.Limits.Message:
		err = fmt.Errorf("a prompt of %d bytes makes a request of %d, it takes %d: shorten it", len(prompt), size, d.Limits.Message)
	}
	if err != nil {
		return p.refuse(generate, err)
	}
	limit := generateTimeouts * p.d.cfg.TimeoutCeiling
	return p.call(ctx, generate, limit, func(limited context.Context, conn *grpc.ClientConn, a *attempt) error {
		g := &generation{p: p, attempt: a, left: most, emit: emit}
		return g.run(limited, conn, request)
	})
}

// generation is one Generate under way.
type generation struct {
	p       *Peer
	attempt *attempt
	left    int // bytes that may come
	emit    func([]byte) error
}

func (g *generation) run(ctx context.Context, conn *grpc.ClientConn, request *synapse.GenerateRequest) error {
	g.p.mu.Lock()
	pause := g.p.latencies[generate].timeout(g.p.d.cfg.TimeoutFloor, g.p.d.cfg.TimeoutCeiling)
	g.p.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := &fault{ReasonTimeout, fmt.Errorf("%w: nothing came for %s", ErrTimeout, seconds(pause))}
	timer := time.AfterFunc(pause, func() { cancel(stalled) })
	defer timer.Stop()
	err := g.receive(ctx, conn, request, timer, pause)
	if err != nil && errors.Is(context.Cause(ctx), stalled) {
		return stalled
	}
	return err
}

// receive hands on the messages until one says that it is the last. The timer does not
// run while emit does.
func (g *generation) receive(ctx context.Context, conn *grpc.ClientConn, request *synapse.GenerateRequest, timer *time.Timer, pause time.Duration) error {
	md, _ := metadata.FromOutgoingContext(ctx)
	stream, answer, err := g.p.open(ctx, conn, generate, md, request, g.left+slack)
	if err != nil {
		return err
	}
	g.attempt.latency = g.p.d.deps.Now().Sub(g.attempt.began)
	for {
		timer.Stop()
		done, err := g.take(answer)
		if done || err != nil {
			return err
		}
		timer.Reset(pause)
		var next synapse.Raw
		if err := stream.RecvMsg(&next); errors.Is(err, io.EOF) {
			return &fault{ReasonConnection, errors.New("it closed the stream before the text was done")}
		} else if err != nil {
			return err
		}
		answer = next
	}
}

// take hands on one message.
func (g *generation) take(answer []byte) (done bool, err error) {
	r := &synapse.GenerateResponse{}
	if err := proto.Unmarshal(answer, r); err != nil {
		return false, wrong("%w", err)
	}
	if len(r.Text) > g.left {
		return false, wrong("%d bytes more than were asked for", len(r.Text)-g.left)
	}
	if len(r.Text) == 0 && !r.Done {
		return false, wrong("a message without text that is not the last")
	}
	g.left -= len(r.Text)
	if len(r.Text) > 0 {
		if err := g.emit(r.Text); err != nil {
			return false, local("%w", err)
		}
	}
	return r.Done, nil
}
