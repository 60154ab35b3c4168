package nn

import "fmt"

var layerNorm = &operation{"LayerNorm", layerNormBackward}

// LayerNorm is (x - mean) / sqrt(var + 1e-5) of each row, times gain plus bias, both
// of one row.
func (t *Tape) LayerNorm(x, gain, bias *Tensor) *Tensor {
	if gain.Rows != 1 || bias.Rows != 1 || gain.Cols != x.Cols || bias.Cols != x.Cols {
		panic(fmt.Sprintf("nn: LayerNorm of %s with %s and %s", x, gain, bias))
	}
	n := t.record(layerNorm, x.Rows, x.Cols, x, gain, bias)
	n.work = t.memory.take(2 * x.Rows) // mean and 1 / sqrt(var + eps) of each row
	t.device.split(layerNormRun, n, x.Rows, 4*x.Cols)
	return &n.out
}

func layerNormRun(n *node, _, from, to int) {
	for i := from; i < to; i++ {
		n.work[2*i], n.work[2*i+1] = n.device.vectors.normalize(n.out.Row(i), n.a.Row(i), n.b.Data, n.c.Data)
	}
}

func layerNormBackward(n *node) {
	if hasGrad(n.b) || hasGrad(n.c) {
		n.p, n.q = n.sink(n.b), n.sink(n.c)
		n.device.split(layerNormGains, n, n.out.Cols, n.out.Rows)
		n.drain(n.b, n.p)
		n.drain(n.c, n.q)
	}
	if hasGrad(n.a) {
		n.device.split(layerNormBack, n, n.out.Rows, 4*n.out.Cols)
		if n.a.Grad == nil {
			n.hand(n.a, n.out.Grad)
		}
	}
}

// layerNormBack makes the gradient of x in place of that of the result, and adds it
// where x has one already.
func layerNormBack(n *node, _, from, to int) {
	v := n.device.vectors
	for i := from; i < to; i++ {
		g := n.out.gradRow(i)
		v.normalizeBack(g, n.a.Row(i), n.b.Data, n.work[2*i], n.work[2*i+1])
		if n.a.Grad != nil {
			dx := n.a.gradRow(i)
			v.add(dx, dx, g)
		}
	}
}

// layerNormGains sums the gradients of gain and bias for columns from..to.
func layerNormGains(n *node, _, from, to int) {
	gain, bias := n.p[from:to], n.q[from:to]
	for i := range n.out.Rows {
		n.device.vectors.gains(gain, bias, n.out.gradRow(i)[from:to], n.a.Row(i)[from:to], n.work[2*i], n.work[2*i+1])
	}
}
