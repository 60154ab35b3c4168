package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/sign"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	fullSubnet  = 4096
	entriesSent = 64
	workers     = 16
	// perRequest transactions go in one JSON-RPC batch; a node takes 10.
	perRequest = 8
	oneTao     = 1_000_000_000
)

// traffic is what a throughput run sends.
type traffic struct {
	name    string
	ed25519 bool
	indexer string
	// send makes bank sends of the same keys instead of rows.
	send bool
	// ordered uses sequences instead of time-outs.
	ordered bool
}

// BenchmarkNode measures transactions per second end to end: generator, JSON-RPC,
// CheckTx, blocks of a second, epochs and recheck on the same machine. TAO_BLOCKS
// says for how many blocks (60).
func BenchmarkNode(b *testing.B) {
	for _, tr := range []traffic{
		{name: "rows/ed25519/kv", ed25519: true, indexer: "kv"},
		{name: "rows/secp256k1/kv", indexer: "kv"},
		{name: "rows/ed25519/null", ed25519: true, indexer: "null"},
		{name: "rows/secp256k1/null", indexer: "null"},
		{name: "send/ed25519/kv", ed25519: true, indexer: "kv", send: true},
		{name: "send/secp256k1/kv", indexer: "kv", send: true},
		{name: "send/secp256k1/kv/ordered", indexer: "kv", send: true, ordered: true},
	} {
		b.Run(tr.name, func(b *testing.B) {
			for range b.N {
				throughput(b, tr)
			}
		})
	}
}

// generator signs and sends as fast as it can, or as pace allows.
type generator struct {
	*fixture
	tr      traffic
	pace    *rate.Limiter // nil for no bound
	keys    []cryptotypes.PrivKey
	numbers map[string]uint64
	// sequences of the keys; each belongs to one worker.
	sequences []uint64
	accepted  atomic.Int64
	refused   atomic.Int64
}

func benchKey(i int, isED25519 bool, kind string) cryptotypes.PrivKey {
	secret := []byte(fmt.Sprintf("%s %d", kind, i))
	if isED25519 {
		return ed25519.GenPrivKeyFromSecret(secret)
	}
	return secp256k1.GenPrivKeyFromSecret(secret)
}

// fullNetwork has one validator and a full subnet in genesis.
func fullNetwork(b testing.TB, tr traffic) *generator {
	g := &generator{tr: tr, numbers: map[string]uint64{}}
	g.fixture = network(b, 1, func(cfg *localnet.Config) {
		cfg.Genesis = func(draft *app.Draft) error {
			h := subnettypes.LocalnetHyperparameters()
			h.Tempo, h.MaxUids, h.MaxValidators, h.MaxRow, h.ActivityCutoff = 1, fullSubnet, fullSubnet, entriesSent, 10_000
			if err := draft.Subnet(h); err != nil {
				return err
			}
			for i := range fullSubnet {
				hot, cold := benchKey(i, tr.ed25519, "hot"), benchKey(i, tr.ed25519, "cold")
				if err := draft.Neuron(1, hot.PubKey(), sign.Address(cold), uint64(100+i%100)*oneTao); err != nil {
					return err
				}
				draft.Fund(sign.Address(cold), 10*oneTao)
				if tr.send {
					hot = cold
				}
				g.keys = append(g.keys, hot)
			}
			g.sequences = make([]uint64, len(g.keys))
			return nil
		}
		cfg.Edit = func(_ int, node *app.NodeConfig, comet *cmtcfg.Config) {
			comet.TxIndex.Indexer = tr.indexer
			comet.LogLevel = "error"
			comet.RPC.MaxOpenConnections = 2000
			comet.RPC.PprofListenAddress = os.Getenv("TAO_PPROF")
			node.API.Enable = false
			node.StateSync.SnapshotInterval = app.DefaultNodeConfig().StateSync.SnapshotInterval
		}
	})
	rpc, err := rpchttp.New(g.RPC(0), "/websocket")
	require.NoError(b, err)
	res, err := authtypes.NewQueryClient(querying(g.app, rpc)).Accounts(context.Background(), &authtypes.QueryAccountsRequest{Pagination: &query.PageRequest{Limit: 4 * fullSubnet}})
	require.NoError(b, err)
	for _, any := range res.Accounts {
		var account sdk.AccountI
		require.NoError(b, g.app.InterfaceRegistry().UnpackAny(any, &account))
		g.numbers[account.GetAddress().String()] = account.GetAccountNumber()
	}
	return g
}

// message of key i in a round.
func (g *generator) message(i, round int) sdk.Msg {
	address := sign.Address(g.keys[i])
	if g.tr.send {
		to := sign.Address(g.keys[(i+1)%len(g.keys)])
		return banktypes.NewMsgSend(address, to, sdk.NewCoins(sdk.NewCoin("rao", sdkmath.NewInt(int64(1+round)))))
	}
	row := &weightstypes.MsgSetWeights{Hotkey: address.String(), Subnet: 1}
	for k := range entriesSent {
		row.Uids = append(row.Uids, uint32((i+1+k*61)%fullSubnet))
		row.Weights = append(row.Weights, uint32(1000+(k*7+round)%1000))
	}
	return row
}

// run sends until ctx ends: each worker has its own keys and connection.
func (g *generator) run(ctx context.Context) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rpc, err := rpchttp.New(g.RPC(0), "/websocket")
			if err != nil {
				return
			}
			for round := 0; ctx.Err() == nil; round++ {
				for i := w; i < len(g.keys) && ctx.Err() == nil; i += workers * perRequest {
					g.some(ctx, rpc, i, round)
				}
			}
		}()
	}
	wg.Wait()
}

// some sends a transaction of each of the next keys of a worker in one request.
func (g *generator) some(ctx context.Context, rpc *rpchttp.HTTP, first, round int) {
	batch, sent := rpc.NewBatch(), make([]int, 0, perRequest)
	for i := first; i < min(first+workers*perRequest, len(g.keys)); i += workers {
		if g.pace != nil && g.pace.Wait(ctx) != nil {
			return
		}
		tx, err := g.tx(ctx, i, round)
		if err == nil {
			_, err = batch.BroadcastTxSync(ctx, tx)
		}
		if err != nil {
			g.refused.Add(1)
			continue
		}
		sent = append(sent, i)
	}
	results, err := batch.Send(ctx)
	if err != nil {
		g.refused.Add(int64(len(sent)))
		return
	}
	for k, result := range results {
		if res, ok := result.(*coretypes.ResultBroadcastTx); ok && res.Code == 0 {
			g.accepted.Add(1)
			g.sequences[sent[k]]++
		} else {
			g.refused.Add(1)
		}
	}
}

// tx is signed by key i.
func (g *generator) tx(ctx context.Context, i, round int) ([]byte, error) {
	o := sign.Options{ChainID: localnet.ChainID, Key: g.keys[i], Number: g.numbers[sign.Address(g.keys[i]).String()], Gas: 100_000}
	if g.tr.send {
		o.Fee = 1000
	}
	if g.tr.ordered {
		o.Sequence = g.sequences[i]
	} else {
		o.Timeout = time.Now().Add(20 * time.Second)
	}
	return sign.Tx(ctx, g.app.TxConfig(), o, g.message(i, round))
}

// throughput runs the traffic for TAO_BLOCKS blocks and reports what was finalised.
func throughput(b *testing.B, tr traffic) {
	blocks := int64(60)
	if text := os.Getenv("TAO_BLOCKS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(b, err)
		blocks = n
	}
	g := fullNetwork(b, tr)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); g.run(ctx) }()
	const warmUp = 5
	f := g.fixture
	rpc, err := rpchttp.New(f.RPC(0), "/websocket")
	require.NoError(b, err)
	status, err := rpc.Status(context.Background())
	require.NoError(b, err)
	first := status.SyncInfo.LatestBlockHeight + warmUp
	profiled := g.profile(b, first)
	waitCtx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	defer stop()
	require.NoError(b, localnet.WaitHeight(waitCtx, f.RPC(0), first+blocks))
	cancel()
	<-done
	<-profiled
	succeeded, failed, times := g.count(b, rpc, first, first+blocks)
	require.NotZero(b, succeeded)
	elapsed := times[len(times)-1].Sub(times[0]).Seconds()
	b.ReportMetric(float64(succeeded)/elapsed, "tx/s")
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(float64(g.refused.Load())/float64(g.refused.Load()+g.accepted.Load()+1)*100, "%refused")
	reportIntervals(b, times)
	b.ReportMetric(rss(b, f.net.PID(0)), "MiB-RSS")
	b.ReportMetric(0, "ns/op")
}

// profile writes a CPU profile of the node, of 20 s from height first on, when
// TAO_PPROF names an address for it.
func (g *generator) profile(b *testing.B, first int64) (done chan struct{}) {
	done = make(chan struct{})
	address := os.Getenv("TAO_PPROF")
	if address == "" {
		close(done)
		return done
	}
	name := filepath.Join(os.TempDir(), strings.ReplaceAll(g.tr.name, "/", "-")+".pprof")
	go func() {
		defer close(done)
		if err := localnet.WaitHeight(context.Background(), g.RPC(0), first); err != nil {
			b.Error(err)
			return
		}
		res, err := http.Get("http://" + address + "/debug/pprof/profile?seconds=20")
		if err != nil {
			b.Error(err)
			return
		}
		data, err := io.ReadAll(res.Body)
		err = errors.Join(err, res.Body.Close())
		if err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			b.Error(err)
			return
		}
		b.Log("profile: go tool pprof " + name)
	}()
	return done
}

// reportIntervals reports the median and the longest time between blocks.
func reportIntervals(b *testing.B, times []time.Time) {
	b.Helper()
	intervals := make([]float64, 0, len(times))
	for i := 1; i < len(times); i++ {
		intervals = append(intervals, times[i].Sub(times[i-1]).Seconds())
	}
	slices.Sort(intervals)
	b.ReportMetric(intervals[len(intervals)/2], "s/block-p50")
	b.ReportMetric(intervals[len(intervals)-1], "s/block-max")
}

// count reads the blocks after first up to last: successes, failures and times.
func (g *generator) count(b testing.TB, rpc *rpchttp.HTTP, first, last int64) (succeeded, failed int, times []time.Time) {
	for height := first; height <= last; height++ {
		block, err := rpc.Block(context.Background(), &height)
		require.NoError(b, err)
		times = append(times, block.Block.Time)
		if height == first {
			continue
		}
		results, err := rpc.BlockResults(context.Background(), &height)
		require.NoError(b, err)
		for _, r := range results.TxsResults {
			if r.Code == 0 {
				succeeded++
			} else {
				failed++
			}
		}
	}
	return succeeded, failed, times
}

// rss is the resident memory of a process in MiB.
func rss(b testing.TB, pid int) float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	require.NoError(b, err)
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			require.NoError(b, err)
			return kib / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
