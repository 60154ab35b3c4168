package types

import "cosmossdk.io/errors"

// Errors of the module. The checks of a row come in the order of their codes.
var (
	ErrInvalidParams    = errors.Register(ModuleName, 2, "invalid weights params")
	ErrInvalidGenesis   = errors.Register(ModuleName, 3, "invalid weights genesis")
	ErrUnauthorized     = errors.Register(ModuleName, 4, "only governance may do this")
	ErrInvalidAddress   = errors.Register(ModuleName, 5, "invalid address")
	ErrLengths          = errors.Register(ModuleName, 6, "uids and weights differ in number")
	ErrTooLong          = errors.Register(ModuleName, 7, "the row is too long")
	ErrNotRegistered    = errors.Register(ModuleName, 8, "not registered")
	ErrNotEnoughStake   = errors.Register(ModuleName, 9, "not enough stake")
	ErrVersion          = errors.Register(ModuleName, 10, "the version is too old")
	ErrTooSoon          = errors.Register(ModuleName, 11, "too soon")
	ErrNoPermit         = errors.Register(ModuleName, 12, "no permit")
	ErrDuplicate        = errors.Register(ModuleName, 13, "a uid comes twice")
	ErrUnknownUID       = errors.Register(ModuleName, 14, "unknown uid")
	ErrTooFew           = errors.Register(ModuleName, 15, "too few weights")
	ErrMaxWeight        = errors.Register(ModuleName, 16, "a weight is too large")
	ErrCommitRequired   = errors.Register(ModuleName, 17, "rows must be committed first")
	ErrCommitOff        = errors.Register(ModuleName, 18, "commit-reveal is off")
	ErrInvalidCommit    = errors.Register(ModuleName, 19, "invalid commit")
	ErrTooManyCommits   = errors.Register(ModuleName, 20, "too many open commits")
	ErrUnknownCommit    = errors.Register(ModuleName, 21, "no open commit has this hash")
	ErrRevealTooEarly   = errors.Register(ModuleName, 22, "too early to reveal")
	ErrRevealTooLate    = errors.Register(ModuleName, 23, "too late to reveal")
	ErrInvalidWeight    = errors.Register(ModuleName, 24, "invalid weight")
	ErrSubnetDissolving = errors.Register(ModuleName, 25, "the subnet is dissolving")
	ErrNoEpoch          = errors.Register(ModuleName, 26, "no epoch")
	ErrCorrupt          = errors.Register(ModuleName, 27, "stored value is corrupt")
	ErrInvariant        = errors.Register(ModuleName, 28, "weights invariant broken")
)
