package chain_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/proto/tendermint/p2p"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/neuron/chain"
)

const blockTime = time.Second

// world is the real application in memory and a mempool: what all nodes agree on.
type world struct {
	t     *testing.T
	chain *apptest.Chain

	mu       sync.Mutex
	mempool  [][]byte
	included map[string]*sdk.TxResponse
	refused  int // by CheckTx
	// seen is called with every transaction that a node is sent.
	seen func(tx []byte)
	// spoil changes what became of a transaction in its block.
	spoil  func(*sdk.TxResponse)
	halted bool
}

// newChain is an application outside all bubbles: it keeps goroutines for as long as the
// process lives.
func newChain(t *testing.T, options ...apptest.Option) *apptest.Chain {
	t.Helper()
	return apptest.New(t, append([]apptest.Option{apptest.WithOption(app.OptionInvariants, false)}, options...)...)
}

// inBubble runs a test with a chain of its own in the time of synctest, in which nobody
// waits.
func inBubble(t *testing.T, test func(t *testing.T, w *world), options ...apptest.Option) {
	t.Helper()
	goOn(t, newChain(t, options...), test)
}

// goOn runs a test with a chain that may have had others.
func goOn(t *testing.T, c *apptest.Chain, test func(t *testing.T, w *world)) {
	t.Helper()
	w := &world{chain: c, included: map[string]*sdk.TxResponse{}}
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		test(t, w)
	})
}

// run makes a block a second until the test ends.
func (w *world) run() {
	ctx, cancel := context.WithCancel(w.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(blockTime):
				w.block()
			}
		}
	})
	w.t.Cleanup(func() { cancel(); group.Wait() })
}

// block puts all that is pending into a block.
func (w *world) block() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.halted {
		return
	}
	txs := w.mempool
	w.mempool = nil
	for i, res := range w.chain.NextBlock(txs...) {
		hash := fmt.Sprintf("%X", sha256.Sum256(txs[i]))
		w.included[hash] = &sdk.TxResponse{
			Height: w.chain.Height(), TxHash: hash, Code: res.Code, Codespace: res.Codespace, RawLog: res.Log,
			GasUsed: res.GasUsed, GasWanted: res.GasWanted, Data: fmt.Sprintf("%X", res.Data),
		}
		if w.spoil != nil {
			w.spoil(w.included[hash])
		}
	}
}

func (w *world) height() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return uint64(w.chain.Height())
}

// failing is what a node answers in place of the truth; nil for the truth.
type failing func(method string) error

// fake is a node: the world's application behind a gRPC server of its own.
type fake struct {
	w       *world
	address string
	id      string // its chain id

	mu       sync.Mutex
	server   *grpc.Server
	listener *bufconn.Listener
	fail     failing
	// afterwards fails a call that was carried out.
	afterwards failing
	stuck      uint64 // the height that it does not get beyond; 0 for none
	syncing    bool
	noIndex    bool
	deaf       bool // it takes transactions and loses them
	// answers to the next transactions in place of the truth.
	answers []*sdk.TxResponse
	calls   map[string]int
}

func (w *world) node(address string) *fake {
	f := &fake{w: w, address: address, id: apptest.ChainID, calls: map[string]int{}}
	f.start()
	w.t.Cleanup(f.stop)
	return f
}

// start serves on a new listener, as a process that begins anew does.
func (f *fake) start() {
	server := grpc.NewServer(grpc.ForceServerCodec(codec.NewProtoCodec(f.w.chain.InterfaceRegistry()).GRPCCodec()))
	own := registrar{server, f}
	f.w.chain.RegisterGRPCServer(own)
	txtypes.RegisterServiceServer(own, fakeTx{f: f})
	cmtservice.RegisterServiceServer(own, fakeComet{f: f})
	nodeservice.RegisterServiceServer(own, fakeNode{f: f})
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }() // ends by Stop
	f.mu.Lock()
	defer f.mu.Unlock()
	f.server, f.listener = server, listener
}

func (f *fake) stop() {
	f.mu.Lock()
	server := f.server
	f.server, f.listener = nil, nil
	f.mu.Unlock()
	if server != nil {
		server.Stop()
	}
}

func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// dialer connects to nodes by their addresses.
func dialer(nodes ...*fake) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		for _, f := range nodes {
			if f.address != address {
				continue
			}
			f.mu.Lock()
			listener := f.listener
			f.mu.Unlock()
			if listener != nil {
				return listener.DialContext(ctx)
			}
		}
		return nil, errors.New("connection refused")
	}
}

// dial makes a client of some nodes.
func dial(t *testing.T, change func(*chain.Config), nodes ...*fake) *chain.Client {
	t.Helper()
	cfg := chain.Config{ChainID: apptest.ChainID, Dialer: dialer(nodes...)}
	for _, f := range nodes {
		cfg.Nodes = append(cfg.Nodes, f.address)
	}
	if change != nil {
		change(&cfg)
	}
	c, err := chain.Dial(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// registrar lets every method pass through the node's faults.
type registrar struct {
	*grpc.Server
	f *fake
}

func (r registrar) RegisterService(desc *grpc.ServiceDesc, service any) {
	own := *desc
	own.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		own.Methods[i] = grpc.MethodDesc{MethodName: m.MethodName, Handler: func(
			srv any, ctx context.Context, dec func(any) error, chained grpc.UnaryServerInterceptor,
		) (any, error) {
			ctx, err := r.f.before(ctx, m.MethodName)
			if err != nil {
				return nil, err
			}
			r.f.w.mu.Lock() // one thing at a time: a block, or an answer
			answer, err := m.Handler(srv, ctx, dec, chained)
			r.f.w.mu.Unlock()
			if lost := r.f.after(m.MethodName); lost != nil {
				return nil, lost
			}
			return answer, err
		}}
	}
	r.Server.RegisterService(&own, service)
}

// before counts a call, fails it when the test says so, and lets a node that lags answer
// from the past.
func (f *fake) before(ctx context.Context, method string) (context.Context, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[method]++
	if f.fail != nil {
		if err := f.fail(method); err != nil {
			return ctx, err
		}
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if f.stuck > 0 && len(md.Get(heightHeader)) == 0 {
		md = md.Copy()
		md.Set(heightHeader, strconv.FormatUint(f.stuck, 10))
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	return ctx, nil
}

// after fails a call whose answer gets lost.
func (f *fake) after(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.afterwards == nil {
		return nil
	}
	return f.afterwards(method)
}

const heightHeader = "x-cosmos-block-height"

type fakeNode struct {
	*nodeservice.UnimplementedServiceServer
	f *fake
}

func (n fakeNode) Status(ctx context.Context, _ *nodeservice.StatusRequest) (*nodeservice.StatusResponse, error) {
	height := n.f.w.chain.Height()
	md, _ := metadata.FromIncomingContext(ctx)
	if past := md.Get(heightHeader); len(past) == 1 {
		height, _ = strconv.ParseInt(past[0], 10, 64)
	}
	if err := grpc.SetHeader(ctx, metadata.Pairs(heightHeader, strconv.FormatInt(height, 10))); err != nil {
		return nil, err
	}
	at := n.f.w.chain.Time(height)
	return &nodeservice.StatusResponse{Height: uint64(height), Timestamp: &at}, nil
}

type fakeComet struct {
	*cmtservice.UnimplementedServiceServer
	f *fake
}

func (c fakeComet) GetNodeInfo(context.Context, *cmtservice.GetNodeInfoRequest) (*cmtservice.GetNodeInfoResponse, error) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	return &cmtservice.GetNodeInfoResponse{DefaultNodeInfo: &p2p.DefaultNodeInfo{Network: c.f.id}}, nil
}

func (c fakeComet) GetSyncing(context.Context, *cmtservice.GetSyncingRequest) (*cmtservice.GetSyncingResponse, error) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	return &cmtservice.GetSyncingResponse{Syncing: c.f.syncing}, nil
}

type fakeTx struct {
	*txtypes.UnimplementedServiceServer
	f *fake
}

// BroadcastTx checks as a node's mempool does. Callers hold the world's lock.
func (x fakeTx) BroadcastTx(_ context.Context, req *txtypes.BroadcastTxRequest) (*txtypes.BroadcastTxResponse, error) {
	w := x.f.w
	hash := fmt.Sprintf("%X", sha256.Sum256(req.TxBytes))
	if w.seen != nil {
		w.seen(req.TxBytes)
	}
	for _, tx := range w.mempool {
		if string(tx) == string(req.TxBytes) {
			return &txtypes.BroadcastTxResponse{TxResponse: &sdk.TxResponse{TxHash: hash, Codespace: "sdk", Code: 19}}, nil
		}
	}
	if no := x.f.scripted(); no != nil {
		return &txtypes.BroadcastTxResponse{TxResponse: no}, nil
	}
	res, err := w.chain.CheckTx(&abci.RequestCheckTx{Tx: req.TxBytes, Type: abci.CheckTxType_New})
	if err != nil {
		return nil, err
	}
	x.f.mu.Lock()
	deaf := x.f.deaf
	x.f.mu.Unlock()
	switch {
	case res.Code != 0:
		w.refused++
	case !deaf:
		w.mempool = append(w.mempool, req.TxBytes)
	}
	return &txtypes.BroadcastTxResponse{TxResponse: &sdk.TxResponse{TxHash: hash, Codespace: res.Codespace, Code: res.Code, RawLog: res.Log}}, nil
}

// scripted is the next answer that the test has written.
func (f *fake) scripted() *sdk.TxResponse {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.answers) == 0 {
		return nil
	}
	next := f.answers[0]
	f.answers = f.answers[1:]
	return next
}

func (x fakeTx) GetTx(_ context.Context, req *txtypes.GetTxRequest) (*txtypes.GetTxResponse, error) {
	x.f.mu.Lock()
	defer x.f.mu.Unlock()
	if x.f.noIndex {
		return nil, errors.New("transaction indexing is disabled")
	}
	res, ok := x.f.w.included[strings.ToUpper(req.Hash)]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "tx not found: %s", req.Hash)
	}
	return &txtypes.GetTxResponse{TxResponse: res}, nil
}

func (x fakeTx) Simulate(_ context.Context, req *txtypes.SimulateRequest) (*txtypes.SimulateResponse, error) {
	gas, _, err := x.f.w.chain.Simulate(req.TxBytes)
	if err != nil {
		return nil, status.Errorf(codes.Unknown, "%v with gas used: '%d'", err, gas.GasUsed)
	}
	return &txtypes.SimulateResponse{GasInfo: &gas}, nil
}

// query asks the application without any node.
func (w *world) query() *baseapp.QueryServiceTestHelper {
	return &baseapp.QueryServiceTestHelper{GRPCQueryRouter: w.chain.GRPCQueryRouter(), Ctx: w.chain.Ctx()}
}
