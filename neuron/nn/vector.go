package nn

// vectors are the loops that training and following spend their time in, beside the
// matrix products. There is one set in assembly and one in Go, the reference; what
// they compute differs in the last bits. A value depends on the operands at its place
// alone, or on the whole row in one order, never on where a slice begins: so any
// number of workers gives the same bits. Slices are as long as the first one.
type vectors struct {
	name string
	// add is dst = a + b, axpy dst += f x, scale dst = f x.
	add   func(dst, a, b []float32)
	axpy  func(dst, x []float32, f float32)
	scale func(dst, x []float32, f float32)
	// sumRows adds rows of src, step apart, to dst, in order.
	sumRows func(dst, src []float32, rows, step int)
	// squares is the sum of the squares.
	squares func(x []float32) float64
	// largest of at least one value. With a value that is no number it may be any.
	largest func(x []float32) float32
	// expSum is dst = e^(f (x - shift)), and the sum of that.
	expSum func(dst, x []float32, f, shift float32) float32
	// softmaxBack turns the gradient dp of p = softmax(f s) into that of s, in place:
	// f p (dp - sum p dp).
	softmaxBack func(dp, p []float32, f float32)
	// gelu is dst = GELU(x), geluBack multiplies g by its derivative at x.
	gelu     func(dst, x []float32)
	geluBack func(g, x []float32)
	// normalize is out = y gain + bias with y = (x - mean) inverse, see LayerNorm.
	normalize func(out, x, gain, bias []float32) (mean, inverse float32)
	// normalizeBack turns the gradient g of out into that of x, in place.
	normalizeBack func(g, x, gain []float32, mean, inverse float32)
	// gains is dgain += g y, dbias += g.
	gains func(dgain, dbias, g, x []float32, mean, inverse float32)
	// dropout is dst = keep x or 0, as kept says for the places from first on.
	dropout func(dst, x []float32, keep float32, first, seed1, seed2 uint32, threshold int32)
	// adam moves parameters and clears their gradient, see AdamW.
	adam func(data, grad, first, second []float32, c *adamConstants)
	// scores are the products of q with keys in blocks, see Memory; dst is a whole
	// number of blocks.
	scores func(dst, keys, q []float32)
	// weigh is the sum of the rows of values, as long as dst, times p.
	weigh func(dst, values, p []float32)
}

// adamConstants are the same for all values of a parameter.
type adamConstants struct {
	beta1, gain1 float32 // gain1 is (1 - beta1) times the clipping
	beta2, gain2 float32 // gain2 is (1 - beta2) times its square
	rate         float32 // over 1 - beta1^t
	correct      float32 // 1 / (1 - beta2^t)
	epsilon      float32
	remain       float32 // 1 - rate decay
}

// kept hashes a place with two seeds, by the finaliser of MurmurHash3 (Appleby 2011);
// the upper 31 bits decide.
func kept(place, seed1, seed2 uint32, threshold int32) bool {
	h := (place + seed1) * 0x9e3779b1
	h ^= h >> 16
	h = (h + seed2) * 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	h ^= h >> 16
	return int32(h>>1) > threshold
}

// fastest is the best set for this CPU.
func fastest() *vectors { return &vectorSets[0] }

// vectorSets lists what this CPU can run, the fastest first; plain Go is last.
var vectorSets = append(assembly(), vectors{
	name: "go", add: addGo, axpy: axpyGo, scale: scaleGo, sumRows: sumRowsGo, squares: squaresGo,
	largest: largestGo, expSum: expSumGo, softmaxBack: softmaxBackGo, gelu: geluGo, geluBack: geluBackGo,
	normalize: normalizeGo, normalizeBack: normalizeBackGo, gains: gainsGo, dropout: dropoutGo,
	adam: adamGo, scores: scoresGo, weigh: weighGo,
})

// softmax replaces a row by the softmax of f times it and returns the logarithm of the
// sum of the exponentials of that.
func (v *vectors) softmax(row []float32, f float32) float32 {
	most := v.largest(row)
	sum := v.expSum(row, row, f, most)
	v.scale(row, row, 1/sum)
	return f*most + log(sum)
}
