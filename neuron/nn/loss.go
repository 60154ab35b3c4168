package nn

import "fmt"

var (
	crossEntropy = &operation{"CrossEntropy", lossBackward}
	divergence   = &operation{"Divergence", lossBackward}
	mixture      = &operation{"MixtureCrossEntropy", lossBackward}
)

// lossBackward: the gradient for the logits was made on the way forward.
func lossBackward(n *node) {
	if hasGrad(n.a) {
		n.n = 0
		if n.gradient(n.a) {
			n.n = 1
		}
		n.device.split(lossBack, n, n.a.Rows, n.a.Cols)
	}
}

func lossBack(n *node, _, from, to int) {
	lo, hi := from*n.a.Cols, to*n.a.Cols
	if n.n == 0 {
		n.device.vectors.scale(n.a.Grad[lo:hi], n.saved[lo:hi], n.out.Grad[0])
	} else {
		n.device.vectors.axpy(n.a.Grad[lo:hi], n.saved[lo:hi], n.out.Grad[0])
	}
}

// loss records a mean over the rows of logits. n.work has one value for each row.
func (t *Tape) loss(op *operation, logits *Tensor) *node {
	n := t.record(op, 1, 1, logits)
	n.saved = t.memory.take(logits.Rows * logits.Cols)
	n.work = t.memory.take(logits.Rows)
	return n
}

// mean sums in order, so that the number of workers does not show.
func (n *node) mean() *Tensor {
	sum := 0.0
	for _, v := range n.work {
		sum += float64(v)
	}
	n.out.Data[0] = float32(sum / float64(len(n.work)))
	return &n.out
}

// CrossEntropy is the mean of -log softmax(logits)[target] in nats. With smoothing e
// the target has 1-e of the mass and all classes share the rest.
func (t *Tape) CrossEntropy(logits *Tensor, targets []uint8, smoothing float32) *Tensor {
	check("CrossEntropy", logits, targets)
	n := t.loss(crossEntropy, logits)
	n.ids, n.f = targets, smoothing
	t.device.split(crossEntropyRun, n, logits.Rows, 4*logits.Cols)
	return n.mean()
}

func check(name string, logits *Tensor, targets []uint8) {
	if len(targets) != logits.Rows {
		panic(fmt.Sprintf("nn: %s of %s with %d targets", name, logits, len(targets)))
	}
	for _, y := range targets {
		if int(y) >= logits.Cols {
			panic(fmt.Sprintf("nn: %s of %s with target %d", name, logits, y))
		}
	}
}

func crossEntropyRun(n *node, _, from, to int) {
	v, cols, scale := n.device.vectors, n.a.Cols, 1/float32(n.a.Rows)
	even := n.f / float32(cols)
	for i := from; i < to; i++ {
		x, g, y := n.a.Row(i), n.saved[i*cols:][:cols], n.ids[i]
		most := v.largest(x)
		sum := v.expSum(g, x, 1, most)
		total := most + log(sum)
		loss := (1 - n.f) * (total - x[y])
		v.scale(g, g, scale/sum)
		if n.f > 0 {
			var rest float32
			for j, w := range x {
				rest += total - w
				g[j] -= even * scale
			}
			loss += even * rest
		}
		n.work[i] = loss
		g[y] -= (1 - n.f) * scale
	}
}

// Divergence is the mean of KL(p || softmax(logits)) in nats; row i of p is a
// distribution, a constant.
func (t *Tape) Divergence(p []float32, logits *Tensor) *Tensor {
	if len(p) != logits.Rows*logits.Cols {
		panic(fmt.Sprintf("nn: Divergence of %d values and %s", len(p), logits))
	}
	n := t.loss(divergence, logits)
	n.p = p
	t.device.split(divergenceRun, n, logits.Rows, 8*logits.Cols)
	return n.mean()
}

func divergenceRun(n *node, _, from, to int) {
	cols, scale := n.a.Cols, 1/float32(n.a.Rows)
	for i := from; i < to; i++ {
		x, g, p := n.a.Row(i), n.saved[i*cols:][:cols], n.p[i*cols:][:cols]
		copy(g, x)
		total := n.device.vectors.softmax(g, 1)
		var loss float32
		for j, v := range p {
			if v > 0 {
				loss += v * (log(v) - x[j] + total)
			}
			g[j] = (g[j] - v) * scale
		}
		n.work[i] = loss
	}
}

// MixtureCrossEntropy is the mean of -log(own[i] softmax(logits)[target] + others[i]):
// the loss of a mixture in which the local model has weight own[i], and the other
// experts give the target others[i] in all, weights included. Both are constants.
func (t *Tape) MixtureCrossEntropy(logits *Tensor, targets []uint8, own, others []float32) *Tensor {
	check("MixtureCrossEntropy", logits, targets)
	if len(own) != logits.Rows || len(others) != logits.Rows {
		panic(fmt.Sprintf("nn: MixtureCrossEntropy of %s with %d and %d weights", logits, len(own), len(others)))
	}
	n := t.loss(mixture, logits)
	n.ids, n.p, n.q = targets, own, others
	t.device.split(mixtureRun, n, logits.Rows, 4*logits.Cols)
	return n.mean()
}

// mixtureRun: with r = own p_y / (own p_y + others), the share of the local model in
// what is right, the gradient is r (p - onehot(y)).
func mixtureRun(n *node, _, from, to int) {
	const least = 1e-30 // a mixture may be sure and wrong
	cols, scale := n.a.Cols, 1/float32(n.a.Rows)
	for i := from; i < to; i++ {
		g, y := n.saved[i*cols:][:cols], n.ids[i]
		copy(g, n.a.Row(i))
		n.device.vectors.softmax(g, 1)
		mine := n.p[i] * g[y]
		total := max(mine+n.q[i], least)
		n.work[i] = -log(total)
		r := mine / total * scale
		for j := range g {
			g[j] *= r
		}
		g[y] -= r
	}
}
