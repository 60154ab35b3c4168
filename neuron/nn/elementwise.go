package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
)

var (
	add     = &operation{"Add", func(n *node) { n.device.split(addBack, n, n.out.Rows, n.out.Cols) }}
	addRows = &operation{"AddRows", addRowsBackward}
	scaleBy = &operation{"Scale", func(n *node) { n.device.split(scaleBack, n, n.out.Rows, n.out.Cols) }}
	gelu    = &operation{"GELU", func(n *node) { n.device.split(geluBack, n, n.out.Rows, n.out.Cols) }}
	dropout = &operation{"Dropout", func(n *node) { n.device.split(dropoutBack, n, n.out.Rows, n.out.Cols) }}
	embed   = &operation{"Embed", func(n *node) { n.device.split(embedBack, n, n.a.Cols, n.out.Rows) }}
)

// accumulate is dst += src.
func accumulate(dst, src []float32) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] += v
	}
}

// Add is a + b, of one shape.
func (t *Tape) Add(a, b *Tensor) *Tensor {
	if a.Rows != b.Rows || a.Cols != b.Cols {
		panic(fmt.Sprintf("nn: Add of %s and %s", a, b))
	}
	n := t.record(add, a.Rows, a.Cols, a, b)
	t.device.split(addRun, n, a.Rows, a.Cols)
	return &n.out
}

func addRun(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	x, y, out := n.a.Data[lo:hi], n.b.Data[lo:hi], n.out.Data[lo:hi]
	for i, v := range x {
		out[i] = v + y[i]
	}
}

func addBack(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	for _, x := range []*Tensor{n.a, n.b} {
		if x.Grad != nil {
			accumulate(x.Grad[lo:hi], n.out.Grad[lo:hi])
		}
	}
}

// AddRows adds row i mod b.Rows of b to row i of a: a bias when b has one row,
// positions when it has one for each.
func (t *Tape) AddRows(a, b *Tensor) *Tensor {
	if a.Cols != b.Cols || b.Rows == 0 || a.Rows%b.Rows != 0 {
		panic(fmt.Sprintf("nn: AddRows of %s and %s", a, b))
	}
	n := t.record(addRows, a.Rows, a.Cols, a, b)
	t.device.split(addRowsRun, n, a.Rows, a.Cols)
	return &n.out
}

func addRowsRun(n *node, _, from, to int) {
	for i := from; i < to; i++ {
		x, y, out := n.a.Row(i), n.b.Row(i%n.b.Rows), n.out.Row(i)
		for j, v := range x {
			out[j] = v + y[j]
		}
	}
}

func addRowsBackward(n *node) {
	if n.a.Grad != nil {
		accumulate(n.a.Grad, n.out.Grad)
	}
	if n.b.Grad != nil {
		n.device.split(addRowsBack, n, n.out.Cols, n.out.Rows)
	}
}

// addRowsBack sums columns from..to of all rows.
func addRowsBack(n *node, _, from, to int) {
	for i := range n.out.Rows {
		accumulate(n.b.gradRow(i % n.b.Rows)[from:to], n.out.gradRow(i)[from:to])
	}
}

// Scale is f a.
func (t *Tape) Scale(a *Tensor, f float32) *Tensor {
	n := t.record(scaleBy, a.Rows, a.Cols, a)
	n.f = f
	for i, v := range a.Data {
		n.out.Data[i] = f * v
	}
	return &n.out
}

func scaleBack(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	grad := n.a.Grad[lo:hi]
	for i, v := range n.out.Grad[lo:hi] {
		grad[i] += n.f * v
	}
}

// Reshape gives the same values another shape; it shares them and their gradient.
func (t *Tape) Reshape(a *Tensor, rows, cols int) *Tensor {
	if rows*cols != a.Rows*a.Cols {
		panic(fmt.Sprintf("nn: Reshape of %s to %d x %d", a, rows, cols))
	}
	return t.view(a, rows, cols)
}

// view is a's first rows*cols values in a shape of their own: there is nothing to
// compute, and nothing to walk back through.
func (t *Tape) view(a *Tensor, rows, cols int) *Tensor {
	n := t.next()
	n.out = Tensor{Rows: rows, Cols: cols, Data: a.Data[:rows*cols]}
	if a.Grad != nil {
		n.out.Grad = a.Grad[:rows*cols]
	}
	return &n.out
}

// GELU is x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
func (t *Tape) GELU(a *Tensor) *Tensor {
	n := t.record(gelu, a.Rows, a.Cols, a)
	n.saved = t.memory.take(a.Rows * a.Cols)
	t.device.split(geluRun, n, a.Rows, 8*a.Cols)
	return &n.out
}

const (
	geluA = 0.7978845608028654 // sqrt(2/pi)
	geluB = 0.044715
)

// geluRun keeps s = sigmoid(2u), with which tanh(u) = 2s - 1 and gelu(x) = x s.
func geluRun(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	x, s, out := n.a.Data[lo:hi], n.saved[lo:hi], n.out.Data[lo:hi]
	for i, v := range x {
		u := geluA * (v + geluB*v*v*v)
		s[i] = 1 / (1 + exp(-2*u))
		out[i] = v * s[i]
	}
}

func geluBack(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	x, s, grad := n.a.Data[lo:hi], n.saved[lo:hi], n.a.Grad[lo:hi]
	for i, g := range n.out.Grad[lo:hi] {
		v := x[i]
		slope := 2 * geluA * (1 + 3*geluB*v*v)
		grad[i] += g * (s[i] + v*s[i]*(1-s[i])*slope)
	}
}

// exp is e^x to two units in the last place: x = n ln 2 + r, a polynomial of degree 6
// on |r| <= ln(2)/2 (coefficients of Cephes' expf, Moshier 1989), times 2^n. It is
// 0 below -87, where float32 has no full precision, and infinite above 88.
func exp(x float32) float32 {
	switch {
	case x < -87:
		return 0
	case x > 88:
		return float32(math.Inf(1))
	}
	const round = 3 << 22 // adding it leaves the nearest integer in the low bits
	z := x*1.44269504088896341 + round
	n := z - round
	r := x - n*0.693359375 + n*2.12194440e-4
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

// Dropout sets each value to zero with probability p and divides the others by 1-p.
// A tape that is not training leaves a as it is.
func (t *Tape) Dropout(a *Tensor, p float32) *Tensor {
	if !t.Training || p == 0 {
		return a
	}
	if p < 0 || p >= 1 {
		panic(fmt.Sprintf("nn: Dropout with probability %v, it is 0 up to 1", p))
	}
	n := t.record(dropout, a.Rows, a.Cols, a)
	n.saved = t.memory.take(a.Rows * a.Cols)
	keep := 1 / (1 - p)
	threshold := uint32(p * (1 << 16))
	random := rand.New(t.random)
	var bits uint64
	for i, v := range a.Data {
		if i%4 == 0 {
			bits = random.Uint64()
		}
		n.saved[i] = keep
		if uint32(bits&0xffff) < threshold {
			n.saved[i] = 0
		}
		bits >>= 16
		n.out.Data[i] = v * n.saved[i]
	}
	return &n.out
}

func dropoutBack(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	grad, saved := n.a.Grad[lo:hi], n.saved[lo:hi]
	for i, g := range n.out.Grad[lo:hi] {
		grad[i] += g * saved[i]
	}
}

// Embed takes row ids[i] of a table of up to 256 rows. The ids are not copied: they
// must stay as they are until Backward.
func (t *Tape) Embed(table *Tensor, ids []uint8) *Tensor {
	n := t.record(embed, len(ids), table.Cols, table)
	n.ids = ids
	for i, id := range ids {
		if int(id) >= table.Rows {
			panic(fmt.Sprintf("nn: Embed of %d in a table of %s", id, table))
		}
		copy(n.out.Row(i), table.Row(int(id)))
	}
	return &n.out
}

// embedBack sums columns from..to of all rows.
func embedBack(n *node, _, from, to int) {
	for i, id := range n.ids {
		accumulate(n.a.gradRow(int(id))[from:to], n.out.gradRow(i)[from:to])
	}
}

// Head is the first rows of a; it shares them and their gradient.
func (t *Tape) Head(a *Tensor, rows int) *Tensor {
	if rows < 1 || rows > a.Rows {
		panic(fmt.Sprintf("nn: Head of %d rows of %s", rows, a))
	}
	return t.view(a, rows, a.Cols)
}
