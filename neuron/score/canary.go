package score

import (
	"bytes"
	"slices"
)

// CanaryKeep is for how many seconds servers remember the samples that they saw.
const CanaryKeep = 600

// Hash is the SHA-256 of one sample.
type Hash [32]byte

// Canary is a fresh sample that went to one peer alone.
type Canary struct {
	Hash Hash
	// Suspect is whom it was sent to.
	Suspect uint32
	// Decoy: it was sent to nobody.
	Decoy bool
	// Sent is when, in Unix seconds.
	Sent int64
	// Seen has the peers with a receipt for it, ascending. Servers remember single
	// samples, so a receipt means this one.
	Seen []uint32
}

// Canaries keeps the book of samples by which a peer is caught that passes on what it
// is asked. Receipts from two different peers convict the suspect: one may be its
// own, the other has the sample from it. A peer that claims to have seen everything
// would convict anybody; decoys are for that, hashes of samples nobody was sent, and
// who has a receipt for one is a liar whose receipts do not count. Its field is its
// whole state.
type Canaries struct {
	Open []Canary // ascending by Hash
}

// Send notes a sample that goes to a suspect alone. It is false, and the sample not to
// be used, when the hash is known.
func (c *Canaries) Send(hash Hash, suspect uint32, now int64) bool {
	return c.add(Canary{Hash: hash, Suspect: suspect, Sent: now})
}

// Decoy notes a sample that goes to nobody.
func (c *Canaries) Decoy(hash Hash, now int64) bool {
	return c.add(Canary{Hash: hash, Decoy: true, Sent: now})
}

// Receipt notes that a peer signed to have seen a sample; the signature was verified.
// It is false for a sample that is not open, or no longer.
func (c *Canaries) Receipt(hash Hash, from uint32, now int64) bool {
	i, known := c.find(hash)
	if !known || expired(&c.Open[i], now) {
		return false
	}
	seen := &c.Open[i].Seen
	if at, twice := slices.BinarySearch(*seen, from); !twice {
		*seen = slices.Insert(*seen, at, from)
	}
	return true
}

// Liars appends the peers with a receipt for a decoy to dst, ascending.
func (c *Canaries) Liars(dst []uint32) []uint32 {
	from := len(dst)
	for i := range c.Open {
		if c.Open[i].Decoy {
			dst = append(dst, c.Open[i].Seen...)
		}
	}
	return ascending(dst, from)
}

// Convicted appends the suspects whose sample two peers have receipts for to dst,
// ascending. Read it before Expire, which drops receipts with their samples.
func (c *Canaries) Convicted(dst []uint32) []uint32 {
	liars := c.Liars(nil)
	from := len(dst)
	for i := range c.Open {
		canary := &c.Open[i]
		if canary.Decoy {
			continue
		}
		witnesses := 0
		for _, uid := range canary.Seen {
			// The suspect did get the sample: its own receipt is true, liar or not.
			if _, liar := slices.BinarySearch(liars, uid); !liar || uid == canary.Suspect {
				witnesses++
			}
		}
		if witnesses >= 2 {
			dst = append(dst, canary.Suspect)
		}
	}
	return ascending(dst, from)
}

// Expire drops the samples that servers no longer remember.
func (c *Canaries) Expire(now int64) {
	c.Open = slices.DeleteFunc(c.Open, func(canary Canary) bool { return expired(&canary, now) })
}

func expired(c *Canary, now int64) bool { return now-c.Sent > CanaryKeep }

func (c *Canaries) add(canary Canary) bool {
	i, known := c.find(canary.Hash)
	if known {
		return false
	}
	c.Open = slices.Insert(c.Open, i, canary)
	return true
}

func (c *Canaries) find(hash Hash) (int, bool) {
	return slices.BinarySearchFunc(c.Open, hash, func(c Canary, hash Hash) int { return bytes.Compare(c.Hash[:], hash[:]) })
}

// ascending sorts dst from an index on and drops what is double there.
func ascending(dst []uint32, from int) []uint32 {
	slices.Sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}
