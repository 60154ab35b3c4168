package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const rowsPerSecond = 500

// BenchmarkSoak keeps a full subnet busy: 4,096 neurons with stored rows of 64,
// all permitted, an epoch in every block, 500 rows a second sent anew and a
// metagraph asked for by gRPC every second. TAO_SOAK says for how long (1m). Disk grows by
// what is reported until pruning begins, 1,000 blocks in; blocks themselves are
// never pruned unless min-retain-blocks says so.
func BenchmarkSoak(b *testing.B) {
	lasts := time.Minute
	if text := os.Getenv("TAO_SOAK"); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		require.NoError(b, err)
	}
	for range b.N {
		soak(b, lasts)
	}
}

func soak(b *testing.B, lasts time.Duration) {
	g := fullNetwork(b, traffic{ed25519: true, indexer: "kv"})
	g.pace = rate.NewLimiter(rowsPerSecond, rowsPerSecond/10)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); g.run(ctx) }()
	rpc, err := rpchttp.New(g.RPC(0), "/websocket")
	require.NoError(b, err)
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", g.Ports(0).GRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close()) }()
	query := weightstypes.NewQueryClient(conn)

	time.Sleep(fullSubnet / rowsPerSecond * 2 * time.Second) // everybody has a row
	rows, err := query.Rows(ctx, &weightstypes.QueryRowsRequest{Subnet: 1})
	require.NoError(b, err)
	require.Len(b, rows.Rows, fullSubnet)
	first, before := g.height(b), folders(b, g.NodeHome(0))

	var answers []time.Duration
	peak, began := 0.0, time.Now()
	for tick := time.NewTicker(time.Second); time.Since(began) < lasts; <-tick.C {
		start := time.Now()
		graph, err := query.Metagraph(ctx, &weightstypes.QueryMetagraphRequest{Subnet: 1})
		require.NoError(b, err)
		require.Len(b, graph.Neurons, fullSubnet)
		answers = append(answers, time.Since(start))
		peak = max(peak, rss(b, g.net.PID(0)))
	}
	last, after, elapsed := g.height(b), folders(b, g.NodeHome(0)), time.Since(began)
	cancel()
	<-done
	succeeded, failed, times := g.count(b, rpc, first, last)
	slices.Sort(answers)
	b.ReportMetric(float64(succeeded)/times[len(times)-1].Sub(times[0]).Seconds(), "rows/s")
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(float64(last-first), "blocks")
	reportIntervals(b, times)
	b.ReportMetric(peak, "MiB-RSS-max")
	b.ReportMetric(float64(answers[len(answers)/2].Microseconds())/1000, "ms/metagraph-p50")
	b.ReportMetric(float64(answers[len(answers)*99/100].Microseconds())/1000, "ms/metagraph-p99")
	for name, size := range after {
		b.ReportMetric(float64(size-before[name])/(1<<20)/elapsed.Hours(), "MiB/h-"+name)
	}
	b.ReportMetric(0, "ns/op")
}

// folders is the size in bytes of each folder and file of a node's data.
func folders(b testing.TB, home string) map[string]int64 {
	b.Helper()
	sizes := map[string]int64{}
	data := filepath.Join(home, "data")
	require.NoError(b, filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreGone(err)
		}
		info, err := entry.Info()
		if err != nil {
			return ignoreGone(err)
		}
		name, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			name = dir
		}
		sizes[name] += info.Size()
		return nil
	}))
	return sizes
}

// ignoreGone: a database removes files while they are listed.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
