// Package score is what each peer was worth, and the weight row that says so. It is
// pure: time is an argument, chance is a seed, and buffers belong to the caller.
//
// Worth (batch.go, exact.go, sampled.go). A coalition S of peers is worth what it
// takes off the loss, in nats per position, over fresh targets y:
//
//	p_S(y) = Σ_{j in S∪{self,null}} g_j p_j(y) / Σ_{j in S∪{self,null}} g_j
//	v(S)   = mean -log p_{}(y)  -  mean -log p_S(y)
//	phi_j  = Σ_{S without j} |S|! (m-|S|-1)! / m!  (v(S∪{j}) - v(S))
//
// null is a unigram model (unigram.go) that sits in every coalition. Without it a
// peer that says nothing earns by softening self where self is too sure of itself;
// with it that is already done. phi is the value of Shapley (1953): it adds up to
// v(all), treats equals alike and gives nothing to who adds nothing. It is exact up
// to eight peers; above, permutations are sampled and cut short once the rest can add
// nothing, as in Ghorbani and Zou, "Data Shapley" (2019), each with its reverse, as
// in Mitchell et al., "Sampling permutations for Shapley value estimation" (2022).
//
//	counted_j = max(0, mean phi_j - 2 se_j)         over batches
//	e_j       = 0.9 e_j + 0.1 counted_j             asked and silent: counted 0; not asked: as it was
//
// The relu of an estimate around zero is not zero, so only what stands out of its
// standard error counts.
//
// Row (row.go): x_j = e_j / Σ e over the live peers without self, no more than a
// maximal share, what is above it poured over the others, the largest 65535.
//
// Copies (probes.go, clusters.go): with H the entropy in bits and the mean over the
// probes,
//
//	d(i, j) = sqrt mean (H((p_i+p_j)/2) - H(p_i)/2 - H(p_j)/2)
//
// is the distance of Jensen and Shannon, a metric (Endres and Schindelin, 2003).
// Peers closer than a tenth of the median form a cluster, which is scored as one.
//
// Canaries (canary.go) find who passes samples on.
package score
