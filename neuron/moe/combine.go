package moe

import "math"

// Batch is the answers for n positions, of which some have a known target.
type Batch struct {
	Classes int
	// Experts[j] is what expert j answered, n x classes probabilities; nil when all of
	// its gates are 0. Experts[0] is the local model's.
	Experts [][]float32
	// Gates is n x experts.
	Gates []float32
	// Targets has the class of each position, negative where none is known.
	Targets []int32
}

// Sums are cross-entropies in nats, added up over the positions with a target.
type Sums struct {
	Self, Mix float64
	Targets   int
}

// Combine is the loss of the mixture and of self alone. With mix, n x classes, it
// writes the mixture there too; without, it reads one probability of each answer.
// The gradients of both losses toward the local model come from distill.Loss, in
// the same single pass over the answers.
func (b *Batch) Combine(mix []float32) Sums {
	var sums Sums
	for i, y := range b.Targets {
		at := i * b.Classes
		if mix != nil {
			MixRow(mix[at:at+b.Classes], b.Experts, at, b.Gate(i))
		}
		if y < 0 {
			continue
		}
		at += int(y)
		if mix != nil {
			sums.Add(b.Experts[0][at], mix[at])
		} else {
			sums.Add(b.Experts[0][at], b.At(i, int(y)))
		}
	}
	return sums
}

// Add counts one position with what self and the mixture gave its target.
func (s *Sums) Add(self, mix float32) {
	s.Self -= math.Log(Bounded(self))
	s.Mix -= math.Log(Bounded(mix))
	s.Targets++
}

// Gate is the row of gates of position i.
func (b *Batch) Gate(i int) []float32 {
	experts := len(b.Experts)
	return b.Gates[i*experts : (i+1)*experts]
}

// At is what the mixture gives one class at position i.
func (b *Batch) At(i, class int) float32 {
	at := i*b.Classes + class
	var sum float32
	for j, g := range b.Gate(i) {
		if g != 0 {
			sum += g * b.Experts[j][at]
		}
	}
	return sum
}

// Gather writes what each expert gave the target of each position to p, n x experts.
// Where there is no target all get 1, which tells nothing about any of them; an
// expert without answers gets 0.
func (b *Batch) Gather(p []float32) {
	experts := len(b.Experts)
	for j, answers := range b.Experts {
		for i, y := range b.Targets {
			switch {
			case answers == nil:
				p[i*experts+j] = 0
			case y < 0:
				p[i*experts+j] = 1
			default:
				p[i*experts+j] = answers[i*b.Classes+int(y)]
			}
		}
	}
}

// MeanGates writes the mean of each expert's gate over all positions to dst.
func MeanGates(dst, gates []float32) {
	clear(dst)
	n := len(gates) / len(dst)
	for i := range n {
		for j, g := range gates[i*len(dst) : (i+1)*len(dst)] {
			dst[j] += g
		}
	}
	for j := range dst {
		dst[j] /= float32(max(n, 1))
	}
}

// MixRow writes Σ_j g_j rows_j to dst, where rows_j is what follows at in experts[j];
// experts with g_j = 0 are not read.
func MixRow(dst []float32, experts [][]float32, at int, g []float32) {
	var rows [4][]float32
	var weights [4]float32
	k, first := 0, true
	for j, x := range g {
		if x == 0 {
			continue
		}
		rows[k], weights[k] = experts[j][at:at+len(dst)], x
		if k++; k == len(rows) {
			if first {
				set4(dst, &rows, &weights)
			} else {
				add4(dst, &rows, &weights)
			}
			k, first = 0, false
		}
	}
	if first {
		clear(dst)
	}
	switch k {
	case 3:
		add1(dst, rows[2], weights[2])
		fallthrough
	case 2:
		add2(dst, rows[0], rows[1], weights[0], weights[1])
	case 1:
		add1(dst, rows[0], weights[0])
	}
}

func set4(dst []float32, rows *[4][]float32, w *[4]float32) {
	n := len(dst)
	a, b, c, d := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	wa, wb, wc, wd := w[0], w[1], w[2], w[3]
	for i := range dst {
		dst[i] = (wa*a[i] + wb*b[i]) + (wc*c[i] + wd*d[i])
	}
}

func add4(dst []float32, rows *[4][]float32, w *[4]float32) {
	n := len(dst)
	a, b, c, d := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	wa, wb, wc, wd := w[0], w[1], w[2], w[3]
	for i := range dst {
		dst[i] += (wa*a[i] + wb*b[i]) + (wc*c[i] + wd*d[i])
	}
}

func add2(dst, a, b []float32, wa, wb float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += wa*a[i] + wb*b[i]
	}
}

func add1(dst, a []float32, wa float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += wa * a[i]
	}
}
