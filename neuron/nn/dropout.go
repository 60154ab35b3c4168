package nn

import "fmt"

var (
	dropout  = &operation{"Dropout", dropoutBackward}
	residual = &operation{"Residual", residualBackward}
)

// Dropout sets each value to zero with probability p and divides the others by 1-p.
// A tape that is not training leaves a as it is. What is dropped is a hash of the place
// and of two numbers drawn from the tape's random state.
func (t *Tape) Dropout(a *Tensor, p float32) *Tensor {
	if !t.drops(p) {
		return a
	}
	n := t.record(dropout, a.Rows, a.Cols, a)
	n.draw(p)
	t.device.split(dropoutRun, n, a.Rows, 4*a.Cols)
	return &n.out
}

// drops says whether anything is dropped.
func (t *Tape) drops(p float32) bool {
	if !t.Training || p == 0 {
		return false
	}
	if p < 0 || p >= 1 {
		panic(fmt.Sprintf("nn: Dropout with probability %v, it is 0 up to 1", p))
	}
	return true
}

// draw takes the seeds of what is dropped.
func (n *node) draw(p float32) {
	n.f = p
	bits := n.tape.random.Uint64()
	n.seeds = [2]uint32{uint32(bits), uint32(bits >> 32)}
}

// drop is dst = x with values from..to dropped.
func (n *node) drop(dst, x []float32, from, to int) {
	n.device.vectors.dropout(dst[from:to], x[from:to], 1/(1-n.f), uint32(from), n.seeds[0], n.seeds[1], threshold(n.f))
}

// threshold of kept for a probability of dropping.
func threshold(p float32) int32 { return int32(float64(p)*(1<<31)) - 1 }

func dropoutRun(n *node, _, from, to int) {
	n.drop(n.out.Data, n.a.Data, from*n.out.Cols, to*n.out.Cols)
}

func dropoutBackward(n *node) {
	n.device.split(dropoutBack, n, n.out.Rows, 4*n.out.Cols)
	n.hand(n.a, n.out.Grad)
}

func dropoutBack(n *node, _, from, to int) {
	n.drop(n.out.Grad, n.out.Grad, from*n.out.Cols, to*n.out.Cols)
}

// Residual is x + Dropout(h, p), in one pass.
func (t *Tape) Residual(x, h *Tensor, p float32) *Tensor {
	if !t.drops(p) {
		return t.Add(x, h)
	}
	sameShape(residual.name, x, h)
	n := t.record(residual, x.Rows, x.Cols, x, h)
	n.draw(p)
	t.device.split(residualRun, n, x.Rows, 4*x.Cols)
	return &n.out
}

func residualRun(n *node, _, from, to int) {
	for i := from; i < to; i++ {
		n.drop(n.out.Data, n.b.Data, i*n.out.Cols, (i+1)*n.out.Cols)
		out := n.out.Row(i)
		n.device.vectors.add(out, out, n.a.Row(i))
	}
}

// residualBackward drops into h's gradient first: n's own then becomes x's.
func residualBackward(n *node) {
	g := n.out.Grad
	if hasGrad(n.b) {
		if n.b.Grad == nil && n.a != n.b {
			n.gradient(n.b)
			n.p = n.b.Grad
			n.device.split(residualBack, n, n.out.Rows, 4*n.out.Cols)
		} else {
			n.p = n.tape.borrow(len(g))
			dropped := n.p
			n.device.split(residualBack, n, n.out.Rows, 4*n.out.Cols)
			n.cleared(n.b)
			n.hand(n.b, dropped)
			n.tape.giveBack(dropped)
		}
	}
	n.hand(n.a, g)
}

func residualBack(n *node, _, from, to int) {
	n.drop(n.p, n.out.Grad, from*n.out.Cols, to*n.out.Cols)
}
