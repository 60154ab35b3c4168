package types

import "cosmossdk.io/collections"

const (
	// ModuleName is the module's name, its store's, and its account's, which holds locks.
	ModuleName = "subnet"
	// StoreKey is the name of the module's store.
	StoreKey = ModuleName
	// Denom is the denomination of all amounts.
	Denom = "rao"
)

// Prefixes of the store.
var (
	ParamsPrefix  = collections.NewPrefix(0)
	SubnetsPrefix = collections.NewPrefix(1)
	NextIDPrefix  = collections.NewPrefix(2)
	VotesPrefix   = collections.NewPrefix(3)
	CostPrefix    = collections.NewPrefix(4)
	SumsPrefix    = collections.NewPrefix(5)
	NamesPrefix   = collections.NewPrefix(6)
	CountsPrefix  = collections.NewPrefix(7)
	ChangedPrefix = collections.NewPrefix(8)
)

// FirstSubnet is there from genesis on, has no owner and is never dissolved: it
// receives what no other subnet can.
const FirstSubnet = 1

// MostSubnets is the highest that max_subnets can be.
const MostSubnets = 256

// Bounds of text.
const (
	MaxName        = 64
	MaxDescription = 1024
	MaxVotes       = 32
)
