package main

import (
	"context"
	"errors"
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

const (
	hotkeys = 16
	// snapshotEvery so many blocks each validator makes a snapshot.
	snapshotEvery = 10
	// enoughRows must be accepted while validators go down and come back.
	enoughRows = 100
)

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
			// All snapshots stay. A node that joins chooses one as soon as it has peers and
			// fetches it 5 s later; of a snapshot that is gone by then CometBFT learns
			// nothing, and gives it up after 2 minutes.
			cfg.StateSync.SnapshotInterval, cfg.StateSync.SnapshotKeepRecent = snapshotEvery, 0
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
func (f *fixture) load(t *testing.T) (accepted *atomic.Int64, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	accepted = &atomic.Int64{}
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
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop) // before the nodes go
	return accepted, stop
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
		block, err := f.rpc(t, i).Block(context.Background(), &height)
		require.NoError(t, err)
		hash := block.Block.AppHash.String()
		hashes[hash] = append(hashes[hash], i)
	}
	require.Len(t, hashes, 1, "app hashes at height %d", height)
}

func (f *fixture) nodeHeight(t *testing.T, i int) int64 {
	t.Helper()
	client := f.rpc(t, i)
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
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
	accepted, stop := f.load(t)
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

	require.Eventually(t, func() bool { return accepted.Load() > enoughRows }, patience, 100*time.Millisecond)
	stop()
	t.Logf("%d rows were accepted", accepted.Load())
	f.sameHash(t)
	f.joins(t)
}

// joins starts a new node that gets its state from its peers' snapshots.
func (f *fixture) joins(t *testing.T) {
	t.Helper()
	joined := f.Config
	joined.Validators = f.Validators + 1
	last := f.Validators
	f.wait(t, 0, 2*snapshotEvery+2) // a snapshot counts when two blocks follow it
	ctx := f.startJoined(t, joined, last)
	address := joined.RPC(last)
	require.NoError(t, localnet.WaitHeight(ctx, address, f.nodeHeight(t, 0)), context.Cause(ctx))
	// It began at a snapshot, not at block 1.
	client, err := rpchttp.New(address, "/websocket")
	require.NoError(t, err)
	status, err := client.Status(ctx)
	require.NoError(t, err)
	require.Greater(t, status.SyncInfo.EarliestBlockHeight, int64(1))

	height := f.nodeHeight(t, 0) + 2
	require.NoError(t, localnet.WaitHeight(ctx, address, height+1), context.Cause(ctx))
	mine, err := client.Block(ctx, &height)
	require.NoError(t, err)
	f.wait(t, 0, height+1)
	theirs, err := f.rpc(t, 0).Block(ctx, &height)
	require.NoError(t, err)
	require.Equal(t, theirs.Block.AppHash, mine.Block.AppHash)
}

// startJoined starts node last of a network that knows its peers. The context ends when
// the node does, or patience.
func (f *fixture) startJoined(t *testing.T, joined localnet.Config, last int) context.Context {
	t.Helper()
	home := joined.NodeHome(last)
	f.prepareJoined(t, home, joined.Ports(last))
	file := filepath.Join(home, "node.log")
	log, err := os.Create(file)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "start", "--home", home, "--log_no_color")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ctx, end := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end(fmt.Errorf("the node ended: %w", errors.Join(cmd.Wait(), log.Close())))
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
		cancel()
		if t.Failed() {
			tail(t, file)
		}
	})
	return ctx
}

// prepareJoined makes the home of a node that is no validator and has no state.
func (f *fixture) prepareJoined(t *testing.T, home string, p localnet.Ports) {
	t.Helper()
	require.NoError(t, os.MkdirAll(home, 0o755))
	must(t, home, "init", "joined", "--chain-id", localnet.ChainID)
	genesis, err := os.ReadFile(filepath.Join(f.NodeHome(0), "config", "genesis.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "config", "genesis.json"), genesis, 0o600))

	trusted := int64(snapshotEvery / 2) // older than every snapshot
	block, err := f.rpc(t, 0).Block(context.Background(), &trusted)
	require.NoError(t, err)
	var peers []string
	for i := range f.Validators {
		status, err := f.rpc(t, i).Status(context.Background())
		require.NoError(t, err)
		peers = append(peers, fmt.Sprintf("%s@127.0.0.1:%d", status.NodeInfo.DefaultNodeID, f.Ports(i).P2P))
	}
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
}

// rpc of node i.
func (f *fixture) rpc(t *testing.T, i int) *rpchttp.HTTP {
	t.Helper()
	client, err := rpchttp.New(f.RPC(i), "/websocket")
	require.NoError(t, err)
	return client
}
