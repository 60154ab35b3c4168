// Package moe mixes what several models say: it weighs the experts by how well
// each predicted what was already revealed, adds their answers up, and plans whom
// to ask next. It is pure: no clock, no network, no goroutines; buffers are flat,
// row-major []float32 and belong to the caller.
//
// Expert 0 is the neuron itself, experts 1.. are the peers that were asked. Answers
// are probabilities, not logits: a mixture of probabilities costs one multiply-add
// for each expert and class, one of logits an exponential.
//
//	p_mix(v) = Σ_j g_j p_j(v)
//
// Evidence (evidence.go), with p_j(x_t) what expert j gave the symbol that came,
// here(t) the experts that answered at t, and s the fixed share:
//
//	w_j(t+1) = (1-s) w_j(t) p_j(x_t) / Σ_i w_i(t) p_i(x_t)  +  s prior_j / Σ_here prior_i
//
// This is Bayesian model averaging with the fixed share of Herbster and Warmuth,
// "Tracking the best expert" (1998). An optional factor, w_j^(1-f) in place of w_j,
// forgets exponentially as in Raftery, Kárný and Ettler, "Online prediction under
// model uncertainty via dynamic model averaging" (2010); in logarithms it reads
// E_j(t) = (1-f) E_j(t-1) + log p_j(x_t).
//
// The general gate (general.go), with h the local hidden state, a constant here:
//
//	a_j = v_j·h + b_j + λ E_j        E_j = log w_j
//	g   = softmax of a over self and the k largest of the peers that answered
//	dCE(p_mix, y)/da_j = g_j - r_j   r_j = g_j p_j(y) / p_mix(y)
//
// With v = b = 0 and λ = 1 it is the evidence gate. Source: the mixture of experts
// of Jacobs, Jordan, Nowlan and Hinton (1991), sparse as in Shazeer et al. (2017);
// its parameters follow Adam (Kingma and Ba, 2015).
//
// Logistic mixing (logistic.go), the rival in the ablation:
//
//	p_mix(v) ∝ Π_j p_j(v)^w_j        w_j += rate (log p_j(y) - Σ_v p_mix(v) log p_j(v))
//
// For two classes it adds up stretch(p) = log(p/(1-p)) as PAQ does (Mahoney,
// "Adaptive weighing of context models for lossless data compression", 2005); for
// more it is the geometric mixture of Mattern, "Mixing strategies in data
// compression" (2012).
//
// The plan (dispatch.go) asks the k peers with the largest weight less a bias for
// load, which touches the choice and never the mixture (Wang et al.,
// "Auxiliary-loss-free load balancing", 2024), and besides them some peers in turn.
//
// Nothing here is NaN for finite input: probabilities are kept within [Floor, 1]
// wherever a logarithm or a quotient is taken.
package moe
