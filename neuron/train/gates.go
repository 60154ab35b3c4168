package train

import (
	"slices"

	"github.com/taonet/taonet/neuron/moe"
)

// gates are over self and whichever peers answered.
type gates interface {
	over(peers []uint32) moe.Gate
}

func newGates(cfg Config, batches Batches) gates {
	if w := batches.Window(); w.Steps > 1 {
		return evidence{cfg, w.Sequences, map[int]*moe.Evidence{}}
	}
	return &learnedGates{cfg: cfg, sequences: batches.Window().Sequences}
}

// evidence weighs by what was already revealed of a sequence: it learns nothing that
// would have to be kept from one batch to the next.
type evidence struct {
	cfg       Config
	sequences int
	byCount   map[int]*moe.Evidence
}

func (e evidence) over(peers []uint32) moe.Gate {
	n := 1 + len(peers)
	gate, ok := e.byCount[n]
	if !ok {
		gate = newEvidence(e.cfg, e.sequences, n)
		e.byCount[n] = gate
	}
	return gate
}

func newEvidence(cfg Config, sequences, experts int) *moe.Evidence {
	gate := moe.NewEvidence(sequences, experts)
	gate.Share, gate.Prior = cfg.Share, prior(experts, cfg.SelfPrior)
	return gate
}

// prior gives self its part and the others equal ones of the rest.
func prior(experts int, self float32) []float32 {
	p := make([]float32, experts)
	for i := range p {
		p[i] = (1 - self) / float32(max(experts-1, 1))
	}
	p[0] = self
	if experts == 1 {
		p[0] = 1
	}
	return p
}

// learnedGates weigh single examples by the hidden state: nothing else is known of them.
// Their parameters learn on the gate part alone. A learner whose hidden state is not to
// be had has a bias for each peer.
type learnedGates struct {
	cfg       Config
	sequences int
	peers     []uint32 // the experts of gate, after self
	gate      *moe.General
}

// learning is the gate over exactly these peers, a new one when it was over others.
func (g *learnedGates) learning(peers []uint32, width int) *moe.General {
	if g.gate == nil || g.gate.Width != width || !slices.Equal(g.peers, peers) {
		g.peers = slices.Clone(peers)
		g.gate = moe.NewGeneral(newEvidence(g.cfg, g.sequences, 1+len(peers)), width)
	}
	return g.gate
}

func (g *learnedGates) over(peers []uint32) moe.Gate {
	if g.gate == nil {
		return newEvidence(g.cfg, g.sequences, 1+len(peers)) // nothing was learned yet: the prior
	}
	p := &partGate{
		gate: g.gate, columns: make([]int, len(peers)), strange: (1 - g.cfg.SelfPrior) / float32(max(len(peers), 1)),
		weights: make([]float32, 1+len(g.peers)), here: make([]bool, 1+len(g.peers)),
	}
	for i, uid := range peers {
		p.columns[i] = 1 + slices.Index(g.peers, uid)
	}
	return p
}

// partGate is a learned gate over some of its peers in any order, and others of which
// it knows nothing: these get their part of the prior.
type partGate struct {
	gate    *moe.General
	columns []int // of the peers in gate; 0 for one that it does not know
	strange float32
	weights []float32
	here    []bool
}

// Weigh implements moe.Gate.
func (p *partGate) Weigh(sequence int, g []float32, answered []bool, hidden []float32) {
	clear(p.here)
	clear(g)
	p.here[0] = true
	rest := float32(1)
	for i, column := range p.columns {
		switch {
		case answered != nil && !answered[i+1]:
		case column == 0:
			g[i+1] = p.strange
			rest -= p.strange
		default:
			p.here[column] = true
		}
	}
	p.gate.Reset(sequence)
	p.gate.Weigh(sequence, p.weights, p.here, hidden)
	g[0] = rest * p.weights[0]
	for i, column := range p.columns {
		if column > 0 && p.here[column] {
			g[i+1] = rest * p.weights[column]
		}
	}
}

// Reveal implements moe.Gate: the next example has nothing to do with this one.
func (p *partGate) Reveal(int, []float32) {}

// Reset implements moe.Gate.
func (p *partGate) Reset(int) {}
