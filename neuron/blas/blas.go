package blas

import (
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Implementation is gonum's BLAS with a Sgemm of its own; the other routines are
// gonum's. It is safe for concurrent use: a product that finds the workers busy with
// another runs on its caller's goroutine alone.
type Implementation struct {
	gonum.Implementation
	kernel kernel
	team   *team
}

// New returns the implementation for this CPU. Workers is how many goroutines share
// a large product; 0 is one for each CPU that Go may use. Close ends them.
func New(workers int) Implementation { return with(kernels()[0], workers) }

// with returns the implementation on a given kernel.
func with(k kernel, workers int) Implementation {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return Implementation{kernel: k, team: newTeam(workers)}
}

// Kernel names what multiplies: avx512, avx2 or gonum.
func (i Implementation) Kernel() string { return i.kernel.name }

// Close ends the workers; no product may be under way or follow.
func (i Implementation) Close() { i.team.close() }

// Sgemm is C = alpha op(A) op(B) + beta C, row-major: op(A) is m x k, op(B) k x n,
// C m x n; lda, ldb and ldc are the distances of rows as stored. It panics, as gonum
// does, on sizes that do not fit the slices.
func (i Implementation) Sgemm(
	tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int,
) {
	i.SgemmPart(Full, tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// SgemmPart is Sgemm where not all of the product counts.
func (i Implementation) SgemmPart(
	part Part, tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int,
) {
	if i.kernel.run == nil {
		i.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	// With k = 0 gonum checks every argument and scales C, no more.
	i.checked(tA, tB, m, n, k, a, lda, b, ldb, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if alpha == 0 || k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	if beta != 0 {
		scale(m, n, beta, c, ldc)
	}
	p := product{m: m, n: n, k: k, alpha: alpha, c: c, ldc: ldc, a: a, b: b, adds: beta != 0, part: part}
	p.aRow, p.aCol = steps(tA, lda)
	p.bRow, p.bCol = steps(tB, ldb)
	i.team.multiply(i.kernel, p)
}

// Affine is C = op(A) op(B) + bias, where bias is a row of n values that is added to
// every row. It is one pass over C, whatever that held.
func (i Implementation) Affine(
	tA, tB blas.Transpose, m, n, k int, a []float32, lda int, b []float32, ldb int, bias, c []float32, ldc int,
) {
	bias = bias[:n]
	if i.kernel.run == nil || k == 0 {
		for r := range m {
			copy(c[r*ldc:][:n], bias)
		}
		i.Implementation.Sgemm(tA, tB, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
		return
	}
	i.checked(tA, tB, m, n, k, a, lda, b, ldb, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	p := product{m: m, n: n, k: k, alpha: 1, c: c, ldc: ldc, a: a, b: b, bias: bias}
	p.aRow, p.aCol = steps(tA, lda)
	p.bRow, p.bCol = steps(tB, ldb)
	i.team.multiply(i.kernel, p)
}

// checked lets gonum judge the arguments without computing: alpha 0 and beta 1 are
// its own quick return.
func (i Implementation) checked(tA, tB blas.Transpose, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	i.Implementation.Sgemm(tA, tB, m, n, k, 0, a, lda, b, ldb, 1, c, ldc)
}

// steps are the distances of the elements below and to the right in op(X).
func steps(t blas.Transpose, ld int) (row, col int) {
	if t == blas.NoTrans {
		return ld, 1
	}
	return 1, ld
}

// scale multiplies C by beta; 0 clears it, whatever it held.
func scale(m, n int, beta float32, c []float32, ldc int) {
	if beta == 1 {
		return
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}
