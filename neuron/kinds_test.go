package neuron

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
)

// picture is one of a class: a bar whose place says which, with noise.
func picture(random *rand.Rand, class, side int) []byte {
	pixels := make([]byte, side*side)
	for i := range pixels {
		pixels[i] = byte(random.IntN(90))
		if i%side/2 == class {
			pixels[i] += 150
		}
	}
	return pixels
}

const (
	side    = 8
	classes = 4
)

// idx writes pictures in MNIST's format.
func idx(t testing.TB, dir string, n int) []string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	header := func(magic uint32, dims ...uint32) (b []byte) {
		b = binary.BigEndian.AppendUint32(nil, magic)
		for _, d := range dims {
			b = binary.BigEndian.AppendUint32(b, d)
		}
		return b
	}
	images, labels := header(0x803, uint32(n), side, side), header(0x801, uint32(n))
	for range n {
		class := random.IntN(classes)
		images, labels = append(images, picture(random, class, side)...), append(labels, byte(class))
	}
	paths := []string{filepath.Join(dir, "images"), filepath.Join(dir, "labels")}
	require.NoError(t, os.WriteFile(paths[0], images, 0o600))
	require.NoError(t, os.WriteFile(paths[1], labels, 0o600))
	return paths
}

// pngs writes pictures in a folder for each class.
func pngs(t testing.TB, dir string, each int) []string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for class := range classes {
		folder := filepath.Join(dir, "pictures", fmt.Sprintf("class %d", class))
		require.NoError(t, os.MkdirAll(folder, 0o700))
		for i := range each {
			gray := &image.Gray{Pix: picture(random, class, side), Stride: side, Rect: image.Rect(0, 0, side, side)}
			require.Equal(t, color.GrayModel, gray.ColorModel())
			f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%d.png", i)))
			require.NoError(t, err)
			require.NoError(t, png.Encode(f, gray))
			require.NoError(t, f.Close())
		}
	}
	return []string{filepath.Join(dir, "pictures")}
}

// csv writes rows with a class and a number to predict.
func csv(t testing.TB, dir string, n int, target func(values [3]float64) string) []string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("a,b,c,y\n")
	for range n {
		v := [3]float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()}
		fmt.Fprintf(&b, "%.4f,%.4f,%.4f,%s\n", v[0], v[1], v[2], target(v))
	}
	path := filepath.Join(dir, "table.csv")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return []string{path}
}

// Images and tables train, are measured, checkpoint and go on from there.
func TestImagesAndTables(t *testing.T) {
	sum := func(v [3]float64) string { return fmt.Sprintf("%.4f", 100+20*(v[0]-v[1]+v[2]*v[2])) }
	sign := func(v [3]float64) string {
		if v[0]+v[1] > 0 {
			return "yes"
		}
		return "no"
	}
	for name, c := range map[string]struct {
		architecture string
		data         func(dir string) Data
		most         float64 // loss at the end
	}{
		"idx":     {"image-mlp", func(dir string) Data { return Data{Kind: KindIDX, Paths: idx(t, dir, 600)} }, 0.3},
		"png":     {"image-conv", func(dir string) Data { return Data{Kind: KindPNG, Paths: pngs(t, dir, 80)} }, 0.6},
		"classes": {"table-mlp", func(dir string) Data { return Data{Kind: KindCSV, Paths: csv(t, dir, 600, sign), Target: "y"} }, 0.4},
		"regression": {"table-mlp", func(dir string) Data {
			return Data{Kind: KindCSV, Paths: csv(t, dir, 600, sum), Target: "y", Regression: true}
		}, 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			home, said := t.TempDir(), &book{}
			cfg := little(t, home)
			cfg.Model.Architecture, cfg.Data = c.architecture, c.data(t.TempDir())
			cfg.Data.Of = 1
			cfg.Train.Batch, cfg.Train.Steps, cfg.Train.EvaluateEvery, cfg.Train.Patience, cfg.Train.WeightDecay = 16, 160, 40, 0, 0
			first := runs(t, cfg, Deps{Log: said.log()}, func(s Status) bool { return s.Step >= 60 })
			require.Equal(t, c.architecture, first.Model)
			require.Positive(t, first.Alone)
			require.Contains(t, said.String(), "validation=")
			last := runs(t, cfg, Deps{Log: said.log()}, func(s Status) bool { return s.Resting })
			require.EqualValues(t, 160, last.Step)
			require.Contains(t, said.String(), fmt.Sprintf("step=%d", first.Step), "it goes on from its checkpoint")
			require.Less(t, last.Best, c.most)
			require.False(t, math.IsNaN(last.Loss))
			require.EqualValues(t, 160, steps(t, home)[0])
		})
	}
}

// Who can be scored follows from the data: texts and classes, not values.
func TestJudgeOfAKind(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(c *Config, dir string)
		scores bool
	}{
		"text": {func(*Config, string) {}, true},
		"images": {func(c *Config, dir string) {
			c.Model.Architecture, c.Data = "image-mlp", Data{Kind: KindIDX, Paths: idx(t, dir, 300), Of: 1}
		}, true},
		"numbers": {func(c *Config, dir string) {
			c.Model.Architecture = "table-mlp"
			c.Data = Data{Kind: KindCSV, Paths: csv(t, dir, 300, func(v [3]float64) string { return fmt.Sprint(v[0]) }), Target: "y", Regression: true, Of: 1}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			cfg := joined(t, home)
			c.edit(cfg, t.TempDir())
			n, err := New(cfg, Deps{Domains: &Domains{Seed: 1}, Log: (&book{}).log()})
			require.NoError(t, err)
			require.Equal(t, c.scores, n.judge != nil)
			require.NotNil(t, n.axon)
			require.NoError(t, n.close())
		})
	}
}

// A shard and a number of examples are taken as configured.
func TestShardsOfExamples(t *testing.T) {
	dir := t.TempDir()
	cfg := little(t, dir)
	cfg.Model.Architecture, cfg.Data = "image-mlp", Data{Kind: KindIDX, Paths: idx(t, dir, 400), Of: 2, Shard: 1, Bytes: 100}
	set, err := cfg.labelled()
	require.NoError(t, err)
	total := 0
	for part := data.Train; part < data.Parts; part++ {
		total += set.Len(part)
	}
	require.Equal(t, 100, total)
	cfg.Data.Paths = cfg.Data.Paths[:1]
	require.NotEmpty(t, cfg.Validate())
	cfg.Data.Kind = KindText
	_, err = cfg.labelled()
	require.ErrorContains(t, err, "text has no examples")
}
