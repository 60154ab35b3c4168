// Package keeper knows who is in which subnet, who owns whom, and what each owns.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/pool"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

type (
	addrPair = collections.Pair[[]byte, []byte]
	addrID   = collections.Pair[[]byte, uint64]
	place    = collections.Pair[uint64, uint32]
)

// Keeper of the neurons.
type Keeper struct {
	accounts  types.AccountKeeper
	bank      types.BankKeeper
	emission  types.EmissionKeeper
	subnets   types.SubnetKeeper
	staking   types.StakingKeeper
	hooks     types.UidHooks
	authority string

	Schema  collections.Schema
	Params  collections.Item[types.Params]
	Hotkeys collections.Map[[]byte, types.Hotkey]
	// Owned lists (coldkey, hotkey), OwnedUids (subnet, coldkey, uid).
	Owned     collections.KeySet[addrPair]
	OwnedUids collections.KeySet[collections.Triple[uint64, []byte, uint32]]
	// Neurons is (subnet, uid) -> hotkey, Registrations (hotkey, subnet) -> uid.
	Neurons       collections.Map[place, []byte]
	Registrations collections.Map[addrID, uint32]
	// Sizes is one more than the largest uid a subnet ever had.
	Sizes   collections.Map[uint64, uint32]
	Packed  collections.Map[collections.Triple[uint64, uint32, uint32], []byte]
	Axons   collections.Map[place, types.Axon]
	Settled collections.Map[uint64, uint32]
	// Positions are keyed by (hotkey, coldkey).
	Positions          collections.Map[addrPair, types.Position]
	PositionsByColdkey collections.KeySet[addrPair]
	Unbondings         collections.Map[uint64, types.Unbonding]
	UnbondingQueue     collections.KeySet[collections.Pair[uint64, uint64]]
	UnbondingByColdkey collections.KeySet[addrID]
	UnbondingByHotkey  collections.KeySet[addrID]
	NextUnbonding      collections.Item[uint64]
	Swaps              collections.Map[[]byte, types.ColdkeySwap]
	SwapQueue          collections.KeySet[collections.Pair[uint64, []byte]]
	Prices             collections.Map[uint64, types.RegistrationPrice]
	Identities         collections.Map[[]byte, types.Identity]
}

// NewKeeper returns the keeper. SetUidHooks must be called before the first block.
func NewKeeper(
	cdc codec.BinaryCodec, storeService store.KVStoreService, accounts types.AccountKeeper, bank types.BankKeeper,
	emission types.EmissionKeeper, subnets types.SubnetKeeper, staking types.StakingKeeper, authority string,
) *Keeper {
	for _, name := range []string{types.ModuleName, types.UnbondingName} {
		if accounts.GetModuleAddress(name) == nil {
			panic("the module account " + name + " has not been set")
		}
	}
	sb := collections.NewSchemaBuilder(storeService)
	pair := collections.PairKeyCodec(collections.BytesKey, collections.BytesKey)
	addrID := collections.PairKeyCodec(collections.BytesKey, collections.Uint64Key)
	place := collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key)
	k := &Keeper{
		accounts: accounts, bank: bank, emission: emission, subnets: subnets, staking: staking, authority: authority,
		Params:             collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		Hotkeys:            collections.NewMap(sb, types.HotkeysPrefix, "hotkeys", collections.BytesKey, codec.CollValue[types.Hotkey](cdc)),
		Owned:              collections.NewKeySet(sb, types.OwnedPrefix, "owned", pair),
		OwnedUids:          collections.NewKeySet(sb, types.OwnedUidsPrefix, "owned_uids", collections.TripleKeyCodec(collections.Uint64Key, collections.BytesKey, collections.Uint32Key)),
		Neurons:            collections.NewMap(sb, types.NeuronsPrefix, "neurons", place, collections.BytesValue),
		Registrations:      collections.NewMap(sb, types.RegistrationsPrefix, "registrations", addrID, collections.Uint32Value),
		Sizes:              collections.NewMap(sb, types.SizesPrefix, "sizes", collections.Uint64Key, collections.Uint32Value),
		Packed:             collections.NewMap(sb, types.ColumnsPrefix, "columns", collections.TripleKeyCodec(collections.Uint64Key, collections.Uint32Key, collections.Uint32Key), collections.BytesValue),
		Axons:              collections.NewMap(sb, types.AxonsPrefix, "axons", place, codec.CollValue[types.Axon](cdc)),
		Settled:            collections.NewMap(sb, types.SettledPrefix, "settled", collections.Uint64Key, collections.Uint32Value),
		Positions:          collections.NewMap(sb, types.PositionsPrefix, "positions", pair, codec.CollValue[types.Position](cdc)),
		PositionsByColdkey: collections.NewKeySet(sb, types.PositionsByColdkeyPrefix, "positions_by_coldkey", pair),
		Unbondings:         collections.NewMap(sb, types.UnbondingsPrefix, "unbondings", collections.Uint64Key, codec.CollValue[types.Unbonding](cdc)),
		UnbondingQueue:     collections.NewKeySet(sb, types.UnbondingQueuePrefix, "unbonding_queue", collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)),
		UnbondingByColdkey: collections.NewKeySet(sb, types.UnbondingByColdkeyPrefix, "unbonding_by_coldkey", addrID),
		UnbondingByHotkey:  collections.NewKeySet(sb, types.UnbondingByHotkeyPrefix, "unbonding_by_hotkey", addrID),
		NextUnbonding:      collections.NewItem(sb, types.NextUnbondingPrefix, "next_unbonding", collections.Uint64Value),
		Swaps:              collections.NewMap(sb, types.SwapsPrefix, "swaps", collections.BytesKey, codec.CollValue[types.ColdkeySwap](cdc)),
		SwapQueue:          collections.NewKeySet(sb, types.SwapQueuePrefix, "swap_queue", collections.PairKeyCodec(collections.Uint64Key, collections.BytesKey)),
		Prices:             collections.NewMap(sb, types.PricesPrefix, "prices", collections.Uint64Key, codec.CollValue[types.RegistrationPrice](cdc)),
		Identities:         collections.NewMap(sb, types.IdentitiesPrefix, "identities", collections.BytesKey, codec.CollValue[types.Identity](cdc)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// SetUidHooks says who hears when a uid loses its neuron.
func (k *Keeper) SetUidHooks(h types.UidHooks) { k.hooks = h }

// Authority is the account that may change parameters.
func (k *Keeper) Authority() string { return k.authority }

// hotkey returns a known hotkey.
func (k *Keeper) hotkey(ctx context.Context, addr []byte) (types.Hotkey, error) {
	h, err := k.Hotkeys.Get(ctx, addr)
	if errors.Is(err, collections.ErrNotFound) {
		return h, types.ErrUnknownHotkey.Wrapf("%s; register it with: taod tx neuron register", sdk.AccAddress(addr))
	}
	return h, err
}

// ownHotkey returns a hotkey that belongs to coldkey.
func (k *Keeper) ownHotkey(ctx context.Context, coldkey, hotkey string) ([]byte, types.Hotkey, error) {
	addr, err := address("hotkey", hotkey)
	if err != nil {
		return nil, types.Hotkey{}, err
	}
	h, err := k.hotkey(ctx, addr)
	if err != nil {
		return nil, h, err
	}
	if h.Coldkey != coldkey {
		return nil, h, types.ErrNotOwner.Wrapf("%s belongs to %s, the sender is %s", hotkey, h.Coldkey, coldkey)
	}
	return addr, h, nil
}

// IsHotkey says whether an address is a known hotkey.
func (k *Keeper) IsHotkey(ctx context.Context, addr []byte) (bool, error) {
	return k.Hotkeys.Has(ctx, addr)
}

// Coldkey returns the owner of a hotkey.
func (k *Keeper) Coldkey(ctx context.Context, hotkey []byte) (sdk.AccAddress, bool, error) {
	h, err := k.Hotkeys.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	coldkey, err := sdk.AccAddressFromBech32(h.Coldkey)
	return coldkey, true, err
}

// UID returns the uid of a hotkey in a subnet.
func (k *Keeper) UID(ctx context.Context, subnet uint64, hotkey []byte) (uid uint16, ok bool, err error) {
	v, err := k.Registrations.Get(ctx, collections.Join(hotkey, subnet))
	if errors.Is(err, collections.ErrNotFound) {
		return 0, false, nil
	}
	return uint16(v), err == nil, err
}

// HotkeyAt returns the hotkey of a uid.
func (k *Keeper) HotkeyAt(ctx context.Context, subnet uint64, uid uint16) ([]byte, bool, error) {
	hotkey, err := k.Neurons.Get(ctx, collections.Join(subnet, uint32(uid)))
	if errors.Is(err, collections.ErrNotFound) {
		return nil, false, nil
	}
	return hotkey, err == nil, err
}

// Keys are the hotkeys and coldkeys of a subnet's n uids; a vacant uid has none.
func (k *Keeper) Keys(ctx context.Context, subnet uint64, n int) (hotkeys, coldkeys [][]byte, err error) {
	hotkeys, coldkeys = make([][]byte, n), make([][]byte, n)
	err = k.Neurons.Walk(ctx, collections.NewPrefixedPairRange[uint64, uint32](subnet), func(key place, hotkey []byte) (bool, error) {
		hotkeys[key.K2()] = hotkey
		return false, nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = k.OwnedUids.Walk(ctx, collections.NewPrefixedTripleRange[uint64, []byte, uint32](subnet),
		func(key collections.Triple[uint64, []byte, uint32]) (bool, error) {
			coldkeys[key.K3()] = key.K2()
			return false, nil
		})
	return hotkeys, coldkeys, err
}

// SendRestriction refuses to send Tao to a hotkey: it would be out of its owner's
// reach. What a module pays out, a returned deposit for example, goes to the
// coldkey instead: a refusal there would stop a block.
func (k *Keeper) SendRestriction(ctx context.Context, from, to sdk.AccAddress, _ sdk.Coins) (sdk.AccAddress, error) {
	coldkey, known, err := k.Coldkey(ctx, to)
	if err != nil {
		return nil, err
	}
	if known {
		if _, module := k.accounts.GetAccount(ctx, from).(sdk.ModuleAccountI); module {
			return coldkey, nil
		}
		return nil, types.ErrHotkeyCannotHold.Wrapf("%s is a hotkey; send to its coldkey %s", to, coldkey)
	}
	return to, nil
}

// StakeOf is a hotkey's stake in rao and the subnets where it is registered,
// ascending; both are empty for an address that is none.
func (k *Keeper) StakeOf(ctx context.Context, hotkey []byte) (stake uint64, subnets []uint64, err error) {
	h, err := k.Hotkeys.Get(ctx, hotkey)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	subnets, err = k.subnetsOf(ctx, hotkey)
	return h.Assets, subnets, err
}

// subnetsOf lists where a hotkey is registered, ascending.
func (k *Keeper) subnetsOf(ctx context.Context, hotkey []byte) (subnets []uint64, err error) {
	err = k.Registrations.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](hotkey),
		func(key addrID, _ uint32) (bool, error) {
			subnets = append(subnets, key.K2())
			return false, nil
		})
	return subnets, err
}

// poolOf is the stake pool of a hotkey.
func poolOf(h types.Hotkey) (pool.Pool, error) {
	shares, err := pool.ParseShares(h.Shares)
	return pool.Pool{Assets: h.Assets, Shares: shares}, err
}

// setPool stores a hotkey with a changed pool and keeps its vote and the stake
// columns of all its subnets in step.
func (k *Keeper) setPool(ctx context.Context, addr []byte, h types.Hotkey, p pool.Pool) error {
	h.Assets, h.Shares = p.Assets, p.Shares.String()
	if err := errors.Join(k.Hotkeys.Set(ctx, addr, h), k.subnets.StakeChanged(ctx, addr)); err != nil {
		return err
	}
	return k.Registrations.Walk(ctx, collections.NewPrefixedPairRange[[]byte, uint64](addr),
		func(key addrID, uid uint32) (bool, error) {
			return false, k.setCell(ctx, key.K2(), stakeColumn, uid, p.Assets)
		})
}

// coins is an amount in rao.
func coins(amount uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(amount)))
}

func height(ctx context.Context) uint64 { return uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()) }

func address(field, text string) (sdk.AccAddress, error) {
	addr, err := subnettypes.Canonical(text)
	if err != nil {
		return nil, types.ErrInvalidAddress.Wrapf("%s %q: %s", field, text, err)
	}
	return addr, nil
}

func emit(ctx context.Context, event interface {
	Reset()
	String() string
	ProtoMessage()
}) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
