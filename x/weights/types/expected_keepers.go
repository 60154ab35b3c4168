package types

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// EmissionKeeper holds the pots.
type EmissionKeeper interface {
	Pot(ctx context.Context, subnet uint64) (uint64, error)
	RecyclePot(ctx context.Context, subnet, amount uint64, reason string) error
}

// SubnetKeeper knows subnets.
type SubnetKeeper interface {
	Subnet(ctx context.Context, id uint64) (subnettypes.Subnet, error)
	Walk(ctx context.Context, visit func(subnettypes.Subnet) (stop bool, err error)) error
	EpochDone(ctx context.Context, id uint64, live bool) error
	Remove(ctx context.Context, id uint64) error
}

// NeuronKeeper knows who is where, and books pay.
type NeuronKeeper interface {
	Size(ctx context.Context, subnet uint64) (int, error)
	UID(ctx context.Context, subnet uint64, hotkey []byte) (uid uint16, ok bool, err error)
	HotkeyAt(ctx context.Context, subnet uint64, uid uint16) ([]byte, bool, error)
	Keys(ctx context.Context, subnet uint64, n int) (hotkeys, coldkeys [][]byte, err error)
	OwnerUID(ctx context.Context, subnet subnettypes.Subnet) (uid uint16, ok bool, err error)
	StakeAt(ctx context.Context, subnet uint64, uid uint16) (uint64, error)
	RegisteredAt(ctx context.Context, subnet uint64, uid uint16) (uint64, error)
	Columns(ctx context.Context, subnet uint64) (neurontypes.Columns, error)
	EpochColumns(ctx context.Context, subnet uint64) (stake, registered []uint64, err error)
	Endpoints(ctx context.Context, subnet uint64) (map[uint32]string, error)
	Accrue(ctx context.Context, subnet uint64, server, validator []uint64, elapsed, immunity uint64) error
	PayOwner(ctx context.Context, subnet uint64, owner sdk.AccAddress, amount uint64) (paid uint64, err error)
	SettleNext(ctx context.Context, subnet uint64) error
	RemoveUids(ctx context.Context, subnet uint64, limit int) (done bool, err error)
}
