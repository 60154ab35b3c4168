package types

import "cosmossdk.io/collections"

const (
	// ModuleName is the module's name, its store's and its account's, which holds
	// the pots and what is owed.
	ModuleName = "emission"
	// StoreKey is the name of the module's store.
	StoreKey = ModuleName
	// Denom is the denomination of all amounts.
	Denom = "rao"
)

// Prefixes of the store.
var (
	ParamsPrefix  = collections.NewPrefix(0)
	LedgerPrefix  = collections.NewPrefix(1)
	PotsPrefix    = collections.NewPrefix(2)
	WeightsPrefix = collections.NewPrefix(3)
)

// Reasons of EventRecycled.
const (
	ReasonEpoch        = "epoch"
	ReasonDissolved    = "dissolved"
	ReasonRegistration = "registration"
	ReasonResidue      = "residue"
)

// DefaultSubnet gets the emission that no subnet earned.
const DefaultSubnet = 1
