package score

import (
	"cmp"
	"math"
	"slices"
)

const (
	// jumpFactor times the median of its own drift is a jump.
	jumpFactor = 5
	// leastDrift is what rounding on the wire may look like: a model that stands still
	// has not jumped when its answers differ by less.
	leastDrift = 1e-3
	// enoughDrifts are needed before a median means anything; mostDrifts are kept.
	enoughDrifts = 3
	mostDrifts   = 32
)

// Probes is the history of what every peer answered to inputs that only this neuron
// knows. The same slots are asked of all peers in every round, and some get a new
// input now and then, so that nobody learns them by heart. Its exported fields are
// its whole state.
type Probes struct {
	Slots   int
	Classes int
	Round   uint64
	// Born is the round in which the input of each slot was new.
	Born []uint64
	// Peers ascend by UID.
	Peers []Record
}

// Record is what Probes keeps of a peer.
type Record struct {
	UID uint32
	// Now and Before are its answers in the last two rounds in which it answered,
	// slots x classes probabilities, and NowRound and BeforeRound are these; Before is
	// empty, and its round 0, after the first.
	Now, Before           []float32
	NowRound, BeforeRound uint64
	// Drifts are the distances between its consecutive answers to the same inputs, the
	// oldest first, the last of them included when it could be measured.
	Drifts []float64
	// Jumped: the last answers are much further from those before than is usual for it.
	Jumped bool
	// Copy: it jumped into the cluster in which it still is.
	Copy bool
}

// NewProbes begins before the first round.
func NewProbes(slots, classes int) *Probes {
	return &Probes{Slots: slots, Classes: classes, Born: make([]uint64, slots)}
}

// Begin starts a round; the inputs in the slots named are new in it. In the first
// round all are.
func (p *Probes) Begin(renewed ...int) {
	p.Round++
	for _, slot := range renewed {
		p.Born[slot] = p.Round
	}
	if p.Round == 1 {
		for slot := range p.Born {
			p.Born[slot] = 1
		}
	}
}

// Answer keeps what a peer answered in this round, slots x classes probabilities
// that passed moe.Normalize. A second answer in a round is passed over.
func (p *Probes) Answer(uid uint32, answers []float32) {
	i, known := p.find(uid)
	if !known {
		p.Peers = slices.Insert(p.Peers, i, Record{UID: uid})
	}
	r := &p.Peers[i]
	if r.NowRound == p.Round || len(answers) != p.Slots*p.Classes {
		return
	}
	r.Now, r.Before = append(r.Before[:0], answers...), r.Now
	r.NowRound, r.BeforeRound = p.Round, r.NowRound
	r.Jumped = false
	if r.BeforeRound == 0 {
		return
	}
	drift, measured := p.distance(r.Before, r.Now, r.BeforeRound)
	if !measured {
		return
	}
	r.Jumped = len(r.Drifts) >= enoughDrifts && drift > jumpFactor*max(median(r.Drifts), leastDrift)
	if len(r.Drifts) == mostDrifts {
		r.Drifts = slices.Delete(r.Drifts, 0, 1)
	}
	r.Drifts = append(r.Drifts, drift)
}

// Forget drops a peer, when its UID was given to somebody else.
func (p *Probes) Forget(uid uint32) {
	if i, known := p.find(uid); known {
		p.Peers = slices.Delete(p.Peers, i, i+1)
	}
}

func (p *Probes) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(p.Peers, uid, func(r Record, uid uint32) int { return cmp.Compare(r.UID, uid) })
}

// distance between two sets of answers over the slots whose input has not changed
// since a round; false when there are none.
func (p *Probes) distance(a, b []float32, since uint64) (float64, bool) {
	var sum float64
	n := 0
	for slot, born := range p.Born {
		if born <= since {
			at := slot * p.Classes
			sum += divergence(a[at:at+p.Classes], b[at:at+p.Classes])
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return math.Sqrt(sum / float64(n)), true
}

// divergence is that of Jensen and Shannon in bits, 0..1.
func divergence(a, b []float32) float64 {
	return divergenceBy(a, b, entropy(a), entropy(b))
}

// divergenceBy is divergence with the entropies known: one logarithm a class.
func divergenceBy(a, b []float32, entropyA, entropyB float64) float64 {
	var middle float64
	b = b[:len(a)]
	for v, x := range a {
		middle -= plogp((positive(x) + positive(b[v])) / 2)
	}
	return min(max(middle-(entropyA+entropyB)/2, 0), 1)
}

// entropy in bits.
func entropy(p []float32) float64 {
	var sum float64
	for _, x := range p {
		sum -= plogp(positive(x))
	}
	return sum
}

func plogp(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(x) * (1 / math.Ln2)
}

// median of values, which keep their order; of two middle ones the mean, of none 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
