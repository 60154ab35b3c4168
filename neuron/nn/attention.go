package nn

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
)

var attention = &operation{"Attention", func(n *node) {
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
	if n.out.Grad != nil {
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
	gemm := n.device.alone.Sgemm
	for unit := from; unit < to; unit++ {
		in, out := n.place(unit)
		q, k, v := n.a.Data[in:], n.a.Data[in+width:], n.a.Data[in+2*width:]
		p := n.saved[unit*length*length:][:length*length]
		gemm(blas.NoTrans, blas.Trans, length, length, d, scale, q, step, k, step, 0, p, length)
		for i := range length {
			softmax(p[i*length:][:i+1])
			clear(p[i*length+i+1 : (i+1)*length])
		}
		gemm(blas.NoTrans, blas.NoTrans, length, d, length, 1, p, length, v, step, 0, n.out.Data[out:], width)
	}
}

func attentionBack(n *node, worker, from, to int) {
	length, d, step, width := n.n, n.head(), n.a.Cols, n.out.Cols
	scale := float32(1 / math.Sqrt(float64(d)))
	gemm := n.device.alone.Sgemm
	dp := n.work[worker*length*length:][:length*length]
	for unit := from; unit < to; unit++ {
		in, out := n.place(unit)
		q, k, v := n.a.Data[in:], n.a.Data[in+width:], n.a.Data[in+2*width:]
		dq, dk, dv := n.a.Grad[in:], n.a.Grad[in+width:], n.a.Grad[in+2*width:]
		p, dout := n.saved[unit*length*length:][:length*length], n.out.Grad[out:]
		gemm(blas.Trans, blas.NoTrans, length, d, length, 1, p, length, dout, width, 1, dv, step)
		gemm(blas.NoTrans, blas.Trans, length, length, d, 1, dout, width, v, step, 0, dp, length)
		for i := range length {
			softmaxBack(p[i*length:][:i+1], dp[i*length:][:i+1])
			clear(dp[i*length+i+1 : (i+1)*length])
		}
		gemm(blas.NoTrans, blas.NoTrans, length, d, length, scale, dp, length, k, step, 1, dq, step)
		gemm(blas.Trans, blas.NoTrans, length, d, length, scale, dp, length, q, step, 1, dk, step)
	}
}

// softmax replaces values by their softmax and returns the logarithm of the sum of
// their exponentials.
func softmax(x []float32) float32 {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	var sum float32
	for i, v := range x {
		x[i] = exp(v - most)
		sum += x[i]
	}
	inverse := 1 / sum
	for i := range x {
		x[i] *= inverse
	}
	return most + float32(math.Log(float64(sum)))
}

// softmaxBack turns the gradient of p = softmax(s) into that of s: p (dp - sum p dp).
func softmaxBack(p, dp []float32) {
	var sum float32
	for i, v := range p {
		sum += v * dp[i]
	}
	for i, v := range p {
		dp[i] = v * (dp[i] - sum)
	}
}

// Memory is what attention remembers of parallel sequences: keys and values of the
// positions so far. One Memory serves one layer.
type Memory struct {
	sequences, length, width int
	keys, values             []float32
}

// NewMemory has room for positions 0 to length-1 of each sequence, of heads*d values.
func NewMemory(sequences, length, width int) *Memory {
	return &Memory{
		sequences: sequences, length: length, width: width,
		keys: make([]float32, sequences*length*width), values: make([]float32, sequences*length*width),
	}
}

// Attend is one further position of Attention for the given sequences, without
// gradients: row i of qkv belongs to sequence which[i], at position at[i]; whatever
// the memory held from there on is forgotten. The cost is one position's, not a
// sequence's.
func (t *Tape) Attend(m *Memory, qkv *Tensor, which, at []int32, heads int) *Tensor {
	width := qkv.Cols / 3
	if width != m.width || len(which) != qkv.Rows || len(at) != qkv.Rows || width%heads != 0 {
		panic(fmt.Sprintf("nn: Attend of %s for %d sequences, %d heads, a memory of width %d", qkv, len(which), heads, m.width))
	}
	longest := 0
	for i, sequence := range which {
		if int(sequence) >= m.sequences || int(at[i]) >= m.length || sequence < 0 || at[i] < 0 {
			panic(fmt.Sprintf("nn: Attend to position %d of sequence %d, the memory has %d of %d", at[i], sequence, m.length, m.sequences))
		}
		longest = max(longest, int(at[i])+1)
	}
	n := t.record(attend, qkv.Rows, width, qkv)
	n.memory, n.m, n.which, n.at = m, heads, which, at
	n.work = t.memory.take(qkv.Rows * m.length)
	t.device.split(attendRun, n, qkv.Rows, longest*width)
	return &n.out
}

var attend = &operation{"Attend", func(*node) { panic("nn: Attend has no gradient") }}

func attendRun(n *node, _, from, to int) {
	m := n.memory
	for i := from; i < to; i++ {
		m.attend(n.a.Row(i), n.out.Row(i), n.work[i*m.length:][:n.at[i]+1], int(n.which[i]), n.m)
	}
}

// attend adds a position to a sequence, the one behind scores, which it uses.
func (m *Memory) attend(qkv, out, scores []float32, sequence, heads int) {
	d := m.width / heads
	scale := float32(1 / math.Sqrt(float64(d)))
	start, position := sequence*m.length*m.width, len(scores)-1
	copy(m.keys[start+position*m.width:][:m.width], qkv[m.width:])
	copy(m.values[start+position*m.width:][:m.width], qkv[2*m.width:])
	for h := range heads {
		q := qkv[h*d:][:d]
		for j := range scores {
			scores[j] = scale * dot(q, m.keys[start+j*m.width+h*d:][:d])
		}
		softmax(scores)
		o := out[h*d:][:d]
		clear(o)
		for j, p := range scores {
			for c, v := range m.values[start+j*m.width+h*d:][:d] {
				o[c] += p * v
			}
		}
	}
}

// dot has four sums, so that no addition waits for the one before.
func dot(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	y = y[:len(x)]
	for len(x) >= 4 && len(y) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}
