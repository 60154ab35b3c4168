package nn

import "math"

// The set of vectors in plain Go.

func addGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		dst[i] = v + b[i]
	}
}

func axpyGo(dst, x []float32, f float32) {
	for i, v := range x[:len(dst)] {
		dst[i] += f * v
	}
}

func scaleGo(dst, x []float32, f float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = f * v
	}
}

func sumRowsGo(dst, src []float32, rows, step int) {
	for i := range rows {
		addGo(dst, dst, src[i*step:])
	}
}

func squaresGo(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

func largestGo(x []float32) float32 {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	return most
}

func expSumGo(dst, x []float32, f, shift float32) (sum float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = exp(f * (v - shift))
		sum += dst[i]
	}
	return sum
}

// exp is e^x to two units in the last place: x = n ln 2 + r, a polynomial of degree 6
// on |r| <= ln(2)/2 (coefficients of Cephes' expf, Moshier 1989), times 2^n. It is
// 0 below -87, where float32 has no full precision, and infinite from 88.4 on.
func exp(x float32) float32 {
	const round = 3 << 22 // adding it leaves the nearest integer in the low bits
	if x < -87 {
		return 0
	}
	x = min(x, 89)
	z := x*1.44269504088896341 + round
	n := z - round
	r := x - n*0.693359375 + n*2.12194440e-4
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	return p * math.Float32frombits(math.Float32bits(z)<<23+1<<23*127)
}

func softmaxBackGo(dp, p []float32, f float32) {
	var sum float32
	p = p[:len(dp)]
	for i, v := range p {
		sum += v * dp[i]
	}
	for i, v := range p {
		dp[i] = v * (dp[i] - sum) * f
	}
}

const (
	geluA = 0.7978845608028654 // sqrt(2/pi)
	geluB = 0.044715
)

// geluGo: with s = 1 / (1 + e^(-2u)), tanh(u) = 2s - 1 and GELU(x) = x s.
func geluGo(dst, x []float32) {
	for i, v := range x[:len(dst)] {
		dst[i] = v / (1 + exp(v*(-2*geluA-2*geluA*geluB*v*v)))
	}
}

func geluBackGo(g, x []float32) {
	for i, v := range x[:len(g)] {
		s := 1 / (1 + exp(v*(-2*geluA-2*geluA*geluB*v*v)))
		slope := 2*geluA + 6*geluA*geluB*v*v
		g[i] *= s * (1 + v*(1-s)*slope)
	}
}

const normEpsilon = 1e-5

func normalizeGo(out, x, gain, bias []float32) (mean, inverse float32) {
	x, gain, bias = x[:len(out)], gain[:len(out)], bias[:len(out)]
	var squares float32
	for _, v := range x {
		mean += v
	}
	mean /= float32(len(x))
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	inverse = 1 / float32(math.Sqrt(float64(squares/float32(len(x))+normEpsilon)))
	for i, v := range x {
		out[i] = (v-mean)*inverse*gain[i] + bias[i]
	}
	return mean, inverse
}

// normalizeBackGo is dx = (h - mean(h) - y mean(h y)) / sigma with h = gain g.
func normalizeBackGo(g, x, gain []float32, mean, inverse float32) {
	x, gain = x[:len(g)], gain[:len(g)]
	var sum, product float32
	for i, v := range g {
		h := v * gain[i]
		sum += h
		product += h * (x[i] - mean) * inverse
	}
	sum /= float32(len(g))
	product /= float32(len(g))
	for i, v := range g {
		g[i] = (v*gain[i] - sum - (x[i]-mean)*inverse*product) * inverse
	}
}

func gainsGo(dgain, dbias, g, x []float32, mean, inverse float32) {
	dbias, g, x = dbias[:len(dgain)], g[:len(dgain)], x[:len(dgain)]
	for i, v := range g {
		dgain[i] += v * (x[i] - mean) * inverse
		dbias[i] += v
	}
}

func dropoutGo(dst, x []float32, keep float32, first, seed1, seed2 uint32, threshold int32) {
	for i, v := range x[:len(dst)] {
		dst[i] = 0
		if kept(first+uint32(i), seed1, seed2, threshold) {
			dst[i] = keep * v
		}
	}
}

func adamGo(data, grad, first, second []float32, c *adamConstants) {
	grad, first, second = grad[:len(data)], first[:len(data)], second[:len(data)]
	for i, g := range grad {
		m := c.beta1*first[i] + c.gain1*g
		v := c.beta2*second[i] + c.gain2*g*g
		first[i], second[i], grad[i] = m, v, 0
		data[i] = c.remain*data[i] - c.rate*m/(float32(math.Sqrt(float64(v*c.correct)))+c.epsilon)
	}
}

func scoresGo(dst, keys, q []float32) {
	for b := 0; b < len(dst); b += keyBlock {
		block, sums := keys[b*len(q):][:keyBlock*len(q)], dst[b:][:keyBlock]
		clear(sums)
		for c, f := range q {
			for i, k := range block[c*keyBlock:][:keyBlock] {
				sums[i] += f * k
			}
		}
	}
}

func weighGo(dst, values, p []float32) {
	clear(dst)
	for j, f := range p {
		axpyGo(dst, values[j*len(dst):], f)
	}
}

// log is the natural logarithm.
func log(x float32) float32 { return float32(math.Log(float64(x))) }
