package neuron

import (
	"sync"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/dendrite"
)

// synapseVersion is the version of the wire protocol in the axon record.
const synapseVersion = 1

// subnet is what was read last of the metagraph. It implements axon.Registry.
type subnet struct {
	mu      sync.RWMutex
	graph   chain.Metagraph
	callers map[string]axon.Caller
}

// Caller implements axon.Registry.
func (s *subnet) Caller(address string) (axon.Caller, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.callers[address]
	return c, ok
}

// set takes a new metagraph and returns the hotkeys whose uids have others now.
func (s *subnet) set(m chain.Metagraph) (replaced []uint32) {
	callers := make(map[string]axon.Caller, len(m.Neurons))
	for _, n := range m.Neurons {
		callers[n.Hotkey] = axon.Caller{UID: uint16(n.UID), Stake: n.Stake, Registered: true}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range s.graph.Neurons {
		if c, ok := callers[old.Hotkey]; !ok || uint32(c.UID) != old.UID {
			replaced = append(replaced, old.UID)
		}
	}
	s.graph, s.callers = m, callers
	return replaced
}

// endpoints are the live axons of a metagraph.
func endpoints(m chain.Metagraph) []dendrite.Endpoint {
	var list []dendrite.Endpoint
	for _, n := range m.Neurons {
		if n.Axon == nil || n.Axon.Version != synapseVersion {
			continue
		}
		list = append(list, dendrite.Endpoint{
			UID: n.UID, Hotkey: n.Hotkey, Host: n.Axon.Host, Port: uint32(n.Axon.Port),
			Fingerprint: n.Axon.Fingerprint, Version: n.Axon.Version, Height: n.Axon.Height,
		})
	}
	return list
}

// uids of a metagraph.
func uids(m chain.Metagraph) []uint32 {
	list := make([]uint32, len(m.Neurons))
	for i, n := range m.Neurons {
		list[i] = n.UID
	}
	return list
}
