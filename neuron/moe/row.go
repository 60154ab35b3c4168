package moe

import "math"

// Floor is the least probability that counts: nobody loses more than -log Floor,
// 20.7 nats, in one position.
const Floor = 1e-9

// Bounded is p within [Floor, 1]; NaN is Floor.
func Bounded(p float32) float64 {
	if !(p > Floor) {
		return Floor
	}
	if p > 1 {
		return 1
	}
	return float64(p)
}

// NLL is the loss of a probability in nats, between 0 and -log Floor.
func NLL(p float32) float64 { return -math.Log(Bounded(p)) }

// Softmax turns rows of logits into rows of probabilities. dst may be logits. A row
// whose largest logit is infinite, or whose first is NaN, becomes uniform.
func Softmax(dst, logits []float32, classes int) {
	for at := 0; at+classes <= len(logits); at += classes {
		softmaxRow(dst[at:at+classes], logits[at:at+classes])
	}
}

func softmaxRow(dst, z []float32) {
	dst = dst[:len(z)]
	most := z[0]
	for _, x := range z {
		if x > most {
			most = x
		}
	}
	sum := expRow(dst, z, most)
	if !(sum >= 1) { // the largest term of a finite row is one
		for i := range dst {
			dst[i] = 1 / float32(len(dst))
		}
		return
	}
	scale := 1 / sum
	for i := range dst {
		dst[i] *= scale
	}
}

// expRow writes e^(z-most), each within two units in the last place, to dst and adds
// them up; no z is above most, and below most-87 it writes 0. The reduction to
// |r| <= ln(2)/2 and the coefficients are those of Cephes' expf (Moshier, 1992), the
// polynomial is evaluated as by Estrin.
func expRow(dst, z []float32, most float32) float32 {
	const (
		toNearest = 3 << 22 // adding it leaves k, rounded, in the low bits
		ln2High   = 0.693359375
		ln2Low    = -2.12194440e-4
	)
	dst = dst[:len(z)]
	var sum float32
	for i, x := range z {
		x -= most
		if !(x >= -87) { // NaN too
			dst[i] = 0
			continue
		}
		k := x*math.Log2E + toNearest
		power := math.Float32bits(k) << 23
		k -= toNearest
		r := x - k*ln2High - k*ln2Low
		rr := r * r
		p := (1.9875691500e-4*r+1.3981999507e-3)*rr + (8.3334519073e-3*r + 4.1665795894e-2)
		p = p*rr + (1.6666665459e-1*r + 5.0000001201e-1)
		p = p*rr + (r + 1)
		e := math.Float32frombits(math.Float32bits(p) + power)
		dst[i] = e
		sum += e
	}
	return sum
}

// Normalize makes a row that came from elsewhere a distribution: what is not
// positive becomes 0 and the rest sums to one. It is false, and the row is not to
// be used, when an entry is infinite or nothing is positive. Every answer of a peer
// passes here once: a row that sums to more than one would win any comparison.
func Normalize(row []float32) bool {
	var sum float64
	for i, x := range row {
		switch {
		case x > math.MaxFloat32:
			return false
		case x > 0:
			sum += float64(x)
		default:
			row[i] = 0
		}
	}
	if sum == 0 {
		return false
	}
	scale := 1 / sum
	for i, x := range row {
		row[i] = float32(float64(x) * scale)
	}
	return true
}
