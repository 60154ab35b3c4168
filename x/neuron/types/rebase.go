package types

// Rebase makes a genesis of a height fit for a chain that begins at block 1: what
// lies in the past happened at 0, and what is due comes after as many blocks as it
// would have. So neurons are immune once more, a price stands again where the last
// registration put it, and nothing waits for an interval since an event: 0 is none.
func (gs *GenesisState) Rebase(height uint64) {
	for i := range gs.Hotkeys {
		h := &gs.Hotkeys[i]
		h.Created, h.TakeRaised = rebased(h.Created, height), rebased(h.TakeRaised, height)
	}
	for i := range gs.Neurons {
		n := &gs.Neurons[i]
		n.Registered = rebased(n.Registered, height)
		if n.Axon != nil {
			n.Axon.Height = rebased(n.Axon.Height, height)
		}
	}
	for i := range gs.Positions {
		gs.Positions[i].Moved = rebased(gs.Positions[i].Moved, height)
	}
	for i := range gs.Unbondings {
		gs.Unbondings[i].Completes = rebased(gs.Unbondings[i].Completes, height)
	}
	for i := range gs.Swaps {
		gs.Swaps[i].Height = rebased(gs.Swaps[i].Height, height)
	}
	for i := range gs.Prices {
		gs.Prices[i].Height = rebased(gs.Prices[i].Height, height)
	}
}

func rebased(at, height uint64) uint64 { return at - min(at, height) }
