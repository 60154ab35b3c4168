package arena

import (
	"fmt"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/train"
)

// Role is how a neuron behaves.
type Role string

// The roles.
const (
	// Honest learns and answers with its own model.
	Honest Role = "honest"
	// Noise answers random distributions.
	Noise Role = "noise"
	// Weak answers with the frequencies of bytes.
	Weak Role = "weak"
	// Peeker answers the next byte when the request holds it, else noise.
	Peeker Role = "peeker"
	// Relay passes on what it is asked to another neuron.
	Relay Role = "relay"
	// Copier answers as another neuron does: it has its model.
	Copier Role = "copier"
	// Liar gives its whole row to friends, and answers noise.
	Liar Role = "liar"
	// Offline registers and serves nobody.
	Offline Role = "offline"
)

// IsHonest says whether a role adds knowledge.
func (r Role) IsHonest() bool { return r == Honest }

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	for _, r := range []Role{Honest, Noise, Weak, Peeker, Relay, Copier, Liar, Offline} {
		if string(r) == name {
			return r, nil
		}
	}
	return "", fmt.Errorf("no role is called %q", name)
}

// other is the neuron that a copier or a relay lives on, which is known later.
type other struct {
	expert func() model.Expert
	uid    func() uint32
}

// expert is what a role answers with, nil for its own model.
func (r Role) expert(seed uint64, of other) func(own model.Expert, network train.Network) model.Expert {
	row := func(f func([]float32, []byte, int)) func(model.Expert, train.Network) model.Expert {
		return func(own model.Expert, _ train.Network) model.Expert { return answers{own, f} }
	}
	switch r {
	case Noise, Liar:
		return row(noise(seed))
	case Weak:
		return row(unigram())
	case Peeker:
		return row(peek(seed))
	case Relay:
		return func(own model.Expert, network train.Network) model.Expert { return relayed{own, network, of.uid} }
	case Copier:
		return func(model.Expert, train.Network) model.Expert { return later{of.expert} }
	}
	return nil
}
