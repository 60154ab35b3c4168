package data

import (
	"fmt"
	"slices"
)

// Shard is one of several equal slices of the set.
func (l *Labelled) Shard(s Shard) (*Labelled, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%q: %w", l.Name, err)
	}
	return l.holding(l.held.shard(l.sums, s)), nil
}

// Take is a slice of n examples of all parts together: 80 % of it is for training.
func (l *Labelled) Take(n int) (*Labelled, error) {
	if n < 0 || n > l.held.size() {
		return nil, fmt.Errorf("%q: %d examples wanted, it has 0 to %d: take fewer or give more", l.Name, n, l.held.size())
	}
	return l.holding(l.held.take(l.sums, n)), nil
}

// Classes keeps all examples of some classes and at most each of every other one,
// chosen as Take chooses. The numbers of the classes stay what they were.
func (l *Labelled) Classes(each int, own ...int) (*Labelled, error) {
	if l.Labels == nil {
		return nil, fmt.Errorf("%q: it has values and no classes to choose: use Shard or Take", l.Name)
	}
	if each < 0 {
		return nil, fmt.Errorf("%q: %d examples of each other class, at least 0", l.Name, each)
	}
	for _, class := range own {
		if class < 0 || class >= len(l.Labels) {
			return nil, fmt.Errorf("%q: class %d, must be 0 to %d", l.Name, class, len(l.Labels)-1)
		}
	}
	byClass := make([]holding, len(l.Labels))
	for p, rows := range l.held {
		for _, row := range rows {
			class := l.class(row)
			byClass[class][p] = append(byClass[class][p], row)
		}
	}
	keep := make(map[uint32]bool, l.held.size())
	for class := range byClass {
		h := &byClass[class]
		n := h.size()
		if !slices.Contains(own, class) {
			n = min(n, each)
		}
		for _, rows := range h.take(l.sums, n) {
			for _, row := range rows {
				keep[row] = true
			}
		}
	}
	return l.holding(l.held.filter(func(row uint32) bool { return keep[row] })), nil
}

func (l *Labelled) holding(h holding) *Labelled {
	selected := *l
	selected.held = h
	return &selected
}
