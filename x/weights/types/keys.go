package types

import "cosmossdk.io/collections"

const (
	// ModuleName is the module's name and its store's.
	ModuleName = "weights"
	// StoreKey is the name of the module's store.
	StoreKey = ModuleName
)

// Prefixes of the store.
var (
	ParamsPrefix  = collections.NewPrefix(0)
	RowsPrefix    = collections.NewPrefix(1)
	CommitsPrefix = collections.NewPrefix(2)
	BondsPrefix   = collections.NewPrefix(3)
	ColumnsPrefix = collections.NewPrefix(4)
	EpochsPrefix  = collections.NewPrefix(5)
	DuePrefix     = collections.NewPrefix(6)
)

// Names of the packed result columns, one value per subnet and name.
const (
	ColumnStakeWeight    = "stake_weight"    // u16
	ColumnRank           = "rank"            // u16
	ColumnTrust          = "trust"           // u16
	ColumnConsensus      = "consensus"       // u16
	ColumnIncentive      = "incentive"       // u16
	ColumnDividends      = "dividends"       // u16
	ColumnValidatorTrust = "validator_trust" // u16
	ColumnPruningScore   = "pruning_score"   // u16
	ColumnPermit         = "permit"          // u8
	ColumnPermitBefore   = "permit_before"   // u8: what the epoch ran on
	ColumnActive         = "active"          // u8
	ColumnServer         = "server"          // u64, rao
	ColumnValidator      = "validator"       // u64, rao
	ColumnStake          = "stake"           // u64, rao: what the epoch counted
)

// Bounds of a row.
const (
	MaxUids = 4096
	U16Max  = 65535
	MinSalt = 8
	MaxSalt = 64
	// MinRevealWindow is the least number of blocks in which a row may be revealed.
	MinRevealWindow = 20
)
