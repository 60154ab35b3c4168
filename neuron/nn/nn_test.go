package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomTensor(r *rand.Rand, rows, cols int) *Tensor {
	x := NewTensor(rows, cols)
	for i := range x.Data {
		x.Data[i] = float32(r.NormFloat64())
	}
	x.Grad = make([]float32, rows*cols)
	return x
}

func randomBytes(r *rand.Rand, n, bound int) []uint8 {
	ids := make([]uint8, n)
	for i := range ids {
		ids[i] = uint8(r.IntN(bound))
	}
	return ids
}

// simplex is a distribution in each row.
func simplex(r *rand.Rand, rows, cols int) []float32 {
	x := randomTensor(r, rows, cols)
	for i := range rows {
		fastest().softmax(x.Row(i), 1)
	}
	return x.Data
}

// differences compares the gradients of what build makes with finite differences of
// sum(out * w) for fixed random w: every operation and every operand of it.
func differences(t *testing.T, v *vectors, build func(t *Tape) *Tensor, operands ...*Tensor) {
	t.Helper()
	d := newDevice(1, v)
	defer d.Close()
	r := rand.New(rand.NewPCG(7, 7))
	tape := NewTape(d, 1)
	tape.Training = true
	out := build(tape)
	w := make([]float32, len(out.Data))
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	value := func() float64 {
		tape.Reset()
		require.NoError(t, tape.SetRandomState(NewTape(d, 1).RandomState()))
		sum := 0.0
		for i, v := range build(tape).Data {
			sum += float64(v) * float64(w[i])
		}
		return sum
	}
	value()
	tape.Reset()
	require.NoError(t, tape.SetRandomState(NewTape(d, 1).RandomState()))
	tape.Backward(build(tape), w)
	for k, x := range operands {
		for trial := 0; trial < 40; trial++ {
			i := r.IntN(len(x.Data))
			const h = 1e-2
			was := x.Data[i]
			x.Data[i] = was + h
			above := value()
			x.Data[i] = was - h
			below := value()
			x.Data[i] = was
			want := (above - below) / (2 * h)
			require.InDelta(t, want, x.Grad[i], 2e-2+2e-2*math.Abs(want), "operand %d, value %d", k, i)
		}
	}
}

func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, y := randomTensor(r, 6, 10), randomTensor(r, 6, 10)
	row, positions := randomTensor(r, 1, 10), randomTensor(r, 3, 10)
	tall, wide, narrow := randomTensor(r, 10, 7), randomTensor(r, 7, 10), randomTensor(r, 1, 7)
	other := randomTensor(r, 6, 4)
	gain, bias := randomTensor(r, 1, 10), randomTensor(r, 1, 10)
	table := randomTensor(r, 5, 8)
	ids := randomBytes(r, 20, 5)
	targets := randomBytes(r, 6, 10)
	qkv := randomTensor(r, 2*5, 3*2*4)
	pictures, small := Image{2, 4, 6}, Image{1, 4, 4}
	photo, kernels, tint := randomTensor(r, 3, pictures.Values()), randomTensor(r, 3, 2*9), randomTensor(r, 1, 3)
	spread := NewTensor(2, small.Values()) // far apart, so that a step of h changes no maximum
	for i, p := range r.Perm(len(spread.Data)) {
		spread.Data[i] = float32(p)
	}
	spread.Grad = make([]float32, len(spread.Data))
	p := simplex(r, 6, 10)
	own, others := []float32{0.6, 0.1, 0, 1, 0.3, 0.5}, []float32{0.1, 0.5, 0.2, 0, 0.05, 0.3}
	for _, c := range []struct {
		name     string
		build    func(t *Tape) *Tensor
		operands []*Tensor
	}{
		{"MatMul", func(t *Tape) *Tensor { return t.MatMul(x, tall) }, []*Tensor{x, tall}},
		{"MatMulTransposed", func(t *Tape) *Tensor { return t.MatMulTransposed(x, wide) }, []*Tensor{x, wide}},
		{"TransposedMatMul", func(t *Tape) *Tensor { return t.TransposedMatMul(x, other) }, []*Tensor{x, other}},
		{"Add", func(t *Tape) *Tensor { return t.Add(x, y) }, []*Tensor{x, y}},
		{"AddSelf", func(t *Tape) *Tensor { return t.Add(x, x) }, []*Tensor{x}},
		{"Linear", func(t *Tape) *Tensor { return t.Linear(x, tall, narrow) }, []*Tensor{x, tall, narrow}},
		{"Residual", func(t *Tape) *Tensor { return t.Residual(x, y, 0.3) }, []*Tensor{x, y}},
		{"Residual/self", func(t *Tape) *Tensor { return t.Residual(x, x, 0.3) }, []*Tensor{x}},
		{"AddRows/bias", func(t *Tape) *Tensor { return t.AddRows(x, row) }, []*Tensor{x, row}},
		{"AddRows/positions", func(t *Tape) *Tensor { return t.AddRows(x, positions) }, []*Tensor{x, positions}},
		{"Scale", func(t *Tape) *Tensor { return t.Scale(x, -0.7) }, []*Tensor{x}},
		{"Reshape", func(t *Tape) *Tensor { return t.Scale(t.Reshape(x, 4, 15), 2) }, []*Tensor{x}},
		{"Head", func(t *Tape) *Tensor { return t.Head(x, 4) }, []*Tensor{x}},
		{"GELU", func(t *Tape) *Tensor { return t.GELU(x) }, []*Tensor{x}},
		{"Dropout", func(t *Tape) *Tensor { return t.Dropout(x, 0.3) }, []*Tensor{x}},
		{"Embed", func(t *Tape) *Tensor { return t.Embed(table, ids) }, []*Tensor{table}},
		{"LayerNorm", func(t *Tape) *Tensor { return t.LayerNorm(x, gain, bias) }, []*Tensor{x, gain, bias}},
		{"Attention", func(t *Tape) *Tensor { return t.Attention(qkv, 5, 2) }, []*Tensor{qkv}},
		{"CrossEntropy", func(t *Tape) *Tensor { return t.CrossEntropy(x, targets, 0) }, []*Tensor{x}},
		{"CrossEntropy/smooth", func(t *Tape) *Tensor { return t.CrossEntropy(x, targets, 0.1) }, []*Tensor{x}},
		{"Divergence", func(t *Tape) *Tensor { return t.Divergence(p, x) }, []*Tensor{x}},
		{"MixtureCrossEntropy", func(t *Tape) *Tensor { return t.MixtureCrossEntropy(x, targets, own, others) }, []*Tensor{x}},
		{"Convolution", func(t *Tape) *Tensor { return t.Convolution(photo, kernels, tint, pictures, 3) }, []*Tensor{photo, kernels, tint}},
		{"MaxPool", func(t *Tape) *Tensor { return t.MaxPool(spread, small) }, []*Tensor{spread}},
	} {
		for _, v := range sets(t) {
			t.Run(c.name+"/"+v.name, func(t *testing.T) {
				for _, operand := range c.operands {
					clear(operand.Grad)
				}
				differences(t, v, c.build, c.operands...)
			})
		}
	}
}

// network is a step of everything: large enough that workers share it.
func network(t *Tape, ids, targets []uint8, params []*Param) *Tensor {
	const length, heads = 32, 4
	x := t.Embed(&params[0].Tensor, ids)
	h := t.LayerNorm(x, &params[1].Tensor, &params[2].Tensor)
	h = t.Attention(t.MatMul(h, &params[3].Tensor), length, heads)
	x = t.Residual(x, t.Dropout(h, 0.1), 0.1)
	x = t.GELU(t.Linear(x, &params[4].Tensor, &params[2].Tensor))
	return t.CrossEntropy(t.MatMulTransposed(x, &params[0].Tensor), targets, 0.05)
}

func networkParams() []*Param {
	r := rand.New(rand.NewPCG(5, 5))
	params := []*Param{
		NewParam("table", 256, 64, true), NewParam("gain", 1, 64, false), NewParam("bias", 1, 64, false), NewParam("qkv", 64, 192, true),
		NewParam("square", 64, 64, true),
	}
	for _, p := range params {
		for i := range p.Data {
			p.Data[i] = float32(r.NormFloat64()) / 8
		}
	}
	return params
}

// train returns the losses of some steps, the random state half-way restored.
func train(workers int, v *vectors) []float32 {
	d := newDevice(workers, v)
	defer d.Close()
	tape, params, adam := NewTape(d, 3), networkParams(), NewAdamW(1e-2, 0.1)
	tape.Training = true
	r := rand.New(rand.NewPCG(9, 9))
	ids, targets := randomBytes(r, 32*32, 256), randomBytes(r, 32*32, 256)
	var losses []float32
	for step := range 20 {
		tape.Reset()
		loss := network(tape, ids, targets, params)
		losses = append(losses, loss.Data[0])
		tape.Backward(loss, nil)
		adam.step(v, params, Cosine(step, 3, 20, 0.1))
	}
	return losses
}

func TestTrainingLearnsAndRepeats(t *testing.T) {
	for _, v := range sets(t) {
		first := train(1, v)
		require.Less(t, first[len(first)-1], first[0]-0.1, v.name)
		require.Equal(t, first, train(1, v), "%s: a repetition", v.name)
		require.Equal(t, first, train(2, v), "%s: two workers", v.name)
		require.Equal(t, first, train(5, v), "%s: five workers", v.name)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	d := NewDevice(2)
	defer d.Close()
	if d.Kernel() == "gonum" {
		t.Skip("gonum's product starts goroutines")
	}
	tape, params, adam := NewTape(d, 3), networkParams(), NewAdamW(1e-2, 0.1)
	tape.Training = true
	r := rand.New(rand.NewPCG(9, 9))
	ids, targets := randomBytes(r, 32*32, 256), randomBytes(r, 32*32, 256)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		tape.Reset()
		tape.Backward(network(tape, ids, targets, params), nil)
		adam.Step(params, 1)
	}))
}

// TestAttendIsAttention: position by position is the same as all at once, also where
// the first positions were.
func TestAttendIsAttention(t *testing.T) {
	const sequences, length, heads, width, begun = 3, 21, 2, 24, 5
	r := rand.New(rand.NewPCG(4, 4))
	qkv := randomTensor(r, sequences*length, 3*width)
	for _, v := range sets(t) {
		d := newDevice(2, v)
		tape := NewTape(d, 0)
		whole := tape.Attention(qkv, length, heads)
		slow, quick := NewMemory(sequences, length, width), NewMemory(sequences+1, length, width)
		start := NewTensor(sequences*begun, 3*width)
		var behind []int32
		for s := range sequences {
			copy(start.Data[s*begun*3*width:], qkv.Data[s*length*3*width:][:begun*3*width])
			behind = append(behind, int32(s+1))
		}
		first := tape.AttendFirst(quick, start, behind, begun, heads)
		for position := range length {
			step := NewTensor(sequences, 3*width)
			which, at := make([]int32, sequences), make([]int32, sequences)
			for s := range sequences {
				copy(step.Row(s), qkv.Row(s*length+position))
				which[s], at[s] = int32(s), int32(position)
			}
			got := tape.Attend(slow, step, which, at, heads)
			for s := range sequences {
				require.InDeltaSlice(t, whole.Row(s*length+position), got.Row(s), 1e-5, v.name)
				if position < begun {
					require.InDeltaSlice(t, whole.Row(s*length+position), first.Row(s*begun+position), 1e-5, v.name)
				}
			}
			if position >= begun {
				require.Equal(t, got.Data, tape.Attend(quick, step, behind, at, heads).Data, v.name)
			}
		}
		d.Close()
	}
}

// TestGradientsAddUp: what is used several times gets the sum, in whatever order the
// uses come, and a second way back adds to parameters alone.
func TestGradientsAddUp(t *testing.T) {
	d := NewDevice(2)
	defer d.Close()
	r := rand.New(rand.NewPCG(6, 6))
	p, w := randomTensor(r, 4, 6), make([]float32, 24)
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	tape := NewTape(d, 1)
	tape.Training = true
	for range 3 { // memory is used again
		clear(p.Grad)
		tape.Reset()
		x := tape.Scale(p, 2)                                              // 2p
		y := tape.Add(tape.Add(x, tape.Scale(x, 3)), x)                    // 10p
		z := tape.Add(y, tape.Reshape(tape.Reshape(x, 6, 4), 4, 6))        // 12p
		z = tape.Add(tape.Add(z, tape.Dropout(x, 0)), tape.Add(x, x))      // 18p
		top := tape.Head(tape.Scale(x, 5), 2)                              // 10p of two rows
		z = tape.Add(z, tape.AddRows(tape.Scale(z, 0), tape.Head(top, 1))) // and of the first row, on all
		tape.Backward(z, w)
		once := append([]float32(nil), p.Grad...)
		for i, g := range once {
			want := 18 * w[i]
			if i < 6 {
				want += 10 * (w[i] + w[i+6] + w[i+12] + w[i+18])
			}
			require.InDelta(t, want, g, 1e-4, "value %d", i)
		}
		tape.Backward(z, w)
		for i, g := range p.Grad {
			require.InDelta(t, 2*once[i], g, 1e-4, "value %d, twice", i)
		}
	}
}

// TestConstantsStay: where a gain or a table is a constant, nothing is written to it.
func TestConstantsStay(t *testing.T) {
	d := NewDevice(1)
	defer d.Close()
	r := rand.New(rand.NewPCG(6, 6))
	x, gain, bias, w := randomTensor(r, 3, 8), randomTensor(r, 1, 8), randomTensor(r, 1, 8), randomTensor(r, 8, 8)
	gain.Grad, w.Grad = nil, nil
	tape := NewTape(d, 1)
	tape.Training = true
	for range 2 {
		tape.Reset()
		tape.Backward(tape.Linear(tape.LayerNorm(x, gain, bias), w, gain), make([]float32, 24))
		require.Nil(t, gain.Grad)
		require.Nil(t, w.Grad)
	}
}

// TestAside: what is recorded aside is forgotten, what came before is not.
func TestAside(t *testing.T) {
	d := NewDevice(1)
	defer d.Close()
	x := randomTensor(rand.New(rand.NewPCG(6, 6)), 4, 6)
	tape := NewTape(d, 1)
	tape.Training = true
	y := tape.Scale(x, 2)
	before := append([]float32(nil), y.Data...)
	tape.Aside(func() {
		tape.MatMulTransposed(tape.GELU(y), NewTensor(200_000, 6))
	})
	tape.Aside(func() { tape.MatMulTransposed(y, NewTensor(200_000, 6)) })
	require.Len(t, tape.memory.slabs, 1, "memory is used again")
	z := tape.Scale(y, 3)
	require.Equal(t, before, y.Data)
	tape.Backward(z, before)
	for i, g := range x.Grad {
		require.InDelta(t, 6*before[i], g, 1e-4)
	}
}

func TestGradientThatIsNotFiniteMovesNothing(t *testing.T) {
	p := NewParam("p", 1, 2, true)
	p.Data[0], p.Grad[1] = 3, float32(math.Inf(1))
	adam := NewAdamW(0.1, 0.1)
	norm := adam.Step([]*Param{p}, 1)
	require.True(t, math.IsInf(float64(norm), 1))
	require.Equal(t, []float32{3, 0}, p.Data)
	require.Equal(t, []float32{0, 0}, p.Grad)
	require.Zero(t, adam.Steps)
}

func TestClipping(t *testing.T) {
	p := NewParam("p", 1, 2, false)
	p.Grad[0], p.Grad[1] = 30, 40
	require.InDelta(t, 50, NewAdamW(0.1, 0).Step([]*Param{p}, 1), 1e-4)
	require.InDelta(t, 0.6*0.1, p.First[0], 1e-6)
	require.InDelta(t, -0.1, p.Data[0], 1e-4, "the first step of Adam is one rate")
}

func TestCosine(t *testing.T) {
	require.InDelta(t, 0.25, Cosine(0, 4, 100, 0.1), 1e-6)
	require.InDelta(t, 1, Cosine(4, 4, 100, 0.1), 1e-6)
	require.InDelta(t, 0.55, Cosine(52, 4, 100, 0.1), 1e-6)
	require.InDelta(t, 0.1, Cosine(100, 4, 100, 0.1), 1e-6)
	require.InDelta(t, 0.1, Cosine(1000, 4, 100, 0.1), 1e-6)
}

func TestWrongShapesPanic(t *testing.T) {
	d := NewDevice(1)
	defer d.Close()
	tape, x := NewTape(d, 0), NewTensor(2, 3)
	for name, f := range map[string]func(){
		"MatMul":       func() { tape.MatMul(x, x) },
		"Add":          func() { tape.Add(x, NewTensor(3, 2)) },
		"AddRows":      func() { tape.AddRows(NewTensor(5, 3), x) },
		"Reshape":      func() { tape.Reshape(x, 4, 2) },
		"Dropout":      func() { tape.Training = true; tape.Dropout(x, 1) },
		"Embed":        func() { tape.Embed(x, []uint8{2}) },
		"LayerNorm":    func() { tape.LayerNorm(x, NewTensor(1, 2), NewTensor(1, 3)) },
		"Attention":    func() { tape.Attention(x, 2, 2) },
		"Attend":       func() { tape.Attend(NewMemory(2, 4, 1), x, []int32{0, 2}, []int32{0, 0}, 1) },
		"AttendFirst":  func() { tape.AttendFirst(NewMemory(2, 4, 1), x, []int32{0}, 1, 1) },
		"Linear":       func() { tape.Linear(x, NewTensor(3, 2), NewTensor(1, 3)) },
		"Residual":     func() { tape.Training = true; tape.Residual(x, NewTensor(3, 2), 0.5) },
		"CrossEntropy": func() { tape.CrossEntropy(x, []uint8{0, 3}, 0) },
		"Convolution":  func() { tape.Convolution(x, x, x, Image{1, 1, 3}, 2) },
		"MaxPool":      func() { tape.MaxPool(x, Image{1, 1, 3}) },
		"Backward":     func() { tape.Backward(x, nil) },
	} {
		require.Panics(t, f, name)
	}
}
