package nn

import (
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const mark = float32(12345.5)

// row is n random values with marks around them.
type row struct{ all, data []float32 }

func newRow(r *rand.Rand, n int) row {
	x := row{all: make([]float32, n+18)}
	for i := range x.all {
		x.all[i] = mark
	}
	x.data = x.all[9 : 9+n : 9+n]
	for i := range x.data {
		x.data[i] = float32(2 * r.NormFloat64())
	}
	return x
}

func (x row) copy() row {
	all := append([]float32(nil), x.all...)
	return row{all, all[9 : 9+len(x.data) : 9+len(x.data)]}
}

// close compares with float64 values, relative to them and to what was added up, and
// with the marks.
func (x row) close(t require.TestingT, want []float64, tolerance float64, name string) {
	for i, v := range x.data {
		require.InDelta(t, want[i], v, tolerance*(1+math.Abs(want[i])), "%s: value %d of %d", name, i, len(want))
	}
	for i, v := range x.all {
		if i < 9 || i >= 9+len(x.data) {
			require.Equal(t, mark, v, "%s of %d values wrote beyond them", name, len(x.data))
		}
	}
}

func each(n int, f func(i int) float64) []float64 {
	want := make([]float64, n)
	for i := range want {
		want[i] = f(i)
	}
	return want
}

func total(n int, f func(i int) float64) (sum float64) {
	for i := range n {
		sum += f(i)
	}
	return sum
}

// sets are all that this CPU has; without assembly there is one.
func sets(t require.TestingT) []*vectors {
	var all []*vectors
	for i := range vectorSets {
		all = append(all, &vectorSets[i])
	}
	require.Equal(t, "go", all[len(all)-1].name)
	return all
}

// TestVectorsAgainstFloat64: every loop of every set, of every length, within a few
// units in the last place of what float64 gives.
func TestVectorsAgainstFloat64(t *testing.T) {
	for _, v := range sets(t) {
		t.Run(v.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for n := 1; n <= 70; n++ {
				checkSums(t, v, r, n)
				checkExponentials(t, v, r, n)
				checkNorm(t, v, r, n)
				checkAdam(t, v, r, n)
				checkMemory(t, v, r, n)
			}
		})
	}
}

func checkSums(t require.TestingT, v *vectors, r *rand.Rand, n int) {
	a, b := newRow(r, n), newRow(r, n)
	f64 := func(x row, i int) float64 { return float64(x.data[i]) }
	got := a.copy()
	v.add(got.data, a.data, b.data)
	got.close(t, each(n, func(i int) float64 { return f64(a, i) + f64(b, i) }), 1e-7, "add")
	got = a.copy()
	v.axpy(got.data, b.data, -0.7)
	got.close(t, each(n, func(i int) float64 { return f64(a, i) - 0.7*f64(b, i) }), 1e-6, "axpy")
	got = a.copy()
	v.scale(got.data, b.data, 1.5)
	got.close(t, each(n, func(i int) float64 { return 1.5 * f64(b, i) }), 1e-7, "scale")
	require.InEpsilon(t, total(n, func(i int) float64 { return f64(a, i) * f64(a, i) }), v.squares(a.data), 1e-12)
	most := a.data[0]
	for _, x := range a.data {
		most = max(most, x)
	}
	require.Equal(t, most, v.largest(a.data), "of %d", n)
	rows, step := n%7, n+n%3
	src := newRow(r, rows*step+n)
	got = a.copy()
	v.sumRows(got.data, src.data, rows, step)
	got.close(t, each(n, func(j int) float64 {
		return f64(a, j) + total(rows, func(i int) float64 { return f64(src, i*step+j) })
	}), 1e-5, "sumRows")
}

func checkExponentials(t require.TestingT, v *vectors, r *rand.Rand, n int) {
	x, g := newRow(r, n), newRow(r, n)
	gelu := func(x float64) float64 { return x / 2 * (1 + math.Tanh(geluA*(x+geluB*x*x*x))) }
	got := g.copy()
	v.gelu(got.data, x.data)
	got.close(t, each(n, func(i int) float64 { return gelu(float64(x.data[i])) }), 1e-6, "gelu")
	got = g.copy()
	v.geluBack(got.data, x.data)
	got.close(t, each(n, func(i int) float64 {
		const h = 1e-5
		at := float64(x.data[i])
		return float64(g.data[i]) * (gelu(at+h) - gelu(at-h)) / (2 * h)
	}), 3e-6, "geluBack")
	want := each(n, func(i int) float64 { return math.Exp(0.5 * (float64(x.data[i]) - 1)) })
	got = g.copy()
	sum := v.expSum(got.data, x.data, 0.5, 1)
	got.close(t, want, 1e-6, "expSum")
	require.InEpsilon(t, total(n, func(i int) float64 { return want[i] }), sum, 1e-5)
	dot := total(n, func(i int) float64 { return want[i] * float64(g.data[i]) })
	p := got
	got = g.copy()
	v.softmaxBack(got.data, p.data, 0.5)
	got.close(t, each(n, func(i int) float64 { return 0.5 * want[i] * (float64(g.data[i]) - dot) }), 1e-4, "softmaxBack")
}

func checkNorm(t require.TestingT, v *vectors, r *rand.Rand, n int) {
	x, gain, bias, g := newRow(r, n), newRow(r, n), newRow(r, n), newRow(r, n)
	at := func(x row, i int) float64 { return float64(x.data[i]) }
	count := float64(n)
	mean := total(n, func(i int) float64 { return at(x, i) }) / count
	variance := total(n, func(i int) float64 { return (at(x, i) - mean) * (at(x, i) - mean) }) / count
	inverse := 1 / math.Sqrt(variance+normEpsilon)
	y := each(n, func(i int) float64 { return (at(x, i) - mean) * inverse })
	got := g.copy()
	gotMean, gotInverse := v.normalize(got.data, x.data, gain.data, bias.data)
	require.InDelta(t, mean, gotMean, 1e-5)
	if n == 1 {
		return // 1 / sqrt(1e-5): what follows has no digits left
	}
	require.InEpsilon(t, inverse, gotInverse, 1e-4)
	got.close(t, each(n, func(i int) float64 { return y[i]*at(gain, i) + at(bias, i) }), 1e-4, "normalize")
	h := func(i int) float64 { return at(g, i) * at(gain, i) }
	sum, product := total(n, h)/count, total(n, func(i int) float64 { return h(i) * y[i] })/count
	got = g.copy()
	v.normalizeBack(got.data, x.data, gain.data, gotMean, gotInverse)
	got.close(t, each(n, func(i int) float64 { return (h(i) - sum - y[i]*product) * inverse }), 1e-4*math.Max(1, inverse), "normalizeBack")
	dgain, dbias := gain.copy(), bias.copy()
	v.gains(dgain.data, dbias.data, g.data, x.data, gotMean, gotInverse)
	dgain.close(t, each(n, func(i int) float64 { return at(gain, i) + at(g, i)*y[i] }), 1e-4, "gains")
	dbias.close(t, each(n, func(i int) float64 { return at(bias, i) + at(g, i) }), 1e-6, "gains, bias")
}

func checkAdam(t require.TestingT, v *vectors, r *rand.Rand, n int) {
	data, grad, first, second := newRow(r, n), newRow(r, n), newRow(r, n), newRow(r, n)
	for i, x := range second.data {
		second.data[i] = x * x
	}
	c := adamConstants{beta1: 0.9, gain1: 0.05, beta2: 0.99, gain2: 0.0025, rate: 0.01, correct: 3, epsilon: 1e-8, remain: 0.999}
	m := each(n, func(i int) float64 { return 0.9*float64(first.data[i]) + 0.05*float64(grad.data[i]) })
	s := each(n, func(i int) float64 {
		return 0.99*float64(second.data[i]) + 0.0025*float64(grad.data[i])*float64(grad.data[i])
	})
	want := each(n, func(i int) float64 { return 0.999*float64(data.data[i]) - 0.01*m[i]/(math.Sqrt(3*s[i])+1e-8) })
	v.adam(data.data, grad.data, first.data, second.data, &c)
	data.close(t, want, 1e-5, "adam")
	first.close(t, m, 1e-6, "adam, first")
	second.close(t, s, 1e-6, "adam, second")
	grad.close(t, make([]float64, n), 0, "adam, gradient")
}

// checkMemory: heads of width n, and as many positions.
func checkMemory(t require.TestingT, v *vectors, r *rand.Rand, n int) {
	positions := n*7%75 + 1
	blocks := whole(positions)
	keys, values, q, p := newRow(r, blocks*n), newRow(r, positions*n), newRow(r, n), newRow(r, positions)
	got := newRow(r, blocks)
	v.scores(got.data, keys.data, q.data)
	got.close(t, each(blocks, func(i int) float64 {
		return total(n, func(c int) float64 {
			return float64(q.data[c]) * float64(keys.data[i/keyBlock*keyBlock*n+c*keyBlock+i%keyBlock])
		})
	}), 1e-4, "scores")
	got = newRow(r, n)
	v.weigh(got.data, values.data, p.data)
	got.close(t, each(n, func(c int) float64 {
		return total(positions, func(j int) float64 { return float64(p.data[j]) * float64(values.data[j*n+c]) })
	}), 1e-4, "weigh")
}

// TestExponentialsFarOut: what is too small is 0, what is too large infinite, and no
// number stays none.
func TestExponentialsFarOut(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range sets(t) {
		for x := float32(-87); x < 88.3; x += 0.00371 {
			y := []float32{x}
			require.Equal(t, v.expSum(y, y, 1, 0), y[0])
			require.InEpsilon(t, math.Exp(float64(x)), float64(y[0]), 3e-7, "%s: exp(%v)", v.name, x)
		}
		x := []float32{-1000, -87.1, -inf, 88.5, 1000, inf, nan, 0, nan, -1000}
		v.expSum(x, x, 1, 0)
		require.Equal(t, []float32{0, 0, 0, inf, inf, inf}, x[:6], v.name)
		require.True(t, x[6] != x[6] && x[8] != x[8], v.name)
		require.Equal(t, []float32{1, 0}, []float32{x[7], x[9]}, v.name)
		x = []float32{-1e4, 1e4, nan, -30, 30, 0, 1, 2, -1e4}
		g := []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}
		y := make([]float32, len(x))
		v.gelu(y, x)
		v.geluBack(g, x)
		require.InDeltaSlice(t, []float32{0, 1e4}, y[:2], 1e-6, v.name)
		require.InDeltaSlice(t, []float32{0, 1}, g[:2], 1e-6, v.name)
		require.True(t, y[2] != y[2] && g[2] != g[2], v.name)
	}
}

// TestPlacesDoNotMatter: a slice in one piece and in two gives the same bits.
func TestPlacesDoNotMatter(t *testing.T) {
	for _, v := range sets(t) {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(1, 60).Draw(t, "n")
			cut := rapid.IntRange(0, n).Draw(t, "cut")
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			a, b, c, d := newRow(r, n).data, newRow(r, n).data, newRow(r, n).data, newRow(r, 3*n).data
			for i, x := range c {
				c[i] = x * x
			}
			for name, f := range map[string]func(dst []float32, from, to int){
				"add":      func(dst []float32, from, to int) { v.add(dst, dst, b[from:to]) },
				"axpy":     func(dst []float32, from, to int) { v.axpy(dst, b[from:to], 0.3) },
				"scale":    func(dst []float32, from, to int) { v.scale(dst, b[from:to], 0.3) },
				"sumRows":  func(dst []float32, from, to int) { v.sumRows(dst, d[from:], 3, n) },
				"exp":      func(dst []float32, from, to int) { v.expSum(dst, b[from:to], 0.3, 1) },
				"gelu":     func(dst []float32, from, to int) { v.gelu(dst, b[from:to]) },
				"geluBack": func(dst []float32, from, to int) { v.geluBack(dst, b[from:to]) },
				"gains": func(dst []float32, from, to int) {
					v.gains(dst, make([]float32, to-from), b[from:to], d[from:to], 1, 2)
				},
				"dropout": func(dst []float32, from, to int) { v.dropout(dst, b[from:to], 2, uint32(from), 3, 4, 1<<30) },
				"adam": func(dst []float32, from, to int) {
					second := append([]float32(nil), c[from:to]...)
					v.adam(dst, make([]float32, to-from), append([]float32(nil), b[from:to]...), second, &adamConstants{beta1: 1, beta2: 1, rate: 1, correct: 1, remain: 1})
				},
			} {
				whole, pieces := append([]float32(nil), a...), append([]float32(nil), a...)
				f(whole, 0, n)
				f(pieces[:cut], 0, cut)
				f(pieces[cut:], cut, n)
				require.Equal(t, whole, pieces, "%s: %s", v.name, name)
			}
		})
	}
}

// TestDropoutIsFair: the same places are dropped by every set, in the right number,
// and those of neighbours, and of two draws, have nothing to do with each other.
func TestDropoutIsFair(t *testing.T) {
	const n = 1 << 16
	ones := make([]float32, n)
	for i := range ones {
		ones[i] = 1
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, p := range []float32{0.1, 0.5, 0.9} {
		var last []float32
		for range 5 {
			seed1, seed2 := random.Uint32(), random.Uint32()
			var first []float32
			for _, v := range sets(t) {
				got := make([]float32, n)
				v.dropout(got, ones, 1, 0, seed1, seed2, threshold(p))
				if first == nil {
					first = got
				}
				require.Equal(t, first, got, v.name)
			}
			keep := float64(1 - p)
			share := func(f func(i int) float32) float64 {
				return total(n, func(i int) float64 { return float64(f(i)) }) / n
			}
			// Five deviations of a mean of n values.
			bound := 5 * math.Sqrt(keep*(1-keep)/n)
			require.InDelta(t, keep, share(func(i int) float32 { return first[i] }), bound)
			for _, far := range []int{1, 2, 8, 128} {
				require.InDelta(t, keep*keep, share(func(i int) float32 { return first[i] * first[(i+far)%n] }), bound, "%v at %d", p, far)
			}
			if last != nil {
				require.InDelta(t, keep*keep, share(func(i int) float32 { return first[i] * last[i] }), bound, "%v, two draws", p)
			}
			last = first
		}
	}
}

func TestExportedVectors(t *testing.T) {
	x := []float32{1, 2, 3, -1, 0, 1}
	y := make([]float32, 6)
	Exp(y, x)
	require.InDeltaSlice(t, []float32{math.E, math.E * math.E, 20.085537, 1 / math.E, 1, math.E}, y, 1e-5)
	require.InDelta(t, 1+math.Exp(-1)+math.Exp(-2), ExpSum(y[:3], x[:3], Largest(x[:3])), 1e-6)
	require.InDelta(t, 1, y[2], 1e-7)
	SoftmaxRows(x, x, 3)
	require.InDeltaSlice(t, []float32{0.09003057, 0.24472848, 0.66524094, 0.09003057, 0.24472848, 0.66524094}, x, 1e-6)
}

// TestWithoutAssembly runs the tests of whole networks again where the CPU is said to
// have no AVX2.
func TestWithoutAssembly(t *testing.T) {
	const child = "TAO_TEST_WITHOUT_ASSEMBLY"
	if os.Getenv(child) != "" {
		d := NewDevice(1)
		defer d.Close()
		require.Equal(t, "go", d.Vectors())
		require.Equal(t, "gonum", d.Kernel())
		return
	}
	command := exec.Command(os.Args[0], "-test.run", "^(TestWithoutAssembly|TestTraining.*|TestGradients|TestAttend.*)$")
	command.Env = append(os.Environ(), child+"=1", "GODEBUG=cpu.avx2=off")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "PASS")
}
