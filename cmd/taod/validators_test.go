package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/sign"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const hotkeys = 16

// hotkey i of a test network; every second one is ed25519.
func hotkey(i int) cryptotypes.PrivKey {
	secret := []byte(fmt.Sprintf("hotkey %d", i))
	if i%2 == 0 {
		return ed25519.GenPrivKeyFromSecret(secret)
	}
	return secp256k1.GenPrivKeyFromSecret(secret)
}

// fourValidators run one on Block-STM and one without the signature cache.
func fourValidators(t *testing.T) *fixture {
	return network(t, 4, func(cfg *localnet.Config) {
		cfg.Genesis = func(draft *app.Draft) error {
			for i := range hotkeys {
				cold := secp256k1.GenPrivKeyFromSecret([]byte(fmt.Sprintf("coldkey %d", i)))
				if err := draft.Neuron(1, hotkey(i).PubKey(), sign.Address(cold), uint64(100+i)*1_000_000_000); err != nil {
					return err
				}
			}
			return nil
		}
		cfg.Edit = func(node int, cfg *app.NodeConfig, comet *cmtcfg.Config) {
			comet.Consensus.TimeoutCommit = 300 * time.Millisecond
			comet.TxIndex.Indexer = "null"
			cfg.API.Enable = false
			cfg.StateSync.SnapshotInterval = 10
			switch node {
			case 1:
				cfg.BlockExecutor = "block-stm"
			case 2:
				cfg.Tao.SignatureCache = 0
			}
		}
	})
}

// load sends rows of all hotkeys to the nodes in turn until it is stopped, and
// counts those that were accepted.
func (f *fixture) load(t *testing.T) (stop func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var accepted atomic.Int64
	numbers, err := accountNumbers(f.app, f.RPC(0), hotkeys, hotkey)
	require.NoError(t, err)
	for i := range hotkeys {
		wg.Add(1)
		go func() {
			defer wg.Done()
			row := &weightstypes.MsgSetWeights{Hotkey: sign.Address(hotkey(i)).String(), Subnet: 1}
			for uid := range uint32(hotkeys) {
				row.Uids, row.Weights = append(row.Uids, uid), append(row.Weights, 100+uid)
			}
			for round := 0; ctx.Err() == nil; round++ {
				row.Weights[round%hotkeys]++
				if f.sendRow(ctx, (i+round)%f.Validators, rowOptions(hotkey(i), numbers[i]), row) {
					accepted.Add(1)
				}
				time.Sleep(200 * time.Millisecond)
			}
		}()
	}
	return func() int64 {
		cancel()
		wg.Wait()
		return accepted.Load()
	}
}

// sendRow sends a row to one node; nodes may be down.
func (f *fixture) sendRow(ctx context.Context, node int, o sign.Options, row *weightstypes.MsgSetWeights) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	tx, err := sign.Tx(ctx, f.app.TxConfig(), o, row)
	if err != nil {
		return false
	}
	client, err := rpchttp.New(f.RPC(node), "/websocket")
	if err != nil {
		return false
	}
	res, err := client.BroadcastTxSync(ctx, tx)
	return err == nil && res.Code == 0
}

// sameHash asks that all nodes have the same app hash at a height that all reach.
func (f *fixture) sameHash(t *testing.T) {
	t.Helper()
	height := int64(0)
	for i := range f.Validators {
		height = max(height, f.nodeHeight(t, i))
	}
	height += 2
	hashes := map[string][]int{}
	for i := range f.Validators {
		f.wait(t, i, height+1)
		client, err := rpchttp.New(f.RPC(i), "/websocket")
		require.NoError(t, err)
		block, err := client.Block(context.Background(), &height)
		require.NoError(t, err)
		hash := block.Block.AppHash.String()
		hashes[hash] = append(hashes[hash], i)
	}
	require.Len(t, hashes, 1, "app hashes at height %d", height)
}

func (f *fixture) nodeHeight(t *testing.T, i int) int64 {
	t.Helper()
	client, err := rpchttp.New(f.RPC(i), "/websocket")
	require.NoError(t, err)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		status, err := client.Status(context.Background())
		if err == nil {
			return status.SyncInfo.LatestBlockHeight
		}
		require.True(t, time.Now().Before(deadline), "node %d: %v", i, err)
	}
}

// times is how often something is repeated: more in long runs.
func times(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// TestFourValidators: one stopped and back, one cut off and back, crashes at random
// moments under load, and a new node by state sync; one app hash at the end.
func TestFourValidators(t *testing.T) {
	f := fourValidators(t)
	stop := f.load(t)
	ctx := context.Background()

	t.Log("one stopped and back")
	f.net.StopNode(3)
	f.wait(t, 0, f.nodeHeight(t, 0)+8)
	require.NoError(t, f.net.StartNode(ctx, 3))
	f.wait(t, 3, f.nodeHeight(t, 0))

	t.Log("one cut off and back")
	pid := f.net.PID(2)
	require.Positive(t, pid)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	f.wait(t, 0, f.nodeHeight(t, 0)+8)
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	f.wait(t, 2, f.nodeHeight(t, 0))

	crashes := times(t, "TAO_CRASHES", 4)
	t.Logf("%d crashes", crashes)
	random := rand.New(rand.NewSource(1))
	for range crashes {
		victim := random.Intn(f.Validators)
		pid := f.net.PID(victim)
		require.Positive(t, pid)
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		other := (victim + 1) % f.Validators
		f.wait(t, other, f.nodeHeight(t, other)+3)
		f.wait(t, victim, f.nodeHeight(t, other)) // the supervisor has started it again
		time.Sleep(time.Duration(random.Intn(800)) * time.Millisecond)
	}

	accepted := stop()
	t.Logf("%d rows were accepted", accepted)
	require.Greater(t, accepted, int64(100))
	f.sameHash(t)
	f.joins(t)
}

// joins starts a new node that gets its state from its peers' snapshots.
func (f *fixture) joins(t *testing.T) {
	t.Helper()
	joined := f.Config
	joined.Validators = f.Validators + 1
	last := f.Validators
	source, home := f.NodeHome(0), joined.NodeHome(last)
	require.NoError(t, os.MkdirAll(home, 0o755))
	r := taod(t, home, "init", "joined", "--chain-id", localnet.ChainID)
	require.Zero(t, r.code, r.err)
	genesis, err := os.ReadFile(filepath.Join(source, "config", "genesis.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "config", "genesis.json"), genesis, 0o600))

	client, err := rpchttp.New(f.RPC(0), "/websocket")
	require.NoError(t, err)
	trusted := f.nodeHeight(t, 0) - 5
	block, err := client.Block(context.Background(), &trusted)
	require.NoError(t, err)
	var peers []string
	for i := range f.Validators {
		client, err := rpchttp.New(f.RPC(i), "/websocket")
		require.NoError(t, err)
		status, err := client.Status(context.Background())
		require.NoError(t, err)
		peers = append(peers, fmt.Sprintf("%s@127.0.0.1:%d", status.NodeInfo.DefaultNodeID, f.Ports(i).P2P))
	}
	p := joined.Ports(last)
	log, err := os.Create(filepath.Join(home, "node.log"))
	require.NoError(t, err)
	for _, setting := range [][]string{
		{"config", "statesync.enable", "true"}, {"config", "statesync.rpc_servers", f.RPC(0) + "," + f.RPC(1)},
		{"config", "statesync.trust_height", strconv.FormatInt(trusted, 10)}, {"config", "statesync.trust_hash", block.BlockID.Hash.String()},
		{"config", "statesync.discovery_time", "5s"},
		{"config", "p2p.persistent_peers", strings.Join(peers, ",")}, {"config", "p2p.allow_duplicate_ip", "true"}, {"config", "p2p.addr_book_strict", "false"},
		{"config", "rpc.laddr", fmt.Sprintf("tcp://127.0.0.1:%d", p.RPC)}, {"config", "p2p.laddr", fmt.Sprintf("tcp://127.0.0.1:%d", p.P2P)},
		{"config", "rpc.pprof_laddr", ""}, {"app", "api.enable", "false"}, {"app", "grpc.address", fmt.Sprintf("127.0.0.1:%d", p.GRPC)},
	} {
		must(t, home, append([]string{"config", "set", "--skip-validate"}, setting...)...)
	}
	cmd := exec.Command(os.Args[0], "start", "--home", home, "--log_no_color")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait()
		if t.Failed() {
			tail(t, log.Name())
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	require.NoError(t, localnet.WaitHeight(ctx, joined.RPC(last), f.nodeHeight(t, 0)))
	// It began at a snapshot, not at block 1.
	joinedClient, err := rpchttp.New(joined.RPC(last), "/websocket")
	require.NoError(t, err)
	status, err := joinedClient.Status(context.Background())
	require.NoError(t, err)
	require.Greater(t, status.SyncInfo.EarliestBlockHeight, int64(1))
	height := f.nodeHeight(t, 0) + 2
	require.NoError(t, localnet.WaitHeight(ctx, joined.RPC(last), height+1))
	mine, err := joinedClient.Block(context.Background(), &height)
	require.NoError(t, err)
	f.wait(t, 0, height+1)
	theirs, err := client.Block(context.Background(), &height)
	require.NoError(t, err)
	require.Equal(t, theirs.Block.AppHash, mine.Block.AppHash)
}
