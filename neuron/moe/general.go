package moe

import "math"

// maxLambda bounds λ: beyond it the softmax has long decided.
const maxLambda = 4

// General is the gate that adds what can be learned, a bias and the hidden state, to
// the evidence. It starts as the evidence gate and leaves it only as far as Learn on
// the gate slice takes it. Data that trained the local model must not teach it: on
// them self looks better than it is. Its exported fields are its whole state between
// two updates.
type General struct {
	Evidence *Evidence
	// Width of the hidden state, 0 for a gate that does not read it.
	Width int
	// Top is the most peers that get weight at a position, 0 for all that answered.
	Top int
	// HoldLambda keeps λ as it is.
	HoldLambda bool
	// Clip bounds the norm of the gradient of an update.
	Clip float32
	// Params are v (experts x width), b (experts) and λ.
	Params []float32
	// Mean, Square and Updates are the moments of Adam and how many updates it made.
	Mean, Square []float32
	Updates      int

	g        []float32 // sequences x experts: as weighed last
	a        []float64 // experts
	gradient []float64 // of Params, summed over the positions learned since the last update
	learned  int
}

// NewGeneral is a gate over evidence that starts with v = b = 0 and λ = 1.
func NewGeneral(evidence *Evidence, width int) *General {
	size := evidence.Experts*(width+1) + 1
	g := &General{
		Evidence: evidence, Width: width, Clip: 1,
		Params: make([]float32, size), Mean: make([]float32, size), Square: make([]float32, size),
	}
	*g.lambda() = 1
	g.Prepare()
	return g
}

// Prepare makes the working memory of a gate whose exported fields were read back.
func (g *General) Prepare() {
	g.g = make([]float32, g.Evidence.Sequences*g.Evidence.Experts)
	g.a = make([]float64, g.Evidence.Experts)
	g.gradient = make([]float64, len(g.Params))
	g.learned = 0
}

// Blind takes the evidence out, for comparison: λ is held at 0 and b starts at the
// logarithm of the prior.
func (g *General) Blind() {
	*g.lambda(), g.HoldLambda = 0, true
	for j, x := range g.Evidence.Prior {
		g.Params[g.Evidence.Experts*g.Width+j] = float32(math.Log(float64(x)))
	}
}

// Lambda is λ, the weight of the evidence, 0..4.
func (g *General) Lambda() float32 { return *g.lambda() }

func (g *General) lambda() *float32 { return &g.Params[len(g.Params)-1] }

// Reset implements Gate.
func (g *General) Reset(sequence int) { g.Evidence.Reset(sequence) }

// Reveal implements Gate.
func (g *General) Reveal(sequence int, p []float32) { g.Evidence.Reveal(sequence, p) }

// Weigh implements Gate.
func (g *General) Weigh(sequence int, dst []float32, answered []bool, hidden []float32) {
	w := g.Evidence.admit(sequence, answered)
	bias := g.Params[len(w)*g.Width:]
	lambda := float64(*g.lambda())
	for j, x := range w {
		if x > 0 {
			g.a[j] = g.dot(j, hidden) + float64(bias[j]) + lambda*math.Log(float64(x))
		}
	}
	g.choose(dst, w)
	most := g.a[0]
	for j, x := range dst {
		if x > 0 {
			most = max(most, g.a[j])
		}
	}
	var sum float64
	for j, x := range dst {
		if x > 0 {
			g.a[j] = math.Exp(g.a[j] - most)
			sum += g.a[j]
		}
	}
	for j, x := range dst {
		if x > 0 {
			dst[j] = float32(g.a[j] / sum)
		}
	}
	copy(g.g[sequence*len(w):], dst)
}

// choose writes 1 to dst for self and the Top best of those present, 0 for the
// others; of equal ones the lower wins.
func (g *General) choose(dst, w []float32) {
	for j, x := range w {
		dst[j] = 0
		if x > 0 && (j == 0 || g.Top == 0) {
			dst[j] = 1
		}
	}
	for range g.Top {
		best := -1
		for j := 1; j < len(w); j++ {
			if w[j] > 0 && dst[j] == 0 && (best < 0 || g.a[j] > g.a[best]) {
				best = j
			}
		}
		if best < 0 {
			return
		}
		dst[best] = 1
	}
}

func (g *General) dot(expert int, hidden []float32) float64 {
	if len(hidden) < g.Width {
		return 0
	}
	v := g.Params[expert*g.Width : (expert+1)*g.Width]
	var sum float64
	for i, x := range v {
		sum += float64(x) * float64(hidden[i])
	}
	return sum
}

// Learn adds the gradient of one position of the gate slice, between its Weigh and
// its Reveal, and is the mixture's loss there in nats. p and hidden are what these
// two get.
func (g *General) Learn(sequence int, p, hidden []float32) float64 {
	experts := g.Evidence.Experts
	weights := g.g[sequence*experts : (sequence+1)*experts]
	var mix float64
	for j, x := range weights {
		if x > 0 {
			mix += float64(x) * Bounded(p[j])
		}
	}
	bias := g.gradient[experts*g.Width:]
	for j, x := range weights {
		if x == 0 {
			continue
		}
		d := float64(x) * (1 - Bounded(p[j])/mix)
		bias[j] += d
		bias[experts] += d * math.Log(float64(g.Evidence.row(sequence)[j]))
		for i, h := range hidden[:min(g.Width, len(hidden))] {
			g.gradient[j*g.Width+i] += d * float64(h)
		}
	}
	g.learned++
	return -math.Log(mix)
}

// Update moves the parameters by one step of Adam along the mean of what was learned
// since the last, clipped to a norm of Clip. Without anything learned it does nothing.
func (g *General) Update(rate float64) {
	const mean, square, tiny = 0.9, 0.999, 1e-8
	if g.learned == 0 {
		return
	}
	scale := 1 / float64(g.learned)
	if g.HoldLambda {
		g.gradient[len(g.gradient)-1] = 0
	}
	var norm float64
	for _, d := range g.gradient {
		norm += d * scale * d * scale
	}
	if norm = math.Sqrt(norm); norm > float64(g.Clip) {
		scale *= float64(g.Clip) / norm
	}
	g.Updates++
	firstBias := 1 - math.Pow(mean, float64(g.Updates))
	secondBias := 1 - math.Pow(square, float64(g.Updates))
	for i, d := range g.gradient {
		d *= scale
		m := mean*float64(g.Mean[i]) + (1-mean)*d
		s := square*float64(g.Square[i]) + (1-square)*d*d
		g.Mean[i], g.Square[i] = float32(m), float32(s)
		g.Params[i] -= float32(rate * (m / firstBias) / (math.Sqrt(s/secondBias) + tiny))
	}
	if !g.HoldLambda {
		*g.lambda() = min(max(*g.lambda(), 0), maxLambda)
	}
	clear(g.gradient)
	g.learned = 0
}
