package axon

import (
	"crypto/sha256"
	"sync"
	"time"
)

// sampleSets is how many generations samples are kept in: four of them are the ten
// minutes, one is being filled.
const sampleSets = 5

// sampleSpan is a quarter of the time that samples are remembered.
const sampleSpan = 10 * time.Minute / (sampleSets - 1)

// key stands for something remembered: the first half of a SHA-256.
type key [16]byte

func keyOf(parts ...[]byte) (k key) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	copy(k[:], h.Sum(nil))
	return k
}

// generations is a set that forgets. It consists of several sets; the youngest is
// filled for one span, and then the oldest is dropped. So a key is known for at least
// len(sets)-1 spans, and there are never more than len(sets) * most keys.
type generations struct {
	span time.Duration
	most int

	mu    sync.Mutex
	sets  []map[key]struct{} // youngest first
	began time.Time          // of the youngest
}

func newGenerations(sets, keys int, span time.Duration, now time.Time) *generations {
	g := &generations{span: span, most: keys / sets, sets: make([]map[key]struct{}, sets), began: now}
	for i := range g.sets {
		g.sets[i] = map[key]struct{}{}
	}
	return g
}

// claim adds k. It is not fresh when it was known; full, and not added, says that the
// youngest set has no room for that long.
func (g *generations) claim(k key, now time.Time) (fresh bool, full time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	if g.known(k) {
		return false, 0
	}
	if len(g.sets[0]) >= g.most {
		return true, max(g.began.Add(g.span).Sub(now), time.Millisecond)
	}
	g.sets[0][k] = struct{}{}
	return true, 0
}

// note adds k; without room, the oldest are forgotten before their time.
func (g *generations) note(k key, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	if len(g.sets[0]) >= g.most {
		g.drop(now)
	}
	g.sets[0][k] = struct{}{} // again, to be remembered from now on
}

// has says whether k is known.
func (g *generations) has(k key, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	return g.known(k)
}

func (g *generations) known(k key) bool {
	for _, set := range g.sets {
		if _, ok := set[k]; ok {
			return true
		}
	}
	return false
}

// turn drops what is too old.
func (g *generations) turn(now time.Time) {
	for range g.sets {
		if now.Before(g.began.Add(g.span)) {
			return
		}
		g.drop(g.began.Add(g.span))
	}
	if !now.Before(g.began.Add(g.span)) { // nothing happened for long
		g.began = now
	}
}

func (g *generations) drop(now time.Time) {
	copy(g.sets[1:], g.sets)
	g.sets[0], g.began = map[key]struct{}{}, now
}

// size is how many keys are kept, those twice noted counted twice.
func (g *generations) size() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, set := range g.sets {
		n += len(set)
	}
	return n
}
