package train_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/train"
)

const colours = 6 // classes of the tests' table

// table is rows around a centre for each class, with a number beside: the sum of the
// values.
func table(t testing.TB, rows int, target string, kind data.Kind) *data.Labelled {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	var centres [colours][8]float64
	for c := range centres {
		for i := range centres[c] {
			centres[c][i] = random.NormFloat64()
		}
	}
	var b strings.Builder
	b.WriteString("a,b,c,d,e,f,g,h,colour,sum\n")
	for range rows {
		class, sum := random.IntN(colours), 0.0
		for i := range 8 {
			v := centres[class][i] + 0.9*random.NormFloat64()
			sum += v
			fmt.Fprintf(&b, "%.4f,", v)
		}
		fmt.Fprintf(&b, "%d,%.4f\n", class, sum)
	}
	text := b.String()
	if target == "colour" { // no hint of the other target
		text = cut(text, 9)
	} else {
		text = cut(text, 8)
	}
	path := filepath.Join(t.TempDir(), "table.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	set, err := data.LoadCSV("table", path, target, kind)
	require.NoError(t, err)
	return set
}

// cut removes a column.
func cut(text string, column int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		fields := strings.Split(line, ",")
		lines[i] = strings.Join(append(fields[:column:column], fields[column+1:]...), ",")
	}
	return strings.Join(lines, "\n") + "\n"
}

// classifier trains on a set and serves.
func classifier(t testing.TB, cfg train.Config, seed uint64, set *data.Labelled, steps int) (*train.Trainer, *model.ServedClassifier) {
	t.Helper()
	m, err := model.NewClassifier("table-mlp", set.Shape, max(len(set.Labels), 1), seed)
	require.NoError(t, err)
	n := set.Len(data.Train)
	values, targets := make([]float32, n*set.Dim()), make([]float32, n)
	for i := range n {
		targets[i] = set.Row(data.Train, i, values[i*set.Dim():(i+1)*set.Dim()])
	}
	require.NoError(t, m.Standardise(values, targets))
	device := nn.NewDevice(1)
	t.Cleanup(device.Close)
	var task train.Task = train.NewExamples(cfg, m, set)
	if set.Labels == nil {
		task = train.Values{Examples: train.NewExamples(cfg, m, set)}
	}
	tr, err := train.NewTrainer(cfg, task, device)
	require.NoError(t, err)
	for range steps {
		_, err := tr.Step(context.Background(), train.Alone{})
		require.NoError(t, err)
	}
	served, err := model.NewServedClassifier(m, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, served.Close()) })
	return tr, served
}

// part keeps a few classes whole and little of the others.
func part(t testing.TB, set *data.Labelled, each int, own ...int) *data.Labelled {
	t.Helper()
	p, err := set.Classes(each, own...)
	require.NoError(t, err)
	return p
}

// The gate of examples learns who knows which: the mixture beats self, also when the
// peers answer in another order, some of them do not, or one is new.
func TestExamplesAreMixed(t *testing.T) {
	set := table(t, 3000, "colour", data.Classify)
	cfg := quick(300)
	cfg.Batch = 32
	_, one := classifier(t, cfg, 2, part(t, set, 10, 2, 3), 300)
	_, two := classifier(t, cfg, 3, part(t, set, 10, 4, 5), 300)
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 4, Expert: one}, neurontest.Peer{UID: 9, Expert: two})
	_, self := classifier(t, cfg, 1, part(t, set, 5, 0, 1), 300)
	tr, _ := classifier(t, cfg, 1, set, 0) // measures on all classes
	before, err := tr.EvaluateExamples(context.Background(), data.Validation, self, network, network.Live(), 16)
	require.NoError(t, err)
	require.NoError(t, tr.Tune(context.Background(), self, network, network.Live(), 16, 20))
	after, err := tr.EvaluateExamples(context.Background(), data.Validation, self, network, network.Live(), 16)
	require.NoError(t, err)
	t.Logf("alone %.4f, by the prior %.4f, by the learned gate %.4f", after.Alone, before.Network, after.Network)
	require.Equal(t, before.Alone, after.Alone)
	require.Less(t, after.Network, before.Network)
	require.Less(t, after.Network, after.Alone)
	require.Equal(t, 1, after.Choice.Index)
	require.Equal(t, 16*cfg.Batch, after.Bytes)

	turned, err := tr.EvaluateExamples(context.Background(), data.Validation, self, network, []uint32{9, 4}, 16)
	require.NoError(t, err)
	require.InDelta(t, after.Network, turned.Network, 1e-6)
	network.Set(neurontest.Peer{UID: 4, Expert: one, Fails: 1}, neurontest.Peer{UID: 9, Expert: two}, neurontest.Peer{UID: 10, Expert: two})
	fewer, err := tr.EvaluateExamples(context.Background(), data.Validation, self, network, []uint32{4, 9, 10}, 16)
	require.NoError(t, err)
	require.Zero(t, fewer.Gates[1])
	require.InDelta(t, 0.4/3, fewer.Gates[3], 1e-3, "a stranger has its part of the prior")
	sum := float32(0)
	for _, g := range fewer.Gates {
		sum += g
	}
	require.InDelta(t, 1, sum, 1e-3)
}

// A regression learns, is measured in units of the values' deviation, and asks nobody.
func TestRegression(t *testing.T) {
	set := table(t, 1200, "sum", data.Regress)
	require.Nil(t, set.Labels)
	cfg := quick(400)
	cfg.Batch, cfg.Schedule.Start = 32, 0
	_, untrained := classifier(t, cfg, 1, set, 0)
	tr, self := classifier(t, cfg, 1, set, 400)
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: untrained})
	require.Empty(t, tr.Candidates(network.Live()))
	r, err := tr.Step(context.Background(), network)
	require.NoError(t, err)
	require.Zero(t, r.Asked)
	require.Equal(t, r.Loss, r.Mixed)
	require.NoError(t, tr.Tune(context.Background(), self, network, network.Live(), 2, 2))
	begun, err := tr.EvaluateExamples(context.Background(), data.Validation, untrained, network, nil, 8)
	require.NoError(t, err)
	e, err := tr.EvaluateExamples(context.Background(), data.Validation, self, network, nil, 8)
	require.NoError(t, err)
	require.InDelta(t, 0.5, begun.Alone, 0.35, "half the variance before it has learned")
	require.Less(t, e.Alone, 0.05)
	require.Equal(t, e.Alone, e.Network)
	require.Zero(t, e.Choice.Index)
	require.Equal(t, 8*cfg.Batch, e.Bytes)
}

// blurred is an expert that knows nothing but the classes.
type blurred struct{ model.Expert }

func (b blurred) Forward(_ context.Context, in model.Input, dst []float32) error {
	random := rand.New(rand.NewPCG(uint64(in.Count), 7))
	classes := b.Card().Classes
	for i := range in.Rows() {
		sum := float32(0)
		row := dst[i*classes : (i+1)*classes]
		for j := range row {
			row[j] = random.Float32()
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
	}
	return nil
}

func exampleJudge(t testing.TB, cfg train.JudgeConfig, self model.Expert, network train.Network, keep func([]byte) error, set *data.Labelled) *train.ExampleJudge {
	t.Helper()
	j, err := train.NewExampleJudge(cfg, self, network, keep, set)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

// Who knows classes that self does not earns; who guesses and who is silent do not; two
// that answer alike share.
func TestExampleScores(t *testing.T) {
	set := table(t, 4000, "colour", data.Classify)
	cfg := quick(300)
	cfg.Batch = 32
	_, knows := classifier(t, cfg, 2, part(t, set, 10, 2, 3), 300)
	_, other := classifier(t, cfg, 3, part(t, set, 10, 4, 5), 300)
	_, self := classifier(t, cfg, 1, part(t, set, 5, 0, 1), 300)
	network := neurontest.NewNetwork(1,
		neurontest.Peer{UID: 1, Expert: knows}, neurontest.Peer{UID: 2, Expert: other}, neurontest.Peer{UID: 3, Expert: other},
		neurontest.Peer{UID: 5, Expert: blurred{knows}}, neurontest.Peer{UID: 6, Expert: knows, Fails: 1})
	judging := train.DefaultJudge()
	judging.Sequences, judging.Canaries = 32, false
	var state []byte
	j := exampleJudge(t, judging, self, network, func(b []byte) error { state = bytes.Clone(b); return nil }, set)
	positions, rounds := 0, 0
	for positions < 3*set.Len(data.Score) { // three passes
		r, err := j.Round(context.Background(), int64(rounds))
		require.NoError(t, err)
		require.Less(t, r.Network, r.Alone)
		require.False(t, r.UsedUp)
		require.Error(t, r.Silent[4])
		require.NoError(t, r.Silent[0])
		positions += r.Positions
		rounds++
	}
	require.Equal(t, 3*set.Len(data.Score), positions, "every example once in a pass")
	t.Logf("%d rounds: %.4f %.4f %.4f %.4f %.4f", rounds, j.Score(1), j.Score(2), j.Score(3), j.Score(5), j.Score(6))
	require.Positive(t, j.Score(1))
	require.InDelta(t, j.Score(2), j.Score(3), 1e-9)
	require.Less(t, j.Score(5), j.Score(1)/20)
	require.Zero(t, j.Score(6))
	row := j.Row(network.Live(), 0, score.Bounds{})
	require.Len(t, row, 5)
	require.EqualValues(t, 1, row[0].UID)
	require.EqualValues(t, 65535, row[0].Value)

	again := exampleJudge(t, judging, self, network, func([]byte) error { return nil }, set)
	require.NoError(t, again.Restore(state))
	require.Equal(t, row, again.Row(network.Live(), 0, score.Bounds{}))
	again.Forget(1)
	require.Zero(t, again.Score(1))
	require.ErrorContains(t, again.Restore([]byte("{")), "move the file away")
	require.ErrorContains(t, again.Restore(bytes.Replace(state, []byte(`"kind":"examples"`), []byte(`"kind":"other"`), 1)), "another kind")
}

// What cannot be measured is said, and a state that cannot be kept asks nobody.
func TestExampleJudgeIsChecked(t *testing.T) {
	set := table(t, 300, "colour", data.Classify)
	_, self := classifier(t, quick(10), 1, set, 0)
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: self})
	keep := func([]byte) error { return nil }
	_, err := train.NewExampleJudge(train.JudgeConfig{Sequences: 1}, self, network, keep, set)
	require.ErrorContains(t, err, "1 sequences")
	_, err = train.NewExampleJudge(train.DefaultJudge(), self, network, keep, table(t, 300, "sum", data.Regress))
	require.ErrorContains(t, err, "values")
	few, err := set.Take(5)
	require.NoError(t, err)
	_, err = train.NewExampleJudge(train.DefaultJudge(), self, network, keep, few)
	require.ErrorContains(t, err, "part score")

	full := errors.New("disk full")
	j := exampleJudge(t, train.DefaultJudge(), self, network, func([]byte) error { return full }, set)
	_, err = j.Round(context.Background(), 0)
	require.ErrorIs(t, err, full)
	require.Zero(t, network.Rows())

	silent := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: self, Fails: 1})
	j = exampleJudge(t, train.DefaultJudge(), self, silent, keep, set)
	r, err := j.Round(context.Background(), 0)
	require.NoError(t, err)
	require.Error(t, r.Silent[0])
	require.Zero(t, r.Positions)
}

// noted is an expert that notes the examples that it was asked.
type noted struct {
	model.Expert
	seen map[score.Hash]bool
}

func (n noted) Forward(ctx context.Context, in model.Input, dst []float32) error {
	dim := len(in.Values) / in.Count
	for i := range in.Count {
		var b []byte
		for _, v := range in.Values[i*dim : (i+1)*dim] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		n.seen[sha(b)] = true
	}
	return n.Expert.Forward(ctx, in, dst)
}

// A relay of examples is convicted: what went to it alone was seen by its source.
func TestExampleRelay(t *testing.T) {
	set := table(t, 1500, "colour", data.Classify)
	cfg := quick(200)
	cfg.Batch = 32
	_, source := classifier(t, cfg, 2, set, 200)
	_, third := classifier(t, cfg, 3, part(t, set, 20, 1, 2), 200)
	_, self := classifier(t, cfg, 1, part(t, set, 20, 0), 200)
	relayed, kept := map[score.Hash]bool{}, map[score.Hash]bool{}
	network := neurontest.NewNetwork(1,
		neurontest.Peer{UID: 1, Expert: noted{source, kept}, Witness: func(h score.Hash) bool { return kept[h] || relayed[h] }},
		neurontest.Peer{UID: 2, Expert: third},
		neurontest.Peer{UID: 4, Expert: noted{source, relayed}, Witness: func(h score.Hash) bool { return relayed[h] }})
	judging := train.DefaultJudge()
	judging.Sequences = 4
	j := exampleJudge(t, judging, self, network, func([]byte) error { return nil }, set)
	var relays []uint32
	for i := range 8 {
		r, err := j.Round(context.Background(), int64(i))
		require.NoError(t, err)
		relays = append(relays, r.Relays...)
	}
	require.Equal(t, []uint32{4}, relays)
	require.Zero(t, j.Score(4))
	require.Positive(t, j.Score(1))
}
