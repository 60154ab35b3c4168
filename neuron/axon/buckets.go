package axon

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// buckets has a token bucket for each of many keys. When there are too many keys, the
// one that was used least recently starts anew with a full bucket: to gain by that, as
// many other keys must have been used meanwhile.
type buckets struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	known *simplelru.LRU[string, *rate.Limiter]
}

func newBuckets(perSecond, burst, keys int) (*buckets, error) {
	known, err := simplelru.NewLRU[string, *rate.Limiter](keys, nil)
	return &buckets{rate: rate.Limit(perSecond), burst: burst, known: known}, err
}

func (b *buckets) of(key string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.known.Get(key); ok {
		return l
	}
	l := rate.NewLimiter(b.rate, b.burst)
	b.known.Add(key, l)
	return l
}

// take takes n tokens, even before they are there if that is soon enough: it returns
// how long to wait for them. Otherwise it takes none, is false, and the time is when to
// try again.
func (b *buckets) take(key string, n int, now time.Time, soon time.Duration) (time.Duration, bool) {
	r := b.of(key).ReserveN(now, n)
	if !r.OK() { // more than the burst
		return time.Duration(float64(n) / float64(b.rate) * float64(time.Second)), false
	}
	wait := r.DelayFrom(now)
	if wait > soon {
		r.CancelAt(now)
		return wait, false
	}
	return wait, true
}

// size is how many keys are known.
func (b *buckets) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known.Len()
}
