package data

import (
	"cmp"
	"fmt"
	"slices"
)

// Shard is one of Count slices of about equal size that together are the whole
// and share no content. Index runs from 0.
type Shard struct {
	Index, Count int
}

func (s Shard) check() error {
	if s.Count < 1 || s.Index < 0 || s.Index >= s.Count {
		return fmt.Errorf("shard %d of %d: the index runs from 0 to count-1 and the count is at least 1", s.Index, s.Count)
	}
	return nil
}

// holding names the items of a dataset that are held, by part. Selections of one
// dataset share its memory and differ in their holding alone.
type holding [Parts][]uint32

func (h *holding) size() int {
	n := 0
	for _, items := range h {
		n += len(items)
	}
	return n
}

// filter keeps what keep says, in the same order.
func (h *holding) filter(keep func(item uint32) bool) holding {
	var out holding
	for p, items := range h {
		for _, item := range items {
			if keep(item) {
				out[p] = append(out[p], item)
			}
		}
	}
	return out
}

func (h *holding) shard(sums []digest, s Shard) holding {
	return h.filter(func(item uint32) bool {
		return sums[item].shard()%uint64(s.Count) == uint64(s.Index)
	})
}

// take keeps n items, n at most size(). One after another it fills the part that
// is furthest behind its percentage and not exhausted, lowest rank first. Every
// choice depends on the ones before alone, so take(n) lies within take(n+1).
func (h *holding) take(sums []digest, n int) holding {
	var count [Parts]int
	for k := 1; k <= n; k++ {
		next, behind := Part(Parts), 0
		for p := range Part(Parts) {
			b := p.Percent()*k - 100*count[p]
			if count[p] < len(h[p]) && (next == Parts || b > behind) {
				next, behind = p, b
			}
		}
		count[next]++
	}
	var out holding
	for p, items := range h {
		order := make([]int, len(items))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(sums[items[a]].rank(), sums[items[b]].rank()), cmp.Compare(a, b))
		})
		order = order[:count[p]]
		slices.Sort(order)
		for _, i := range order {
			out[p] = append(out[p], items[i])
		}
	}
	return out
}
