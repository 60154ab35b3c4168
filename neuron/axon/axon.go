package axon

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// Server is an axon. Make one with New.
type Server struct {
	config      Config
	deps        Deps
	log         *slog.Logger
	meter       Meter
	now         func() time.Time
	started     time.Time
	tls         *tls.Config
	fingerprint [sha256.Size]byte
	receiver    string
	// message is the largest request in bytes.
	message int
	// unreadPerConnection bounds the answers that one connection leaves unread.
	unreadPerConnection int64

	addresses, callers           *buckets
	connections, memory, answers *quota
	follows, generates           *quota
	nonces, samples              *generations
	queue                        *queue
	outputs                      sync.Pool
	described                    atomic.Pointer[described]
	describing                   sync.Mutex

	// stopping ends streams, stopped the rest.
	stopping, stopped chan struct{}
	stop              func()
	served            atomic.Bool

	mu   sync.Mutex
	open map[*conn]struct{}
}

// New makes an axon; Serve starts it. It fails on a configuration or dependencies that
// cannot work, and while there is no model.
func New(config Config, deps Deps) (*Server, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	if deps.Expert == nil || deps.Signer == nil || deps.Verifier == nil || deps.Registry == nil {
		return nil, errors.New("axon: Expert, Signer, Verifier and Registry are needed: give all four")
	}
	s := &Server{config: config, deps: deps, log: deps.Log, meter: deps.Meter, now: deps.Clock, receiver: deps.Signer.Address()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.meter == nil {
		s.meter = silent{}
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.started = s.now()
	var err error
	if s.tls, s.fingerprint, err = synapse.ServerTLS(config.Certificate); err != nil {
		return nil, fmt.Errorf("axon: %w: make one with synapse.NewCertificate", err)
	}
	if err := s.bounds(); err != nil {
		return nil, err
	}
	s.stopping, s.stopped, s.open = make(chan struct{}), make(chan struct{}), map[*conn]struct{}{}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	return s, nil
}

// bounds makes everything that has one.
func (s *Server) bounds() error {
	c := &s.config
	expert := s.deps.Expert()
	if expert == nil {
		return errors.New("axon: there is no model yet: load one before the axon starts")
	}
	if s.message = c.Message; s.message == 0 {
		s.message = c.largest(expert.Card())
	}
	s.unreadPerConnection = min(c.Memory/4, max(32<<20, int64(s.message)))
	var err error
	if s.addresses, err = newBuckets(c.CallsPerSecond, c.CallBurst, c.Addresses); err != nil {
		return err
	}
	if s.callers, err = newBuckets(c.RowsPerSecond, c.RowBurst, c.Callers); err != nil {
		return err
	}
	s.connections = newQuota(int64(c.Connections), int64(c.ConnectionsPerAddress))
	if c.Memory/4 < int64(s.message) {
		return fmt.Errorf("axon: a request may have %d bytes and Memory is %d: give four times the request at least", s.message, c.Memory)
	}
	s.memory, s.answers = newQuota(c.Memory, c.Memory/4), newQuota(c.Memory, c.Memory/4)
	s.follows = newQuota(int64(c.Follows), int64(c.FollowsPerCaller))
	s.generates = newQuota(int64(c.Generates), int64(c.GeneratesPerCaller))
	s.nonces = newGenerations(2, c.Nonces, 2*c.Window, s.started)
	s.samples = newGenerations(sampleSets, c.Samples, sampleSpan, s.started)
	s.queue = newQueue(c, s.meter)
	if s.describe() == nil {
		return errors.New("axon: the model's card cannot be sent: give it an architecture in UTF-8")
	}
	return nil
}

// largest is what the largest request has in bytes: a Forward, a Follow's opening, and
// so on; with Backward, a gradient beside the input.
func (c *Config) largest(card model.Card) int {
	rows := c.Rows
	forward := frameBytes(rows, exampleOf(card))
	if card.Modality == model.Text {
		forward = tensor.HeaderBytes + rows
	}
	if c.Backward {
		forward += frameBytes(rows, card.Classes)
	}
	follow := rows + 8*c.Sequences
	return max(forward, follow, max(maxPrompt, card.Context), 40*maxSamples) + slack
}

// Fingerprint is that of the key in the certificate; it belongs into the axon record
// on chain.
func (s *Server) Fingerprint() [sha256.Size]byte { return s.fingerprint }

// Serve answers on a listener, which it closes, until the context ends or Close is
// called; then it stops as Close does and returns nil. It serves once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	if s.served.Swap(true) {
		_ = listener.Close()
		return errors.New("axon: it served before: make a new one")
	}
	g := s.grpc()
	quit := context.AfterFunc(ctx, s.stop)
	defer quit()
	var work sync.WaitGroup
	s.work(&work)
	work.Go(s.watch)
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(&gate{Listener: listener, server: s}) }()
	var err error
	select {
	case err = <-ended:
		s.stop()
	case <-s.stopping:
	}
	s.drain(g)
	close(s.stopped)
	s.queue.close()
	work.Wait()
	if err != nil {
		return fmt.Errorf("axon: %w", err)
	}
	return nil
}

// drain lets calls end, and ends them when their time is over. gRPC itself would wait
// for handshakes.
func (s *Server) drain(g *grpc.Server) {
	hard := time.AfterFunc(s.config.Grace, func() {
		s.mu.Lock()
		list := slices.Collect(maps.Keys(s.open))
		s.mu.Unlock()
		for _, c := range list {
			_ = c.Close()
		}
		g.Stop()
	})
	defer hard.Stop()
	g.GracefulStop()
}

// Close makes Serve return: no new calls, streams end with UNAVAILABLE, the other calls
// get Config.Grace to end. It does not wait; Serve does.
func (s *Server) Close() error {
	s.stop()
	return nil
}

// grpc is the server with its bounds. A window of a stream cannot be smaller than 64
// KiB; a message for which there is memory gets a larger one when it is read.
func (s *Server) grpc() *grpc.Server {
	c := &s.config
	g := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(s.tls)),
		grpc.ForceServerCodecV2(synapse.Codec{}),
		grpc.InTapHandle(s.tap),
		grpc.MaxRecvMsgSize(s.message),
		grpc.MaxHeaderListSize(16<<10),
		grpc.MaxConcurrentStreams(uint32(c.CallsPerConnection)),
		grpc.WaitForHandlers(true),
		grpc.ConnectionTimeout(c.Handshake),
		grpc.StaticStreamWindowSize(64<<10),
		grpc.StaticConnWindowSize(1<<20),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 5 * time.Minute, Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	g.RegisterService(s.service(), nil)
	return g
}

// service registers every method as a stream: so its head can be looked at before its
// message is read. Clients see no difference.
func (s *Server) service() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: synapse.SynapseService_ServiceDesc.ServiceName, Metadata: synapse.SynapseService_ServiceDesc.Metadata}
	for name, serve := range map[string]func(*call) error{
		"Describe": s.describeCall, "Forward": s.forward, "Follow": s.follow,
		"Backward": s.backward, "Seen": s.seen, "Generate": s.generate,
	} {
		d.Streams = append(d.Streams, grpc.StreamDesc{StreamName: name, Handler: s.handle(name, serve), ServerStreams: true, ClientStreams: true})
	}
	return d
}
