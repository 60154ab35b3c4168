package app

import (
	"encoding/json"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/distribution"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
)

// GenesisState is the state of every module at the first block, by module name.
type GenesisState map[string]json.RawMessage

// DefaultGenesis is the state of an empty network.
func (app *App) DefaultGenesis() GenesisState {
	return app.BasicModuleManager.DefaultGenesis(app.appCodec)
}

// MaxBlockGas bounds a block: about 4,500 rows of 64 weights, as measured.
const MaxBlockGas = 450_000_000

// DefaultConsensusParams are CometBFT's with our bounds on a block.
func DefaultConsensusParams() *cmttypes.ConsensusParams {
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = DefaultMaxBytes
	params.Block.MaxGas = MaxBlockGas
	return params
}

// initChain turns genesis into the first state.
func (app *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var genesis GenesisState
	if err := json.Unmarshal(req.AppStateBytes, &genesis); err != nil {
		return nil, err
	}
	if err := app.UpgradeKeeper.SetModuleVersionMap(ctx, app.ModuleManager.GetVersionMap()); err != nil {
		return nil, err
	}
	res, err := app.ModuleManager.InitGenesis(ctx, app.appCodec, genesis)
	if err != nil {
		return nil, err
	}
	// What one module cannot see alone, such as pay that nobody is owed.
	return res, app.Invariants(ctx)
}

// genesisBasics replaces the default genesis of SDK modules where ours differs.
func genesisBasics() map[string]module.AppModuleBasic {
	return map[string]module.AppModuleBasic{
		genutiltypes.ModuleName:  genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
		banktypes.ModuleName:     bankBasic{},
		distrtypes.ModuleName:    distrBasic{},
		govtypes.ModuleName:      govBasic{},
		slashingtypes.ModuleName: slashingBasic{},
	}
}

// bankBasic describes Tao in genesis.
type bankBasic struct{ bank.AppModuleBasic }

// DefaultGenesis implements module.HasGenesisBasics.
func (bankBasic) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := banktypes.DefaultGenesisState()
	state.DenomMetadata = append(state.DenomMetadata, Metadata())
	return cdc.MustMarshalJSON(state)
}

// distrBasic has no community tax: emission has a treasury share of its own.
type distrBasic struct{ distribution.AppModuleBasic }

// DefaultGenesis implements module.HasGenesisBasics.
func (distrBasic) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := distrtypes.DefaultGenesisState()
	state.Params.CommunityTax = sdkmath.LegacyZeroDec()
	return cdc.MustMarshalJSON(state)
}

// Deposits of a proposal, in rao.
const (
	minDeposit          = 10_000_000_000
	minExpeditedDeposit = 50_000_000_000
	expeditedVoting     = 24 * time.Hour
)

// govBasic asks deposits in Tao.
type govBasic struct{ gov.AppModuleBasic }

// DefaultGenesis implements module.HasGenesisBasics.
func (govBasic) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := govv1.DefaultGenesisState()
	state.Params.MinDeposit = sdk.NewCoins(sdk.NewInt64Coin(BaseDenom, minDeposit))
	state.Params.ExpeditedMinDeposit = sdk.NewCoins(sdk.NewInt64Coin(BaseDenom, minExpeditedDeposit))
	period := expeditedVoting
	state.Params.ExpeditedVotingPeriod = &period
	return cdc.MustMarshalJSON(state)
}

// When a validator counts as away. A window of 10,000 blocks is 2 h 47 min; who has
// signed less than a twentieth of it is jailed.
const (
	slashingWindow  = 10_000
	downtimeJailing = 10 * time.Minute
)

// slashingBasic gives a validator hours to come back, where the SDK's 100 blocks are
// under two minutes. The fractions are those of the Cosmos Hub: 5 % for signing
// twice, 0.01 % for being away.
type slashingBasic struct{ slashing.AppModuleBasic }

// DefaultGenesis implements module.HasGenesisBasics.
func (slashingBasic) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := slashingtypes.DefaultGenesisState()
	state.Params = slashingtypes.NewParams(slashingWindow, sdkmath.LegacyNewDecWithPrec(5, 2), downtimeJailing,
		sdkmath.LegacyNewDecWithPrec(5, 2), sdkmath.LegacyNewDecWithPrec(1, 4))
	return cdc.MustMarshalJSON(state)
}
