package score

import (
	"cmp"
	"slices"
)

// Keep is how much of an old score remains when a new value comes.
const Keep = 0.9

// Entry is the running score of a peer, e_j.
type Entry struct {
	UID   uint32
	Score float64
}

// Ledger holds the scores of all peers that were ever asked. Its field is its whole
// state. A peer that is not told of keeps its score.
type Ledger struct {
	Entries []Entry // ascending by UID
}

// Record tells what a peer that was asked counted for; 0 for one that stayed silent.
// What is not a finite number above 0 is 0.
func (l *Ledger) Record(uid uint32, counted float64) {
	if !(counted > 0 && counted <= maxScore) {
		counted = 0
	}
	i, known := l.find(uid)
	if !known {
		l.Entries = slices.Insert(l.Entries, i, Entry{UID: uid})
	}
	e := &l.Entries[i]
	e.Score = Keep*e.Score + (1-Keep)*counted
}

// maxScore is far above any loss in nats.
const maxScore = 1e6

// Clear sets the score of a convicted peer to 0 at once.
func (l *Ledger) Clear(uid uint32) {
	if i, known := l.find(uid); known {
		l.Entries[i].Score = 0
	}
}

// Forget drops a peer, when its UID was given to somebody else.
func (l *Ledger) Forget(uid uint32) {
	if i, known := l.find(uid); known {
		l.Entries = slices.Delete(l.Entries, i, i+1)
	}
}

// Score is e_j, 0 for a peer that was never asked.
func (l *Ledger) Score(uid uint32) float64 {
	if i, known := l.find(uid); known {
		return l.Entries[i].Score
	}
	return 0
}

func (l *Ledger) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(l.Entries, uid, func(e Entry, uid uint32) int { return cmp.Compare(e.UID, uid) })
}
