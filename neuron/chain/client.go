package chain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// defaultPatience is how long one node may take to answer one question.
const defaultPatience = 5 * time.Second

// Config says which nodes, and what is known of their chain.
type Config struct {
	// Nodes are the gRPC addresses host:port of taod, the preferred one first.
	Nodes []string
	// TLS is for nodes behind a proxy with a certificate; taod itself speaks plain.
	TLS bool
	// ChainID of the chain; when it is empty, that of the first node that answers.
	ChainID string
	// MinHeight is a height that was seen before, such as before a restart: what is older
	// is not believed. 0 believes the first answer.
	MinHeight uint64
	// Patience is how long one node may take to answer one question; 0 is 5 s.
	Patience time.Duration
	// Trouble hears what is wrong with the nodes while Blocks runs: each sentence once,
	// and nil when it is over. It must return at once and may come from any goroutine.
	Trouble func(error)
	// Dialer opens connections in place of the network's, for networks in one process.
	Dialer func(ctx context.Context, address string) (net.Conn, error)
}

// Client asks nodes and sends transactions. It is safe for concurrent use.
type Client struct {
	nodes   *nodes
	codecs  codecs
	trouble *trouble

	mu sync.Mutex
	// last is the last time-out given to a free transaction: nonces differ.
	last time.Time
}

// Dial prepares a client. It asks nobody yet: a node that is down is reached when it is
// up. It fails when the configuration is wrong. Close it in the end.
func Dial(cfg Config) (*Client, error) {
	if len(cfg.Nodes) == 0 {
		return nil, errors.New("no node is named: give the gRPC address of a taod, such as localhost:9090")
	}
	for _, address := range cfg.Nodes {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	codecs, err := newCodecs()
	if err != nil {
		return nil, err
	}
	nodes, err := dialNodes(cfg, codecs.wire.GRPCCodec())
	if err != nil {
		return nil, err
	}
	return &Client{nodes: nodes, codecs: codecs, trouble: &trouble{say: cfg.Trouble, kinds: map[*watch]int{}}}, nil
}

// checkAddress wants host:port.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err == nil && portErr == nil && number > 0 && host != "" && !strings.Contains(host, "/") {
		return nil
	}
	return fmt.Errorf("node %q is no host:port of a gRPC server, such as localhost:9090 (taod's RPC on 26657 and REST on 1317 are others)", address)
}

// Close ends all connections; what waits for an answer fails.
func (c *Client) Close() error { return c.nodes.close() }

// ChainID of the chain; empty while it is not configured and no node has answered.
func (c *Client) ChainID() string { return c.nodes.chain() }

// The services of a node, by way of those that answer.
func (c *Client) auth() authtypes.QueryClient       { return authtypes.NewQueryClient(c.nodes) }
func (c *Client) bank() banktypes.QueryClient       { return banktypes.NewQueryClient(c.nodes) }
func (c *Client) neuron() neurontypes.QueryClient   { return neurontypes.NewQueryClient(c.nodes) }
func (c *Client) subnet() subnettypes.QueryClient   { return subnettypes.NewQueryClient(c.nodes) }
func (c *Client) weights() weightstypes.QueryClient { return weightstypes.NewQueryClient(c.nodes) }
func (c *Client) txs() txtypes.ServiceClient        { return txtypes.NewServiceClient(c.nodes) }

// trouble says what is wrong with the nodes, each kind once, whoever sees it.
type trouble struct {
	say func(error)

	mu    sync.Mutex
	kinds map[*watch]int // what each sees now, by kindOf
	told  int
}

// kindOf numbers the kinds of trouble; 0 is none.
func kindOf(err error) int {
	for i, kind := range []error{ErrUnreachable, ErrLagging, ErrWrongChain} {
		if errors.Is(err, kind) {
			return i + 1
		}
	}
	return 0
}

// tell says err, which one watch sees, unless its kind was said last. It says nil when
// the last of them sees nothing wrong any more.
func (t *trouble) tell(w *watch, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kind := kindOf(err)
	t.kinds[w] = kind
	if kind == 0 {
		for _, other := range t.kinds {
			if other != 0 {
				return
			}
		}
	}
	if kind == t.told {
		return
	}
	t.told = kind
	if t.say != nil {
		t.say(err)
	}
}

// leave forgets what a watch that ends has seen.
func (t *trouble) leave(w *watch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.kinds, w)
}
