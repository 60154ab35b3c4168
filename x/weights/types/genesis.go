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

// Validate checks all that the state machine assumes.
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
	for _, list := range []struct {
		name string
		rows []Row
		max  bool
	}{{"row", s.Rows, true}, {"bonds", s.Bonds, false}} {
		next := uint32(0)
		for _, row := range list.rows {
			if row.Uid < next || row.Uid >= MaxUids || row.Subnet != s.Epoch.Subnet {
				return ErrInvalidGenesis.Wrapf("%s of uid %d of subnet %d is out of order, out of range or elsewhere", list.name, row.Uid, row.Subnet)
			}
			next = row.Uid + 1
			if err := validateEntries(row.Entries); err != nil {
				return ErrInvalidGenesis.Wrapf("%s of uid %d: %s", list.name, row.Uid, err)
			}
			if row.Written > row.Updated {
				return ErrInvalidGenesis.Wrapf("%s of uid %d: written at %d, updated at %d before", list.name, row.Uid, row.Written, row.Updated)
			}
		}
	}
	if err := s.validateCommits(); err != nil {
		return err
	}
	return s.validateColumns()
}

func validateEntries(entries []Entry) error {
	next := uint32(0)
	for _, e := range entries {
		if e.Uid < next || e.Uid >= MaxUids {
			return ErrDuplicate.Wrapf("uid %d: uids must rise and be below %d", e.Uid, MaxUids)
		}
		next = e.Uid + 1
		if e.Value < 1 || e.Value > U16Max {
			return ErrInvalidWeight.Wrapf("%d toward uid %d, the range is 1..%d", e.Value, e.Uid, U16Max)
		}
	}
	return nil
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
	}
	return nil
}

// columnWidths are the bytes per uid of each column.
func columnWidths() map[string]int {
	return map[string]int{
		ColumnStakeWeight: 2, ColumnRank: 2, ColumnTrust: 2, ColumnConsensus: 2, ColumnIncentive: 2, ColumnDividends: 2,
		ColumnValidatorTrust: 2, ColumnPruningScore: 2, ColumnPermit: 1, ColumnActive: 1,
		ColumnServer: 8, ColumnValidator: 8, ColumnStake: 8,
	}
}

func (s SubnetState) validateColumns() error {
	widths, last := columnWidths(), ""
	for _, c := range s.Columns {
		width, ok := widths[c.Name]
		if !ok || c.Name <= last {
			return ErrInvalidGenesis.Wrapf("column %q is unknown, out of order or comes twice", c.Name)
		}
		last = c.Name
		if len(c.Data)%width != 0 || len(c.Data) > width*MaxUids {
			return ErrInvalidGenesis.Wrapf("column %s has %d bytes, it needs %d for each of %d uids at most", c.Name, len(c.Data), width, MaxUids)
		}
		if width == 1 && len(bytes.Trim(c.Data, "\x00\x01")) != 0 {
			return ErrInvalidGenesis.Wrapf("column %s holds something else than 0 and 1", c.Name)
		}
	}
	return nil
}
