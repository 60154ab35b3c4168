package experiment

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
)

// imageGate weighs experts for one image by what they answer, self first, and by the
// hidden state of self.
type imageGate interface {
	weigh(g []float32, answers [][]float32, hidden []float32)
}

// confidence weighs by how sure each expert is, H being the entropy of its answer:
//
//	g_j = e^(-λ H(p_j)) / Σ_i e^(-λ H(p_i))
//
// λ = 0 is equal weights.
type confidence struct{ lambda float64 }

func (c confidence) weigh(g []float32, answers [][]float32, _ []float32) {
	sum := 0.0
	for j, p := range answers {
		w := math.Exp(-c.lambda * entropy(p))
		g[j], sum = float32(w), sum+w
	}
	for j := range g {
		g[j] = float32(float64(g[j]) / sum)
	}
}

// entropy in nats.
func entropy(p []float32) float64 {
	h := 0.0
	for _, x := range p {
		if x > 0 {
			h -= float64(x) * math.Log(float64(x))
		}
	}
	return h
}

// learnConfidence is the gate whose λ has the least loss on a gate slice.
func learnConfidence(a asked) confidence {
	best, least := confidence{}, math.Inf(1)
	for _, lambda := range []float64{0, 0.5, 1, 1.5, 2, 3, 4, 6} {
		c := confidence{lambda}
		if loss := a.loss(c); loss < least {
			best, least = c, loss
		}
	}
	return best
}

// byHidden is the general gate of package moe for single images. When it is sure, each
// expert's confidence with λ = 1 is its evidence.
type byHidden struct {
	gate *moe.General
	sure bool
}

func (b byHidden) weigh(g []float32, answers [][]float32, hidden []float32) {
	b.gate.Reset(0)
	if b.sure {
		confidence{1}.weigh(b.gate.Evidence.Weights, answers, nil)
	}
	b.gate.Weigh(0, g, nil, hidden)
}

const (
	gatePasses = 40 // over a gate slice
	gateImages = 16 // of an update
)

// learnByHidden teaches the general gate on a gate slice. With evidence it starts at
// equal weights, without at the prior of the product.
func learnByHidden(a asked, sure bool, seed uint64) byHidden {
	n := len(a.answers)
	evidence := moe.NewEvidence(1, n)
	if sure {
		for j := range evidence.Prior {
			evidence.Prior[j] = 1 / float32(n)
		}
	}
	b := byHidden{moe.NewGeneral(evidence, a.width), sure}
	random, learned := rand.New(rand.NewPCG(seed, 17)), 0
	g, p := make([]float32, n), make([]float32, n)
	for range gatePasses {
		for _, i := range random.Perm(len(a.y)) {
			answers := a.at(i)
			for j := range p {
				p[j] = answers[j][a.y[i]]
			}
			b.weigh(g, answers, a.hidden[i*a.width:(i+1)*a.width])
			b.gate.Learn(0, p, a.hidden[i*a.width:(i+1)*a.width])
			if learned++; learned%gateImages == 0 {
				b.gate.Update(gateRate)
			}
		}
	}
	b.gate.Update(gateRate)
	return b
}

// asked is what experts said of images: images x classes of each.
type asked struct {
	classes, width int
	answers        [][]float32
	hidden         []float32
	y              []int32

	here [][]float32
}

// ask experts about images, self first.
func ask(ctx context.Context, experts []model.Expert, in model.Input) (asked, error) {
	card := experts[0].Card()
	a := asked{classes: card.Classes, width: card.Width, hidden: make([]float32, in.Count*card.Width)}
	for _, m := range experts {
		p := make([]float32, in.Count*a.classes)
		if err := m.Forward(ctx, in, p); err != nil {
			return a, err
		}
		a.answers = append(a.answers, p)
	}
	a.here = make([][]float32, len(experts))
	return a, experts[0].Hidden(ctx, in, a.hidden)
}

// at is what was said of one image.
func (a asked) at(i int) [][]float32 {
	for j, p := range a.answers {
		a.here[j] = p[i*a.classes : (i+1)*a.classes]
	}
	return a.here
}

// mix writes the mixture for every image to dst.
func (a asked) mix(dst []float32, gate imageGate) {
	g := make([]float32, len(a.answers))
	for i := range len(dst) / a.classes {
		gate.weigh(g, a.at(i), a.hidden[i*a.width:(i+1)*a.width])
		moe.MixRow(dst[i*a.classes:(i+1)*a.classes], a.answers, i*a.classes, g)
	}
}

// loss of the mixture, a mean over images.
func (a asked) loss(gate imageGate) float64 {
	dst, sum := make([]float32, len(a.y)*a.classes), 0.0
	a.mix(dst, gate)
	for i, y := range a.y {
		sum += moe.NLL(dst[i*a.classes+int(y)])
	}
	return sum / float64(len(a.y))
}

// told is how well a gate does.
func (a asked) told(gate imageGate) told {
	dst := make([]float32, len(a.y)*a.classes)
	a.mix(dst, gate)
	return tellOf(dst, a.y, a.classes)
}

// slice asks experts about rows whose classes are known.
func (a *album) slice(ctx context.Context, experts []model.Expert, rows [][]int) (asked, error) {
	flat := slices.Concat(rows...)
	s, err := ask(ctx, experts, a.input(flat))
	for _, row := range flat {
		s.y = append(s.y, a.y[row])
	}
	return s, err
}

// joint answers with the mixture of its members; the first is self.
type joint struct {
	ensemble
	gate imageGate
	mu   *sync.Mutex // gates have state
}

func newJoint(members ensemble, gate imageGate) joint {
	return joint{members, gate, &sync.Mutex{}}
}

// Forward implements model.Expert.
func (m joint) Forward(ctx context.Context, in model.Input, dst []float32) error {
	a, err := ask(ctx, m.ensemble, in)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a.mix(dst, m.gate)
	return nil
}
