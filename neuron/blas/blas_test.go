package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"pgregory.net/rapid"
)

// operand is a matrix as Sgemm takes it, rows step apart, with marks between them.
type operand struct {
	data []float32
	step int
}

const mark = float32(12345.5)

func newOperand(r *rand.Rand, rows, cols, gap int) operand {
	o := operand{step: cols + gap}
	for i := range rows * o.step {
		v := mark
		if i%o.step < cols {
			v = float32(r.NormFloat64())
			if r.IntN(10) == 0 {
				v = 0
			}
		}
		o.data = append(o.data, v)
	}
	return o
}

// gemm is a product in float64, and for each element the sum of the magnitudes that
// bound its rounding.
func gemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a, b operand, beta float32, c operand) (want, scale []float64) {
	at := func(o operand, t blas.Transpose, i, j int) float64 {
		if t == blas.Trans {
			i, j = j, i
		}
		return float64(o.data[i*o.step+j])
	}
	want, scale = make([]float64, m*n), make([]float64, m*n)
	for i := range m {
		for j := range n {
			sum, size := 0.0, 0.0
			for l := range k {
				v := float64(alpha) * at(a, tA, i, l) * at(b, tB, l, j)
				sum, size = sum+v, size+math.Abs(v)
			}
			if beta != 0 {
				v := float64(beta) * float64(c.data[i*c.step+j])
				sum, size = sum+v, size+math.Abs(v)
			}
			want[i*n+j], scale[i*n+j] = sum, size
		}
	}
	return want, scale
}

// check multiplies on every kernel and compares with float64.
func check(t require.TestingT, r *rand.Rand, m, n, k, gap int, tA, tB blas.Transpose, alpha, beta float32) {
	shape := func(tr blas.Transpose, rows, cols int) operand {
		if tr == blas.Trans {
			rows, cols = cols, rows
		}
		return newOperand(r, rows, cols, gap)
	}
	a, b, c := shape(tA, m, k), shape(tB, k, n), newOperand(r, m, n, gap)
	want, scale := gemm(tA, tB, m, n, k, alpha, a, b, beta, c)
	for _, kernel := range kernels() {
		for _, workers := range []int{1, 3} {
			impl := with(kernel, workers)
			got := append([]float32(nil), c.data...)
			impl.Sgemm(tA, tB, m, n, k, alpha, a.data, a.step, b.data, b.step, beta, got, c.step)
			impl.Close()
			for i, v := range got {
				row, col := i/c.step, i%c.step
				if col >= n {
					require.Equal(t, mark, v, "%s wrote between the rows", kernel.name)
					continue
				}
				bound := 1e-6 * float64(k+2) * scale[row*n+col]
				require.InDelta(t, want[row*n+col], v, bound+1e-30, "%s, %d workers, %dx%dx%d at %d,%d", kernel.name, workers, m, n, k, row, col)
			}
		}
	}
}

func TestSgemmAgainstFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{
		{1, 1, 1}, {6, 16, 1}, {12, 32, 4}, {5, 15, 3}, {7, 17, 5}, {13, 33, 9}, {1, 100, 64}, {100, 1, 64},
		{64, 64, 64}, {121, 65, 257}, {37, 2051, 12}, {250, 33, 513}, {90, 96, 100}, {3, 3, 1000},
	} {
		for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			for _, tB := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				for _, f := range [][2]float32{{1, 0}, {1, 1}, {-0.5, 2}, {0, 3}} {
					check(t, r, size[0], size[1], size[2], size[0]%3, tA, tB, f[0], f[1])
				}
			}
		}
	}
}

func TestSgemmProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 150)
		transpose := rapid.SampledFrom([]blas.Transpose{blas.NoTrans, blas.Trans})
		factor := rapid.SampledFrom([]float32{0, 1, -2, 0.25})
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		check(t, r, side.Draw(t, "m"), side.Draw(t, "n"), side.Draw(t, "k"), rapid.IntRange(0, 5).Draw(t, "gap"),
			transpose.Draw(t, "tA"), transpose.Draw(t, "tB"), factor.Draw(t, "alpha"), factor.Draw(t, "beta"))
	})
}

// TestAffine: every row of the product gets the bias, whatever C held.
func TestAffine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 70)
		m, n, k := side.Draw(t, "m"), side.Draw(t, "n"), rapid.IntRange(1, 300).Draw(t, "k")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a, b, bias := newOperand(r, m, k, 0), newOperand(r, k, n, 0), newOperand(r, 1, n, 0)
		rows := newOperand(r, m, n, 2)
		for i := range m {
			copy(rows.data[i*rows.step:][:n], bias.data)
		}
		want, scale := gemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, b, 1, rows)
		for _, kernel := range kernels() {
			for _, workers := range []int{1, 3} {
				impl := with(kernel, workers)
				got := newOperand(r, m, n, 2)
				got.data[0] = float32(math.NaN())
				impl.Affine(blas.NoTrans, blas.NoTrans, m, n, k, a.data, a.step, b.data, n, bias.data, got.data, got.step)
				impl.Close()
				for i, v := range got.data {
					row, col := i/got.step, i%got.step
					if col >= n {
						require.Equal(t, mark, v, "%s wrote between the rows", kernel.name)
						continue
					}
					require.InDelta(t, want[row*n+col], v, 1e-6*float64(k+2)*scale[row*n+col]+1e-30, "%s, %d workers, %d,%d", kernel.name, workers, row, col)
				}
			}
		}
	})
}

// TestParts: leaving out what is zero, or of no use, changes no other value.
func TestParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]Part{LowerC, LowerA, UpperA}).Draw(t, "part")
		tA := rapid.SampledFrom([]blas.Transpose{blas.NoTrans, blas.Trans}).Draw(t, "tA")
		beta := rapid.SampledFrom([]float32{0, 1, 2}).Draw(t, "beta")
		m, n := rapid.IntRange(1, 140).Draw(t, "m"), rapid.IntRange(1, 40).Draw(t, "n")
		k := rapid.IntRange(1, 300).Draw(t, "k")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rows, cols := m, k
		if tA == blas.Trans {
			rows, cols = k, m
		}
		a, b, c := newOperand(r, rows, cols, 1), newOperand(r, k, n, 1), newOperand(r, m, n, 1)
		for i := range rows {
			for j := range cols {
				row, col := i, j
				if tA == blas.Trans {
					row, col = j, i
				}
				if part == LowerA && col > row || part == UpperA && col < row {
					a.data[i*a.step+j] = 0
				}
			}
		}
		for _, kernel := range kernels() {
			for _, workers := range []int{1, 5} {
				impl := with(kernel, workers)
				want, got := append([]float32(nil), c.data...), append([]float32(nil), c.data...)
				impl.Sgemm(tA, blas.NoTrans, m, n, k, 1, a.data, a.step, b.data, b.step, beta, want, c.step)
				impl.SgemmPart(part, tA, blas.NoTrans, m, n, k, 1, a.data, a.step, b.data, b.step, beta, got, c.step)
				impl.Close()
				for i, v := range got {
					if part != LowerC || i%c.step <= i/c.step || i%c.step >= n {
						require.Equal(t, want[i], v, "%s, %d workers, at %d,%d", kernel.name, workers, i/c.step, i%c.step)
					}
				}
			}
		}
	})
}

// TestEmpty: nothing to add is no reason to leave C unscaled, nor to read A or B.
func TestEmpty(t *testing.T) {
	for _, kernel := range kernels() {
		impl := with(kernel, 1)
		c := []float32{1, float32(math.NaN())}
		impl.Sgemm(blas.NoTrans, blas.NoTrans, 1, 2, 0, 1, nil, 1, nil, 2, 0, c, 2)
		require.Equal(t, []float32{0, 0}, c, kernel.name)
		impl.Affine(blas.NoTrans, blas.NoTrans, 1, 2, 0, nil, 1, nil, 2, []float32{3, 4}, c, 2)
		require.Equal(t, []float32{3, 4}, c, kernel.name)
		impl.Sgemm(blas.NoTrans, blas.NoTrans, 0, 2, 3, 1, nil, 3, make([]float32, 6), 2, 0, nil, 2)
		impl.Close()
	}
}

// TestNotFinite: what is no number stays visible, in its own row or column alone.
func TestNotFinite(t *testing.T) {
	const m, n, k = 14, 35, 20
	for _, kernel := range kernels()[:len(kernels())-1] {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
			impl := with(kernel, 1)
			a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			for i := range b {
				b[i] = 1
			}
			a[5*k+3] = bad // the rest of A is zero
			impl.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, c, n)
			for i, v := range c {
				require.Equal(t, i/n == 5, v != v || math.IsInf(float64(v), 0), "%s: %d is %v", kernel.name, i, v)
			}
			a[5*k+3], b[2*n+7] = 0, bad
			impl.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, c, n)
			for i, v := range c {
				require.Equal(t, i%n == 7, v != v, "%s: 0 x %v at %d is %v", kernel.name, bad, i, v)
			}
			impl.Close()
		}
	}
}

// TestWorkersAgree: the number of workers changes no bit.
func TestWorkersAgree(t *testing.T) {
	const m, n, k = 130, 260, 300
	r := rand.New(rand.NewPCG(3, 4))
	a, b := newOperand(r, m, k, 0), newOperand(r, k, n, 0)
	for _, kernel := range kernels() {
		var first []float32
		for _, workers := range []int{1, 2, 3, 8, 40} {
			impl, c := with(kernel, workers), make([]float32, m*n)
			impl.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a.data, k, b.data, n, 0, c, n)
			impl.Close()
			if first == nil {
				first = c
			}
			require.Equal(t, first, c, "%s with %d workers", kernel.name, workers)
		}
	}
}

// TestConcurrentProducts shares one implementation among callers.
func TestConcurrentProducts(t *testing.T) {
	const side = 128
	r := rand.New(rand.NewPCG(5, 6))
	a, b := newOperand(r, side, side, 0), newOperand(r, side, side, 0)
	impl := New(2)
	defer impl.Close()
	want := make([]float32, side*side)
	impl.Sgemm(blas.NoTrans, blas.Trans, side, side, side, 1, a.data, side, b.data, side, 0, want, side)
	var callers sync.WaitGroup
	for range 8 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			c := make([]float32, side*side)
			for range 20 {
				impl.Sgemm(blas.NoTrans, blas.Trans, side, side, side, 1, a.data, side, b.data, side, 0, c, side)
				if fmt.Sprint(c) != fmt.Sprint(want) {
					t.Error("a product is not like the first")
					return
				}
			}
		}()
	}
	callers.Wait()
}

func TestWrongSizesPanicLikeGonum(t *testing.T) {
	impl := New(1)
	defer impl.Close()
	for name, f := range map[string]func(){
		"short a": func() {
			impl.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, make([]float32, 3), 2, make([]float32, 4), 2, 0, make([]float32, 4), 2)
		},
		"short c": func() {
			impl.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, make([]float32, 4), 2, make([]float32, 4), 2, 0, make([]float32, 3), 2)
		},
		"lda": func() {
			impl.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, make([]float32, 4), 1, make([]float32, 4), 2, 0, make([]float32, 4), 2)
		},
		"transpose": func() {
			impl.Sgemm(7, blas.NoTrans, 2, 2, 2, 1, make([]float32, 4), 2, make([]float32, 4), 2, 0, make([]float32, 4), 2)
		},
		"negative": func() {
			impl.Sgemm(blas.NoTrans, blas.NoTrans, -1, 2, 2, 1, make([]float32, 4), 2, make([]float32, 4), 2, 0, make([]float32, 4), 2)
		},
	} {
		require.Panics(t, f, name)
	}
}

func TestNoAllocation(t *testing.T) {
	const side = 96
	impl := New(2)
	defer impl.Close()
	if impl.Kernel() == "gonum" {
		t.Skip("gonum's product starts goroutines")
	}
	a, b, c := make([]float32, side*side), make([]float32, side*side), make([]float32, side*side)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		impl.Sgemm(blas.Trans, blas.NoTrans, side, side, side, 1, a, side, b, side, 1, c, side)
	}))
}
