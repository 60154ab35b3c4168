package nn

import (
	"fmt"
	"math"

	mat "gonum.org/v1/gonum/blas"

	"github.com/taonet/taonet/neuron/blas"
)

var attention = &operation{"Attention", func(n *node) {
	n.f = n.beta(n.a)
	n.device.split(attentionBack, n, n.units(), n.n*n.n*n.head())
}}

// Attention is causal self-attention of several heads. Each row of qkv is the query,
// the key and the value of one position, head by head: 3 heads*d columns. Rows are
// sequences of the given length below each other. The result has heads*d columns:
// softmax(q kᵀ / sqrt(d)) v over the positions up to one's own.
func (t *Tape) Attention(qkv *Tensor, length, heads int) *Tensor {
	if length < 1 || heads < 1 || qkv.Rows%length != 0 || qkv.Cols%(3*heads) != 0 {
		panic(fmt.Sprintf("nn: Attention of %s, sequences of %d, %d heads", qkv, length, heads))
	}
	n := t.record(attention, qkv.Rows, qkv.Cols/3, qkv)
	n.n, n.m = length, heads
	n.saved = t.memory.take(n.units() * length * length)
	if n.out.wanted {
		n.work = t.memory.take(t.device.Workers() * length * length)
	}
	t.device.split(attentionRun, n, n.units(), length*length*n.head())
	return &n.out
}

// units are the pairs of sequence and head, heads of one is the width of a head.
func (n *node) units() int { return n.out.Rows / n.n * n.m }
func (n *node) head() int  { return n.out.Cols / n.m }

// place is where a unit's first query starts in qkv, and its first result in out.
func (n *node) place(unit int) (in, out int) {
	row, column := unit/n.m*n.n, unit%n.m*n.head()
	return row*n.a.Cols + column, row*n.out.Cols + column
}

func attentionRun(n *node, _, from, to int) {
	length, d, step, width := n.n, n.head(), n.a.Cols, n.out.Cols
	scale := float32(1 / math.Sqrt(float64(d)))
	gemm, v := n.device.alone.SgemmPart, n.device.vectors
	for unit := from; unit < to; unit++ {
		in, out := n.place(unit)
		queries, keys, values := n.a.Data[in:], n.a.Data[in+width:], n.a.Data[in+2*width:]
		p := n.saved[unit*length*length:][:length*length]
		gemm(blas.LowerC, mat.NoTrans, mat.Trans, length, length, d, 1, queries, step, keys, step, 0, p, length)
		for i := range length {
			v.softmax(p[i*length:][:i+1], scale)
			clear(p[i*length+i+1 : (i+1)*length])
		}
		gemm(blas.LowerA, mat.NoTrans, mat.NoTrans, length, d, length, 1, p, length, values, step, 0, n.out.Data[out:], width)
	}
}

func attentionBack(n *node, worker, from, to int) {
	length, d, step, width := n.n, n.head(), n.a.Cols, n.out.Cols
	scale := float32(1 / math.Sqrt(float64(d)))
	gemm, v := n.device.alone.SgemmPart, n.device.vectors
	dp := n.work[worker*length*length:][:length*length]
	for unit := from; unit < to; unit++ {
		in, out := n.place(unit)
		queries, keys, values := n.a.Data[in:], n.a.Data[in+width:], n.a.Data[in+2*width:]
		dq, dk, dv := n.a.Grad[in:], n.a.Grad[in+width:], n.a.Grad[in+2*width:]
		p, dout := n.saved[unit*length*length:][:length*length], n.out.Grad[out:]
		gemm(blas.UpperA, mat.Trans, mat.NoTrans, length, d, length, 1, p, length, dout, width, n.f, dv, step)
		gemm(blas.LowerC, mat.NoTrans, mat.Trans, length, length, d, 1, dout, width, values, step, 0, dp, length)
		for i := range length {
			v.softmaxBack(dp[i*length:][:i+1], p[i*length:][:i+1], scale)
			clear(dp[i*length+i+1 : (i+1)*length])
		}
		gemm(blas.LowerA, mat.NoTrans, mat.NoTrans, length, d, length, 1, dp, length, keys, step, n.f, dq, step)
		gemm(blas.UpperA, mat.Trans, mat.NoTrans, length, d, length, 1, dp, length, queries, step, n.f, dk, step)
	}
}
