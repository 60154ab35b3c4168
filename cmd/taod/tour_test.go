package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// TestTour walks the README's tour with the real program against a real node.
func TestTour(t *testing.T) {
	f := network(t, 1, func(cfg *localnet.Config) {
		cfg.Genesis = func(draft *app.Draft) error {
			h := subnettypes.LocalnetHyperparameters()
			// Blocks go on while commands run: on a slow machine more than the 10 of a
			// local network pass between a row and the look at what it paid.
			h.ActivityCutoff = subnettypes.DefaultHyperparameters().ActivityCutoff
			return draft.Subnet(h)
		}
	})
	home := f.Home

	out := must(t, home, "tx", "bank", "send", "alice", "bob", "1.5tao", "--yes", "--wait")
	require.Contains(t, out, "height: ")
	require.Contains(t, must(t, home, "q", "bank", "balances", "bob", "-o", "json"), `"amount": "10001500000000"`)
	t.Run("people read tao, programs rao", func(t *testing.T) {
		require.Equal(t, "balances:\n- 10001.5tao\npagination:\n  total: \"1\"\n", must(t, home, "q", "bank", "balances", "bob"))
		require.Equal(t, "balances:\n- 10001.5tao\npagination:\n  total: \"1\"\n", must(t, home, "q", "bank", "spendable-balances", "bob"))
		require.Equal(t, "balance: 10001.5tao\n", must(t, home, "q", "bank", "balance", "bob", "rao"))
		require.Regexp(t, `(?m)^- [0-9.]+tao$`, must(t, home, "q", "bank", "total-supply"))
		require.Contains(t, must(t, home, "q", "bank", "total-supply", "-o", "json"), `"denom": "rao"`)
	})
	must(t, home, "localnet", "faucet", "bob", "10tao")
	require.Contains(t, must(t, home, "q", "bank", "balances", "bob", "-o", "json"), `"amount": "10011500000000"`)

	for i, kind := range []string{"ed25519", "secp256k1"} {
		hot := "hot" + strconv.Itoa(i)
		must(t, home, "keys", "add", hot, "--key-type", kind)
		must(t, home, "tx", "neuron", "register", "1", "--hotkey", hot, "--max-price", "1tao", "--from", "alice", "--yes", "--wait")
		address := strings.TrimSpace(must(t, home, "keys", "show", hot, "-a"))
		must(t, home, "tx", "neuron", "stake", address, "100tao", "--from", "alice", "--yes", "--wait")
	}
	// A permit comes with the next epoch: tempo is 2.
	f.wait(t, 0, f.height(t)+3)
	var sent struct {
		Code   int    `json:"code"`
		Height string `json:"height"`
	}
	out = must(t, home, "tx", "weights", "set", "1", "1=65535", "--from", "hot0", "--yes", "--wait", "-o", "json")
	require.NoError(t, json.Unmarshal([]byte(out), &sent), out)
	require.Zero(t, sent.Code)
	require.NotEqual(t, "0", sent.Height)
	must(t, home, "tx", "weights", "set", "1", "0=1,1=3", "--from", "hot1", "--yes", "--wait")
	must(t, home, "tx", "neuron", "serve", "1", "203.0.113.7:9000", "--fingerprint", strings.Repeat("ab", 32), "--price", "request=1000", "--from", "hot0", "--yes", "--wait")
	f.wait(t, 0, f.height(t)+3)

	t.Run("metagraph", func(t *testing.T) {
		require.Contains(t, must(t, home, "q", "weights", "metagraph"), "incentive %")
		var graph struct {
			Neurons []struct {
				Stake string `json:"stake"`
				Axon  string `json:"axon"`
			} `json:"neurons"`
		}
		require.NoError(t, json.Unmarshal([]byte(must(t, home, "q", "weights", "metagraph", "1", "-o", "json")), &graph))
		require.Len(t, graph.Neurons, 2)
		require.Equal(t, "203.0.113.7:9000", graph.Neurons[0].Axon)
		svg := filepath.Join(t.TempDir(), "network.svg")
		must(t, home, "q", "weights", "metagraph", "--svg", svg)
		text, err := os.ReadFile(svg)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(string(text), "<circle"))
	})
	t.Run("an epoch replays offline to the same pay", func(t *testing.T) { replay(t, f) })
	t.Run("explain", func(t *testing.T) {
		require.Contains(t, must(t, home, "q", "weights", "explain", "1", "1"), "weighed by uid")
	})
	t.Run("REST and OpenAPI", func(t *testing.T) {
		for _, path := range []string{"/tao/weights/v1/subnets/1/metagraph", "/tao/emission/v1/supply", "/swagger/"} {
			res, err := http.Get("http://localhost:" + strconv.Itoa(f.Ports(0).API) + path)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusOK, res.StatusCode, path)
		}
	})
	t.Run("failures are not success", func(t *testing.T) { failures(t, f) })
	t.Run("an export is JSON and nothing else", func(t *testing.T) {
		f.net.StopNode(0)
		r := taod(t, f.NodeHome(0), "export")
		require.Zero(t, r.code, r.err)
		require.True(t, json.Valid([]byte(r.out)), r.out[:min(200, len(r.out))])
	})
}

func (f *fixture) height(t testing.TB) int64 {
	t.Helper()
	var status struct {
		SyncInfo struct {
			Height string `json:"latest_block_height"`
		} `json:"sync_info"`
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, f.Home, "status")), &status))
	height, err := strconv.ParseInt(status.SyncInfo.Height, 10, 64)
	require.NoError(t, err)
	return height
}

// replay exports the input of an epoch, runs it offline and compares with what the
// chain stored at that height.
func replay(t *testing.T, f *fixture) {
	scenario := must(t, f.Home, "q", "weights", "epoch-input", "1")
	var input struct {
		Height uint64 `json:"current_block"`
	}
	require.NoError(t, json.Unmarshal([]byte(scenario), &input))
	file := filepath.Join(t.TempDir(), "epoch.json")
	require.NoError(t, os.WriteFile(file, []byte(scenario), 0o600))
	var replayed struct {
		Epochs []struct {
			Incentive []uint32 `json:"incentive"`
			Dividends []uint32 `json:"dividends"`
			Emission  []uint64 `json:"emission"`
		} `json:"epochs"`
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, f.Home, "yuma", "run", file, "-o", "json")), &replayed))
	var graph struct {
		Neurons []struct {
			Incentive uint32 `json:"incentive"`
			Dividends uint32 `json:"dividends"`
			Server    uint64 `json:"server_emission,string"`
			Validator uint64 `json:"validator_emission,string"`
		} `json:"neurons"`
	}
	out := must(t, f.Home, "q", "weights", "metagraph", "1", "-o", "json", "--height", strconv.FormatUint(input.Height, 10))
	require.NoError(t, json.Unmarshal([]byte(out), &graph))
	require.Len(t, replayed.Epochs, 1)
	paid := uint64(0)
	for uid, n := range graph.Neurons {
		require.Equal(t, n.Incentive, replayed.Epochs[0].Incentive[uid])
		require.Equal(t, n.Dividends, replayed.Epochs[0].Dividends[uid])
		require.Equal(t, n.Server+n.Validator, replayed.Epochs[0].Emission[uid])
		paid += n.Server + n.Validator
	}
	require.Positive(t, paid)
	png := filepath.Join(t.TempDir(), "epochs.png")
	must(t, f.Home, "yuma", "run", file, "--plot", png)
	require.FileExists(t, png)
}

// failures lists what people get wrong: each ends with a code that is not 0 and one
// error that names the value and the way out.
func failures(t *testing.T, f *fixture) {
	bob := strings.TrimSpace(must(t, f.Home, "keys", "show", "bob", "-a"))
	hot := strings.TrimSpace(must(t, f.Home, "keys", "show", "hot0", "-a"))
	must(t, f.Home, "keys", "add", "fresh")
	for _, c := range []struct {
		says string
		args []string
	}{
		{"finer than 1 rao", []string{"tx", "bank", "send", "alice", bob, "0.0000000001tao", "--yes"}},
		{"no key \"nosuchkey\" in the keyring", []string{"tx", "bank", "send", "nosuchkey", bob, "1tao", "--yes"}},
		{"nobody signs", []string{"tx", "neuron", "stake", hot, "1tao", "--yes"}},
		{"argument \"tao1xyz\"", []string{"q", "bank", "balances", "tao1xyz"}},
		{"height in the future", []string{"q", "bank", "balances", bob, "--height", "9999999"}},
		{"Error: tx (ABCD) not found", []string{"q", "tx", "ABCD"}},
		{"stop the node first", []string{"export", "--home", f.NodeHome(0)}},
		{"insufficient funds", []string{"tx", "bank", "send", "alice", bob, "20000000tao", "--yes"}},
		{"is a hotkey", []string{"tx", "bank", "send", "alice", hot, "1tao", "--yes"}},
		{"out of gas", []string{"tx", "bank", "send", "alice", bob, "1tao", "--yes", "--wait", "--gas", "60000"}},
		{"unknown uid", []string{"tx", "weights", "set", "1", "9=1", "--from", "hot0", "--yes"}},
		{"no uid=weight", []string{"tx", "weights", "set", "1", "9:1", "--from", "hot0", "--yes"}},
		{"0..65535", []string{"tx", "weights", "set", "1", "9=65536", "--from", "hot0", "--yes"}},
		{"subnet 7", []string{"tx", "weights", "set", "7", "0=1", "--from", "hot0", "--yes"}},
		{"not registered", []string{"tx", "weights", "set", "1", "0=1", "--from", "bob", "--yes"}},
		{"has uid 0", []string{"tx", "neuron", "register", "1", "--hotkey", "hot0", "--from", "alice", "--yes"}},
		{"--hotkey", []string{"tx", "neuron", "register", "1", "--from", "alice", "--yes"}},
		{"max_price", []string{"tx", "neuron", "register", "1", "--hotkey", "fresh", "--max-price", "1rao", "--from", "alice", "--yes"}},
		{"the least is", []string{"tx", "neuron", "stake", hot, "1rao", "--from", "alice", "--yes"}},
		{"nosuchkey", []string{"tx", "neuron", "stake", hot, "1tao", "--from", "nosuchkey", "--yes"}},
		{"a fresh key", []string{"tx", "neuron", "register", "1", "--hotkey", "alice", "--from", "bob", "--yes"}},
		{"no epoch", []string{"q", "weights", "epoch-input", "1", "--height", "4"}}, // tempo is 2, subnet 1 is due at odd heights
		{"0..4095", []string{"q", "weights", "explain", "1", "5000"}},
		{"unknown command", []string{"tx", "weights", "sett"}},
		{"no such file", []string{"yuma", "run", "/nonexistent.json"}},
		{"1..16", []string{"localnet", "start", "--validators", "17"}},
		{"No node answers", []string{"q", "bank", "balances", bob, "--node", "tcp://localhost:1"}},
	} {
		r := taod(t, f.Home, c.args...)
		assert.NotZero(t, r.code, "taod %v\n%s%s", c.args, r.out, r.err)
		assert.Contains(t, r.err, c.says, "taod %v\n%s", c.args, r.out)
		assert.NotContains(t, r.err, "goroutine", "taod %v", c.args)
	}
}
