package app

import (
	"fmt"

	"github.com/spf13/cast"

	sdkmath "cosmossdk.io/math"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/emission/schedule"
)

// endBlocker runs the modules' turns and, when the option asks for it, all
// invariants behind them.
func (app *App) endBlocker(opts servertypes.AppOptions) sdk.EndBlocker {
	if !cast.ToBool(opts.Get(OptionInvariants)) {
		return app.ModuleManager.EndBlock
	}
	return func(ctx sdk.Context) (sdk.EndBlock, error) {
		end, err := app.ModuleManager.EndBlock(ctx)
		if err == nil {
			err = app.Invariants(ctx)
		}
		return end, err
	}
}

// Invariants checks every module's invariant and what holds between modules: the
// supply is the sum of all that anybody holds and within the cap, and what neurons
// are owed is what the emission owes.
func (app *App) Invariants(ctx sdk.Context) error {
	for _, module := range []struct {
		name  string
		check func(sdk.Context) error
	}{
		{"emission", func(ctx sdk.Context) error { return app.EmissionKeeper.Invariant(ctx) }},
		{"subnet", func(ctx sdk.Context) error { return app.SubnetKeeper.Invariant(ctx) }},
		{"neuron", func(ctx sdk.Context) error { return app.NeuronKeeper.Invariant(ctx) }},
		{"weights", func(ctx sdk.Context) error { return app.WeightsKeeper.Invariant(ctx) }},
		{"supply", app.supplyInvariant},
	} {
		if err := module.check(ctx); err != nil {
			return fmt.Errorf("invariant of %s at height %d: %w", module.name, ctx.BlockHeight(), err)
		}
	}
	return nil
}

func (app *App) supplyInvariant(ctx sdk.Context) error {
	supply := app.BankKeeper.GetSupply(ctx, BaseDenom).Amount
	sum := supply.Sub(supply)
	app.BankKeeper.IterateAllBalances(ctx, func(_ sdk.AccAddress, coin sdk.Coin) bool {
		if coin.Denom == BaseDenom {
			sum = sum.Add(coin.Amount)
		}
		return false
	})
	if !sum.Equal(supply) {
		return fmt.Errorf("the supply is %s rao, all balances are %s", supply, sum)
	}
	if supply.GT(sdkmath.NewIntFromUint64(schedule.Cap)) {
		return fmt.Errorf("the supply is %s rao, the cap is %d", supply, uint64(schedule.Cap))
	}
	owed, err := app.NeuronKeeper.Owed(ctx)
	if err != nil {
		return err
	}
	ledger, err := app.EmissionKeeper.Ledger(ctx)
	if err == nil && ledger.Owed != owed {
		err = fmt.Errorf("the emission owes %d rao, neurons are owed %d", ledger.Owed, owed)
	}
	return err
}
