package chain

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
)

const (
	// slack is by how many blocks a node may be behind what was seen elsewhere. Good
	// nodes differ by one or two.
	slack = 3
	// largestAnswer in bytes: a metagraph of 4096 neurons has about 1 MiB.
	largestAnswer = 64 << 20
	// notReady is in the answers of a node that has no state to answer from yet, or not
	// of the height that was asked for.
	notReady = "codespace sdk code 26"
)

// nodes is a connection to whichever node answers. It implements the interface that
// query clients want.
type nodes struct {
	list     []*node
	patience time.Duration

	mu      sync.Mutex
	chainID string
	seen    uint64 // the greatest height seen, or MinHeight
	current int    // who answered last
}

// node is one taod.
type node struct {
	address string
	conn    *grpc.ClientConn

	mu      sync.Mutex
	chainID string // of the present connection, empty when not asked yet
}

// dialNodes prepares connections; they are made when something is asked.
func dialNodes(cfg Config, wire encoding.Codec) (*nodes, error) {
	n := &nodes{patience: cfg.Patience, chainID: cfg.ChainID, seen: cfg.MinHeight}
	security := insecure.NewCredentials()
	if cfg.TLS {
		security = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	for _, address := range cfg.Nodes {
		one := &node{address: address}
		options := []grpc.DialOption{
			grpc.WithTransportCredentials(security),
			grpc.WithStatsHandler(one),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(wire), grpc.MaxCallRecvMsgSize(largestAnswer)),
			// A node that comes back is found within two seconds, not two minutes.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
				MinConnectTimeout: cfg.Patience,
			}),
		}
		target := address
		if cfg.Dialer != nil {
			target, options = "passthrough:///"+address, append(options, grpc.WithContextDialer(cfg.Dialer))
		}
		conn, err := grpc.NewClient(target, options...)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("node %q: %w", address, err), n.close())
		}
		one.conn = conn
		n.list = append(n.list, one)
	}
	return n, nil
}

func (n *nodes) close() error {
	var err error
	for _, one := range n.list {
		err = errors.Join(err, one.conn.Close())
	}
	return err
}

func (n *nodes) chain() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.chainID
}

// turn lets the next in line be asked first: the one that answered last is no good.
func (n *nodes) turn() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.current = (n.current + 1) % len(n.list)
}

// NewStream implements grpc.ClientConnInterface; nothing here streams.
func (*nodes) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("nothing is streamed from a node")
}

// Invoke implements grpc.ClientConnInterface: it asks the node that answered last and
// then the others, once each. An answer of a node that says no is an answer.
func (n *nodes) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	n.mu.Lock()
	first := n.current
	n.mu.Unlock()
	var failures []error
	for i := range n.list {
		at := (first + i) % len(n.list)
		err := n.ask(ctx, n.list[at], method, args, reply, opts)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !isNodes(err) {
			n.mu.Lock()
			n.current = at
			n.mu.Unlock()
			return err
		}
		failures = append(failures, err)
		if r, ok := reply.(interface{ Reset() }); ok {
			r.Reset()
		}
	}
	return together(failures)
}

// isNodes says whether an error is of the node and not of the question.
func isNodes(err error) bool {
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrLagging) || errors.Is(err, ErrWrongChain)
}

// together is one error of what every node failed with: of the kind from which there is
// the best hope to recover.
func together(failures []error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	for _, kind := range []error{ErrLagging, ErrUnreachable, ErrWrongChain} {
		for _, err := range failures {
			if !errors.Is(err, kind) {
				continue
			}
			var texts []string
			for _, other := range failures {
				if !errors.Is(other, err) {
					texts = append(texts, other.Error())
				}
			}
			if len(texts) == 0 {
				return err
			}
			return fmt.Errorf("%w; and %s", err, strings.Join(texts, "; and "))
		}
	}
	return errors.Join(failures...)
}

// ask puts one question to one node.
func (n *nodes) ask(ctx context.Context, one *node, method string, args, reply any, opts []grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, n.patience)
	defer cancel()
	if err := n.meet(ctx, one); err != nil {
		return err
	}
	var header metadata.MD
	err := one.conn.Invoke(ctx, method, args, reply, append(opts, grpc.Header(&header))...)
	if err != nil {
		return one.failed(err)
	}
	if outgoing, _ := metadata.FromOutgoingContext(ctx); len(outgoing.Get(grpctypes.GRPCBlockHeightHeader)) > 0 {
		return nil // of a past height, as asked
	}
	if text := header.Get(grpctypes.GRPCBlockHeightHeader); len(text) == 1 {
		if height, err := strconv.ParseUint(text[0], 10, 64); err == nil {
			return n.believe(one, height)
		}
	}
	return nil
}

// expect a height: what is well behind it is not believed.
func (n *nodes) expect(height uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = max(n.seen, height)
}

// believe refuses a height that is well behind what was seen before.
func (n *nodes) believe(one *node, height uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if height+slack < n.seen {
		return fmt.Errorf("%w: %s is at height %d and %d was seen before; its blocks are waited for (where a chain was begun anew, remove what this neuron remembers of the old one)", ErrLagging, one.address, height, n.seen)
	}
	n.seen = max(n.seen, height)
	return nil
}

// meet asks a node for its chain, once per connection.
func (n *nodes) meet(ctx context.Context, one *node) error {
	one.mu.Lock()
	known := one.chainID
	one.mu.Unlock()
	if known == "" {
		info, err := cmtservice.NewServiceClient(one.conn).GetNodeInfo(ctx, &cmtservice.GetNodeInfoRequest{})
		if err != nil {
			return one.failed(err)
		}
		known = info.GetDefaultNodeInfo().GetNetwork()
		one.mu.Lock()
		one.chainID = known
		one.mu.Unlock()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.chainID == "" {
		n.chainID = known
	}
	if known != n.chainID {
		return fmt.Errorf("%w: %s is of %q, this neuron of %q; name another node or another chain", ErrWrongChain, one.address, known, n.chainID)
	}
	return nil
}

// failed sorts what gRPC says: a node that cannot answer, or the answer no.
func (one *node) failed(err error) error {
	s := status.Convert(err)
	switch {
	case s.Code() == codes.Unavailable || s.Code() == codes.DeadlineExceeded || s.Code() == codes.Canceled:
		return fmt.Errorf("%w: %s: %s; is taod running there, with gRPC switched on?", ErrUnreachable, one.address, s.Message())
	case s.Code() == codes.Unimplemented:
		return fmt.Errorf("%w: what listens on %s is no taod: %s", ErrUnreachable, one.address, s.Message())
	case strings.Contains(s.Message(), notReady):
		return fmt.Errorf("%w: %s has no state to answer from yet: %s", ErrLagging, one.address, s.Message())
	}
	return err
}

// TagRPC implements stats.Handler.
func (*node) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC implements stats.Handler.
func (*node) HandleRPC(context.Context, stats.RPCStats) {}

// TagConn implements stats.Handler.
func (*node) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler: behind a new connection there may be another
// chain.
func (one *node) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, begins := s.(*stats.ConnBegin); begins {
		one.mu.Lock()
		one.chainID = ""
		one.mu.Unlock()
	}
}
