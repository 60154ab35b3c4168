package types

import (
	"bytes"
)

// DefaultParams bound the work of a block.
func DefaultParams() Params { return Params{EpochBudget: 1 << 19, MaxCommits: 64} }

const (
	maxBudget = 1 << 24
	// mostCommits is the highest that max_commits can be.
	mostCommits = 64
)

// Validate checks every range.
func (p Params) Validate() error {
	if p.EpochBudget < 1 || p.EpochBudget > maxBudget {
		return ErrInvalidParams.Wrapf("epoch_budget is %d, the range is 1..%d", p.EpochBudget, maxBudget)
	}
	if p.MaxCommits < 1 || p.MaxCommits > mostCommits {
		return ErrInvalidParams.Wrapf("max_commits is %d, the range is 1..%d", p.MaxCommits, mostCommits)
	}
	return nil
}

// DefaultGenesis has no row.
func DefaultGenesis() *GenesisState { return &GenesisState{Params: DefaultParams()} }

// Validate checks all that the state machine assumes and that needs no other
// module; the keeper checks the rest when it loads the state.
func (gs GenesisState) Validate() error {
	if err := gs.Params.Validate(); err != nil {
		return err
	}
	last := uint64(0)
	for _, s := range gs.Subnets {
		if s.Epoch.Subnet <= last {
			return ErrInvalidGenesis.Wrapf("subnet %d comes after subnet %d, ids must rise from 1", s.Epoch.Subnet, last)
		}
		last = s.Epoch.Subnet
		if err := s.validate(); err != nil {
			return ErrInvalidGenesis.Wrapf("subnet %d: %s", last, err)
		}
	}
	return nil
}

func (s SubnetState) validate() error {
	if err := s.Epoch.validate(); err != nil {
		return err
	}
	for _, row := range s.Rows {
		if row.Written > row.Updated {
			return ErrInvalidGenesis.Wrapf("row of uid %d: written at %d, updated at %d before", row.Uid, row.Written, row.Updated)
		}
	}
	if err := s.validateRows("row", s.Rows, MaxUids); err != nil {
		return err
	}
	if err := s.validateBonds("bonds", s.Bonds, s.Epoch.Height); err != nil {
		return err
	}
	if err := s.validateBonds("bonds_before", s.BondsBefore, s.Epoch.Previous); err != nil {
		return err
	}
	if err := s.validateCommits(); err != nil {
		return err
	}
	return s.validateColumns()
}

// validate checks an epoch. Its count says where its bonds lie.
func (e Epoch) validate() error {
	if e.Height == 0 {
		if e != (Epoch{Subnet: e.Subnet}) {
			return ErrInvalidGenesis.Wrapf("epoch %d has no height, but it is not empty", e.Count)
		}
		return nil
	}
	if e.Previous >= e.Height {
		return ErrInvalidGenesis.Wrapf("the epoch at height %d says that the one before was at height %d", e.Height, e.Previous)
	}
	if e.Count == 0 || (e.Count == 1) != (e.Previous == 0) {
		return ErrInvalidGenesis.Wrapf("the epoch at height %d is number %d, the one before was at height %d: the first is number 1 and has 0 before it", e.Height, e.Count, e.Previous)
	}
	if e.Uids > MaxUids {
		return ErrInvalidGenesis.Wrapf("the epoch at height %d covers %d uids, the bound is %d", e.Height, e.Uids, MaxUids)
	}
	return nil
}

// validateRows checks rows of weights or of bonds; all uids are below n.
func (s SubnetState) validateRows(name string, rows []Row, n uint32) error {
	next := uint32(0)
	for _, row := range rows {
		if row.Uid < next || row.Uid >= n || row.Subnet != s.Epoch.Subnet {
			return ErrInvalidGenesis.Wrapf("%s of uid %d of subnet %d is out of order, out of range (0..%d) or elsewhere", name, row.Uid, row.Subnet, int64(n)-1)
		}
		next = row.Uid + 1
		if err := validateEntries(row.Entries, n); err != nil {
			return ErrInvalidGenesis.Wrapf("%s of uid %d: %s", name, row.Uid, err)
		}
	}
	return nil
}

func validateEntries(entries []Entry, n uint32) error {
	next := uint32(0)
	for _, e := range entries {
		if e.Uid < next || e.Uid >= n {
			return ErrDuplicate.Wrapf("uid %d: uids must rise and be below %d", e.Uid, n)
		}
		next = e.Uid + 1
		if e.Value < 1 || e.Value > U16Max {
			return ErrInvalidWeight.Wrapf("%d toward uid %d, the range is 1..%d", e.Value, e.Uid, U16Max)
		}
	}
	return nil
}

// validateBonds checks the bonds that the epoch at a height left, height 0 for none.
func (s SubnetState) validateBonds(name string, bonds []Row, height uint64) error {
	if height == 0 && len(bonds) > 0 {
		return ErrInvalidGenesis.Wrapf("%s of uid %d: no epoch has left any", name, bonds[0].Uid)
	}
	for _, row := range bonds {
		if row.Updated != height || row.Written != height || len(row.Entries) == 0 {
			return ErrInvalidGenesis.Wrapf("%s of uid %d: updated at %d, written at %d, %d entries: the epoch that left them was at %d, and who has none is left out",
				name, row.Uid, row.Updated, row.Written, len(row.Entries), height)
		}
	}
	return s.validateRows(name, bonds, s.Epoch.Uids)
}

func (s SubnetState) validateCommits() error {
	var last *Commit
	count := uint32(0)
	for i := range s.Commits {
		c := &s.Commits[i]
		if last != nil && last.Uid != c.Uid {
			count = 0
		}
		if count++; count > mostCommits { // max_commits may have been lowered since
			return ErrTooManyCommits.Wrapf("uid %d has more than %d", c.Uid, mostCommits)
		}
		if last != nil && (c.Uid < last.Uid || (c.Uid == last.Uid && c.Height <= last.Height)) {
			return ErrInvalidCommit.Wrapf("of uid %d at height %d is out of order", c.Uid, c.Height)
		}
		last = c
		if len(c.Hash) != 32 || c.Uid >= MaxUids || c.Subnet != s.Epoch.Subnet || c.RevealUntil < c.RevealFrom || c.RevealFrom < c.Height {
			return ErrInvalidCommit.Wrapf("of uid %d at height %d", c.Uid, c.Height)
		}
		if _, err := ParseAddress("hotkey", c.Hotkey); err != nil {
			return ErrInvalidCommit.Wrapf("of uid %d at height %d: %s", c.Uid, c.Height, err)
		}
	}
	return nil
}

// columnWidths are the bytes per uid of each column.
func columnWidths() map[string]int {
	return map[string]int{
		ColumnStakeWeight: 2, ColumnRank: 2, ColumnTrust: 2, ColumnConsensus: 2, ColumnIncentive: 2, ColumnDividends: 2,
		ColumnValidatorTrust: 2, ColumnPruningScore: 2, ColumnPermit: 1, ColumnPermitBefore: 1, ColumnActive: 1,
		ColumnServer: 8, ColumnValidator: 8, ColumnStake: 8,
	}
}

// validateColumns checks the results of the last epoch. Before the first there are
// permits alone, those by which a new network begins.
func (s SubnetState) validateColumns() error {
	widths, last := columnWidths(), ""
	for _, c := range s.Columns {
		width, ok := widths[c.Name]
		if !ok || c.Name <= last {
			return ErrInvalidGenesis.Wrapf("column %q is unknown, out of order or comes twice", c.Name)
		}
		last = c.Name
		switch {
		case s.Epoch.Height > 0:
			if len(c.Data) != width*int(s.Epoch.Uids) {
				return ErrInvalidGenesis.Wrapf("column %s has %d bytes, it needs %d for each of the epoch's %d uids", c.Name, len(c.Data), width, s.Epoch.Uids)
			}
		case c.Name != ColumnPermit:
			return ErrInvalidGenesis.Wrapf("column %s: no epoch has left any results", c.Name)
		case len(c.Data) > MaxUids:
			return ErrInvalidGenesis.Wrapf("column %s has %d bytes, the bound is one for each of %d uids", c.Name, len(c.Data), MaxUids)
		}
		if width == 1 && len(bytes.Trim(c.Data, "\x00\x01")) != 0 {
			return ErrInvalidGenesis.Wrapf("column %s holds something else than 0 and 1", c.Name)
		}
	}
	return nil
}
