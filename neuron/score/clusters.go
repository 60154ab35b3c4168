package score

import "math"

const (
	// closeness times the median distance makes two peers one.
	closeness = 0.1
	// alike is a distance that two answers of one model may have by rounding on the
	// wire or a little noise; models trained apart are at least ten times as far from
	// each other. It holds where copies are so many that the median is theirs.
	alike = 0.005
)

// Verdict says which of the peers that answered in a round are one.
type Verdict struct {
	// UIDs ascend; Group[i] is the cluster of UIDs[i], numbered by first member.
	UIDs  []uint32
	Group []int
	// Copy[i]: UIDs[i] took the answers of the others in its cluster.
	Copy []bool
	// Median is the median pairwise distance, each cluster counting as one peer.
	Median float64
}

// Judge finds clusters among the peers that answered in this round: peers connected
// by distances below a tenth of the median. Clusters count once in the median, so
// that many copies of one model do not hide one another by moving it; it is taken
// again until it is consistent with them.
//
// The copy in a cluster is the member whose answers jumped into it: much further
// than it usually drifts, and from somewhere else than where another member was. It
// stays one as long as it stays in a cluster. When that is true of all members, of
// none it is.
func (p *Probes) Judge() Verdict {
	var here []int
	for i := range p.Peers {
		if p.Peers[i].NowRound == p.Round {
			here = append(here, i)
		}
	}
	v := Verdict{UIDs: make([]uint32, len(here)), Group: make([]int, len(here)), Copy: make([]bool, len(here))}
	for i, at := range here {
		v.UIDs[i], v.Group[i] = p.Peers[at].UID, i
	}
	distances := p.pairwise(here)
	var threshold float64
	for groups := len(here) + 1; ; {
		v.Median = representatives(distances, v.Group)
		threshold = max(closeness*v.Median, alike)
		now := join(v.Group, distances, threshold)
		if now == groups {
			break
		}
		groups = now
	}
	p.convict(&v, here, threshold)
	return v
}

// pairwise is the matrix of distances between peers, flat.
func (p *Probes) pairwise(here []int) []float64 {
	n := len(here)
	entropies := make([]float64, n*p.Slots)
	for i, at := range here {
		for slot := range p.Slots {
			entropies[i*p.Slots+slot] = entropy(p.answer(at, slot))
		}
	}
	distances := make([]float64, n*n)
	for i := range n {
		for j := range i {
			var sum float64
			for slot := range p.Slots {
				sum += divergenceBy(p.answer(here[i], slot), p.answer(here[j], slot),
					entropies[i*p.Slots+slot], entropies[j*p.Slots+slot])
			}
			d := math.Sqrt(sum / float64(max(p.Slots, 1)))
			distances[i*n+j], distances[j*n+i] = d, d
		}
	}
	return distances
}

func (p *Probes) answer(peer, slot int) []float32 {
	return p.Peers[peer].Now[slot*p.Classes : (slot+1)*p.Classes]
}

// representatives is the median distance between the first members of the clusters.
func representatives(distances []float64, group []int) float64 {
	n := len(group)
	var between []float64
	for i := range n {
		for j := range i {
			if first(group, i) && first(group, j) {
				between = append(between, distances[i*n+j])
			}
		}
	}
	return median(between)
}

func first(group []int, i int) bool {
	for _, g := range group[:i] {
		if g == group[i] {
			return false
		}
	}
	return true
}

// join merges the clusters with members closer than threshold, numbers them by first
// member and returns how many there are.
func join(group []int, distances []float64, threshold float64) int {
	n := len(group)
	for i := range n {
		for j := range i {
			if from, to := group[i], group[j]; from != to && distances[i*n+j] < threshold {
				for k, g := range group {
					if g == from {
						group[k] = to
					}
				}
			}
		}
	}
	number := map[int]int{}
	for i, g := range group {
		if _, known := number[g]; !known {
			number[g] = len(number)
		}
		group[i] = number[g]
	}
	return len(number)
}

// convict marks the copies of every cluster and remembers them.
func (p *Probes) convict(v *Verdict, here []int, threshold float64) {
	for i, at := range here {
		members, came := 0, false
		for k, other := range here {
			if k != i && v.Group[k] == v.Group[i] {
				members++
				came = came || p.was(&p.Peers[at], &p.Peers[other]) >= threshold
			}
		}
		r := &p.Peers[at]
		v.Copy[i] = members > 0 && (r.Copy || r.Jumped && came)
	}
	for i := range here {
		honest := false
		for k := range here {
			honest = honest || v.Group[k] == v.Group[i] && !v.Copy[k]
		}
		if !honest {
			for k := range here {
				if v.Group[k] == v.Group[i] {
					v.Copy[k] = false
				}
			}
		}
	}
	for i, at := range here {
		p.Peers[at].Copy = v.Copy[i]
	}
}

// was is the distance between where one peer was and where another was then, or is,
// if it had not answered yet; 0 when that cannot be said.
func (p *Probes) was(one, other *Record) float64 {
	answers, since := other.Now, one.BeforeRound
	if other.BeforeRound > 0 {
		answers, since = other.Before, min(since, other.BeforeRound)
	}
	if since == 0 {
		return 0
	}
	d, _ := p.distance(one.Before, answers, since)
	return d
}

// Groups arranges the verdict for peers in the order of a Batch: group numbers their
// clusters from 0 by first member, and copies says who is one. A peer that was not
// judged is a cluster of its own.
func (v *Verdict) Groups(uids []uint32) (group []int, copies []bool) {
	group, copies = make([]int, len(uids)), make([]bool, len(uids))
	judged := make(map[uint32]int, len(v.UIDs))
	for i, uid := range v.UIDs {
		judged[uid] = i
	}
	number := map[int]int{}
	next := 0
	for k, uid := range uids {
		i, known := judged[uid]
		if known {
			copies[k] = v.Copy[i]
			if g, seen := number[v.Group[i]]; seen {
				group[k] = g
				continue
			}
			number[v.Group[i]] = next
		}
		group[k] = next
		next++
	}
	return group, copies
}

// Merge makes one player of every cluster, so that copies together are worth no more
// than one of them: its gate is the mean of its members', its answer their weighted
// mean. A member that did not answer at a position does not count there. group is as
// in Verdict.Groups; dst's buffers are used again.
func Merge(dst *Batch, src Batch, group []int) {
	players := 0
	for _, g := range group {
		players = max(players, g+1)
	}
	n, from, to := src.Positions(), First+src.Peers, First+players
	dst.Peers = players
	dst.Gates, dst.P = zeroed(dst.Gates, n*to), zeroed(dst.P, n*to)
	counts := make([]float32, players)
	for i := range n {
		g, p := src.Gates[i*from:(i+1)*from], src.P[i*from:(i+1)*from]
		mergedG, mergedP := dst.Gates[i*to:(i+1)*to], dst.P[i*to:(i+1)*to]
		copy(mergedG, g[:First])
		copy(mergedP, p[:First])
		clear(counts)
		for k, player := range group {
			gate := min(float32(positive(g[First+k])), 1)
			if gate > 0 {
				mergedG[First+player] += gate
				mergedP[First+player] += gate * min(float32(positive(p[First+k])), 1)
				counts[player]++
			}
		}
		for player, count := range counts {
			if count > 0 {
				mergedP[First+player] /= mergedG[First+player]
				mergedG[First+player] /= count
			}
		}
	}
}

func zeroed(buffer []float32, size int) []float32 {
	if cap(buffer) < size {
		return make([]float32, size)
	}
	buffer = buffer[:size]
	clear(buffer)
	return buffer
}

// Split appends what each peer counts for to dst: what its cluster does, in equal
// parts among those that are no copies.
func Split(dst []float64, values []Value, group []int, copies []bool) []float64 {
	honest := make([]int, len(values))
	for k, g := range group {
		if !copies[k] {
			honest[g]++
		}
	}
	for k, g := range group {
		if copies[k] {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, values[g].Counted/float64(honest[g]))
	}
	return dst
}
