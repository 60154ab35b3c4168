package moe

import "math"

// Choice is the outcome of Choose.
type Choice struct {
	// Index of the candidate; 0 is self alone.
	Index int
	// Loss is its mean on validation, in nats.
	Loss float64
	// Gain is how much less that is than self alone, and SE the standard error of the
	// difference, pair by pair.
	Gain, SE float64
}

// Choose compares candidates on validation: losses[0] are those of self alone,
// losses[i] those of a mixture, one per sequence and the sequences the same in all
// (neighbouring positions are too alike to count as independent). A mixture qualifies
// when it gains more than z standard errors, and the one with the lowest loss wins;
// when none qualifies self alone stays, so that the network never hurts.
func Choose(losses [][]float32, z float64) Choice {
	best := Choice{Loss: mean(losses[0])}
	for i := 1; i < len(losses); i++ {
		loss := mean(losses[i])
		gain, se := paired(losses[0], losses[i])
		if gain > 0 && gain > z*se && loss < best.Loss {
			best = Choice{Index: i, Loss: loss, Gain: gain, SE: se}
		}
	}
	return best
}

func mean(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(max(len(x), 1))
}

// paired is the mean of a-b and its standard error, infinite for a single pair.
func paired(a, b []float32) (gain, se float64) {
	n := float64(len(a))
	gain = mean(a) - mean(b)
	if n < 2 {
		return gain, math.Inf(1)
	}
	var squares float64
	for i, x := range a {
		d := float64(x) - float64(b[i]) - gain
		squares += d * d
	}
	return gain, math.Sqrt(squares / (n - 1) / n)
}
