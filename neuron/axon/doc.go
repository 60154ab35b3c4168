// Package axon is the half of a neuron that answers: the gRPC server of
// tao.synapse.v1 over a model.Expert.
//
// Everything that comes in is hostile until it proved otherwise. A call passes these
// gates, the cheapest first; each says what it saw, what its bound is, and the way out:
//
//	gate                                  refusal
//	connections, in all and per address   closed
//	calls per second and address          RESOURCE_EXHAUSTED
//	head: form, chain, method, receiver,
//	  time, restart                       UNAUTHENTICATED
//	memory of what is being read          RESOURCE_EXHAUSTED
//	size of the message                   RESOURCE_EXHAUSTED
//	the message has to come in time       DEADLINE_EXCEEDED
//	shape, from the frame's header        INVALID_ARGUMENT, UNIMPLEMENTED
//	signature over head and body          UNAUTHENTICATED
//	registered, or paying                 PERMISSION_DENIED
//	nonce                                 ALREADY_EXISTS
//	rows per second and caller            RESOURCE_EXHAUSTED
//	checksum, numbers that are not finite INVALID_ARGUMENT
//	memory of answers nobody reads        RESOURCE_EXHAUSTED
//	queue                                 RESOURCE_EXHAUSTED
//
// RESOURCE_EXHAUSTED carries a RetryInfo, except for a message that is too large: that
// refusal is gRPC's own, and coming again does not help. The nonce is remembered only for
// those who are let in: a stranger cannot fill that memory, and what was refused is
// refused again. A message is read after its head has been looked at, so every method
// is registered with gRPC as a stream, which on the wire is the same.
//
// # Replay
//
// A head is taken when it is dated at most Config.Window off the clock, and its nonce
// is remembered for twice that. Nonces are not kept on disk. A head that was answered
// before a restart can be dated Config.Window after it, so what is dated before start +
// Config.Restart is refused; the refusal says from when on and carries a RetryInfo: an
// honest caller waits, signs anew and is heard.
//
// # Compute
//
// A row, which is a position of text or an example, costs 2 FLOP for each parameter:
// for one model the number of rows is the measure of work. A caller has a bucket of
// Config.RowBurst rows that fills by Config.RowsPerSecond; strangers on an open axon
// share the bucket of their address, since keys cost nothing. A queue of fixed length,
// ordered by payment and then by stake, feeds a few workers. When it is full, the least
// of all gives way. Forwards of one row shape that wait together run as one batch.
// Whoever hangs up leaves the queue at once.
//
// Follow's steps take part in the queue without a place of their own in its bound: a
// stream has one step under way at most, and the number of streams is bounded. A step
// beyond the budget waits for it; the stream goes on more slowly. Each step is answered
// before the next is read, so the distribution of a byte leaves before the byte can
// have come.
//
// # Canaries
//
// Seen answers for the samples of Forward alone: the bytes of each sequence, or the
// little-endian f32 values of each example, hashed as they arrived, for ten minutes.
// What was followed or generated is not remembered: who wants to catch a relay sends
// its canaries through Forward.
package axon
