// Package gomlx measures a training step of the byte transformer, 0.85 M parameters,
// beside the same step written with GoMLX on its backend in pure Go, in one run.
//
// Both take 16 sequences of 128 bytes through 4 layers of width 128 with 4 heads, with
// dropout 0.1, cross-entropy, the whole way back and AdamW. GoMLX's graph is compiled
// before the clock starts. Differences that remain: GoMLX projects queries, keys and
// values by three products instead of one and computes attention's upper half, and the
// gradient of a product is in GoMLX no product but a broadcast multiplication and a
// sum, which XLA fuses and its pure Go backend does not. So the forward pass, where
// both multiply matrices, is measured apart.
package gomlx
