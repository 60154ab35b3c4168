package gomlx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"syscall"
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

func wide(x []uint8) []int32 {
	y := make([]int32, len(x))
	for i, v := range x {
		y[i] = int32(v)
	}
	return y
}

// newTransformer is taonet's of the same size.
func newTransformer() *model.Transformer {
	return model.NewTransformer(model.TransformerConfig{Context: length, Width: width, Layers: layersCount, Heads: heads, Dropout: dropout}, 1)
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
	m := newTransformer()
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

// forwards return the forward pass alone of either, in the same way.
func forwards(b *testing.B, ids []uint8) (their, our func() float64) {
	backend, err := simplego.New("")
	if err != nil {
		b.Fatal(err)
	}
	exec, err := context.NewExec(backend, context.New(), func(ctx *context.Context, ids *graph.Node) *graph.Node {
		return graph.ReduceAllMean(transformer(ctx, nil, []*graph.Node{ids})[0])
	})
	if err != nil {
		b.Fatal(err)
	}
	their = func() float64 {
		outputs, err := exec.Exec(tensors.FromFlatDataAndDimensions(wide(ids), batch, length))
		if err != nil {
			b.Fatal(err)
		}
		return float64(tensors.ToScalar[float32](outputs[0]))
	}
	d := nn.NewDevice(runtime.GOMAXPROCS(0))
	b.Cleanup(d.Close)
	m, tape := newTransformer(), nn.NewTape(d, 1)
	our = func() float64 {
		tape.Reset()
		logits, _ := m.Forward(tape, ids, length)
		return float64(logits.Data[0])
	}
	return their, our
}

// BenchmarkTraining is whole training steps, BenchmarkForward the way forward alone.
func BenchmarkTraining(b *testing.B) {
	ids, next := examples()
	their, our := theirs(b, ids, next), ours(b, ids, next)
	for name, loss := range map[string]float64{"GoMLX": their(), "taonet": our()} {
		if math.Abs(loss-math.Log(vocabulary)) > 1 {
			b.Fatalf("%s begins with a loss of %.3f, a model that knows nothing has %.3f", name, loss, math.Log(vocabulary))
		}
	}
	compare(b, their, our)
}

func BenchmarkForward(b *testing.B) {
	ids, _ := examples()
	their, our := forwards(b, ids)
	their()
	our()
	compare(b, their, our)
}

// compare alternates a step of theirs with some of ours, so that whatever else the
// machine does falls on both. Metrics: tokens/s of either, how many times faster ours
// is, and how many times less CPU time it takes.
func compare(b *testing.B, their, our func() float64) {
	const each = 10 // of ours for one of theirs
	var theirTime, ourTime, theirCPU, ourCPU time.Duration
	var theirs, ours float64
	for b.Loop() {
		start, startCPU := time.Now(), cpuTime(b)
		theirs = their()
		middle, middleCPU := time.Now(), cpuTime(b)
		for range each {
			ours = our()
		}
		theirTime, ourTime = theirTime+middle.Sub(start), ourTime+time.Since(middle)
		theirCPU, ourCPU = theirCPU+middleCPU-startCPU, ourCPU+cpuTime(b)-middleCPU
	}
	b.Logf("GoMLX's result after %d steps %.3f, taonet's after %d %.3f", b.N+1, theirs, each*b.N+1, ours)
	tokens := float64(b.N * batch * length)
	b.ReportMetric(tokens/theirTime.Seconds(), "gomlx-tokens/s")
	b.ReportMetric(each*tokens/ourTime.Seconds(), "taonet-tokens/s")
	b.ReportMetric(each*theirTime.Seconds()/ourTime.Seconds(), "times")
	b.ReportMetric(each*theirCPU.Seconds()/ourCPU.Seconds(), "times-CPU")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
