package nn

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
)

var (
	matMul           = &operation{"MatMul", func(n *node) { n.products(blas.NoTrans, blas.NoTrans) }}
	matMulTransposed = &operation{"MatMulTransposed", func(n *node) { n.products(blas.NoTrans, blas.Trans) }}
	transposedMatMul = &operation{"TransposedMatMul", func(n *node) { n.products(blas.Trans, blas.NoTrans) }}
	linear           = &operation{"Linear", func(n *node) {
		n.sumRows(n.c)
		n.products(blas.NoTrans, blas.NoTrans)
	}}
)

// MatMul is a b: m x k times k x n.
func (t *Tape) MatMul(a, b *Tensor) *Tensor {
	return t.product(matMul, a, b, blas.NoTrans, blas.NoTrans)
}

// MatMulTransposed is a bᵀ: m x k times the transpose of n x k.
func (t *Tape) MatMulTransposed(a, b *Tensor) *Tensor {
	return t.product(matMulTransposed, a, b, blas.NoTrans, blas.Trans)
}

// TransposedMatMul is aᵀ b: the transpose of k x m times k x n.
func (t *Tape) TransposedMatMul(a, b *Tensor) *Tensor {
	return t.product(transposedMatMul, a, b, blas.Trans, blas.NoTrans)
}

// Linear is a w + bias: MatMul, and a row that is added to every row, in one pass.
func (t *Tape) Linear(a, w, bias *Tensor) *Tensor {
	if a.Cols != w.Rows || bias.Rows != 1 || bias.Cols != w.Cols {
		panic(fmt.Sprintf("nn: Linear of %s, %s and a bias of %s", a, w, bias))
	}
	n := t.record(linear, a.Rows, w.Cols, a, w, bias)
	t.device.shared.Affine(blas.NoTrans, blas.NoTrans, a.Rows, w.Cols, a.Cols,
		a.Data, a.Cols, w.Data, w.Cols, bias.Data, n.out.Data, w.Cols)
	return &n.out
}

// shape is that of op(x).
func shape(x *Tensor, t blas.Transpose) (rows, cols int) {
	if t == blas.Trans {
		return x.Cols, x.Rows
	}
	return x.Rows, x.Cols
}

func (t *Tape) product(op *operation, a, b *Tensor, tA, tB blas.Transpose) *Tensor {
	m, k := shape(a, tA)
	inner, cols := shape(b, tB)
	if k != inner {
		panic(fmt.Sprintf("nn: %s of %s and %s", op.name, a, b))
	}
	n := t.record(op, m, cols, a, b)
	t.device.gemm(tA, tB, a, b, 0, &n.out)
	return &n.out
}

// gemm is out = op(a) op(b) + beta out.
func (d *Device) gemm(tA, tB blas.Transpose, a, b *Tensor, beta float32, out *Tensor) {
	_, k := shape(a, tA)
	d.shared.Sgemm(tA, tB, out.Rows, out.Cols, k, 1, a.Data, a.Cols, b.Data, b.Cols, beta, out.Data, out.Cols)
}

// products adds the gradients of C = op(A) op(B): dop(A) = dC op(B)ᵀ, dop(B) = op(A)ᵀ dC.
func (n *node) products(tA, tB blas.Transpose) {
	dC := Tensor{Rows: n.out.Rows, Cols: n.out.Cols, Data: n.out.Grad}
	if hasGrad(n.a) {
		beta := n.beta(n.a)
		dA := Tensor{Rows: n.a.Rows, Cols: n.a.Cols, Data: n.a.Grad}
		if tA == blas.NoTrans {
			n.device.gemm(blas.NoTrans, other(tB), &dC, n.b, beta, &dA)
		} else {
			n.device.gemm(tB, blas.Trans, n.b, &dC, beta, &dA)
		}
	}
	if hasGrad(n.b) {
		beta := n.beta(n.b)
		dB := Tensor{Rows: n.b.Rows, Cols: n.b.Cols, Data: n.b.Grad}
		if tB == blas.NoTrans {
			n.device.gemm(other(tA), blas.NoTrans, n.a, &dC, beta, &dB)
		} else {
			n.device.gemm(blas.Trans, tA, &dC, n.a, beta, &dB)
		}
	}
}

func other(t blas.Transpose) blas.Transpose {
	if t == blas.Trans {
		return blas.NoTrans
	}
	return blas.Trans
}
