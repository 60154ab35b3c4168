// Package keeper holds the subnets, their hyperparameters and the votes for them.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/types"
)

// Keeper of the subnets.
type Keeper struct {
	accounts  types.AccountKeeper
	bank      types.BankKeeper
	emission  types.EmissionKeeper
	stakes    types.StakeSource
	authority string

	Schema  collections.Schema
	Params  collections.Item[types.Params]
	Subnets collections.Map[uint64, types.Subnet]
	Names   collections.Map[string, uint64]
	NextID  collections.Item[uint64]
	Votes   collections.Map[[]byte, types.Vote]
	Cost    collections.Item[types.CreationCost]
	// Sums is the stake that counts for each subnet, in rao; Counts what each hotkey
	// has in them; Changed are the hotkeys to be counted anew.
	Sums    collections.Map[uint64, uint64]
	Counts  collections.Map[[]byte, types.Count]
	Changed collections.KeySet[[]byte]
}

// NewKeeper returns the keeper. SetStakeSource must be called before the first block.
func NewKeeper(
	cdc codec.BinaryCodec, storeService store.KVStoreService, accounts types.AccountKeeper,
	bank types.BankKeeper, emission types.EmissionKeeper, authority string,
) *Keeper {
	if accounts.GetModuleAddress(types.ModuleName) == nil {
		panic("the subnet module account has not been set")
	}
	sb := collections.NewSchemaBuilder(storeService)
	k := &Keeper{
		accounts: accounts, bank: bank, emission: emission, authority: authority,
		Params:  collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		Subnets: collections.NewMap(sb, types.SubnetsPrefix, "subnets", collections.Uint64Key, codec.CollValue[types.Subnet](cdc)),
		Names:   collections.NewMap(sb, types.NamesPrefix, "names", collections.StringKey, collections.Uint64Value),
		NextID:  collections.NewItem(sb, types.NextIDPrefix, "next_id", collections.Uint64Value),
		Votes:   collections.NewMap(sb, types.VotesPrefix, "votes", collections.BytesKey, codec.CollValue[types.Vote](cdc)),
		Cost:    collections.NewItem(sb, types.CostPrefix, "cost", codec.CollValue[types.CreationCost](cdc)),
		Sums:    collections.NewMap(sb, types.SumsPrefix, "sums", collections.Uint64Key, collections.Uint64Value),
		Counts:  collections.NewMap(sb, types.CountsPrefix, "counts", collections.BytesKey, codec.CollValue[types.Count](cdc)),
		Changed: collections.NewKeySet(sb, types.ChangedPrefix, "changed", collections.BytesKey),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// SetStakeSource says who knows hotkeys and stakes.
func (k *Keeper) SetStakeSource(s types.StakeSource) { k.stakes = s }

// Authority is the account that may change parameters.
func (k *Keeper) Authority() string { return k.authority }

// Subnet returns a subnet.
func (k *Keeper) Subnet(ctx context.Context, id uint64) (types.Subnet, error) {
	subnet, err := k.Subnets.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return subnet, types.ErrUnknownSubnet.Wrapf("subnet %d; list them with: taod q subnet subnets", id)
	}
	return subnet, err
}

// Hyperparameters returns what is in force in a subnet.
func (k *Keeper) Hyperparameters(ctx context.Context, id uint64) (types.Hyperparameters, error) {
	subnet, err := k.Subnet(ctx, id)
	return subnet.Hyperparameters, err
}

// IsOwner says whether an address owns a subnet.
func (k *Keeper) IsOwner(ctx context.Context, addr sdk.AccAddress) (owns bool, err error) {
	text := addr.String()
	err = k.Walk(ctx, func(subnet types.Subnet) (bool, error) {
		owns = subnet.Owner == text
		return owns, nil
	})
	return owns, err
}

// Walk visits all subnets in ascending order of id.
func (k *Keeper) Walk(ctx context.Context, visit func(types.Subnet) (stop bool, err error)) error {
	return k.Subnets.Walk(ctx, nil, func(_ uint64, subnet types.Subnet) (bool, error) { return visit(subnet) })
}

// EpochDone applies pending hyperparameters after an epoch and says whether the
// subnet is alive: whether two permitted neurons at least had rows that counted.
func (k *Keeper) EpochDone(ctx context.Context, id uint64, live bool) error {
	subnet, err := k.Subnet(ctx, id)
	if err != nil {
		return err
	}
	if subnet.Live == live && subnet.Pending == nil {
		return nil
	}
	subnet.Live = live
	if subnet.Pending != nil {
		subnet.Hyperparameters, subnet.Pending = *subnet.Pending, nil
		err := sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventHyperparametersApplied{
			Subnet: id, Hyperparameters: subnet.Hyperparameters,
		})
		if err != nil {
			return err
		}
	}
	return k.Subnets.Set(ctx, id, subnet)
}

// Remove ends a dissolved subnet: its pot is recycled and its lock goes back to
// the owner. Rows and uids must be gone.
func (k *Keeper) Remove(ctx context.Context, id uint64) error {
	subnet, err := k.Subnet(ctx, id)
	if err != nil {
		return err
	}
	if _, err := k.emission.ClosePot(ctx, id); err != nil {
		return err
	}
	if subnet.Lock > 0 {
		owner, err := sdk.AccAddressFromBech32(subnet.Owner)
		if err != nil {
			return err
		}
		if err := k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, owner, coins(subnet.Lock)); err != nil {
			return err
		}
	}
	if err := k.Names.Remove(ctx, subnet.Name); err != nil {
		return err
	}
	if err := k.Subnets.Remove(ctx, id); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventSubnetDissolved{
		Subnet: id, Returned: subnet.Lock,
	})
}

// coins is an amount in rao.
func coins(amount uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(amount)))
}

func height(ctx context.Context) uint64 { return uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()) }
