// Package nn computes small neural networks on float32 matrices: a tape records about
// fifteen operations as they run and walks back through them for the gradients.
//
// A Tensor is a matrix of Rows x Cols, row-major. Sequences lie below each other: B
// sequences of T positions are a matrix of B*T rows. Images lie one per row, channel
// by channel. For a loss L, the gradient of a tensor X is dL/dX, of X's shape, and
// Backward adds to it.
//
// A Device has the workers that share large operations, the matrix products of package
// blas, and the loops for everything else, in assembly where the CPU has AVX2. What is
// summed in which order does not depend on the number of workers, so that training
// repeats to the bit on the same kind of CPU. After the first step with its shapes a
// tape allocates nothing.
//
// Sources: reverse-mode differentiation, Griewank and Walther (2008); GELU in its
// tanh form, Hendrycks and Gimpel (2016); layer normalisation, Ba, Kiros and Hinton
// (2016); attention, Vaswani et al. (2017); dropout, Srivastava et al. (2014); AdamW,
// Loshchilov and Hutter (2019).
package nn
