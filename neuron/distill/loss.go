package distill

import (
	"math"

	"github.com/taonet/taonet/neuron/moe"
)

// faint keeps logarithms of probabilities finite where a temperature is applied.
const faint = 1e-30

// Loss weighs the three terms of the package comment.
type Loss struct {
	// Local weighs CE(p_local, y), Mix CE(p_mix, y), Beta KL(stop(p_mix) || p_local).
	Local, Mix, Beta float32
	// Smoothing is ε, 0..1.
	Smoothing float32
	// Temperature is T; 0 is 1. Any but 1 costs two logarithms and two exponentials a
	// class.
	Temperature float32
}

// DefaultLoss weighs the terms alike.
func DefaultLoss() Loss { return Loss{Local: 1, Mix: 1, Beta: 1} }

// Scaled is the loss with the network's two terms multiplied by strength.
func (l Loss) Scaled(strength float32) Loss {
	l.Mix *= strength
	l.Beta *= strength
	return l
}

// Gradient writes dL/dlogits of every position, times scale (1/n for the mean of n),
// to grad, n x classes, in one pass over the answers. Experts[0] holds the softmax of
// the local logits; grad may be that very buffer. scratch has 3 x classes. The
// mixture goes to mix too when it is not nil.
//
// A position without a target has the third term alone.
func (l Loss) Gradient(grad, mix []float32, b *moe.Batch, scale float32, scratch []float32) moe.Sums {
	var sums moe.Sums
	classes := b.Classes
	for i, y := range b.Targets {
		at := i * classes
		p, out := b.Experts[0][at:at+classes], grad[at:at+classes]
		m := scratch[:classes]
		if mix != nil {
			m = mix[at : at+classes]
		}
		whole := mix != nil || l.Beta != 0
		if whole {
			moe.MixRow(m, b.Experts, at, b.Gate(i))
		}
		var local, share float32
		if y >= 0 {
			my := m[y]
			if !whole {
				my = b.At(i, int(y))
			}
			sums.Add(p[y], my)
			local, share = l.Local, l.Mix*responsibility(b.Gate(i)[0], p[y], my)
		}
		if l.Beta == 0 {
			l.apart(out, p, local, share, scale)
		} else if l.Temperature == 0 || l.Temperature == 1 {
			l.together(out, p, m, local, share, scale)
		} else {
			l.tempered(out, p, m, local, share, scale, scratch[classes:])
		}
		if y >= 0 {
			out[y] -= scale * (local*(1-l.Smoothing) + share)
		}
	}
	return sums
}

// responsibility is r, within 0..1.
func responsibility(gate, self, mix float32) float32 {
	r := float32(float64(gate) * moe.Bounded(self) / moe.Bounded(mix))
	if !(r > 0) {
		return 0
	}
	return min(r, 1)
}

// apart is the gradient, but for its part at y, without a third term.
func (l Loss) apart(out, p []float32, local, share, scale float32) {
	own, flat := scale*(local+share), scale*local*l.Smoothing/float32(len(p))
	out = out[:len(p)]
	for v, x := range p {
		out[v] = own*x - flat
	}
}

// together is the gradient, but for its part at y, with T = 1.
func (l Loss) together(out, p, m []float32, local, share, scale float32) {
	own, flat := scale*(local+share+l.Beta), scale*local*l.Smoothing/float32(len(p))
	teacher := scale * l.Beta
	out, m = out[:len(p)], m[:len(p)]
	for v, x := range p {
		out[v] = own*x - teacher*unit(m[v]) - flat
	}
}

// tempered is the gradient, but for its part at y, with any T.
func (l Loss) tempered(out, p, m []float32, local, share, scale float32, scratch []float32) {
	classes := len(p)
	pt, mt := scratch[:classes], scratch[classes:2*classes]
	soften(pt, p, l.Temperature)
	soften(mt, m, l.Temperature)
	own, flat := scale*(local+share), scale*local*l.Smoothing/float32(classes)
	teacher := scale * l.Beta * l.Temperature
	for v, x := range p {
		out[v] = own*x + teacher*(pt[v]-mt[v]) - flat
	}
}

// soften writes p to the power 1/T, normalised, to dst.
func soften(dst, p []float32, temperature float32) {
	for v, x := range p {
		dst[v] = float32(math.Log(max(float64(unit(x)), faint))) / temperature
	}
	moe.Softmax(dst, dst, len(dst))
}

// unit is x within 0..1; NaN is 0.
func unit(x float32) float32 {
	if !(x > 0) {
		return 0
	}
	if x > 1 {
		return 1
	}
	return x
}
