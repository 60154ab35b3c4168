package types

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// AccountKeeper knows and makes accounts.
type AccountKeeper interface {
	GetModuleAddress(name string) sdk.AccAddress
	GetAccount(ctx context.Context, addr sdk.AccAddress) sdk.AccountI
	NewAccountWithAddress(ctx context.Context, addr sdk.AccAddress) sdk.AccountI
	SetAccount(ctx context.Context, account sdk.AccountI)
}

// BankKeeper moves stake.
type BankKeeper interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	BlockedAddr(addr sdk.AccAddress) bool
	GetAllBalances(ctx context.Context, addr sdk.AccAddress) sdk.Coins
	SendCoins(ctx context.Context, from, to sdk.AccAddress, amount sdk.Coins) error
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, to string, amount sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, from string, to sdk.AccAddress, amount sdk.Coins) error
	SendCoinsFromModuleToModule(ctx context.Context, from, to string, amount sdk.Coins) error
}

// EmissionKeeper pays and burns.
type EmissionKeeper interface {
	Owe(ctx context.Context, subnet, amount uint64) error
	PayToModule(ctx context.Context, module string, amount uint64) error
	PayToAccount(ctx context.Context, addr sdk.AccAddress, amount uint64) error
	BurnFromModule(ctx context.Context, module string, amount, subnet uint64, reason string) error
	BurnFromAccount(ctx context.Context, addr sdk.AccAddress, amount, subnet uint64, reason string) error
}

// SubnetKeeper knows subnets.
type SubnetKeeper interface {
	Subnet(ctx context.Context, id uint64) (subnettypes.Subnet, error)
	Hyperparameters(ctx context.Context, id uint64) (subnettypes.Hyperparameters, error)
	// IsOwner says whether an address owns a subnet.
	IsOwner(ctx context.Context, addr sdk.AccAddress) (bool, error)
	// StakeChanged hears that a hotkey's stake or registrations changed,
	// HotkeySwapped that another takes its place; both keep its vote in step.
	StakeChanged(ctx context.Context, hotkey []byte) error
	HotkeySwapped(ctx context.Context, old, next []byte) error
	// Recount counts the votes of up to limit hotkeys that changed.
	Recount(ctx context.Context, limit int) error
}

// StakingKeeper knows what an account has with validators.
type StakingKeeper interface {
	GetDelegatorDelegations(ctx context.Context, delegator sdk.AccAddress, most uint16) ([]stakingtypes.Delegation, error)
	GetUnbondingDelegations(ctx context.Context, delegator sdk.AccAddress, most uint16) ([]stakingtypes.UnbondingDelegation, error)
}

// UidHooks hears when a uid loses its neuron. The weights module clears its row.
// The app sets it, because weights depend on neurons.
type UidHooks interface {
	UidReleased(ctx context.Context, subnet uint64, uid uint16) error
}
