// Package distill is how a neuron keeps what the network knows: the losses of its
// own model against the target and against the mixture, and their gradients in
// closed form. It is pure, and its buffers are flat, row-major []float32 that belong
// to the caller.
//
// At one position, with z the local logits, p = softmax(z), gates g and peers'
// answers p_j constants, m = g_0 p + Σ_j g_j p_j the mixture of package moe, y the
// target and ỹ = (1-ε) [v = y] + ε/V its smoothed form:
//
//	L = local CE(p, ỹ) + mix CE(m, y) + β T² KL(stop(m_T) || p_T)
//
//	dL/dz_v = local (p_v - ỹ_v)  +  mix r (p_v - [v = y])  +  β T (p_T,v - m_T,v)
//	r       = g_0 p_y / m_y
//
// where p_T and m_T are p and m to the power 1/T, normalised. r is what self
// contributed to the mixture's answer: where the peers know y, CE(m, y) leaves the
// local model alone, and the last term teaches it.
//
// KL against a teacher at temperature T with the factor T² is the distillation of
// Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015);
// learning from peers while they learn is that of Zhang et al., "Deep mutual
// learning" (2018); smoothing is that of Szegedy et al., "Rethinking the Inception
// architecture" (2016). Smoothing touches the first term alone: the mixture is
// smooth already.
//
// Student walks sequences with an evidence gate, so that the mixture of each position
// is its teacher; Schedule lets the network in late, when peers have something to
// teach. Projection makes an answer of a peer's hidden state.
package distill
