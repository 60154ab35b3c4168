package types

import "cosmossdk.io/errors"

// Errors of the module.
var (
	ErrInvalidParams         = errors.Register(ModuleName, 2, "invalid subnet params")
	ErrInvalidGenesis        = errors.Register(ModuleName, 3, "invalid subnet genesis")
	ErrUnknownSubnet         = errors.Register(ModuleName, 4, "unknown subnet")
	ErrUnauthorized          = errors.Register(ModuleName, 5, "not allowed")
	ErrInvalidHyperparameter = errors.Register(ModuleName, 6, "invalid hyperparameter")
	ErrTooSoon               = errors.Register(ModuleName, 7, "too soon")
	ErrTooMany               = errors.Register(ModuleName, 8, "too many subnets")
	ErrTooExpensive          = errors.Register(ModuleName, 9, "a subnet costs more")
	ErrInvalidText           = errors.Register(ModuleName, 10, "invalid text")
	ErrNameTaken             = errors.Register(ModuleName, 11, "the name is taken")
	ErrInvalidModality       = errors.Register(ModuleName, 12, "invalid modality")
	ErrInvalidVote           = errors.Register(ModuleName, 13, "invalid vote")
	ErrUnknownHotkey         = errors.Register(ModuleName, 14, "unknown hotkey")
	ErrNotOffered            = errors.Register(ModuleName, 15, "the subnet was not offered")
	ErrDissolving            = errors.Register(ModuleName, 16, "the subnet is dissolving")
	ErrInvalidAddress        = errors.Register(ModuleName, 17, "invalid address")
	ErrInvalidAmount         = errors.Register(ModuleName, 18, "invalid amount")
	ErrInvariant             = errors.Register(ModuleName, 19, "subnet invariant broken")
)
