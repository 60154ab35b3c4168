package nn

// Exp is dst = e^x, value by value, each within two units in the last place: 0 below
// -87, where float32 has no full precision, infinite from 88.4 on. dst has the length
// of x and may be x.
func Exp(dst, x []float32) { fastest().expSum(dst[:len(x)], x, 1, 0) }

// ExpSum is dst = e^(x - shift), as Exp, and returns its sum. With the largest value
// as the shift nothing overflows.
func ExpSum(dst, x []float32, shift float32) float32 {
	return fastest().expSum(dst[:len(x)], x, 1, shift)
}

// Largest of at least one value; any of them when one is no number.
func Largest(x []float32) float32 { return fastest().largest(x) }

// SoftmaxRows turns rows of logits, of the given number of classes each, into rows of
// probabilities. dst has the length of logits and may be them. A row with a NaN or an
// infinity among its largest becomes NaN.
func SoftmaxRows(dst, logits []float32, classes int) {
	v := fastest()
	for at := 0; at+classes <= len(logits); at += classes {
		row, to := logits[at:at+classes], dst[at:at+classes]
		v.scale(to, to, 1/v.expSum(to, row, 1, v.largest(row)))
	}
}
