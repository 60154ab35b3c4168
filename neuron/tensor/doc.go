// Package tensor is the form in which numbers travel between neurons: a frame
// with a header of 24 bytes (version, modality, dtype, shape, CRC-32C) and a
// little-endian payload.
//
// With x what was given, y what arrives, RNE rounding to the nearest with ties
// to even, and m = max|x| over a block of 64:
//
//	f32   y = x
//	f16   y = RNE to 11 significant bits    |x-y| <= max(2^-11 |x|, 2^-25)    |x| < 65520
//	bf16  y = RNE to  8 significant bits    |x-y| <= max(2^-8  |x|, 2^-134)   |x| < 2^128 - 2^119
//	int8  s = m/127, q = RNE(x/s), y = q s  |x-y| <= m/127 (1/2 + 2^-15)      any finite x
//
// An int8 block with m < 127 * 2^-126 may become zeros (|x-y| <= m). Softmax
// turns an error of at most e in every logit into at most 2e in every
// log-probability.
//
// The scale of a block is an f32. An f16 scale would save 2 bytes of 68 and cost
// two refusals that depend on the data: blocks above 8.3 million overflow it, and
// blocks below 0.008 get a subnormal scale with few bits left. With f32 every
// finite block has a code and one error bound.
//
// NaN and infinity have no code. They are refused where a frame is written and
// where it is read, and so are numbers that a narrower dtype would round to
// infinity. A log-probability of 0 therefore needs a floor before it is sent.
//
// Nothing here keeps state, and neither writing into a buffer that is large
// enough nor reading allocates.
package tensor
