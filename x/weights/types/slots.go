package types

// SlotAfter is where the bonds lie that the epoch left, and SlotBefore those that it
// found: each epoch reads the one and writes the other, so that both can be shown
// until the next.
func (e Epoch) SlotAfter() uint32 { return uint32(e.Count % 2) }

// SlotBefore is the slot that the epoch read.
func (e Epoch) SlotBefore() uint32 { return uint32((e.Count + 1) % 2) }
