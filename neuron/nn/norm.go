package nn

import (
	"fmt"
	"math"
)

var layerNorm = &operation{"LayerNorm", layerNormBackward}

const normEpsilon = 1e-5

// LayerNorm is (x - mean) / sqrt(var + 1e-5) of each row, times gain plus bias, both
// of one row.
func (t *Tape) LayerNorm(x, gain, bias *Tensor) *Tensor {
	if gain.Rows != 1 || bias.Rows != 1 || gain.Cols != x.Cols || bias.Cols != x.Cols {
		panic(fmt.Sprintf("nn: LayerNorm of %s with %s and %s", x, gain, bias))
	}
	n := t.record(layerNorm, x.Rows, x.Cols, x, gain, bias)
	n.saved = t.memory.take(x.Rows * x.Cols) // the normalised values
	n.work = t.memory.take(x.Rows)           // 1 / sqrt(var + eps)
	t.device.split(layerNormRun, n, x.Rows, 4*x.Cols)
	return &n.out
}

func layerNormRun(n *node, _, from, to int) {
	cols := n.out.Cols
	gain, bias := n.b.Data, n.c.Data[:cols]
	for i := from; i < to; i++ {
		x, y, out := n.a.Row(i), n.saved[i*cols:][:cols], n.out.Row(i)
		var sum, squares float32
		for _, v := range x {
			sum += v
		}
		mean := sum / float32(cols)
		for _, v := range x {
			squares += (v - mean) * (v - mean)
		}
		inverse := 1 / float32(math.Sqrt(float64(squares/float32(cols)+normEpsilon)))
		n.work[i] = inverse
		for j, v := range x {
			y[j] = (v - mean) * inverse
			out[j] = y[j]*gain[j] + bias[j]
		}
	}
}

func layerNormBackward(n *node) {
	if n.a.Grad != nil {
		n.device.split(layerNormBack, n, n.out.Rows, 4*n.out.Cols)
	}
	n.device.split(layerNormGains, n, n.out.Cols, n.out.Rows)
}

// layerNormBack is dx = (h - mean(h) - y mean(h y)) / sigma with h = gain dout.
func layerNormBack(n *node, _, from, to int) {
	cols := n.out.Cols
	gain := n.b.Data[:cols]
	for i := from; i < to; i++ {
		y, g, dx := n.saved[i*cols:][:cols], n.out.gradRow(i), n.a.gradRow(i)
		var sum, product float32
		for j, v := range g {
			h := v * gain[j]
			sum += h
			product += h * y[j]
		}
		sum /= float32(cols)
		product /= float32(cols)
		for j, v := range g {
			dx[j] += (v*gain[j] - sum - y[j]*product) * n.work[i]
		}
	}
}

// layerNormGains sums the gradients of gain and bias for columns from..to.
func layerNormGains(n *node, _, from, to int) {
	cols := n.out.Cols
	for i := range n.out.Rows {
		g := n.out.gradRow(i)[from:to]
		if n.c.Grad != nil {
			accumulate(n.c.Grad[from:to], g)
		}
		if n.b.Grad != nil {
			y, gain := n.saved[i*cols+from:][:len(g)], n.b.Grad[from:to]
			for j, v := range g {
				gain[j] += v * y[j]
			}
		}
	}
}
