// Package model holds what a neuron can be: networks that predict, and how they are
// kept on disk.
//
// A byte language model reads bytes and gives, for each position, 256 logits for the
// byte that follows. Text is bytes, so that no two peers disagree about tokens.
//
//   - bytelm-mlp, after Bengio et al. (2003): the embeddings of the last 16 bytes,
//     one hidden layer with GELU, logits.
//   - bytelm-transformer, after Vaswani et al. (2017) with the normalisation first as
//     in Radford et al. (2019): embedding plus position, blocks of causal attention
//     and a GELU layer of four times the width, logits through the embedding.
//
// Checkpoints are safetensors files: any other reader of that format can open them.
package model
