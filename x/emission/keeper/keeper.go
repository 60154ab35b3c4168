// Package keeper holds the pots from which all pay comes. Nothing else mints.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/emission/types"
)

// Keeper of the emission.
type Keeper struct {
	accounts  types.AccountKeeper
	bank      types.BankKeeper
	community types.CommunityPool
	collector string // module account that pays CometBFT validators
	authority string

	Schema  collections.Schema
	Params  collections.Item[types.Params]
	Sums    collections.Item[types.Ledger]
	Pots    collections.Map[uint64, uint64]
	Weights collections.Map[uint64, uint64]
	// holders are the module accounts that the Supply query lists.
	holders []string
}

// NewKeeper returns the keeper; collector is the module account that pays
// CometBFT's validators, holders the module accounts that the Supply query lists.
func NewKeeper(
	cdc codec.BinaryCodec, storeService store.KVStoreService, accounts types.AccountKeeper,
	bank types.BankKeeper, community types.CommunityPool, collector, authority string, holders []string,
) *Keeper {
	if accounts.GetModuleAddress(types.ModuleName) == nil {
		panic("the emission module account has not been set")
	}
	sb := collections.NewSchemaBuilder(storeService)
	k := &Keeper{
		accounts: accounts, bank: bank, community: community, collector: collector,
		authority: authority, holders: holders,
		Params:  collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		Sums:    collections.NewItem(sb, types.LedgerPrefix, "ledger", codec.CollValue[types.Ledger](cdc)),
		Pots:    collections.NewMap(sb, types.PotsPrefix, "pots", collections.Uint64Key, collections.Uint64Value),
		Weights: collections.NewMap(sb, types.WeightsPrefix, "weights", collections.Uint64Key, collections.Uint64Value),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// Authority is the account that may change parameters.
func (k *Keeper) Authority() string { return k.authority }

// coins is an amount in rao.
func coins(amount uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(amount)))
}

// issuance is how much Tao exists, in rao.
func (k *Keeper) issuance(ctx context.Context) uint64 {
	return k.bank.GetSupply(ctx, types.Denom).Amount.Uint64()
}

// Pot is what a subnet may pay out, in rao.
func (k *Keeper) Pot(ctx context.Context, subnet uint64) (uint64, error) {
	amount, err := k.Pots.Get(ctx, subnet)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return amount, err
}

// take removes amount from a pot.
func (k *Keeper) take(ctx context.Context, subnet, amount uint64) error {
	pot, err := k.Pot(ctx, subnet)
	if err != nil {
		return err
	}
	if amount > pot {
		return types.ErrPotTooSmall.Wrapf("subnet %d has %d rao in its pot, %d are asked for", subnet, pot, amount)
	}
	if pot == amount {
		return k.Pots.Remove(ctx, subnet)
	}
	return k.Pots.Set(ctx, subnet, pot-amount)
}

// book changes the ledger.
func (k *Keeper) book(ctx context.Context, change func(*types.Ledger)) error {
	ledger, err := k.Ledger(ctx)
	if err != nil {
		return err
	}
	change(&ledger)
	return k.Sums.Set(ctx, ledger)
}

// Ledger counts what went through the pots.
func (k *Keeper) Ledger(ctx context.Context) (types.Ledger, error) {
	ledger, err := k.Sums.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Ledger{}, nil
	}
	return ledger, err
}

// Owe turns amount rao of a pot into pay that is owed. No coins move.
func (k *Keeper) Owe(ctx context.Context, subnet, amount uint64) error {
	if amount == 0 {
		return nil
	}
	if err := k.take(ctx, subnet, amount); err != nil {
		return err
	}
	return k.book(ctx, func(l *types.Ledger) { l.Owed += amount })
}

// pay books amount rao as paid.
func (k *Keeper) pay(ctx context.Context, amount uint64) error {
	ledger, err := k.Ledger(ctx)
	if err != nil {
		return err
	}
	if amount > ledger.Owed {
		return types.ErrOwedTooSmall.Wrapf("%d rao are owed, %d are to be paid", ledger.Owed, amount)
	}
	ledger.Owed -= amount
	ledger.Paid += amount
	return k.Sums.Set(ctx, ledger)
}

// PayToModule pays amount rao of what is owed to a module account.
func (k *Keeper) PayToModule(ctx context.Context, module string, amount uint64) error {
	if amount == 0 {
		return nil
	}
	if err := k.pay(ctx, amount); err != nil {
		return err
	}
	return k.bank.SendCoinsFromModuleToModule(ctx, types.ModuleName, module, coins(amount))
}

// PayToAccount pays amount rao of what is owed to an account.
func (k *Keeper) PayToAccount(ctx context.Context, addr sdk.AccAddress, amount uint64) error {
	if amount == 0 {
		return nil
	}
	if err := k.pay(ctx, amount); err != nil {
		return err
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, addr, coins(amount))
}

// RecyclePot burns amount rao of a pot, so that they can be earned again.
func (k *Keeper) RecyclePot(ctx context.Context, subnet, amount uint64, reason string) error {
	if amount == 0 {
		return nil
	}
	if err := k.take(ctx, subnet, amount); err != nil {
		return err
	}
	if err := k.book(ctx, func(l *types.Ledger) { l.Recycled += amount }); err != nil {
		return err
	}
	return k.burn(ctx, types.ModuleName, amount, subnet, reason)
}

// ClosePot burns a pot and forgets the subnet's weight.
func (k *Keeper) ClosePot(ctx context.Context, subnet uint64) (uint64, error) {
	amount, err := k.Pot(ctx, subnet)
	if err != nil {
		return 0, err
	}
	if err := k.Weights.Remove(ctx, subnet); err != nil {
		return 0, err
	}
	return amount, k.RecyclePot(ctx, subnet, amount, types.ReasonDissolved)
}

// BurnFromModule burns amount rao that a module account holds for users.
func (k *Keeper) BurnFromModule(ctx context.Context, module string, amount, subnet uint64, reason string) error {
	if amount == 0 {
		return nil
	}
	if module != types.ModuleName {
		if err := k.bank.SendCoinsFromModuleToModule(ctx, module, types.ModuleName, coins(amount)); err != nil {
			return err
		}
	}
	return k.burnForUser(ctx, amount, subnet, reason)
}

// BurnFromAccount burns amount rao of an account.
func (k *Keeper) BurnFromAccount(ctx context.Context, addr sdk.AccAddress, amount, subnet uint64, reason string) error {
	if amount == 0 {
		return nil
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, addr, types.ModuleName, coins(amount)); err != nil {
		return err
	}
	return k.burnForUser(ctx, amount, subnet, reason)
}

func (k *Keeper) burnForUser(ctx context.Context, amount, subnet uint64, reason string) error {
	if err := k.book(ctx, func(l *types.Ledger) { l.Burned += amount }); err != nil {
		return err
	}
	return k.burn(ctx, types.ModuleName, amount, subnet, reason)
}

func (k *Keeper) burn(ctx context.Context, module string, amount, subnet uint64, reason string) error {
	if err := k.bank.BurnCoins(ctx, module, coins(amount)); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventRecycled{
		Reason: reason, Subnet: subnet, Amount: amount,
	})
}

// SetWeights replaces the subnets' shares of the emission.
func (k *Keeper) SetWeights(ctx context.Context, weights []types.SubnetWeight) error {
	if err := types.ValidateWeights(weights); err != nil {
		return err
	}
	if err := k.Weights.Clear(ctx, nil); err != nil {
		return err
	}
	for _, w := range weights {
		if err := k.Weights.Set(ctx, w.Subnet, w.Weight); err != nil {
			return err
		}
	}
	return nil
}
