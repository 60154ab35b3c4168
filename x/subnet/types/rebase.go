package types

// Rebase makes a genesis of a height fit for a chain that begins at block 1: what
// lies in the past happened at 0, and what is due comes after as many blocks as it
// would have. So the cost of a subnet stands again where the last one put it, and
// nothing waits for an interval since an event: 0 is none.
func (gs *GenesisState) Rebase(height uint64) {
	for i := range gs.Subnets {
		s := &gs.Subnets[i]
		s.Created, s.OwnerChanged = rebased(s.Created, height), rebased(s.OwnerChanged, height)
		if s.DissolvesAt > 0 {
			s.DissolvesAt = max(1, rebased(s.DissolvesAt, height))
		}
	}
	for i := range gs.Votes {
		gs.Votes[i].Height = rebased(gs.Votes[i].Height, height)
	}
	gs.CreationCost.Height = rebased(gs.CreationCost.Height, height)
}

func rebased(at, height uint64) uint64 { return at - min(at, height) }
