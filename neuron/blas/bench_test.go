package blas

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// product of square matrices, C = A B.
type multiplier func(n int, a, b, c []float32)

// BenchmarkSgemm compares square products with gonum and, where its library is
// installed (Debian: libopenblas0-pthread), with OpenBLAS in the same run. The
// kernel of OpenBLAS is what OPENBLAS_CORETYPE says. Metric: GFLOP/s.
func BenchmarkSgemm(b *testing.B) {
	open := openBLAS(b)
	for _, n := range []int{64, 256, 1024} {
		for _, workers := range []int{1, 2} {
			for _, k := range kernels() {
				if k.run == nil {
					continue
				}
				impl := with(k, workers)
				run(b, fmt.Sprintf("%d/%d/%s", n, workers, k.name), n, func(n int, a, bb, c []float32) {
					impl.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, bb, n, 0, c, n)
				})
				impl.Close()
			}
			if open != nil {
				run(b, fmt.Sprintf("%d/%d/openblas", n, workers), n, open(workers))
			}
		}
		run(b, fmt.Sprintf("%d/gonum", n), n, func(n int, a, bb, c []float32) {
			gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, bb, n, 0, c, n)
		})
	}
}

// BenchmarkTransposed shows what the layouts of training cost: forward, the gradient
// of the weights, that of the input.
func BenchmarkTransposed(b *testing.B) {
	impl := New(1)
	defer impl.Close()
	for name, t := range map[string][2]blas.Transpose{
		"NN": {blas.NoTrans, blas.NoTrans}, "TN": {blas.Trans, blas.NoTrans}, "NT": {blas.NoTrans, blas.Trans},
	} {
		run(b, "512/"+name, 512, func(n int, a, bb, c []float32) {
			impl.Sgemm(t[0], t[1], n, n, n, 1, a, n, bb, n, 0, c, n)
		})
	}
}

func run(b *testing.B, name string, n int, multiply multiplier) {
	b.Run(name, func(b *testing.B) {
		r := rand.New(rand.NewPCG(1, 1))
		x, y, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
		for i := range x {
			x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
		}
		multiply(n, x, y, c)
		for b.Loop() {
			multiply(n, x, y, c)
		}
		flops := 2 * float64(n) * float64(n) * float64(n) * float64(b.N)
		b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}

// openBLAS loads OpenBLAS at run time: the benchmark needs no C compiler.
func openBLAS(b *testing.B) func(threads int) multiplier {
	lib, err := purego.Dlopen("libopenblas.so.0", purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		b.Log("OpenBLAS is not installed (Debian: libopenblas0-pthread): ", err)
		return nil
	}
	var setThreads func(int32)
	var config func() string
	var sgemm func(order, tA, tB, m, n, k int32, alpha float32, a unsafe.Pointer, lda int32, bb unsafe.Pointer, ldb int32, beta float32, c unsafe.Pointer, ldc int32)
	purego.RegisterLibFunc(&setThreads, lib, "openblas_set_num_threads")
	purego.RegisterLibFunc(&config, lib, "openblas_get_config")
	purego.RegisterLibFunc(&sgemm, lib, "cblas_sgemm")
	fmt.Fprintln(os.Stdout, "OpenBLAS:", config())
	return func(threads int) multiplier {
		return func(n int, x, y, c []float32) {
			setThreads(int32(threads))
			const rowMajor, noTrans = 101, 111
			side := int32(n)
			sgemm(rowMajor, noTrans, noTrans, side, side, side, 1, unsafe.Pointer(&x[0]), side, unsafe.Pointer(&y[0]), side, 0, unsafe.Pointer(&c[0]), side)
		}
	}
}
