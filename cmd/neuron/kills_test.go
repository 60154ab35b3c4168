package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/store"
)

// killsVariable says how often TestKills kills; unset is a few times.
const killsVariable = "NEURON_KILLS"

const (
	// goalSteps is the most that a life trains before its end is near, lifeSteps what it
	// may make until it is dead.
	goalSteps, lifeSteps = 20, 40
)

// A neuron that is killed at random moments, also while it starts and while it writes a
// checkpoint, goes on from its newest checkpoint and ends with the same bytes as one that
// was never interrupted. No checkpoint is ever damaged and no key is lost.
func TestKills(t *testing.T) {
	kills := 5
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	} else if testing.Short() {
		kills = 2
	}
	steps := uint64((kills + 1) * lifeSteps) // never done by those that are killed
	want := newVictim(t, steps)
	must(t, want.args()...)

	v := newVictim(t, steps)
	keys := v.keys(t)
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	during := map[string]int{}
	for range kills {
		during[v.kill(t, random)]++
		require.Equal(t, keys, v.keys(t))
		v.check(t)
	}
	t.Logf("%d kills: %v; step %d of %d", kills, during, v.newest, steps)
	must(t, v.args()...)
	v.check(t)
	require.Equal(t, steps, v.newest)
	name := "step-" + strconv.FormatUint(steps, 10) + ".safetensors"
	expected, err := os.ReadFile(filepath.Join(want.dir, name))
	require.NoError(t, err)
	have, err := os.ReadFile(filepath.Join(v.dir, name))
	require.NoError(t, err)
	require.True(t, string(expected) == string(have), "the checkpoint of %d kills differs from that of none", kills)
	require.Equal(t, keys, v.keys(t))
}

// victim is a neuron that is killed.
type victim struct {
	home, dir string
	steps     uint64
	newest    uint64 // step of its newest checkpoint
}

func newVictim(t *testing.T, steps uint64) *victim {
	t.Helper()
	home := t.TempDir()
	must(t, "init", "--home", home, "--data", "prose", "--keyring-backend", "test", "--node", "127.0.0.1:1")
	return &victim{home: home, dir: filepath.Join(home, "checkpoints"), steps: steps}
}

func (v *victim) args() []string {
	return append([]string{"run", "--chain-none", "--steps", strconv.FormatUint(v.steps, 10), "--set", "train.checkpoint_every=3"}, alone(v.home)...)
}

// kill runs the neuron and kills it, either some time after its start or some time after
// it has made some steps. It says which of the two, and whether a checkpoint was cut off.
func (v *victim) kill(t *testing.T, random *rand.Rand) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, v.args()...)
	require.NoError(t, cmd.Start())
	goal, end, when := v.newest+1+random.Uint64N(goalSteps), ctx, "training"
	if random.IntN(4) == 0 {
		end, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(600))*time.Millisecond)
		defer cancel()
	}
	for v.step(t) < goal && end.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, ctx.Err(), "it makes no steps")
	time.Sleep(time.Duration(random.IntN(10_000)) * time.Microsecond)
	if v.step(t) == v.newest {
		when = "starting"
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait(), "it ended before it was killed")
	if left, err := filepath.Glob(filepath.Join(v.dir, "*.partial")); err == nil && len(left) > 0 {
		return "writing a checkpoint"
	}
	return when
}

// step of the newest checkpoint.
func (v *victim) step(t *testing.T) uint64 {
	t.Helper()
	if _, err := os.Stat(v.dir); err != nil {
		return 0
	}
	entries, err := filepath.Glob(filepath.Join(v.dir, "step-*.safetensors"))
	require.NoError(t, err)
	newest := uint64(0)
	for _, e := range entries {
		text := filepath.Base(e)
		step, err := strconv.ParseUint(text[len("step-"):len(text)-len(".safetensors")], 10, 64)
		require.NoError(t, err)
		newest = max(newest, step)
	}
	return newest
}

// check looks at every checkpoint that is there.
func (v *victim) check(t *testing.T) {
	t.Helper()
	step := v.step(t)
	require.GreaterOrEqual(t, step, v.newest, "a checkpoint was lost")
	v.newest = step
	files, err := filepath.Glob(filepath.Join(v.dir, "step-*.safetensors"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(files), store.Kept+1)
	for _, file := range files {
		whole(t, file)
	}
}

// whole checks that a safetensors file has all the bytes that its header says.
func whole(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Greater(t, len(text), 8, file)
	size := binary.LittleEndian.Uint64(text)
	require.Less(t, size, uint64(len(text)), file)
	var header map[string]struct {
		Offsets []uint64 `json:"data_offsets"`
	}
	require.NoError(t, json.Unmarshal(text[8:8+size], &header), file)
	end := uint64(0)
	for _, tensor := range header {
		if len(tensor.Offsets) == 2 {
			end = max(end, tensor.Offsets[1])
		}
	}
	require.EqualValues(t, len(text), 8+size+end, file)
}

// keys are all files of keys with their content.
func (v *victim) keys(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"hotkey.json", "keyring-test/*"} {
		files, err := filepath.Glob(filepath.Join(v.home, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			found[filepath.Base(file)] = string(text)
		}
	}
	return found
}
