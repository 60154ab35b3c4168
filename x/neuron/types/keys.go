package types

import (
	"math"

	"cosmossdk.io/collections"
)

const (
	// ModuleName is the module's name, its store's, and its account's, which holds
	// the assets of all stake pools.
	ModuleName = "neuron"
	// UnbondingName is the account that holds open unbondings.
	UnbondingName = "neuron_unbonding"
	// StoreKey is the name of the module's store.
	StoreKey = ModuleName
	// Denom is the denomination of all amounts.
	Denom = "rao"
)

// Prefixes of the store.
var (
	ParamsPrefix             = collections.NewPrefix(0)
	HotkeysPrefix            = collections.NewPrefix(1)
	OwnedPrefix              = collections.NewPrefix(2)
	NeuronsPrefix            = collections.NewPrefix(3)
	RegistrationsPrefix      = collections.NewPrefix(4)
	SizesPrefix              = collections.NewPrefix(5)
	ColumnsPrefix            = collections.NewPrefix(6)
	AxonsPrefix              = collections.NewPrefix(7)
	PositionsPrefix          = collections.NewPrefix(8)
	PositionsByColdkeyPrefix = collections.NewPrefix(9)
	UnbondingsPrefix         = collections.NewPrefix(10)
	UnbondingQueuePrefix     = collections.NewPrefix(11)
	UnbondingByColdkeyPrefix = collections.NewPrefix(12)
	UnbondingByHotkeyPrefix  = collections.NewPrefix(13)
	NextUnbondingPrefix      = collections.NewPrefix(14)
	SwapsPrefix              = collections.NewPrefix(15)
	SwapQueuePrefix          = collections.NewPrefix(16)
	PricesPrefix             = collections.NewPrefix(17)
	IdentitiesPrefix         = collections.NewPrefix(18)
	SettledPrefix            = collections.NewPrefix(19)
	OwnedUidsPrefix          = collections.NewPrefix(20)
)

// Vacant is the registered height of a uid that nobody has.
const Vacant = math.MaxUint64

// ChunkSize is how many uids share one value of a packed column.
const ChunkSize = 64

// Columns are the packed columns of a subnet, each of one entry per uid.
type Columns struct {
	Stake         []uint64 // rao in the hotkey's pool
	Registered    []uint64 // height, Vacant for a hole
	OwedIncentive []uint64 // rao
	OwedDividends []uint64 // rao
	RecentPay     []uint64 // rao, decayed over the immunity period
}
