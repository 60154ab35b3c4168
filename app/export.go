package app

import (
	"encoding/json"
	"errors"
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cosmos/gogoproto/proto"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// ExportAppStateAndValidators writes the state as a genesis. With forZeroHeight it
// is made ready to start a new chain from block 1.
func (app *App) ExportAppStateAndValidators(forZeroHeight bool, allowed, modules []string) (servertypes.ExportedApp, error) {
	ctx := app.NewContextLegacy(true, cmtproto.Header{Height: app.LastBlockHeight()})
	height := app.LastBlockHeight() + 1
	if forZeroHeight {
		if len(allowed) > 0 {
			return servertypes.ExportedApp{}, errors.New("--jail-allowed-addrs is not supported: unjail validators before the export, or edit the exported genesis")
		}
		height = 0
		if err := app.prepareZeroHeight(ctx); err != nil {
			return servertypes.ExportedApp{}, err
		}
	}
	genesis, err := app.ModuleManager.ExportGenesisForModules(ctx, app.appCodec, modules)
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	if forZeroHeight {
		if err := app.rebase(genesis); err != nil {
			return servertypes.ExportedApp{}, err
		}
	}
	state, err := json.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	validators, err := staking.WriteValidators(ctx, app.StakingKeeper)
	return servertypes.ExportedApp{
		AppState:        state,
		Validators:      validators,
		Height:          height,
		ConsensusParams: app.GetConsensusParams(ctx),
	}, err
}

// rebase moves what our modules count by height.
func (app *App) rebase(genesis GenesisState) error {
	var (
		height  = uint64(app.LastBlockHeight())
		subnets subnettypes.GenesisState
		neurons neurontypes.GenesisState
		weights weightstypes.GenesisState
	)
	for _, part := range []struct {
		name  string
		state proto.Message
		move  func()
	}{
		{subnettypes.ModuleName, &subnets, func() { subnets.Rebase(height) }},
		{neurontypes.ModuleName, &neurons, func() { neurons.Rebase(height) }},
		{weightstypes.ModuleName, &weights, func() { weights.Rebase() }},
	} {
		text, exported := genesis[part.name]
		if !exported {
			continue
		}
		if err := app.appCodec.UnmarshalJSON(text, part.state); err != nil {
			return fmt.Errorf("the genesis of %s: %w", part.name, err)
		}
		part.move()
		text, err := app.appCodec.MarshalJSON(part.state)
		if err != nil {
			return fmt.Errorf("the genesis of %s: %w", part.name, err)
		}
		genesis[part.name] = text
	}
	return nil
}

// prepareZeroHeight settles what is counted by height in the SDK's modules.
func (app *App) prepareZeroHeight(ctx sdk.Context) error {
	if err := app.withdrawAll(ctx); err != nil {
		return err
	}
	if err := app.resetStaking(ctx); err != nil {
		return err
	}
	return app.SlashingKeeper.IterateValidatorSigningInfos(ctx, func(addr sdk.ConsAddress, info slashingtypes.ValidatorSigningInfo) bool {
		info.StartHeight = 0
		return app.SlashingKeeper.SetValidatorSigningInfo(ctx, addr, info) != nil
	})
}

// withdrawAll pays all that validators and delegators have earned, and starts
// their distribution records anew.
func (app *App) withdrawAll(ctx sdk.Context) error {
	validators, err := app.StakingKeeper.GetAllValidators(ctx)
	if err != nil {
		return err
	}
	for _, validator := range validators {
		operator, err := sdk.ValAddressFromBech32(validator.GetOperator())
		if err != nil {
			return err
		}
		// A validator without commission has nothing to withdraw.
		_, _ = app.DistrKeeper.WithdrawValidatorCommission(ctx, operator)
	}
	delegations, err := app.StakingKeeper.GetAllDelegations(ctx)
	if err != nil {
		return err
	}
	for _, d := range delegations {
		delegator, operator, err := parties(d)
		if err != nil {
			return err
		}
		if _, err := app.DistrKeeper.WithdrawDelegationRewards(ctx, delegator, operator); err != nil {
			return fmt.Errorf("rewards of %s at %s: %w", d.DelegatorAddress, d.ValidatorAddress, err)
		}
	}
	app.DistrKeeper.DeleteAllValidatorSlashEvents(ctx)
	app.DistrKeeper.DeleteAllValidatorHistoricalRewards(ctx)

	ctx = ctx.WithBlockHeight(0)
	for _, validator := range validators {
		operator, err := sdk.ValAddressFromBech32(validator.GetOperator())
		if err != nil {
			return err
		}
		if err := app.donateScraps(ctx, operator); err != nil {
			return err
		}
		if err := app.DistrKeeper.Hooks().AfterValidatorCreated(ctx, operator); err != nil {
			return err
		}
	}
	for _, d := range delegations {
		delegator, operator, err := parties(d)
		if err != nil {
			return err
		}
		if err := app.DistrKeeper.Hooks().BeforeDelegationCreated(ctx, delegator, operator); err != nil {
			return err
		}
		if err := app.DistrKeeper.Hooks().AfterDelegationModified(ctx, delegator, operator); err != nil {
			return err
		}
	}
	return nil
}

// donateScraps gives the fractions that nobody could withdraw to the community pool:
// a new record forgets them, and what distribution holds must add up.
func (app *App) donateScraps(ctx sdk.Context, operator sdk.ValAddress) error {
	scraps, err := app.DistrKeeper.GetValidatorOutstandingRewardsCoins(ctx, operator)
	if err != nil {
		return err
	}
	fees, err := app.DistrKeeper.FeePool.Get(ctx)
	if err != nil {
		return err
	}
	fees.CommunityPool = fees.CommunityPool.Add(scraps...)
	return app.DistrKeeper.FeePool.Set(ctx, fees)
}

func parties(d stakingtypes.Delegation) (sdk.AccAddress, sdk.ValAddress, error) {
	delegator, err := sdk.AccAddressFromBech32(d.DelegatorAddress)
	if err != nil {
		return nil, nil, err
	}
	operator, err := sdk.ValAddressFromBech32(d.ValidatorAddress)
	return delegator, operator, err
}

// resetStaking moves creation heights of unbondings and redelegations to zero.
func (app *App) resetStaking(ctx sdk.Context) error {
	var failed error
	err := app.StakingKeeper.IterateRedelegations(ctx, func(_ int64, red stakingtypes.Redelegation) bool {
		for i := range red.Entries {
			red.Entries[i].CreationHeight = 0
		}
		failed = app.StakingKeeper.SetRedelegation(ctx, red)
		return failed != nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	err = app.StakingKeeper.IterateUnbondingDelegations(ctx, func(_ int64, ubd stakingtypes.UnbondingDelegation) bool {
		for i := range ubd.Entries {
			ubd.Entries[i].CreationHeight = 0
		}
		failed = app.StakingKeeper.SetUnbondingDelegation(ctx, ubd)
		return failed != nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return app.resetValidators(ctx)
}

// resetValidators moves unbonding heights of validators to zero.
func (app *App) resetValidators(ctx sdk.Context) error {
	iterator := storetypes.KVStoreReversePrefixIterator(ctx.KVStore(app.keys[stakingtypes.StoreKey]), stakingtypes.ValidatorsKey)
	defer func() { _ = iterator.Close() }()
	for ; iterator.Valid(); iterator.Next() {
		operator := sdk.ValAddress(stakingtypes.AddressFromValidatorsKey(iterator.Key()))
		validator, err := app.StakingKeeper.GetValidator(ctx, operator)
		if err != nil {
			return fmt.Errorf("validator %s: %w", operator, err)
		}
		validator.UnbondingHeight = 0
		if err := app.StakingKeeper.SetValidator(ctx, validator); err != nil {
			return err
		}
	}
	_, err := app.StakingKeeper.ApplyAndReturnValidatorSetUpdates(ctx)
	return err
}
