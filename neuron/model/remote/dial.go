package remote

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/tensor"
)

const (
	// answerTime is how long a process may take to answer.
	answerTime = 30 * time.Second
	// storeTime is how long it may take to save or load.
	storeTime = 5 * time.Minute
	// describeTime is how long Card waits for a new hash.
	describeTime = 5 * time.Second
	// maxMessage is the largest message: a frame and what is around it. A Step has two
	// frames and the targets.
	maxMessage = 2*tensor.MaxBytes + 1<<20
)

// Option changes how Dial works.
type Option func(*options)

type options struct {
	anyHost bool
	answer  time.Duration
}

// AllowAnyHost lets the process be on another machine, for a network that nobody else
// can reach: what is sent is neither encrypted nor signed.
func AllowAnyHost() Option { return func(o *options) { o.anyHost = true } }

// AnswerWithin is how long one call may take, 30 s without it.
func AnswerWithin(d time.Duration) Option { return func(o *options) { o.answer = d } }

// Model is a model in another process, as an Expert. It is safe for concurrent use.
type Model struct {
	address string
	answer  time.Duration
	conn    *grpc.ClientConn
	client  ModelServiceClient

	mu            sync.Mutex
	card          model.Card
	trains, saves bool
	// trained: the card's hash is an old one. lost: the process may be another one.
	trained, lost bool
}

// Dial connects to a process at host:port, a loopback address, or unix:/path, and asks
// what its model is. It does not wait for a process that is not there. Close ends it.
func Dial(ctx context.Context, address string, with ...Option) (*Model, error) {
	o := options{answer: answerTime}
	for _, set := range with {
		set(&o)
	}
	target, err := target(address, o.anyHost)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			// A process on this machine is back as soon as it listens.
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: time.Second,
		}))
	if err != nil {
		return nil, fmt.Errorf("the model's address %q: %w", address, err)
	}
	m := &Model{address: address, answer: o.answer, conn: conn, client: NewModelServiceClient(conn)}
	if err := m.describe(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return m, nil
}

// Close ends the connection; open followers end with it.
func (m *Model) Close() error { return m.conn.Close() }

// target is gRPC's form of an address.
func target(address string, anyHost bool) (string, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return "", fmt.Errorf("the model's address %q: give the socket's whole path, unix:/run/model.sock", address)
		}
		return "unix:" + path, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return "", fmt.Errorf("the model's address %q: give host:port, 127.0.0.1:7300 for example, or unix:/path", address)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost":
		host = "127.0.0.1"
	case !anyHost && (ip == nil || !ip.IsLoopback()):
		return "", fmt.Errorf("the model's address %q is not on this machine, and nothing that is sent there is protected: use 127.0.0.1, [::1] or unix:/path, or allow any host", address)
	case ip == nil:
		return "dns:///" + address, nil
	}
	return "passthrough:///" + net.JoinHostPort(host, port), nil
}

// describe asks for the card. One of another kind than the card before is an error.
func (m *Model) describe(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, m.answer)
	defer stop()
	response, err := m.client.Describe(ctx, &DescribeRequest{})
	if err != nil {
		return m.explain("Describe", err)
	}
	card, err := fromProto(response.Card)
	if err != nil {
		return fmt.Errorf("%w: the card of the model at %s: %w", ErrAnswer, m.address, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.card.Classes > 0 && !sameKind(m.card, card) {
		m.lost = true
		return fmt.Errorf("%w: the model at %s was a %q and is now a %q of another kind: start the one that was there, or the neuron anew",
			ErrAnswer, m.address, m.card.Architecture, card.Architecture)
	}
	m.card, m.trains, m.saves = card, response.Trains, response.Saves
	m.trained, m.lost = false, false
	return nil
}

// ready makes sure that a process that was lost is back as what it was.
func (m *Model) ready(ctx context.Context) (model.Card, error) {
	m.mu.Lock()
	card, lost := m.card, m.lost
	m.mu.Unlock()
	if lost {
		return card, m.describe(ctx)
	}
	return card, nil
}

// Card describes the model. After training it asks the process for the new hash, and
// gives the old one when there is no answer within 5 s.
func (m *Model) Card() model.Card {
	m.mu.Lock()
	trained := m.trained || m.lost
	m.mu.Unlock()
	if trained {
		ctx, stop := context.WithTimeout(context.Background(), describeTime)
		defer stop()
		_ = m.describe(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.card
}

// Trains says that Step is there.
func (m *Model) Trains() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trains
}

// Saves says that Save and Load are there.
func (m *Model) Saves() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saves
}
