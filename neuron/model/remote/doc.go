// Package remote is a model that lives in another process, in any language: the client
// and a server of tao.model.v1, and their generated code.
//
// The process implements ModelService on a loopback address or a Unix socket, and the
// neuron is its only client; nothing is encrypted or signed. Dial makes an Expert of
// it that can also be trained, saved and loaded. NewServer serves a model of package
// model in the same way. The folder example holds a process in Python.
//
// What a process has to do, beyond what stands in the proto:
//
//   - Every number travels in a frame of package tensor, f32 or any narrower dtype.
//     Text is [sequences, positions] of u8, images are [n, height, width, channels],
//     tensors are [n, values].
//   - A row of Forward is a distribution: nothing negative, sum 1 to within Tolerance
//     (it is then divided by its sum), or the value of a regression. Row s T + t of a
//     text foretells what follows position t of sequence s.
//   - Follow answers every request once. The answer to the opening is empty unless
//     contexts were given. A stream keeps the parameters with which it began.
//   - Step's loss is that before the step: mean -log p of the known targets, plus
//     beta KL(teacher || model); of a regression the mean of (value - target)²/2.
//   - An error has a status code and a sentence: it is passed on.
//   - What is left out answers UNIMPLEMENTED, and the card says so.
//
// The process may end and start again at any time: calls fail with ErrUnreachable
// meanwhile, and go on by themselves. One that comes back as another kind of model is
// refused.
package remote
