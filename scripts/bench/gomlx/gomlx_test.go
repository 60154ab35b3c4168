package gomlx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/context/initializers"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/nn"
)

const (
	batch, length = 16, 128
	layersCount   = 4
	width, heads  = 128, 4
	vocabulary    = 256
	dropout       = 0.1
	rate, decay   = 3e-3, 0.1
)

// examples are bytes and the bytes after them.
func examples() (ids, next []uint8) {
	r := rand.New(rand.NewPCG(1, 1))
	text := []byte(nil)
	for len(text) < 1<<16 {
		text = fmt.Appendf(text, "verse %d of the song goes on and on, ", r.IntN(7))
	}
	for range batch {
		at := r.IntN(len(text) - length - 1)
		ids = append(ids, text[at:at+length]...)
		next = append(next, text[at+1:at+1+length]...)
	}
	return ids, next
}

// transformer is model.Transformer as a GoMLX graph.
func transformer(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
	g := inputs[0].Graph()
	normal := func(deviation float64) *context.Context {
		return ctx.WithInitializer(initializers.RandomNormalFn(ctx, deviation))
	}
	table := normal(0.05).VariableWithShape("embedding", shapes.Make(dtypes.Float32, vocabulary, width)).ValueGraph(g)
	positions := normal(0.02).VariableWithShape("positions", shapes.Make(dtypes.Float32, length, width)).ValueGraph(g)
	x := graph.Gather(table, graph.InsertAxes(inputs[0], -1))
	x = graph.Add(x, graph.BroadcastToDims(graph.InsertAxes(positions, 0), batch, length, width))
	for i := range layersCount {
		block := ctx.In(fmt.Sprintf("block%d", i))
		h := layers.LayerNormalization(block.In("norm1"), x, -1).Epsilon(1e-5).Done()
		h = layers.MultiHeadAttention(block, h, h, h, heads, width/heads).UseCausalMask().Done()
		x = graph.Add(x, layers.DropoutStatic(block, h, dropout))
		h = layers.LayerNormalization(block.In("norm2"), x, -1).Epsilon(1e-5).Done()
		h = activations.GeluApproximate(layers.DenseWithBias(block.In("up"), h, 4*width))
		h = layers.DenseWithBias(block.In("down"), h, width)
		x = graph.Add(x, layers.DropoutStatic(block, h, dropout))
	}
	x = layers.LayerNormalization(ctx.In("norm"), x, -1).Epsilon(1e-5).Done()
	logits := graph.Einsum("bld,vd->blv", x, table)
	return []*graph.Node{logits}
}

// theirs returns a training step of GoMLX, which gives its loss.
func theirs(b *testing.B, ids, next []uint8) func() float64 {
	backend, err := simplego.New("")
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.New()
	optimiser := optimizers.Adam().LearningRate(rate).Betas(0.9, 0.99).Epsilon(1e-8).WeightDecay(decay).Done()
	trainer := train.NewTrainer(backend, ctx, transformer, losses.SparseCategoricalCrossEntropyLogits, optimiser, nil, nil)
	wide := func(x []uint8) []int32 {
		y := make([]int32, len(x))
		for i, v := range x {
			y[i] = int32(v)
		}
		return y
	}
	return func() float64 {
		inputs := tensors.FromFlatDataAndDimensions(wide(ids), batch, length)
		labels := tensors.FromFlatDataAndDimensions(wide(next), batch, length, 1)
		metrics, err := trainer.TrainStep(nil, []*tensors.Tensor{inputs}, []*tensors.Tensor{labels})
		if err != nil {
			b.Fatal(err)
		}
		return float64(tensors.ToScalar[float32](metrics[0]))
	}
}

// ours returns a training step of taonet.
func ours(b *testing.B, ids, next []uint8) func() float64 {
	d := nn.NewDevice(runtime.GOMAXPROCS(0))
	b.Cleanup(d.Close)
	m := model.NewTransformer(model.TransformerConfig{Context: length, Width: width, Layers: layersCount, Heads: heads, Dropout: dropout}, 1)
	tape, adam := nn.NewTape(d, 1), nn.NewAdamW(rate, decay)
	tape.Training = true
	return func() float64 {
		tape.Reset()
		logits, _ := m.Forward(tape, ids, length)
		loss := tape.CrossEntropy(logits, next, 0)
		tape.Backward(loss, nil)
		adam.Step(m.Params(), 1)
		return float64(loss.Data[0])
	}
}

// BenchmarkTransformer alternates a step of GoMLX with some of taonet, so that
// whatever else the machine does falls on both. Metrics: tokens/s of either, and how
// many times faster taonet is.
func BenchmarkTransformer(b *testing.B) {
	const each = 10 // of ours for one of theirs
	ids, next := examples()
	their, our := theirs(b, ids, next), ours(b, ids, next)
	for name, loss := range map[string]float64{"GoMLX": their(), "taonet": our()} {
		if math.Abs(loss-math.Log(vocabulary)) > 1 {
			b.Fatalf("%s begins with a loss of %.3f, a model that knows nothing has %.3f", name, loss, math.Log(vocabulary))
		}
	}
	var theirTime, ourTime time.Duration
	var theirLoss, ourLoss float64
	for b.Loop() {
		start := time.Now()
		theirLoss = their()
		middle := time.Now()
		for range each {
			ourLoss = our()
		}
		theirTime, ourTime = theirTime+middle.Sub(start), ourTime+time.Since(middle)
	}
	b.Logf("after %d steps GoMLX has a loss of %.3f, after %d taonet one of %.3f", b.N+1, theirLoss, each*b.N+1, ourLoss)
	theirRate := float64(b.N*batch*length) / theirTime.Seconds()
	ourRate := float64(each*b.N*batch*length) / ourTime.Seconds()
	b.ReportMetric(theirRate, "gomlx-tokens/s")
	b.ReportMetric(ourRate, "taonet-tokens/s")
	b.ReportMetric(ourRate/theirRate, "times")
	b.ReportMetric(0, "ns/op")
}
