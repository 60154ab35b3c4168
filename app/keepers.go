package app

import (
	"maps"
	"slices"

	"github.com/spf13/cast"

	corestore "cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distrkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	evidencekeeper "github.com/cosmos/cosmos-sdk/x/evidence/keeper"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	emissionkeeper "github.com/taonet/taonet/x/emission/keeper"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	neuronkeeper "github.com/taonet/taonet/x/neuron/keeper"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnetkeeper "github.com/taonet/taonet/x/subnet/keeper"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightskeeper "github.com/taonet/taonet/x/weights/keeper"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// Keepers of all modules. Own modules depend one way: emission <- subnet <-
// neuron <- weights; each sees the ones before it through interfaces of its own.
type Keepers struct {
	AccountKeeper   authkeeper.AccountKeeper
	BankKeeper      bankkeeper.BaseKeeper
	ConsensusKeeper consensuskeeper.Keeper
	StakingKeeper   *stakingkeeper.Keeper
	SlashingKeeper  slashingkeeper.Keeper
	DistrKeeper     distrkeeper.Keeper
	EvidenceKeeper  *evidencekeeper.Keeper
	GovKeeper       *govkeeper.Keeper
	UpgradeKeeper   *upgradekeeper.Keeper
	AuthzKeeper     authzkeeper.Keeper
	FeeGrantKeeper  feegrantkeeper.Keeper

	EmissionKeeper *emissionkeeper.Keeper
	SubnetKeeper   *subnetkeeper.Keeper
	NeuronKeeper   *neuronkeeper.Keeper
	WeightsKeeper  *weightskeeper.Keeper
}

// moduleAccounts names every module account and what it may do with coins.
// Only emission mints.
func moduleAccounts() map[string][]string {
	return map[string][]string{
		authtypes.FeeCollectorName:          nil,
		distrtypes.ModuleName:               nil,
		stakingtypes.BondedPoolName:         {authtypes.Burner, authtypes.Staking},
		stakingtypes.NotBondedPoolName:      {authtypes.Burner, authtypes.Staking},
		stakingtypes.KeyRotationFeePoolName: {authtypes.Burner},
		govtypes.ModuleName:                 {authtypes.Burner},
		emissiontypes.ModuleName:            {authtypes.Minter, authtypes.Burner},
		subnettypes.ModuleName:              nil,
		neurontypes.ModuleName:              nil,
		neurontypes.UnbondingName:           nil,
	}
}

// storeNames lists the module stores.
func storeNames() []string {
	return []string{
		authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey, stakingtypes.StoreKey,
		slashingtypes.StoreKey, distrtypes.StoreKey, evidencetypes.StoreKey, govtypes.StoreKey,
		upgradetypes.StoreKey, authzkeeper.StoreKey, feegrant.StoreKey,
		emissiontypes.StoreKey, subnettypes.StoreKey, neurontypes.StoreKey, weightstypes.StoreKey,
	}
}

// blockedAddresses are the module accounts; nobody may send to them but the
// community may through governance.
func blockedAddresses() map[string]bool {
	blocked := make(map[string]bool)
	for name := range moduleAccounts() {
		blocked[authtypes.NewModuleAddress(name).String()] = name != govtypes.ModuleName
	}
	return blocked
}

// authority is the account that governance acts as.
func authority() string { return authtypes.NewModuleAddress(govtypes.ModuleName).String() }

// newKeepers builds all keepers in the order in which they depend on each other.
func newKeepers(app *App, opts servertypes.AppOptions) Keepers {
	var k Keepers
	gov := authority()
	accounts := address.NewBech32Codec(Bech32Prefix)
	validators := address.NewBech32Codec(Bech32Prefix + "valoper")
	consensus := address.NewBech32Codec(Bech32Prefix + "valcons")
	cdc := app.appCodec
	store := func(name string) corestore.KVStoreService { return runtime.NewKVStoreService(app.keys[name]) }

	k.ConsensusKeeper = consensuskeeper.NewKeeper(cdc, store(consensustypes.StoreKey), gov, runtime.EventService{})
	app.SetParamStore(k.ConsensusKeeper.ParamsStore)

	k.AccountKeeper = authkeeper.NewAccountKeeper(cdc, store(authtypes.StoreKey), authtypes.ProtoBaseAccount,
		moduleAccounts(), accounts, Bech32Prefix, gov, authkeeper.WithUnorderedTransactions(true))
	k.BankKeeper = bankkeeper.NewBaseKeeper(cdc, store(banktypes.StoreKey), k.AccountKeeper,
		blockedAddresses(), gov, app.Logger()).WithObjStoreKey(app.objKeys[banktypes.ObjectStoreKey])

	k.StakingKeeper = stakingkeeper.NewKeeper(cdc, store(stakingtypes.StoreKey), k.AccountKeeper, k.BankKeeper,
		gov, validators, consensus)
	k.DistrKeeper = distrkeeper.NewKeeper(cdc, store(distrtypes.StoreKey), k.AccountKeeper, k.BankKeeper,
		k.StakingKeeper, authtypes.FeeCollectorName, gov)
	k.SlashingKeeper = slashingkeeper.NewKeeper(cdc, app.legacyAmino, store(slashingtypes.StoreKey), k.StakingKeeper, gov)
	k.StakingKeeper.SetHooks(stakingtypes.NewMultiStakingHooks(k.DistrKeeper.Hooks(), k.SlashingKeeper.Hooks()))
	k.EvidenceKeeper = evidencekeeper.NewKeeper(cdc, store(evidencetypes.StoreKey), k.StakingKeeper, k.SlashingKeeper,
		accounts, runtime.ProvideCometInfoService())

	k.FeeGrantKeeper = feegrantkeeper.NewKeeper(cdc, store(feegrant.StoreKey), k.AccountKeeper).SetBankKeeper(k.BankKeeper)
	k.AuthzKeeper = authzkeeper.NewKeeper(store(authzkeeper.StoreKey), cdc, app.MsgServiceRouter(), k.AccountKeeper).SetBankKeeper(k.BankKeeper)
	k.UpgradeKeeper = upgradekeeper.NewKeeper(skippedUpgrades(opts), store(upgradetypes.StoreKey), cdc,
		cast.ToString(opts.Get(flags.FlagHome)), app.BaseApp, gov)

	k.GovKeeper = govkeeper.NewKeeper(cdc, store(govtypes.StoreKey), k.AccountKeeper, k.BankKeeper, k.DistrKeeper,
		app.MsgServiceRouter(), govtypes.DefaultConfig(), gov,
		govkeeper.NewDefaultCalculateVoteResultsAndVotingPower(k.StakingKeeper))
	legacy := govv1beta1.NewRouter()
	legacy.AddRoute(govtypes.RouterKey, govv1beta1.ProposalHandler)
	k.GovKeeper.SetLegacyRouter(legacy)

	k.EmissionKeeper = emissionkeeper.NewKeeper(cdc, store(emissiontypes.StoreKey), k.AccountKeeper, k.BankKeeper,
		k.DistrKeeper, authtypes.FeeCollectorName, gov, sortedModuleAccounts())
	k.SubnetKeeper = subnetkeeper.NewKeeper(cdc, store(subnettypes.StoreKey), k.AccountKeeper, k.BankKeeper,
		k.EmissionKeeper, gov)
	k.NeuronKeeper = neuronkeeper.NewKeeper(cdc, store(neurontypes.StoreKey), k.AccountKeeper, k.BankKeeper,
		k.EmissionKeeper, k.SubnetKeeper, k.StakingKeeper, gov)
	k.WeightsKeeper = weightskeeper.NewKeeper(cdc, store(weightstypes.StoreKey), k.EmissionKeeper, k.SubnetKeeper,
		k.NeuronKeeper, gov)
	// What a lower module asks of a higher one.
	k.SubnetKeeper.SetStakeSource(k.NeuronKeeper)
	k.NeuronKeeper.SetUidHooks(k.WeightsKeeper)
	k.BankKeeper.AppendSendRestriction(k.NeuronKeeper.SendRestriction)
	return k
}

// sortedModuleAccounts lists the module accounts by name.
func sortedModuleAccounts() []string {
	return slices.Sorted(maps.Keys(moduleAccounts()))
}

// skippedUpgrades are the heights of upgrades that the operator chose to skip.
func skippedUpgrades(opts servertypes.AppOptions) map[int64]bool {
	skip := make(map[int64]bool)
	for _, height := range cast.ToIntSlice(opts.Get(server.FlagUnsafeSkipUpgrades)) {
		skip[int64(height)] = true
	}
	return skip
}
