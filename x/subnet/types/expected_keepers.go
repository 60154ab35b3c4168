package types

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	emissiontypes "github.com/taonet/taonet/x/emission/types"
)

// AccountKeeper knows module accounts.
type AccountKeeper interface {
	GetModuleAddress(name string) sdk.AccAddress
}

// BankKeeper moves locks.
type BankKeeper interface {
	BlockedAddr(addr sdk.AccAddress) bool
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, to string, amount sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, from string, to sdk.AccAddress, amount sdk.Coins) error
}

// EmissionKeeper splits the emission by the weights that votes give.
type EmissionKeeper interface {
	SetWeights(ctx context.Context, weights []emissiontypes.SubnetWeight) error
	ClosePot(ctx context.Context, subnet uint64) (uint64, error)
}

// StakeSource knows hotkeys and their stake. The neuron module is one; the app
// sets it, because neurons depend on subnets.
type StakeSource interface {
	// StakeOf is a hotkey's stake in rao and the subnets where it is registered,
	// ascending; both are empty for an address that is none.
	StakeOf(ctx context.Context, hotkey []byte) (stake uint64, subnets []uint64, err error)
	// IsHotkey says whether an address is a known hotkey.
	IsHotkey(ctx context.Context, addr []byte) (bool, error)
}
