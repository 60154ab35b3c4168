package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/sign"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// asFlood makes the test binary attack the RPC address in it.
const asFlood = "TAOD_TEST_FLOOD"

const (
	honestNeurons = 8
	rogueNeurons  = 8
	spammers      = 64
	// maxDelay is how many blocks an honest row may wait.
	maxDelay = 2
	// mostMemory of a flooded node, MiB.
	mostMemory = 1024
)

func floodKey(kind string, i int) cryptotypes.PrivKey {
	return ed25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "flood %s %d", kind, i))
}

func spammer(i int) cryptotypes.PrivKey {
	return secp256k1.GenPrivKeyFromSecret(fmt.Appendf(nil, "spammer %d", i))
}

// TestFlood sends a node junk, forged rows, rows of strangers, too many rows of
// registered neurons and spam that pays, as fast as a process with one core can,
// for TAO_FLOOD (10s) and until enough honest rows were sent. They land within two
// blocks all the while; memory and mempool stay bounded.
func TestFlood(t *testing.T) {
	lasts := 10 * time.Second
	if text := os.Getenv("TAO_FLOOD"); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	f := floodedNetwork(t)
	ctx, cancel := context.WithTimeout(context.Background(), lasts+patience)
	defer cancel()
	attacker := exec.CommandContext(ctx, os.Args[0])
	attacker.Env = append(os.Environ(), asFlood+"="+f.RPC(0), "GOMAXPROCS=1")
	attacker.Cancel = func() error { return attacker.Process.Signal(os.Interrupt) }
	var report strings.Builder
	attacker.Stdout, attacker.Stderr = &report, &report
	require.NoError(t, attacker.Start())

	rpc, err := rpchttp.New(f.RPC(0), "/websocket")
	require.NoError(t, err)
	pending, peak, peakBytes := 0, 0.0, int64(0)
	count, sent := f.honestRows(ctx, t)
	began, enough := time.Now(), int64(honestNeurons*int(lasts.Seconds())/3)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil && (time.Since(began) < lasts || count.Load() <= enough); <-tick.C {
		if n, err := rpc.NumUnconfirmedTxs(ctx); err == nil {
			pending, peakBytes = max(pending, n.Total), max(peakBytes, n.TotalBytes)
		}
		peak = max(peak, rss(t, f.net.PID(0)))
	}
	t.Logf("flooded for %s", time.Since(began).Round(time.Second))
	cancel()
	rows := sent()
	require.NoError(t, ignoreCanceled(attacker.Wait()), report.String())
	f.wait(t, 0, f.nodeHeight(t, 0)+maxDelay+1)

	landed, all := f.landings(t, rows)
	delays, missing := map[int64]int{}, 0
	for hash, at := range rows {
		height, ok := landed[hash]
		if !ok {
			missing++
			continue
		}
		delays[height-at]++
	}
	t.Logf("attack:\n%s", &report)
	for _, delay := range slices.Sorted(maps.Keys(delays)) {
		t.Logf("%d honest rows landed %d blocks after the height at which they were sent", delays[delay], delay)
		require.LessOrEqual(t, delay, int64(maxDelay))
	}
	t.Logf("%d transactions in blocks; at most %d pending with %d bytes; %.0f MiB resident", all, pending, peakBytes, peak)
	require.Zero(t, missing, "honest rows that never landed of %d", len(rows))
	require.Greater(t, int64(len(rows)), enough)
	require.LessOrEqual(t, pending, app.DefaultMempoolSize)
	require.Less(t, peak, float64(mostMemory))
}

func floodedNetwork(t *testing.T) *fixture {
	return network(t, 1, func(cfg *localnet.Config) {
		cfg.Genesis = func(draft *app.Draft) error {
			for _, kind := range []string{"honest", "rogue"} {
				for i := range honestNeurons {
					if err := draft.Neuron(1, floodKey(kind, i).PubKey(), sign.Address(floodKey(kind+" cold", i)), 100*oneTao); err != nil {
						return err
					}
				}
			}
			for i := range spammers {
				draft.Fund(sign.Address(spammer(i)), 1000*oneTao)
			}
			return nil
		}
		cfg.Edit = func(_ int, node *app.NodeConfig, comet *cmtcfg.Config) { comet.LogLevel = "error" }
	})
}

// ignoreCanceled is nil for a command that ended well after it was told to.
func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// honestRows lets every honest neuron send a row per block, and counts them. The
// function it returns waits and says at which height each row was sent, by hash.
func (f *fixture) honestRows(ctx context.Context, t *testing.T) (count *atomic.Int64, sent func() map[string]int64) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	rows := map[string]int64{}
	count = &atomic.Int64{}
	numbers, err := accountNumbers(f.app, f.RPC(0), honestNeurons, func(i int) cryptotypes.PrivKey { return floodKey("honest", i) })
	require.NoError(t, err)
	for i := range honestNeurons {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rpc, err := rpchttp.New(f.RPC(0), "/websocket")
			if err != nil {
				return
			}
			for round, last := 0, int64(0); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
				status, err := rpc.Status(ctx)
				if err != nil || status.SyncInfo.LatestBlockHeight <= last+1 {
					continue
				}
				height := status.SyncInfo.LatestBlockHeight
				round++
				key := floodKey("honest", i)
				tx, err := sign.Tx(ctx, f.app.TxConfig(), rowOptions(key, numbers[i]), floodRow(key, round))
				if err != nil {
					return
				}
				if res, err := rpc.BroadcastTxSync(context.WithoutCancel(ctx), tx); err == nil && res.Code == 0 {
					last = height
					mu.Lock()
					rows[res.Hash.String()] = height
					mu.Unlock()
					count.Add(1)
				}
			}
		}()
	}
	return count, func() map[string]int64 { wg.Wait(); return rows }
}

// landings finds the heights of transactions, and counts all.
func (f *fixture) landings(t *testing.T, rows map[string]int64) (landed map[string]int64, all int) {
	t.Helper()
	rpc, err := rpchttp.New(f.RPC(0), "/websocket")
	require.NoError(t, err)
	landed = map[string]int64{}
	for height := int64(1); height <= f.nodeHeight(t, 0); height++ {
		block, err := rpc.Block(context.Background(), &height)
		require.NoError(t, err)
		for _, tx := range block.Block.Txs {
			all++
			hash := fmt.Sprintf("%X", tx.Hash())
			if _, ok := rows[hash]; ok {
				landed[hash] = height
			}
		}
	}
	return landed, all
}

func rowOptions(key cryptotypes.PrivKey, number uint64) sign.Options {
	return sign.Options{ChainID: localnet.ChainID, Key: key, Number: number, Gas: 100_000, Timeout: time.Now().Add(15 * time.Second)}
}

func floodRow(key cryptotypes.PrivKey, round int) *weightstypes.MsgSetWeights {
	row := &weightstypes.MsgSetWeights{Hotkey: sign.Address(key).String(), Subnet: 1}
	for uid := range uint32(honestNeurons) {
		row.Uids, row.Weights = append(row.Uids, uid), append(row.Weights, 1000+uid*7+uint32(round%1000))
	}
	return row
}

// querying asks a node over RPC.
func querying(known *app.App, rpc *rpchttp.HTTP) client.Context {
	return client.Context{}.WithClient(rpc).WithCodec(known.AppCodec()).WithInterfaceRegistry(known.InterfaceRegistry())
}

// accountNumbers asks a node for the account numbers of n keys.
func accountNumbers(known *app.App, address string, n int, key func(int) cryptotypes.PrivKey) ([]uint64, error) {
	rpc, err := rpchttp.New(address, "/websocket")
	if err != nil {
		return nil, err
	}
	accounts := authtypes.NewQueryClient(querying(known, rpc))
	numbers := make([]uint64, n)
	for i := range n {
		res, err := accounts.AccountInfo(context.Background(), &authtypes.QueryAccountInfoRequest{Address: sign.Address(key(i)).String()})
		if err != nil {
			return nil, err
		}
		numbers[i] = res.Info.AccountNumber
	}
	return numbers, nil
}

// flood is the attacker's process.
func flood() {
	if err := runFlood(os.Getenv(asFlood)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// attack makes the next transaction of a kind.
type attack func(ctx context.Context, round int) ([]byte, error)

func runFlood(address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	attacks, err := allAttacks(address)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		var sent, accepted atomic.Int64
		for w := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				rpc, err := rpchttp.New(address, "/websocket")
				if err != nil {
					return
				}
				for round := w; ctx.Err() == nil; round += 4 {
					tx, err := attacks[name](ctx, round)
					if err != nil {
						continue
					}
					res, err := rpc.BroadcastTxSync(ctx, tx)
					sent.Add(1)
					if err == nil && res.Code == 0 {
						accepted.Add(1)
					}
				}
			}()
		}
		defer func() { fmt.Printf("  %-26s %7d sent, %7d accepted\n", name, sent.Load(), accepted.Load()) }()
	}
	wg.Wait()
	return nil
}

func allAttacks(address string) (map[string]attack, error) {
	known := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, true, simtestutil.NewAppOptionsWithFlagHome(os.TempDir()))
	config := known.TxConfig()
	honest, err := accountNumbers(known, address, honestNeurons, func(i int) cryptotypes.PrivKey { return floodKey("honest", i) })
	if err != nil {
		return nil, err
	}
	rogue, err := accountNumbers(known, address, rogueNeurons, func(i int) cryptotypes.PrivKey { return floodKey("rogue", i) })
	if err != nil {
		return nil, err
	}
	paid, err := accountNumbers(known, address, spammers, spammer)
	if err != nil {
		return nil, err
	}
	return map[string]attack{
		"junk bytes": func(context.Context, int) ([]byte, error) {
			junk := make([]byte, 500)
			_, err := rand.Read(junk)
			return junk, err
		},
		"forged honest rows": func(ctx context.Context, round int) ([]byte, error) {
			key := floodKey("honest", round%honestNeurons)
			return sign.Tx(ctx, config, rowOptions(key, honest[round%honestNeurons]+1), floodRow(key, round)) // another account's number
		},
		"rows of strangers": func(ctx context.Context, round int) ([]byte, error) {
			key := floodKey("stranger", round)
			return sign.Tx(ctx, config, rowOptions(key, 0), floodRow(key, round))
		},
		"too many rows of neurons": func(ctx context.Context, round int) ([]byte, error) {
			i := round % rogueNeurons
			return sign.Tx(ctx, config, rowOptions(floodKey("rogue", i), rogue[i]), floodRow(floodKey("rogue", i), round))
		},
		"sends that pay": func(ctx context.Context, round int) ([]byte, error) {
			i := round % spammers
			o := rowOptions(spammer(i), paid[i])
			o.Fee = 1000
			to := sign.Address(spammer((i + 1) % spammers))
			return sign.Tx(ctx, config, o, banktypes.NewMsgSend(sign.Address(spammer(i)), to, sdk.NewCoins(sdk.NewCoin("rao", sdkmath.NewInt(int64(1+round))))))
		},
	}, nil
}
