package data

import "fmt"

// Mixture draws windows from a neuron's own domain and from its samples of other
// ones. A fixed share comes from its own; the others have equal shares of the
// rest, however much of each there is. Own shares of 0.40 to 0.55 train well.
type Mixture struct {
	own    *Text
	share  share
	others [Parts][]*Text // those with a block in the part
}

// NewMixture makes a mixture with a share of windows, above 0 and at most 1, for
// the own domain. In a part of which no other domain has a block, all are its own.
func NewMixture(ownShare float64, own *Text, others ...*Text) (*Mixture, error) {
	if !(ownShare > 0 && ownShare <= 1) {
		return nil, fmt.Errorf("share %v for the own domain %q, must be above 0 and at most 1", ownShare, own.Name)
	}
	m := &Mixture{own: own, share: shareOf(ownShare)}
	for p := range Part(Parts) {
		for _, t := range others {
			if t.Len(p) > 0 {
				m.others[p] = append(m.others[p], t)
			}
		}
	}
	return m, nil
}

// Windows fills into like Text.Windows. The domain of each window is drawn by
// itself.
func (m *Mixture) Windows(p Part, s *Sampler, batch, length int, into []byte) error {
	if err := checkWindows(batch, length, into); err != nil {
		return fmt.Errorf("mixture of %q: %w", m.own.Name, err)
	}
	if m.own.Len(p) == 0 {
		return m.own.nothingIn(p)
	}
	for ; len(into) > 0; into = into[length:] {
		m.domain(p, s).window(p, s, into[:length])
	}
	return nil
}

func (m *Mixture) domain(p Part, s *Sampler) *Text {
	others := m.others[p]
	if len(others) == 0 || s.within(m.share) {
		return m.own
	}
	return others[s.below(len(others))]
}
