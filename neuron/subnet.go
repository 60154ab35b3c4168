package neuron

import (
	"encoding/json"
	"fmt"
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

// set takes a new metagraph and returns the uids that others have now, or nobody.
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

// hotkeys by uid.
func (s *subnet) hotkeys() map[uint32]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	by := make(map[uint32]string, len(s.graph.Neurons))
	for _, n := range s.graph.Neurons {
		by[n.UID] = n.Hotkey
	}
	return by
}

// serves says whether a hotkey's record is on chain as it should be; a metagraph that is
// older than the record's height says nothing.
func (s *subnet) serves(hotkey string, record chain.Axon, since uint64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.graph.Height < since {
		return true
	}
	n, ok := s.graph.Of(hotkey)
	return ok && n.Axon != nil && n.Axon.Same(record)
}

// hotkeys says whom the scores of a judge are about: uids are given to others, also while
// the neuron does not run. It is for the goroutine that measures.
type hotkeys struct {
	by      map[uint32]string
	changed bool // since it was written
}

// forget drops the scores of those uids that others have now.
func (h *hotkeys) forget(now map[uint32]string, judge judge) {
	for uid, hotkey := range h.by {
		if now[uid] != hotkey {
			judge.Forget(uid)
			h.changed = true
		}
	}
	h.changed = h.changed || len(now) != len(h.by)
	h.by = now
}

// read what was written.
func (h *hotkeys) read(home *home) error {
	text, err := home.read(fileHotkeys)
	if err != nil || text == nil {
		return err
	}
	if err := json.Unmarshal(text, &h.by); err != nil {
		return fmt.Errorf("%s: %w; move it and %s away to begin anew", fileHotkeys, err, fileScores)
	}
	return nil
}

// write makes it durable; the judge's scores must have been before.
func (h *hotkeys) write(home *home) error {
	text, err := json.Marshal(h.by)
	if err != nil {
		return err
	}
	h.changed = false
	return home.write(fileHotkeys, text)
}
