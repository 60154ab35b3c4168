package neuron

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/store"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/train"
	"github.com/taonet/taonet/neuron/wallet"
)

// book is a log that tests read.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *book) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// little is a configuration that learns a generated language alone, in no time.
func little(t testing.TB, home string) *Config {
	t.Helper()
	c := Default()
	c.Name, c.Home, c.Chain.None, c.Telemetry.Listen = "little", home, true, ""
	c.Data = Data{Kind: KindGenerated, Domain: "sums", Of: 1, Bytes: 60_000, Samples: []Sample{{Domain: "log", Bytes: 20_000}}}
	c.Train.Batch, c.Train.Length, c.Train.Warmup, c.Train.EvaluateEvery = 4, 16, 2, 10
	return c
}

// runs a neuron until its status is as wanted, and returns the last one.
func runs(t testing.TB, c *Config, deps Deps, until func(Status) bool) Status {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	deps.Watch = func(s Status) {
		if until(s) {
			cancel()
		}
	}
	n, err := New(c, deps)
	require.NoError(t, err)
	require.NoError(t, n.Run(ctx))
	return n.Status()
}

func steps(t testing.TB, home string) []uint64 {
	t.Helper()
	c, err := store.OpenCheckpoints(filepath.Join(home, dirCheckpoints))
	require.NoError(t, err)
	list, err := c.Steps()
	require.NoError(t, err)
	return list
}

func TestRunLearnsAndGoesOn(t *testing.T) {
	home, domains, said := t.TempDir(), &Domains{Seed: 1}, &book{}
	c := little(t, home)
	c.Train.Steps, c.Train.CheckpointEvery = 50, 20
	first := runs(t, c, Deps{Domains: domains, Log: said.log()}, func(s Status) bool { return s.Step >= 30 })
	require.GreaterOrEqual(t, first.Step, uint64(30))
	require.Equal(t, "little", first.Name)
	require.Equal(t, "bytelm-mlp", first.Model)
	require.EqualValues(t, -1, first.UID)
	require.Positive(t, first.Loss)
	require.Positive(t, first.Alone)
	require.Equal(t, first.Alone, first.Network)
	require.False(t, first.Resting)
	require.Equal(t, first.Step, steps(t, home)[0], "it ends with a checkpoint")
	require.Contains(t, said.String(), "msg=loaded model=bytelm-mlp parameters=")
	require.Contains(t, said.String(), "train=")
	require.Contains(t, said.String(), "kernel=")

	last := runs(t, c, Deps{Domains: domains, Log: said.log()}, func(s Status) bool { return s.Resting })
	require.EqualValues(t, 50, last.Step)
	require.True(t, last.Resting)
	require.Less(t, last.Best, first.Best)
	require.EqualValues(t, 50, steps(t, home)[0])
	require.Contains(t, said.String(), "training rests")
	require.FileExists(t, filepath.Join(home, fileLock))

	// The status is a table's line: its names stay.
	text, err := json.Marshal(last)
	require.NoError(t, err)
	for _, name := range []string{"step", "alone", "network", "best", "resting", "peers", "served", "rows_per_second", "uid", "earned_incentive", "used_up"} {
		require.Contains(t, string(text), `"`+name+`":`)
	}
}

// One damaged checkpoint is passed over and said, two end it with a way out.
func TestDamagedCheckpoints(t *testing.T) {
	home, domains, said := t.TempDir(), &Domains{Seed: 1}, &book{}
	c := little(t, home)
	c.Train.Steps, c.Train.CheckpointEvery = 40, 20
	runs(t, c, Deps{Domains: domains, Log: said.log()}, func(s Status) bool { return s.Resting })
	kept := steps(t, home)
	require.Equal(t, []uint64{40, 20}, kept)
	damage := func(step string) {
		path := filepath.Join(home, dirCheckpoints, "step-"+step+".safetensors")
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b[:len(b)/2], 0o600))
	}
	damage("40")
	n, err := New(c, Deps{Domains: domains, Log: said.log()})
	require.NoError(t, err)
	require.EqualValues(t, 20, n.Status().Step)
	require.NoError(t, n.close())
	require.Contains(t, said.String(), "a checkpoint cannot be read and is passed over")
	require.Contains(t, said.String(), "step-40.safetensors")

	damage("20")
	_, err = New(c, Deps{Domains: domains, Log: said.log()})
	require.ErrorContains(t, err, "move the folder away to begin anew")
	require.ErrorContains(t, err, "step-20.safetensors")
	require.NoError(t, os.RemoveAll(filepath.Join(home, dirCheckpoints)))
	n, err = New(c, Deps{Domains: domains, Log: said.log()}) // what failed gave everything back
	require.NoError(t, err)
	require.Zero(t, n.Status().Step)
	require.NoError(t, n.close())
}

// address is one that nobody has now.
func address(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// joined is a configuration with a chain that is away.
func joined(t testing.TB, home string) *Config {
	t.Helper()
	c := little(t, home)
	c.Chain.None, c.Chain.Nodes, c.Network.AllowPrivate, c.Axon.Listen = false, []string{"127.0.0.1:1"}, true, address(t)
	require.NoError(t, wallet.NewHotkey().Save(filepath.Join(home, c.Wallet.Hotkey)))
	return c
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	domains := &Domains{Seed: 1}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	for name, c := range map[string]struct {
		edit func(c *Config)
		says string
	}{
		"values":            {func(c *Config) { c.Train.Batch = 0 }, "train.batch"},
		"axon port":         {func(c *Config) { c.Axon.Listen = taken.Addr().String() }, "choose another port"},
		"telemetry port":    {func(c *Config) { c.Telemetry.Listen = taken.Addr().String() }, "stop the program that has it"},
		"no hotkey":         {func(c *Config) { c.Wallet.Hotkey = "nothing.json" }, "nothing.json"},
		"no hotkey in it":   {func(c *Config) { c.Wallet.Hotkey = "wrong.json" }, "wrong.json"},
		"no such domain":    {func(c *Config) { c.Data = Data{Kind: KindText, Paths: []string{"nothing/**/*.txt"}, Of: 1} }, "nothing"},
		"too little":        {func(c *Config) { c.Data.Bytes, c.Data.Samples = 600, nil }, "give 50 kB or more"},
		"damaged scores":    {func(c *Config) { writeFile(t, c.Home, fileScores, "{") }, "move the file away"},
		"damaged hotkeys":   {func(c *Config) { writeFile(t, c.Home, fileHotkeys, "{") }, "move it and scores.json away"},
		"damaged rows":      {func(c *Config) { writeFile(t, c.Home, fileRows, "{") }, "rows"},
		"damaged key":       {func(c *Config) { writeFile(t, c.Home, fileCertificate, "nonsense") }, "axon"},
		"home is no folder": {func(c *Config) { c.Home = filepath.Join(c.Home, c.Wallet.Hotkey) }, "home"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			cfg := joined(t, home)
			good := *cfg
			writeFile(t, home, "wrong.json", `{"some": "thing"}`)
			c.edit(cfg)
			_, err := New(cfg, Deps{Domains: domains, Log: (&book{}).log()})
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n\n")
			// What was opened before is closed: a right one opens.
			for _, file := range []string{fileScores, fileHotkeys, fileRows, fileCertificate} {
				require.NoError(t, os.RemoveAll(filepath.Join(home, file)))
			}
			n, err := New(&good, Deps{Domains: domains, Log: (&book{}).log()})
			require.NoError(t, err)
			require.NoError(t, n.close())
		})
	}
}

func writeFile(t testing.TB, home, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(home, name), []byte(text), 0o600))
}

func TestHomeIsForOne(t *testing.T) {
	home, domains := t.TempDir(), &Domains{Seed: 1}
	n, err := New(little(t, home), Deps{Domains: domains, Log: (&book{}).log()})
	require.NoError(t, err)
	_, err = New(little(t, home), Deps{Domains: domains, Log: (&book{}).log()})
	require.ErrorContains(t, err, "in use by another neuron: stop it, or give this one a home of its own")
	require.NoError(t, n.close())
	n, err = New(little(t, home), Deps{Domains: domains, Log: (&book{}).log()})
	require.NoError(t, err)
	require.NoError(t, n.close())
}

// forgetful is a judge that notes what it forgets.
type forgetful struct {
	judge
	forgot []uint32
}

func (f *forgetful) Forget(uid uint32) { f.forgot = append(f.forgot, uid) }

// metagraphOf has a neuron for each hotkey, by uid; "" is a uid that nobody has.
func metagraphOf(hotkeys ...string) chain.Metagraph {
	m := chain.Metagraph{Subnet: 1, Height: 10}
	for uid, hotkey := range hotkeys {
		if hotkey != "" {
			m.Neurons = append(m.Neurons, chain.Neuron{UID: uint32(uid), Hotkey: hotkey, Stake: 7})
		}
	}
	return m
}

// Scores are about a hotkey: whoever gets its uid begins at nothing, also when that
// happened while the neuron did not run.
func TestScoresFollowHotkeys(t *testing.T) {
	s := &subnet{}
	require.Empty(t, s.set(metagraphOf("a", "b", "c")))
	require.Empty(t, s.set(metagraphOf("a", "b", "c", "d")))
	require.Equal(t, []uint32{1}, s.set(metagraphOf("a", "x", "c", "d")))
	require.Equal(t, []uint32{3}, s.set(metagraphOf("a", "x", "c")))
	caller, ok := s.Caller("x")
	require.True(t, ok)
	require.EqualValues(t, 1, caller.UID)
	require.EqualValues(t, 7, caller.Stake)
	require.True(t, caller.Registered)
	_, ok = s.Caller("b")
	require.False(t, ok)

	home, err := openHome(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, home.close()) }()
	var h hotkeys
	require.NoError(t, h.read(home))
	f := &forgetful{}
	h.forget(s.hotkeys(), f)
	require.Empty(t, f.forgot)
	require.True(t, h.changed)
	require.NoError(t, h.write(home))
	require.False(t, h.changed)

	var restarted hotkeys
	require.NoError(t, restarted.read(home))
	require.Equal(t, h.by, restarted.by)
	s.set(metagraphOf("a", "y", "c", "e"))
	restarted.forget(s.hotkeys(), f)
	require.Equal(t, []uint32{1}, f.forgot)
	require.True(t, restarted.changed)
}

func TestRecordOnChain(t *testing.T) {
	s, record := &subnet{}, chain.Axon{Host: "127.0.0.1", Port: 9, Version: 1}
	m := metagraphOf("a", "b")
	s.set(m)
	require.True(t, s.serves("a", record, 11), "the metagraph is older than the record")
	require.False(t, s.serves("a", record, 10), "there is none")
	m.Neurons[0].Axon = &record
	s.set(m)
	require.True(t, s.serves("a", record, 10))
	other := record
	other.Port = 10
	require.False(t, s.serves("a", other, 10))
	require.False(t, s.serves("z", record, 10))

	m.Neurons[1].Axon = &chain.Axon{Host: "10.0.0.1", Port: 1, Version: 99}
	require.Len(t, endpoints(m), 1, "another protocol is not asked")
}

// Probes and canaries of two neurons differ, however alike their configurations are.
func TestSecretSeed(t *testing.T) {
	var seeds []uint64
	one, two := wallet.NewHotkey(), wallet.NewHotkey()
	for _, hotkey := range []*wallet.Hotkey{one, two, one} {
		n := &Neuron{cfg: Default(), hotkey: hotkey}
		seed, err := n.secret()
		require.NoError(t, err)
		seeds = append(seeds, seed)
	}
	require.NotEqual(t, seeds[0], seeds[1])
	require.Equal(t, seeds[0], seeds[2])
}

// A neuron says in health and status what keeps it from working.
func TestSays(t *testing.T) {
	said := &book{}
	tel, err := telemetry.New(telemetry.Config{Log: "text", Level: "info", Output: said})
	require.NoError(t, err)
	defer func() { require.NoError(t, tel.Close()) }()
	n := &Neuron{cfg: Default(), log: said.log(), telemetry: tel, learning: &learning{}, network: train.Alone{}}
	n.trouble(chain.ErrUnreachable)
	n.trouble(nil)
	n.modelTrouble(os.ErrDeadlineExceeded)
	require.Contains(t, n.Status().Says, "training waits")
	n.say("one")
	n.say("one")
	require.Equal(t, 1, strings.Count(said.String(), "msg=one"))
	n.reported(chain.Outcome{Kind: chain.KindRow, Height: 12})
	require.EqualValues(t, 12, n.Status().Row)
	n.reported(chain.Outcome{Kind: chain.KindRow, Err: chain.ErrNotRegistered})
	require.Contains(t, n.Status().Says, "failed")
	n.measured(train.Round{Peers: []uint32{3}, Silent: []error{os.ErrDeadlineExceeded}, UsedUp: true, Copies: []uint32{3}, Relays: []uint32{3}})
	require.Contains(t, n.Status().Says, "was a target once")
	worst, parts := tel.Health.Parts()
	require.Equal(t, telemetry.Failing, worst)
	require.Len(t, parts, 4)
	n.modelTrouble(nil)
	require.Contains(t, said.String(), "the model's process is back")
	require.True(t, pause(t.Context(), time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, pause(ctx, time.Hour))
}
