package nn

// The gradient of what a tape made is borrowed when the first operation adds to it and
// given back when its own operation has passed it on: few are alive at a time, they
// stay in the cache, and none is cleared that is overwritten anyway.

// borrow returns n values, not cleared.
func (t *Tape) borrow(n int) []float32 {
	if spare := t.spare[n]; len(spare) > 0 {
		t.spare[n] = spare[:len(spare)-1]
		return spare[len(spare)-1]
	}
	return make([]float32, n)
}

func (t *Tape) giveBack(g []float32) { t.spare[len(g)] = append(t.spare[len(g)], g) }

// gradient gives x one if it has none. It says whether it had: if not, the operation
// overwrites what is there.
func (n *node) gradient(x *Tensor) (had bool) {
	if x.Grad != nil {
		return true
	}
	x.Grad = n.tape.borrow(len(x.Data))
	return false
}

// beta is that of a product which adds to the gradient of x, or is the first.
func (n *node) beta(x *Tensor) float32 {
	if n.gradient(x) {
		return 1
	}
	return 0
}

// cleared gives x a gradient of zeros if it has none.
func (n *node) cleared(x *Tensor) {
	if !n.gradient(x) {
		clear(x.Grad)
	}
}

// sink is the gradient of x, or memory to lose it in where x is a constant; drain
// gives that back.
func (n *node) sink(x *Tensor) []float32 {
	if !hasGrad(x) {
		g := n.tape.borrow(len(x.Data))
		clear(g)
		return g
	}
	n.cleared(x)
	return x.Grad
}

func (n *node) drain(x *Tensor, g []float32) {
	if !hasGrad(x) {
		n.tape.giveBack(g)
	}
}

// hand adds g, of n's size, to the gradient of x. If x has none and g is still n's own
// gradient, it becomes x's.
func (n *node) hand(x *Tensor, g []float32) {
	switch {
	case !hasGrad(x):
	case x.Grad != nil:
		n.p, n.q = x.Grad, g
		n.device.split(handAdd, n, n.out.Rows, n.out.Cols)
	case n.out.Grad != nil:
		x.Grad, n.out.Grad = n.out.Grad, nil
	default:
		n.gradient(x)
		n.p, n.q = x.Grad, g
		n.device.split(handCopy, n, n.out.Rows, n.out.Cols)
	}
}

func handAdd(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	n.device.vectors.add(n.p[lo:hi], n.p[lo:hi], n.q[lo:hi])
}

func handCopy(n *node, _, from, to int) {
	lo, hi := from*n.out.Cols, to*n.out.Cols
	copy(n.p[lo:hi], n.q[lo:hi])
}
