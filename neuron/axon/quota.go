package axon

import "sync"

// quota lends a fixed amount of something, and not more than a part of it to one
// holder. It remembers holders only while they hold something.
type quota struct {
	total, each int64

	mu   sync.Mutex
	used int64
	by   map[string]int64
}

func newQuota(total, each int64) *quota {
	return &quota{total: total, each: each, by: map[string]int64{}}
}

// take is false, and takes nothing, when n more would be too much.
func (q *quota) take(holder string, n int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n > q.total-q.used || n > q.each-q.by[holder] {
		return false
	}
	q.add(holder, n)
	return true
}

// give returns n.
func (q *quota) give(holder string, n int64) {
	if n == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(holder, -n)
}

func (q *quota) add(holder string, n int64) {
	q.used += n
	if q.by[holder] += n; q.by[holder] == 0 {
		delete(q.by, holder)
	}
}

// inUse is what is lent out, and to how many.
func (q *quota) inUse() (n int64, holders int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used, len(q.by)
}
