package score

import "math"

// The columns of a Batch: self and null sit in every coalition, the peers follow.
const (
	Self = iota
	Null
	First
)

// floor is the least probability that counts.
const floor = 1e-9

// logEvery is how many ratios of at least floor can be multiplied before a float64
// nears its smallest: one logarithm then serves for all of them.
const logEvery = 32

// Batch is what each expert gave the target of each position, and its gate there.
// Both are positions x (First + peers). A gate of 0 is an expert that did not answer.
// Positions of one batch may depend on one another; batches should not, for the
// standard error compares them.
type Batch struct {
	Peers int
	Gates []float32
	P     []float32
}

// Positions is the number of rows.
func (b Batch) Positions() int { return len(b.P) / (First + b.Peers) }

// columns writes gate and gate times probability of every peer and of self and null
// together, column by column: base first, then the peers, positions each.
func (b Batch) columns(gates, parts []float64) {
	n, width := b.Positions(), First+b.Peers
	for i := range n {
		g, p := b.Gates[i*width:(i+1)*width], b.P[i*width:(i+1)*width]
		gates[i], parts[i] = 0, 0
		for j := range g {
			gate := positive(g[j])
			part := gate * min(positive(p[j]), 1)
			if j < First {
				gates[i] += gate
				parts[i] += part
				continue
			}
			at := (j-First+1)*n + i
			gates[at], parts[at] = gate, part
		}
	}
}

func positive(x float32) float64 {
	if !(x > 0) {
		return 0
	}
	return float64(x)
}

// ratio is the probability of a coalition, within floor..1.
func ratio(part, gate float64) float64 {
	if !(part > floor*gate) {
		return floor
	}
	return min(part/gate, 1)
}

// meanLog is the mean logarithm of what a coalition gives.
func meanLog(parts, gates []float64) float64 {
	var sum float64
	product := 1.0
	for i, part := range parts {
		product *= ratio(part, gates[i])
		if i%logEvery == logEvery-1 {
			sum += math.Log(product)
			product = 1
		}
	}
	return (sum + math.Log(product)) / float64(max(len(parts), 1))
}
