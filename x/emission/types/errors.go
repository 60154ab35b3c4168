package types

import "cosmossdk.io/errors"

// Errors of the module.
var (
	ErrInvalidParams  = errors.Register(ModuleName, 2, "invalid emission params")
	ErrInvalidGenesis = errors.Register(ModuleName, 3, "invalid emission genesis")
	ErrPotTooSmall    = errors.Register(ModuleName, 4, "the pot is too small")
	ErrOwedTooSmall   = errors.Register(ModuleName, 5, "less is owed")
	ErrUnauthorized   = errors.Register(ModuleName, 6, "only governance may do this")
	ErrInvariant      = errors.Register(ModuleName, 7, "emission invariant broken")
	ErrInvalidWeights = errors.Register(ModuleName, 8, "invalid subnet weights")
)
