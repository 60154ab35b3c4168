package experiment

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
)

// tiny is an Env of generated languages with trainings of one step.
func tiny(t *testing.T, languages int) *Env {
	t.Helper()
	texts, err := data.Generated(1, 40<<10)
	require.NoError(t, err)
	return &Env{
		Seeds: []uint64{1, 2}, Texts: texts[:languages], Out: t.TempDir(), Steps: 1, Quick: true, Workers: 1,
		Say: t.Logf, Now: func() time.Time { return time.Unix(0, 0) },
	}
}

// done runs an experiment and reads back what it wrote.
func done(t *testing.T, e Experiment, env *Env, raw any) *Result {
	t.Helper()
	r, err := e.Do(context.Background(), env)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(env.Out, e.Name+".json"))
	require.NoError(t, err)
	back := Result{Raw: raw}
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r.Findings, back.Findings)
	require.NotEmpty(t, back.Findings)
	require.NotEmpty(t, back.Setup)
	for _, table := range back.Tables {
		require.NotEmpty(t, table.Rows)
		for _, row := range table.Rows {
			require.Len(t, row, len(table.Head), "%s: %v", table.Title, row)
		}
	}
	for _, p := range back.Plots {
		require.FileExists(t, filepath.Join(env.Out, p.File+".png"))
	}
	require.FileExists(t, filepath.Join(env.Out, e.Name+".md"))
	return r
}

// specialist is a served MLP of two hidden units, of any parameters.
func specialist(t *testing.T, seed uint64) *model.Served {
	t.Helper()
	m, err := model.NewServed(model.NewMLP(model.MLPConfig{Context: 4, Embedding: 4, Hidden: 8}, seed), 1)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// shapes writes images of 6 x 6 in MNIST's format, each class a pattern with noise, so
// many of each.
func shapes(t *testing.T, classes, each int) string {
	t.Helper()
	const side = 6
	random := rand.New(rand.NewPCG(3, 4))
	patterns := make([][]bool, classes)
	for c := range patterns {
		patterns[c] = make([]bool, side*side)
		for i := range patterns[c] {
			patterns[c][i] = random.IntN(2) == 0
		}
	}
	n := classes * each
	images := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, uint32(n))
	images = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(images, side), side)
	labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, uint32(n))
	for i := range n {
		labels = append(labels, byte(i%classes))
		for _, on := range patterns[i%classes] {
			if random.IntN(4) == 0 {
				on = !on
			}
			images = append(images, byte(random.IntN(100)))
			if on {
				images[len(images)-1] += 150
			}
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t10k-images-idx3-ubyte.gz"), images, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"), labels, 0o644))
	return dir
}
