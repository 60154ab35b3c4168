package score

import "math"

// Sampling says how values are computed.
type Sampling struct {
	// Exact is the most peers for whom every coalition is looked at; the work doubles
	// with each. No more than 16.
	Exact int
	// Pairs of orders drawn per batch above that, an order and its reverse.
	Pairs int
	// Tolerance in nats: an order is cut short when less is missing to the value of all.
	Tolerance float64
	// Seed of the orders.
	Seed uint64
}

// DefaultSampling is exact up to eight peers.
func DefaultSampling(seed uint64) Sampling {
	return Sampling{Exact: 8, Pairs: 8, Tolerance: 1e-4, Seed: seed}
}

// Value is what a peer was worth, in nats per position.
type Value struct {
	// Phi is the mean over batches and SE its standard error, infinite for one batch.
	Phi, SE float64
	// Counted is max(0, Phi - 2 SE).
	Counted float64
}

// Estimator takes batches of one round, all with the same peers, and says what each
// of them was worth.
type Estimator struct {
	sampling     Sampling
	batches      int
	mean, square []float64 // of phi over batches; square is the sum of squared deviations
	phi          []float64
	gates, parts []float64
	exact        *exact
	sampled      *sampled
}

// NewEstimator is for so many peers.
func NewEstimator(peers int, sampling Sampling) *Estimator {
	e := &Estimator{
		sampling: sampling,
		mean:     make([]float64, peers), square: make([]float64, peers), phi: make([]float64, peers),
	}
	switch {
	case peers == 0:
	case peers <= min(sampling.Exact, 16):
		e.exact = newExact(peers)
	default:
		e.sampled = newSampled(peers)
	}
	return e
}

// Reset forgets all batches.
func (e *Estimator) Reset() {
	e.batches = 0
	clear(e.mean)
	clear(e.square)
}

// Add values one batch and counts it. The result, one value per peer, is good until
// the next call. An empty batch is passed over.
func (e *Estimator) Add(b Batch) []float64 {
	n := b.Positions()
	if n == 0 || b.Peers == 0 {
		return e.phi
	}
	size := n * (b.Peers + 1)
	e.gates, e.parts = resized(e.gates, size), resized(e.parts, size)
	b.columns(e.gates, e.parts)
	if e.exact != nil {
		e.exact.shapley(e.phi, e.gates, e.parts, n)
	} else {
		e.sampled.shapley(e.phi, e.gates, e.parts, n, e.sampling, uint64(e.batches))
	}
	e.batches++
	for j, x := range e.phi { // Welford
		d := x - e.mean[j]
		e.mean[j] += d / float64(e.batches)
		e.square[j] += d * (x - e.mean[j])
	}
	return e.phi
}

// Values appends the value of each peer to dst.
func (e *Estimator) Values(dst []Value) []Value {
	n := float64(e.batches)
	for j, phi := range e.mean {
		v := Value{Phi: phi, SE: math.Inf(1)}
		if n > 1 {
			v.SE = math.Sqrt(e.square[j] / (n - 1) / n)
			v.Counted = max(0, phi-2*v.SE)
		}
		dst = append(dst, v)
	}
	return dst
}

// Stratified joins the values of strata, each with the same players: parts of the
// data that are alike within and differ from each other, such as domains. With w_h the
// weight of a stratum, normalised over those whose error is known,
//
//	phi = Σ w_h phi_h        se = sqrt Σ w_h² se_h²
//
// (Cochran, Sampling Techniques, 1977, 5.4): that domains differ is no doubt about what
// a peer is worth in each. Where no error is known the values are those of all strata
// and nothing counts.
func Stratified(strata [][]Value, weights []float64) []Value {
	total, all := 0.0, 0.0
	known := func(h int) bool { return len(strata[h]) > 0 && !math.IsInf(strata[h][0].SE, 1) }
	players := 0
	for h, w := range weights {
		players = max(players, len(strata[h]))
		if len(strata[h]) > 0 {
			all += w
		}
		if known(h) {
			total += w
		}
	}
	joined := make([]Value, players)
	for j := range joined {
		v, square := &joined[j], 0.0
		for h, w := range weights {
			switch {
			case total > 0 && known(h):
				v.Phi += w / total * strata[h][j].Phi
				square += w / total * strata[h][j].SE * w / total * strata[h][j].SE
			case total == 0 && len(strata[h]) > 0:
				v.Phi += w / all * strata[h][j].Phi
				square = math.Inf(1)
			}
		}
		v.SE = math.Sqrt(square)
		v.Counted = max(0, v.Phi-2*v.SE)
	}
	return joined
}

func resized(buffer []float64, size int) []float64 {
	if cap(buffer) < size {
		return make([]float64, size)
	}
	return buffer[:size]
}
