package nn

import "math"

// AdamW moves parameters against their gradients:
//
//	m <- b1 m + (1-b1) g,  v <- b2 v + (1-b2) g^2
//	x <- x - rate (m/(1-b1^t) / (sqrt(v/(1-b2^t)) + eps) + decay x)
//
// where g is the gradient after clipping its norm over all parameters.
type AdamW struct {
	// Rate of learning, at the peak of a schedule.
	Rate float32
	// Beta1 and Beta2 are how slowly the moments forget, 0 up to 1.
	Beta1, Beta2 float32
	Epsilon      float32
	// Decay of the parameters that have it.
	Decay float32
	// Clip is the largest norm of the gradient; 0 for no bound.
	Clip float32
	// Steps taken.
	Steps int

	constants adamConstants
}

// NewAdamW has the usual constants: 0.9, 0.99, 1e-8, norms clipped at 1.
func NewAdamW(rate, decay float32) *AdamW {
	return &AdamW{Rate: rate, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: decay, Clip: 1}
}

// Step applies the gradients, times schedule for the rate, and clears them. It
// returns their norm before clipping. Gradients that are not finite are left out
// whole: nothing moves, and the norm says so.
func (o *AdamW) Step(params []*Param, schedule float32) float32 {
	return o.step(fastest(), params, schedule)
}

func (o *AdamW) step(v *vectors, params []*Param, schedule float32) float32 {
	sum := 0.0
	for _, p := range params {
		sum += v.squares(p.Grad)
	}
	norm := float32(math.Sqrt(sum))
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		ZeroGrad(params)
		return norm
	}
	o.Steps++
	factor := float32(1)
	if o.Clip > 0 && norm > o.Clip {
		factor = o.Clip / norm
	}
	rate := o.Rate * schedule
	o.constants = adamConstants{
		beta1: o.Beta1, gain1: (1 - o.Beta1) * factor, beta2: o.Beta2, gain2: (1 - o.Beta2) * factor * factor,
		rate:    rate / float32(1-math.Pow(float64(o.Beta1), float64(o.Steps))),
		correct: 1 / float32(1-math.Pow(float64(o.Beta2), float64(o.Steps))),
		epsilon: o.Epsilon,
	}
	for _, p := range params {
		o.constants.remain = 1
		if p.Decay {
			o.constants.remain -= rate * o.Decay
		}
		v.adam(p.Data, p.Grad, p.First, p.Second, &o.constants)
	}
	return norm
}

// ZeroGrad clears the gradients.
func ZeroGrad(params []*Param) {
	for _, p := range params {
		clear(p.Grad)
	}
}

// Cosine is a schedule: linear up to 1 over warmUp steps, then down to least over
// half a cosine at total steps, and least from there on.
func Cosine(step, warmUp, total int, least float32) float32 {
	if step < warmUp {
		return float32(step+1) / float32(warmUp)
	}
	if step >= total {
		return least
	}
	progress := float64(step-warmUp) / float64(total-warmUp)
	return least + (1-least)*float32(0.5*(1+math.Cos(math.Pi*progress)))
}
