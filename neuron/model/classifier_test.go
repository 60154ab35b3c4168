package model

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/nn"
)

// bars are pictures of a bright row or a bright column among noise, as IDX files.
func bars(t testing.TB, n, side int) *data.Labelled {
	random := rand.New(rand.NewPCG(1, 1))
	images := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, uint32(n))
	images = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(images, uint32(side)), uint32(side))
	labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, uint32(n))
	for i := range n {
		at := random.IntN(side)
		for y := range side {
			for x := range side {
				v := random.IntN(90)
				if i%2 == 0 && y == at || i%2 == 1 && x == at {
					v += 150
				}
				images = append(images, byte(v))
			}
		}
		labels = append(labels, byte(i%2))
	}
	folder := t.TempDir()
	pictures, classes := filepath.Join(folder, "images"), filepath.Join(folder, "labels")
	require.NoError(t, os.WriteFile(pictures, images, 0o600))
	require.NoError(t, os.WriteFile(classes, labels, 0o600))
	l, err := data.LoadIDX("bars", pictures, classes)
	require.NoError(t, err)
	return l
}

// crosses is a table in which the sign of a product of two columns, which lie far from
// zero and have units of their own, is the class, and their sum the value.
func crosses(n int) (x, class, value []float32) {
	random := rand.New(rand.NewPCG(2, 2))
	for range n {
		a, b := random.NormFloat64(), random.NormFloat64()
		x = append(x, float32(5000+700*a), float32(1e-3*b), 42)
		kind := float32(0)
		if a*b > 0 {
			kind = 1
		}
		class, value = append(class, kind), append(value, float32(30_000+2_000*(a+b)))
	}
	return x, class, value
}

// classifierTrainer is what a training step needs beside the model.
type classifierTrainer struct {
	tape *nn.Tape
	adam *nn.AdamW
}

func newClassifierTrainer(d *nn.Device) *classifierTrainer {
	t := &classifierTrainer{tape: nn.NewTape(d, 1), adam: nn.NewAdamW(3e-3, 0.01)}
	t.tape.Training = true
	return t
}

func (c *classifierTrainer) step(m Classifier, x, y []float32) float64 {
	c.tape.Reset()
	logits, _ := m.Forward(c.tape, x, len(y))
	var loss float64
	if m.Card().Regression {
		gradient := make([]float32, len(y))
		loss = SquaredError(gradient, logits.Data, y, m.Deviation())
		c.tape.Backward(logits, gradient)
	} else {
		targets := make([]uint8, len(y))
		for i, v := range y {
			targets[i] = uint8(v)
		}
		mean := c.tape.CrossEntropy(logits, targets, 0)
		loss = float64(mean.Data[0])
		c.tape.Backward(mean, nil)
	}
	c.adam.Step(m.Params(), 1)
	return loss
}

// right is the share of examples whose likeliest class is theirs.
func right(p, y []float32, classes int) float64 {
	count := 0.0
	for i, v := range y {
		row := p[i*classes:][:classes]
		if slices.Index(row, slices.Max(row)) == int(v) {
			count++
		}
	}
	return count / float64(len(y))
}

func serveClassifier(t testing.TB, m Classifier) *ServedClassifier {
	s, err := NewServedClassifier(m, 2)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestImagesAreLearned: pictures of package data, of a size that the convolutions fill
// up; what is served tells them apart on examples that were not trained on.
func TestImagesAreLearned(t *testing.T) {
	const side, batch = 10, 32
	l := bars(t, 1200, side)
	d := nn.NewDevice(2)
	defer d.Close()
	for _, architecture := range []string{imageMLP, imageConv} {
		m, err := NewClassifier(architecture, l.Shape, len(l.Labels), 1)
		require.NoError(t, err)
		s := serveClassifier(t, m)
		x, y := make([]float32, batch*l.Dim()), make([]float32, batch)
		trainer, sampler := newClassifierTrainer(d), new(data.Sampler)
		for i := range 200 {
			require.NoError(t, l.Examples(data.Train, sampler, batch, x, y))
			loss := trainer.step(m, x, y)
			require.False(t, math.IsNaN(loss) || math.IsInf(loss, 0))
			if i == 0 {
				require.InDelta(t, math.Ln2, loss, 0.3, architecture)
			}
		}
		require.NoError(t, s.Update(m, 200))
		n := l.Len(data.Score)
		x, y = make([]float32, n*l.Dim()), make([]float32, n)
		for i := range n {
			y[i] = l.Row(data.Score, i, x[i*l.Dim():][:l.Dim()])
		}
		p := make([]float32, 2*n)
		require.NoError(t, s.Forward(t.Context(), Input{Count: n, Values: x}, p))
		require.Greater(t, right(p, y, 2), 0.93, architecture)
	}
}

func TestTablesAreLearned(t *testing.T) {
	d := nn.NewDevice(1)
	defer d.Close()
	x, class, value := crosses(2200)
	train, batch := 2000, 64
	for classes, y := range map[int][]float32{2: class, 1: value} {
		m, err := NewClassifier(tableMLP, []int{3}, classes, 1)
		require.NoError(t, err)
		require.NoError(t, m.Standardise(x[:3*train], y[:train]))
		measured := slices.Clone(m.Params()[6].Data)
		trainer, random := newClassifierTrainer(d), rand.New(rand.NewPCG(3, 3))
		for range 300 {
			at := random.IntN(train - batch)
			loss := trainer.step(m, x[3*at:3*(at+batch)], y[at:at+batch])
			require.False(t, math.IsNaN(loss) || math.IsInf(loss, 0))
		}
		require.Equal(t, measured, m.Params()[6].Data, "training left what was measured alone")
		s := serveClassifier(t, m)
		answer := make([]float32, 200*classes)
		require.NoError(t, s.Forward(t.Context(), Input{Count: 200, Values: x[3*train:]}, answer))
		if classes == 2 {
			require.Greater(t, right(answer, y[train:], 2), 0.9)
			continue
		}
		require.InDelta(t, 2000*math.Sqrt2, m.Deviation(), 150)
		mse := 2 * SquaredError(make([]float32, 200), answer, y[train:], m.Deviation())
		require.Less(t, mse, 0.05, "of the variance")
		require.True(t, s.Card().Regression)
		outlier := []float32{math.MaxFloat32, -math.MaxFloat32, 0}
		require.NoError(t, s.Forward(t.Context(), Input{Count: 1, Values: outlier}, answer[:1]))
		require.InDelta(t, 30_000, answer[0], 100_000)
	}
}

// classifiers of all kinds, with examples for each.
func classifiers(t testing.TB, seed uint64) map[string]Classifier {
	all := map[string]Classifier{}
	for name, c := range map[string]struct {
		architecture string
		shape        []int
		classes      int
	}{
		"mlp": {imageMLP, []int{5, 3}, 4}, "gray": {imageConv, []int{8, 4}, 3}, "coloured": {imageConv, []int{5, 6, 3}, 3},
		"classes": {tableMLP, []int{6}, 5}, "regression": {tableMLP, []int{2, 2}, 1},
	} {
		m, err := NewClassifier(c.architecture, c.shape, c.classes, seed)
		require.NoError(t, err)
		all[name] = m
	}
	return all
}

func examples(m Classifier, n int) (x, y []float32) {
	random := rand.New(rand.NewPCG(7, uint64(n)))
	card := m.Card()
	for range n {
		for range volume(card.Shape) {
			x = append(x, random.Float32())
		}
		target := float32(random.IntN(card.Classes))
		if card.Regression {
			target = 100 * random.Float32()
		}
		y = append(y, target)
	}
	return x, y
}

func TestServedClassifierIsTheModel(t *testing.T) {
	d := nn.NewDevice(1)
	defer d.Close()
	for name, m := range classifiers(t, 1) {
		x, y := examples(m, rowsAtOnce+3)
		require.NoError(t, m.Standardise(x, y))
		s := serveClassifier(t, m)
		card := s.Card()
		require.Equal(t, m.Card(), card, name)
		logits, hidden := m.Forward(nn.NewTape(d, 1), x, len(y))
		p, h := make([]float32, len(y)*card.Classes), make([]float32, len(y)*card.Width)
		in := Input{Count: len(y), Values: x}
		require.NoError(t, s.Forward(t.Context(), in, p))
		require.NoError(t, s.Hidden(t.Context(), in, h))
		require.Less(t, apart(hidden.Data, h), 1e-5, name)
		for i := range y {
			row := p[i*card.Classes:][:card.Classes]
			if card.Regression {
				require.InDelta(t, logits.Data[i], row[0], 1e-3, name)
				continue
			}
			sum := float32(0)
			for j, v := range row {
				sum += v
				require.InDelta(t, float64(logits.Row(i)[j]-logits.Row(i)[0]), math.Log(float64(v/row[0])), 1e-4, name)
			}
			require.InDelta(t, 1, sum, 1e-5)
		}
		_, err := s.Follow(1)
		require.ErrorIs(t, err, ErrUnsupported)
		require.ErrorIs(t, s.Generate(t.Context(), nil, 1, 1, 1, nil), ErrUnsupported)
	}
}

// TestClassifierResumesToTheBit, with what it was standardised by.
func TestClassifierResumesToTheBit(t *testing.T) {
	d := nn.NewDevice(1)
	defer d.Close()
	for name, m := range classifiers(t, 1) {
		x, y := examples(m, 24)
		require.NoError(t, m.Standardise(x, y))
		whole := newClassifierTrainer(d)
		for range 5 {
			whole.step(m, x, y)
		}
		var file bytes.Buffer
		require.NoError(t, Save(&file, m, nil))
		resumed := classifiers(t, 99)[name]
		_, err := Load(&file, resumed)
		require.NoError(t, err)
		require.Equal(t, m.Card(), resumed.Card())
		second := newClassifierTrainer(d)
		second.adam.Steps = whole.adam.Steps
		require.NoError(t, second.tape.SetRandomState(whole.tape.RandomState()))
		for range 5 {
			require.Equal(t, whole.step(m, x, y), second.step(resumed, x, y), name)
		}
		require.Equal(t, m.Card().Hash, resumed.Card().Hash, name)
	}
}

// TestSquaredErrorOfRegression: the gradient of a parameter is that of the loss.
func TestSquaredErrorOfRegression(t *testing.T) {
	d := nn.NewDevice(1)
	defer d.Close()
	m := classifiers(t, 1)["regression"]
	x, y := examples(m, 12)
	require.NoError(t, m.Standardise(x, y))
	tape := nn.NewTape(d, 1)
	gradient := make([]float32, len(y))
	loss := func() float64 {
		tape.Reset()
		predicted, _ := m.Forward(tape, x, len(y))
		return SquaredError(gradient, predicted.Data, y, m.Deviation())
	}
	for i, p := range m.Params()[:6] {
		weight := &p.Data[len(p.Data)/2]
		const step = 1e-2
		was := *weight
		*weight = was + step
		above := loss()
		*weight = was - step
		below := loss()
		*weight = was
		loss()
		tape.Training = true
		predicted := func() *nn.Tensor { tape.Reset(); p, _ := noDropout(m).Forward(tape, x, len(y)); return p }()
		tape.Backward(predicted, gradient)
		tape.Training = false
		require.InDelta(t, (above-below)/(2*step), p.Grad[len(p.Data)/2], 2e-4, "parameter %d", i)
		nn.ZeroGrad(m.Params())
	}
}

// noDropout is the same model, parameters included.
func noDropout(m Classifier) *TableMLP {
	still := *m.(*TableMLP)
	still.config.Dropout = 0
	return &still
}

// TestPlanes: values of a coloured picture come to their channel and place.
func TestPlanes(t *testing.T) {
	m := NewImageConv(ImageConfig{Shape: []int{1, 2, 3}, Classes: 2, Hidden: 4}, 1)
	require.Equal(t, nn.Image{Channels: 3, Height: 4, Width: 4}, m.image)
	want := make([]float32, 2*48)
	for i, at := range []int{0, 16, 32, 1, 17, 33, 48, 64, 80, 49, 65, 81} {
		want[at] = float32(i + 1)
	}
	require.Equal(t, want, m.planar([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2))
}

func TestClassifierRefuses(t *testing.T) {
	make2 := func(architecture string, classes int, shape ...int) error {
		_, err := NewClassifier(architecture, shape, classes, 1)
		return err
	}
	m := classifiers(t, 1)["mlp"]
	s := serveClassifier(t, m)
	x, _ := examples(m, 2)
	row := make([]float32, 8)
	nan := slices.Clone(x)
	nan[17] = float32(math.NaN())
	huge := slices.Repeat([]float32{math.MaxFloat32}, 30)
	forward := func(in Input) error { return s.Forward(t.Context(), in, row) }
	table := classifiers(t, 1)["regression"]
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"name":           {make2("image-gpt", 2, 4, 4), `no classifier is called "image-gpt"; there are image-conv, image-mlp, table-mlp`},
		"rank":           {make2(imageMLP, 2, 16), "images of shape [16]"},
		"no shape":       {make2(tableMLP, 2), "without a shape"},
		"dimension":      {make2(imageConv, 2, 4, 0), "shape [4 0]"},
		"large":          {make2(imageConv, 2, 1<<40, 1<<40), "at most 65536 values"},
		"one class":      {make2(imageMLP, 1, 4, 4), "1 classes, possible are 2 to 4096"},
		"no class":       {make2(tableMLP, 0, 4), "0 classes, possible are 1"},
		"text":           {forward(Input{Count: 1, Length: 2, Tokens: []byte("ab")}), "text for a model of 15 values an example"},
		"values missing": {forward(Input{Count: 2, Values: x[:29]}), "29 values as 2 examples of 15"},
		"no examples":    {forward(Input{}), "0 values as 0 examples"},
		"NaN":            {forward(Input{Count: 2, Values: nan}), "value 2 of example 1 is NaN"},
		"little room":    {s.Forward(t.Context(), Input{Count: 2, Values: x}, row[:5]), "room for 5 values"},
		"far":            {s.Hidden(t.Context(), Input{Count: 2, Values: huge}, make([]float32, 256)), "far from those that the model knows"},
		"half a row":     {table.Standardise(x[:7], nil), "7 values to standardise by"},
		"targets":        {table.Standardise(x[:8], x[:1]), "1 targets to standardise by for 2 rows"},
		"other size":     {s.Update(NewImageMLP(ImageConfig{Shape: []int{3, 3}, Classes: 4, Hidden: 128}, 1), 1), `"in.weight" of 9 x 128`},
	} {
		require.ErrorContains(t, c.err, c.want, name)
	}
}
