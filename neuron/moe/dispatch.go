package moe

import (
	"cmp"
	"slices"
)

// pace is how much of a running mean the newest value is.
const pace = 0.1

// Dispatch plans whom to ask: the best few by weight, and besides them some in turn,
// so that every live peer is asked within ceil(peers/Explore) turns. It is
// deterministic, and its exported fields are its whole state.
type Dispatch struct {
	// Top is how many peers are asked for their weight.
	Top int
	// Explore is how many others are asked because they have waited longest.
	Explore int
	// Balance is how much weight a peer that is always asked is marked down by when
	// the best are chosen: peers whose weights differ by less share the work.
	Balance float32
	// Turn counts the calls of Next.
	Turn uint64
	// Peers are the live ones, ascending by UID.
	Peers []Peer
}

// Peer is what Dispatch knows of a peer.
type Peer struct {
	UID uint32
	// Weight is a running mean of its gate where it was asked.
	Weight float32
	// Load is a running mean of 1 for the turns it was asked in and 0 for the others.
	Load float32
	// Noted is how often Weight was told.
	Noted uint32
	// Asked is the turn in which it was last asked, or joined.
	Asked uint64
}

// SetLive makes uids, in any order, the live peers. Those known keep their records;
// new ones wait behind all others, so that nobody gets ahead by leaving and coming
// back.
func (d *Dispatch) SetLive(uids []uint32) {
	peers := make([]Peer, 0, len(uids))
	for _, uid := range uids {
		if i, known := d.find(uid); known {
			peers = append(peers, d.Peers[i])
		} else {
			peers = append(peers, Peer{UID: uid, Asked: d.Turn})
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.UID, b.UID) })
	d.Peers = slices.CompactFunc(peers, func(a, b Peer) bool { return a.UID == b.UID })
}

// Note tells the mean gate of a peer over the positions that it answered last. A
// peer that is not live is passed over.
func (d *Dispatch) Note(uid uint32, weight float32) {
	i, known := d.find(uid)
	if !known || !(weight >= 0 && weight <= 1) {
		return
	}
	p := &d.Peers[i]
	p.Noted++
	p.Weight += max(pace, 1/float32(p.Noted)) * (weight - p.Weight)
}

// Next appends the peers of the next turn to dst: the best first, then those whose
// turn it is.
func (d *Dispatch) Next(dst []uint32) []uint32 {
	d.Turn++
	for range d.Top {
		dst = d.ask(dst, func(a, b *Peer) int {
			return cmp.Compare(b.Weight-d.Balance*b.Load, a.Weight-d.Balance*a.Load)
		})
	}
	for range d.Explore {
		dst = d.ask(dst, func(a, b *Peer) int { return cmp.Compare(a.Asked, b.Asked) })
	}
	for i := range d.Peers {
		p := &d.Peers[i]
		var asked float32
		if p.Asked == d.Turn {
			asked = 1
		}
		p.Load += pace * (asked - p.Load)
	}
	return dst
}

// ask appends the first peer of an order that was not asked in this turn; of equal
// ones the lower UID.
func (d *Dispatch) ask(dst []uint32, order func(a, b *Peer) int) []uint32 {
	var best *Peer
	for i := range d.Peers {
		if p := &d.Peers[i]; p.Asked != d.Turn && (best == nil || order(p, best) < 0) {
			best = p
		}
	}
	if best == nil {
		return dst
	}
	best.Asked = d.Turn
	return append(dst, best.UID)
}

func (d *Dispatch) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(d.Peers, uid, func(p Peer, uid uint32) int { return cmp.Compare(p.UID, uid) })
}
