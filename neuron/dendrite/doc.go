// Package dendrite asks other neurons: the client of tao.synapse.v1.
//
// A Dendrite holds a Peer for every live axon of the metagraph. A Peer answers what a
// model.Expert answers, only that it may be slow, absent or hostile:
//
//	SetPeers(endpoints)                  the chain says who is there, again and again
//	Peer(7).Forward(ctx, input, dst)     one peer, one answer
//	Ask(ctx, uids, k, call)              many peers, goes on when k have answered
//
// What it relies on, and what it does not:
//
//   - Whom it talks to. The server's TLS key is the one whose fingerprint is in the
//     axon record; every request is signed by this neuron's hotkey and every response
//     by the peer's, over the hash of the request (package synapse). Of a stream the
//     first message in each direction is. Describe alone may come unsigned: it must name
//     the hotkey of the record, and TLS says who answers.
//
//   - Where it connects to. A record is hostile input: its host is resolved once, an
//     address inside this machine or its network is refused, and the connection goes to
//     the address that was checked (endpoint.go, resolve.go).
//
//   - What comes back. Frames are parsed by package tensor, must have the shape and the
//     encoding that were asked for, and each row of probabilities is made one by
//     moe.Normalize or refused. Nothing larger than the answer can be is read.
//
//   - When it comes back. A time-out follows from the peer's own latencies,
//
//     timeout = clamp(3 × p95 of the last 64, floor, ceiling)
//
//     in which a call that ran out of time counts as one that took that long, so that a
//     peer which has become slower is not timed out for ever (latency.go).
//
//   - Whether it is asked. After the n-th failure in a row there is a pause
//
//     d = min(base × 2^(n-1), ceiling),   pause = d/2 + uniform(0, d/2)
//
//     and from OpenAfter failures on the circuit is open: when the pause is over one
//     call alone goes out as a probe, and only its success lets the others through
//     (circuit.go). A peer that is busy and says for how long is waited for; that is no
//     failure.
//
// Whatever a peer does costs that peer alone: its calls fail with an Error, which says
// what happened and what follows, and it is asked less.
package dendrite
