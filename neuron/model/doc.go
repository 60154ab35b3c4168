// Package model holds what a neuron can be: networks that predict, how they are kept on
// disk, and how they answer while they learn.
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
// A classifier reads images or rows of a table and tells a class, or a value.
//
//   - image-mlp: one dense layer over all pixels.
//   - image-conv, after LeCun et al. (1998): convolution of 3 x 3, GELU and the largest
//     of each 2 x 2, twice; then a dense layer.
//   - table-mlp: inputs in units of their deviation, two dense layers; a regression in
//     units of its target's deviation.
//
// # Answering
//
// Expert is a model as others see it. Served and ServedClassifier make one of a network
// that learns meanwhile: they answer with snapshots of its parameters. Update fills a
// snapshot that nobody holds and makes it the current one; a call, and a Follower for as
// long as it is open, ends with the snapshot that it began with. The packages remote
// and openai make an Expert of a model in another process.
//
// Checkpoints are safetensors files: any other reader of that format can open them.
package model
