package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/doctor"
)

// From nothing to a checkpoint, without a chain.
func TestAlone(t *testing.T) {
	home := aloneHome(t)
	require.Equal(t, "the configuration is valid\n", must(t, "config", "validate", "--home", home))

	out := must(t, append([]string{"run", "--steps", "12", "-o", "json"}, alone(home)...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var last neuron.Status
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	require.EqualValues(t, 12, last.Step)
	require.True(t, last.Resting, "without a chain it ends when its steps are done")
	require.Less(t, last.Loss, 6.0)
	require.FileExists(t, filepath.Join(home, "checkpoints", "step-12.safetensors"))

	r := run(t, append([]string{"run", "--steps", "13"}, alone(home)...)...)
	require.Zero(t, r.code, r.err)
	require.Empty(t, r.out, "without a terminal there is a log alone")
	for line := range strings.Lines(r.err) {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.Contains(t, r.err, `"step":13`)
	require.FileExists(t, filepath.Join(home, "checkpoints", "step-13.safetensors"))

	type report struct {
		Healthy bool           `json:"healthy"`
		Checks  []doctor.Check `json:"checks"`
	}
	found := mustJSON[report](t, append([]string{"doctor"}, alone(home)...)...)
	require.True(t, found.Healthy)
	require.Contains(t, found.Checks, doctor.Check{Name: "model and data", State: doctor.OK, Says: "bytelm-mlp on generated, at step 13"})
}

// What is in the way of a run is one sentence, and the checkpoint stays as it was.
func TestRunFails(t *testing.T) {
	home := aloneHome(t)
	must(t, append([]string{"run", "--steps", "3", "-o", "json"}, alone(home)...)...)
	file := filepath.Join(home, "checkpoints", "step-3.safetensors")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	for says, setting := range map[string]string{
		l.Addr().String():  "telemetry.listen=" + l.Addr().String(),
		"checkpoint":       "model.architecture=bytelm-transformer",
		"/nosuch/book.txt": "data.paths=/nosuch/book.txt",
	} {
		args := append([]string{"run", "--steps", "9"}, alone(home)...)
		if strings.HasPrefix(setting, "data.paths") {
			args = append(args, "--set", "data.kind=text", "--set", "data.samples=")
		}
		r := run(t, append(args, "--set", setting)...)
		require.NotZero(t, r.code, setting)
		require.Contains(t, r.err, says)
		require.Equal(t, 1, strings.Count(r.err, "Error: "), r.err)
	}
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, string(before) == string(after))
}

// Every value says where it comes from.
func TestOrigins(t *testing.T) {
	home := aloneHome(t)
	r := neuronWith(t, "", []string{"NEURON_TRAIN_RATE=0.01"}, "config", "show", "--origin", "--home", home, "--set", "train.batch=3")
	require.Zero(t, r.code, r.err)
	require.Regexp(t, `(?m)^train.batch +3 +--set$`, r.out)
	require.Regexp(t, `(?m)^train.rate +0.01 +NEURON_TRAIN_RATE$`, r.out)
	require.Regexp(t, `(?m)^data.domain +prose +neuron.yaml:\d+$`, r.out)
	require.Regexp(t, `(?m)^home +\S+ +--home$`, r.out)
	require.Regexp(t, `(?m)^chain.none +false +default$`, must(t, "config", "show", "--origin", "--home", t.TempDir()))
	values := mustJSON[[]neuron.Value](t, "config", "show", "--home", home)
	require.Len(t, values, len(neuron.Keys()))

	r = neuronWith(t, "", []string{"NEURON_HOME=" + home}, "config", "validate")
	require.Zero(t, r.code, r.err)
	r = neuronWith(t, "", []string{"NEURON_TRAIN_STEP=7"}, "config", "validate", "--home", home)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "NEURON_TRAIN_STEPS")

	r = run(t, "config", "validate", "--home", home, "--set", "train.batch=0", "--set", "model.seed=x", "-o", "json")
	require.NotZero(t, r.code)
	var problems []problem
	require.NoError(t, json.Unmarshal([]byte(r.out), &problems))
	require.Len(t, problems, 2)
	require.Equal(t, "train.batch", problems[1].Key)
}

// What init writes is never written over, and is for its owner alone.
func TestInitKeepsWhatIsThere(t *testing.T) {
	home := aloneHome(t)
	file := filepath.Join(home, "neuron.yaml")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	r := run(t, "init", "--home", home, "--data", "sums", "--chain-none")
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "there is a neuron already")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.Contains(t, string(before), "home: "+home)
}

// The four questions, with somebody there to answer.
func TestInitAsks(t *testing.T) {
	home := t.TempDir()
	var out, errs bytes.Buffer
	p := &program{
		in: bufio.NewReader(strings.NewReader("ada\ngo\n\n127.0.0.1:9777\n")), out: &out, err: &errs, asks: true,
	}
	require.NoError(t, p.run([]string{"init", "--home", home, "--keyring-backend", "test", "--set", "chain.nodes=127.0.0.1:1", "-o", "json"}))
	for _, question := range []string{"Name [neuron]: ", "Data (go, assembly", "Node of the chain, host:port [127.0.0.1:9090]: ", "Public address"} {
		require.Contains(t, errs.String(), question)
	}
	require.Contains(t, errs.String(), "does not answer now")
	var m made
	require.NoError(t, json.Unmarshal(out.Bytes(), &m))
	require.Len(t, strings.Fields(m.Coldkey.Mnemonic), 24)
	cfg, err := neuron.Load(neuron.Sources{File: m.Config})
	require.NoError(t, err)
	require.Equal(t, "ada", cfg.Name)
	require.Equal(t, "go", cfg.Data.Domain)
	require.Equal(t, "127.0.0.1:9777", cfg.Axon.Listen)
	require.True(t, cfg.Network.AllowPrivate)
}

// Keys are made, imported and kept; nothing prints a secret but init, once.
func TestInitKeys(t *testing.T) {
	home := t.TempDir()
	local := []string{"--home", home, "--keyring-backend", "test", "--node", "127.0.0.1:1"}
	first := mustJSON[made](t, append([]string{"init"}, local...)...)
	require.False(t, first.Coldkey.Kept)
	require.Len(t, first.Next, 5)
	require.Contains(t, first.Next[1], "neuron register --home "+home)

	require.NoError(t, os.Remove(first.Config))
	again := mustJSON[made](t, append([]string{"init"}, local...)...)
	require.True(t, again.Coldkey.Kept)
	require.True(t, again.Hotkey.Kept)
	require.Equal(t, first.Coldkey.Address, again.Coldkey.Address)
	require.Equal(t, first.Hotkey.Address, again.Hotkey.Address)
	require.Empty(t, again.Coldkey.Mnemonic)

	words := first.Coldkey.Mnemonic
	other := filepath.Join(t.TempDir(), "other")
	r := neuronWith(t, words+"\n"+words+"\n", nil, "init", "--home", other, "--keyring-backend", "test", "--node", "127.0.0.1:1",
		"--import", "--import-hotkey", "-o", "json")
	require.Zero(t, r.code, r.err)
	var imported made
	require.NoError(t, json.Unmarshal([]byte(r.out), &imported))
	require.Equal(t, first.Coldkey.Address, imported.Coldkey.Address)
	require.Empty(t, imported.Coldkey.Mnemonic)
	require.NotEqual(t, imported.Hotkey.Address, imported.Coldkey.Address)

	require.NoError(t, os.Remove(imported.Config))
	r = neuronWith(t, words+"\n", nil, "init", "--home", other, "--keyring-backend", "test", "--node", "127.0.0.1:1", "--import")
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "already")
	require.NotContains(t, r.err, strings.Fields(words)[0]+" "+strings.Fields(words)[1])
}

// A keyring with a password, which a script gives on standard input.
func TestInitWithPassword(t *testing.T) {
	home := t.TempDir()
	r := neuronWith(t, "password1\npassword1\n", nil, "init", "--home", home, "--node", "127.0.0.1:1", "-o", "json")
	require.Zero(t, r.code, r.err)
	var m made
	require.NoError(t, json.Unmarshal([]byte(r.out), &m))
	require.True(t, strings.HasPrefix(m.Coldkey.Address, "tao1"), m.Coldkey.Address)
	require.DirExists(t, filepath.Join(home, "keyring-file"))
}

// A screen gets a line that is drawn again, the home a log.
func TestRunOnATerminal(t *testing.T) {
	home := aloneHome(t)
	var out, errs bytes.Buffer
	p := &program{in: bufio.NewReader(strings.NewReader("")), out: &out, err: &errs, shows: true}
	require.NoError(t, p.run(append([]string{"run", "--steps", "5"}, alone(home)...)))
	require.Contains(t, out.String(), "Ctrl-C ends with a checkpoint")
	require.Contains(t, out.String(), "step 5  ")
	require.Contains(t, out.String(), "\x1b[1A", "the second line is drawn over the first")
	require.Empty(t, errs.String())
	log, err := os.ReadFile(filepath.Join(home, logName))
	require.NoError(t, err)
	require.Contains(t, string(log), "training rests")
}

func TestVersionAndHelp(t *testing.T) {
	require.NotEmpty(t, must(t, "version"))
	require.Contains(t, must(t, "--version"), "neuron version")
	require.Contains(t, mustJSON[map[string]string](t, "version")["go"], "go1.")
	root := newRootCmd(&program{})
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		require.NotEmpty(t, cmd.Example, "neuron %s has no example", cmd.Name())
		require.NotEmpty(t, cmd.Short, cmd.Name())
	}
	require.Contains(t, must(t, "completion", "bash"), "neuron")
	for args, want := range map[string]string{
		"run --set train.st": "train.steps=", "metagraph --sort inc": "incentive", "experiment to": "together", "run -o ": "json",
	} {
		require.Contains(t, must(t, append([]string{"__complete"}, strings.Split(args, " ")...)...), want, args)
	}
}
