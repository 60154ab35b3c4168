package distill

import "github.com/taonet/taonet/neuron/moe"

// reach bounds what a hidden state may hold: it comes from somebody else, and its
// size is the size of a step.
const reach = 1e4

// Projection turns a peer's hidden state into an answer in the local classes:
//
//	p = softmax(hidden W + b)
//
// There is one for each peer that answers with hidden states. It starts at 0, a
// uniform answer; its loss is convex, so that is as good a start as any.
type Projection struct {
	Width, Classes int
	W              []float32 // width x classes
	B              []float32 // classes

	rows   [][]float32 // of W
	hidden []float32   // of one position, within reach
	dz     []float32   // of one position
}

// NewProjection starts at 0.
func NewProjection(width, classes int) *Projection {
	p := &Projection{Width: width, Classes: classes, W: make([]float32, width*classes), B: make([]float32, classes)}
	p.Prepare()
	return p
}

// Prepare makes the working memory of a projection whose exported fields were read
// back or replaced.
func (p *Projection) Prepare() {
	p.rows = make([][]float32, p.Width)
	for h := range p.rows {
		p.rows[h] = p.W[h*p.Classes : (h+1)*p.Classes]
	}
	p.hidden, p.dz = make([]float32, p.Width), make([]float32, p.Classes)
}

// Apply writes the answers for hidden, n x width, to answers, n x classes.
func (p *Projection) Apply(answers, hidden []float32) {
	for i := range len(hidden) / p.Width {
		z := answers[i*p.Classes : (i+1)*p.Classes]
		moe.MixRow(z, p.rows, 0, p.within(hidden, i))
		for v, b := range p.B {
			z[v] += b
		}
	}
	moe.Softmax(answers, answers, p.Classes)
}

// Gradient adds scale times the gradient toward W and b to dW and dB. answers are
// those of Apply. With shares nil it is the gradient of CE(p, y); with shares, one
// per position, that of CE(p_mix, y), where a share is r_j = g_j p_j(y) / p_mix(y).
// Positions without a target are passed over.
func (p *Projection) Gradient(dW, dB, hidden, answers []float32, targets []int32, shares []float32, scale float32) {
	for i, y := range targets {
		if y < 0 {
			continue
		}
		factor := scale
		if shares != nil {
			factor *= shares[i]
		}
		dz := p.dz
		for v, x := range answers[i*p.Classes : (i+1)*p.Classes] {
			dz[v] = factor * x
		}
		dz[y] -= factor
		for v, d := range dz {
			dB[v] += d
		}
		for h, x := range p.within(hidden, i) {
			if x == 0 {
				continue
			}
			row := dW[h*p.Classes : (h+1)*p.Classes][:len(dz)]
			for v, d := range dz {
				row[v] += x * d
			}
		}
	}
}

// within is the hidden state of position i, each entry within reach.
func (p *Projection) within(hidden []float32, i int) []float32 {
	for h, x := range hidden[i*p.Width : (i+1)*p.Width] {
		p.hidden[h] = min(max(x, -reach), reach)
	}
	return p.hidden
}

// Shares writes r_j of one expert at each position to dst: what it contributed to
// the mixture's answer. It is 0 where there is no target.
func Shares(dst []float32, b *moe.Batch, expert int) {
	for i, y := range b.Targets {
		dst[i] = 0
		if g := b.Gate(i)[expert]; y >= 0 && g != 0 {
			dst[i] = responsibility(g, b.Experts[expert][i*b.Classes+int(y)], b.At(i, int(y)))
		}
	}
}
