package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/neuron/doctor"
	"github.com/taonet/taonet/neuron/overview"
)

// localChain is a real chain with one validator.
type localChain struct {
	taod, home, node string
	offset           int
}

// startChain builds taod and starts a chain on free ports. It ends with the test.
func startChain(t *testing.T) *localChain {
	t.Helper()
	c := &localChain{taod: filepath.Join(t.TempDir(), "taod"), home: t.TempDir()}
	build := exec.Command("go", "build", "-o", c.taod, "../taod")
	text, err := build.CombinedOutput()
	require.NoError(t, err, string(text))
	for c.offset = 5000; ; c.offset += 200 {
		require.Less(t, c.offset, 20000, "no free ports")
		cfg := localnet.Config{Home: c.home, Binary: c.taod, Validators: 1, PortOffset: c.offset}
		if cfg.CheckPorts() == nil {
			c.node = "127.0.0.1:" + strconv.Itoa(cfg.Ports(0).GRPC)
			break
		}
	}
	var log bytes.Buffer
	cmd := exec.Command(c.taod, "localnet", "start", "--fresh", "--home", c.home, "--port-offset", strconv.Itoa(c.offset))
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait() // how it ends is for its own tests
		if t.Failed() {
			t.Log(log.String())
		}
	})
	until(t, func() bool { return run(t, "metagraph", "--home", c.home, "--node", c.node).code == 0 })
	return c
}

// fund sends Tao to an address.
func (c *localChain) fund(t *testing.T, address, amount string) {
	t.Helper()
	text, err := exec.Command(c.taod, "localnet", "faucet", address, amount, "--home", c.home).CombinedOutput()
	require.NoError(t, err, string(text))
}

// diagnosis is what doctor -o json prints.
type diagnosis struct {
	Healthy bool           `json:"healthy"`
	Checks  []doctor.Check `json:"checks"`
}

// states are the names of the checks in a state.
func (d diagnosis) states(s doctor.State) (names []string) {
	for _, c := range d.Checks {
		if c.State == s {
			names = append(names, c.Name)
		}
	}
	return names
}

// paid is what a transaction prints.
type paid struct {
	receipt
	UID    uint32 `json:"uid"`
	Price  uint64 `json:"price"`
	Amount uint64 `json:"amount"`
	Axon   *axon  `json:"axon"`
}

// From nothing to a neuron that is on chain, with the words that init says.
func TestWithChain(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds taod and runs a chain")
	}
	c := startChain(t)
	home := t.TempDir()
	address := freeAddress(t)
	m := mustJSON[made](t, "init", "--home", home, "--name", "ada", "--data", "prose", "--node", c.node, "--public", address, "--keyring-backend", "test")
	at := []string{"--home", home}
	with := func(args ...string) []string { return append(args, at...) }
	require.Contains(t, must(t, with("config", "show")...), "chain.id                   tao-local")

	r := run(t, with("register")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "not enough Tao")
	r = run(t, with("doctor", "--set", "telemetry.listen=")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "checks failed: balance, registered")
	require.Contains(t, r.out, "-> send some Tao to "+m.Coldkey.Address)
	require.Contains(t, r.out, "ok       axon reached", "it answered in the neuron's place")

	c.fund(t, m.Coldkey.Address, "200tao")
	r = run(t, with("register", "--max-price", "1rao")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "it costs more")
	bought := mustJSON[paid](t, with("register")...)
	require.NotZero(t, bought.Height)
	require.Positive(t, bought.Fee)
	require.Positive(t, bought.Price)
	r = run(t, with("register")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "registered already")
	require.EqualValues(t, 100_000_000_000, mustJSON[paid](t, with("stake", "100tao")...).Amount)
	r = run(t, with("stake", "100tao")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "not enough Tao")

	serving(t, with, address)
	left, err := filepath.Glob(filepath.Join(home, "checkpoints", "*.safetensors"))
	require.NoError(t, err)
	require.NotEmpty(t, left, "Ctrl-C ends with a checkpoint")

	served := mustJSON[paid](t, with("serve")...)
	require.Equal(t, address, served.Axon.Address)
	g := mustJSON[metagraph](t, with("metagraph", "--sort", "stake")...)
	require.Len(t, g.Neurons, 1)
	require.Equal(t, served.Height, g.Neurons[0].Axon.Height, "the record was there: nothing was sent")
	require.Contains(t, must(t, with("metagraph")...), address)
	o := mustJSON[overview.Overview](t, with("overview", "--block-time", "1s")...)
	require.Equal(t, m.Coldkey.Address, o.Coldkey)
	require.Len(t, o.Hotkeys, 1)
	require.Equal(t, m.Hotkey.Address, o.Hotkeys[0].Hotkey)
	require.NotNil(t, o.PerDay)
	require.Contains(t, must(t, with("overview")...), "tao per day", "the pace of blocks is measured")
	text := must(t, with("unstake", "1.5tao")...)
	require.Contains(t, text, "1.5tao taken from "+m.Hotkey.Address)
	require.Contains(t, text, "fee 0.0000")
	watched(t, with)
}

// serving runs the neuron until its axon is on chain, lets the doctor look at it, and
// ends it by Ctrl-C.
func serving(t *testing.T, with func(...string) []string, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	quiet := []string{"--set", "telemetry.listen=", "--set", "train.batch=2", "--set", "train.length=8"}
	cmd := command(ctx, append(with("run", "-o", "json"), quiet...)...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	require.NoError(t, cmd.Start())
	until(t, func() bool {
		g := mustJSON[metagraph](t, with("metagraph")...)
		return len(g.Neurons) == 1 && g.Neurons[0].Axon != nil && g.Neurons[0].Axon.Address == address
	})
	d := mustJSON[diagnosis](t, append(with("doctor"), quiet...)...)
	require.True(t, d.Healthy)
	require.ElementsMatch(t, []string{"model and data", "ports"}, d.states(doctor.Skipped), "the running neuron has them")
	r := run(t, with("eval", "--domains", "go")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "is in use by another neuron")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), log.String())
	require.Contains(t, out.String(), `"uid":0`)
}

// watched looks at a metagraph that goes on with the blocks.
func watched(t *testing.T, with func(...string) []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, with("metagraph", "--watch", "-o", "json")...)
	var out lines
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	until(t, func() bool { return out.count() >= 2 })
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait())
}
