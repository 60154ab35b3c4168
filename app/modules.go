package app

import (
	"cosmossdk.io/core/address"

	addresscodec "github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authsims "github.com/cosmos/cosmos-sdk/x/auth/simulation"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/auth/vesting"
	vestingtypes "github.com/cosmos/cosmos-sdk/x/auth/vesting/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/distribution"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/evidence"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/taonet/taonet/x/emission"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	"github.com/taonet/taonet/x/subnet"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// wireModules makes the modules and says in which order they take their turns.
func (app *App) wireModules() {
	app.ModuleManager = module.NewManager(app.modules(addresscodec.NewBech32Codec(Bech32Prefix))...)
	app.BasicModuleManager = module.NewBasicManagerFromManager(app.ModuleManager, genesisBasics())
	app.BasicModuleManager.RegisterLegacyAminoCodec(app.legacyAmino)
	app.BasicModuleManager.RegisterInterfaces(app.interfaceRegistry)
	app.setOrders()

	app.simulation = module.NewSimulationManagerFromAppModules(app.ModuleManager.Modules, nil)
	app.simulation.RegisterStoreDecoders()
}

// modules lists all modules.
func (app *App) modules(accounts address.Codec) []module.AppModule {
	cdc := app.appCodec
	return []module.AppModule{
		genutil.NewAppModule(app.AccountKeeper, app.StakingKeeper, app, app.txConfig),
		auth.NewAppModule(cdc, app.AccountKeeper, authsims.RandomGenesisAccounts),
		vesting.NewAppModule(app.AccountKeeper, app.BankKeeper),
		bank.NewAppModule(cdc, app.BankKeeper, app.AccountKeeper),
		consensus.NewAppModule(cdc, app.ConsensusKeeper),
		staking.NewAppModule(cdc, app.StakingKeeper, app.AccountKeeper, app.BankKeeper),
		slashing.NewAppModule(cdc, app.SlashingKeeper, app.AccountKeeper, app.BankKeeper, app.StakingKeeper, app.interfaceRegistry),
		distribution.NewAppModule(cdc, app.DistrKeeper, app.AccountKeeper, app.BankKeeper, app.StakingKeeper),
		evidence.NewAppModule(*app.EvidenceKeeper),
		gov.NewAppModule(cdc, app.GovKeeper, app.AccountKeeper, app.BankKeeper),
		upgrade.NewAppModule(app.UpgradeKeeper, accounts),
		authzmodule.NewAppModule(cdc, app.AuthzKeeper, app.AccountKeeper, app.BankKeeper, app.interfaceRegistry),
		feegrantmodule.NewAppModule(cdc, app.AccountKeeper, app.BankKeeper, app.FeeGrantKeeper, app.interfaceRegistry),
		emission.NewAppModule(cdc, app.EmissionKeeper),
		subnet.NewAppModule(cdc, app.SubnetKeeper),
		neuron.NewAppModule(cdc, app.NeuronKeeper),
		weights.NewAppModule(cdc, app.WeightsKeeper),
	}
}

// setOrders says in which order modules take their turns.
func (app *App) setOrders() {
	m := app.ModuleManager
	m.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	// Emission first: it mints what distribution pays to validators.
	m.SetOrderBeginBlockers(
		emissiontypes.ModuleName, distrtypes.ModuleName, slashingtypes.ModuleName, evidencetypes.ModuleName,
		stakingtypes.ModuleName, genutiltypes.ModuleName, authz.ModuleName,
	)
	// Bank first: it credits the block's fees. Votes are counted on the stakes that
	// the epochs of the block saw.
	m.SetOrderEndBlockers(
		banktypes.ModuleName, govtypes.ModuleName, stakingtypes.ModuleName, genutiltypes.ModuleName,
		feegrant.ModuleName, neurontypes.ModuleName, weightstypes.ModuleName, subnettypes.ModuleName,
	)
	// Genutil delivers the validators' first transactions: it needs accounts, stake
	// and all that an ante handler reads.
	m.SetOrderInitGenesis(
		consensustypes.ModuleName, authtypes.ModuleName, banktypes.ModuleName, distrtypes.ModuleName,
		stakingtypes.ModuleName, slashingtypes.ModuleName, govtypes.ModuleName, evidencetypes.ModuleName,
		feegrant.ModuleName, authz.ModuleName, upgradetypes.ModuleName, vestingtypes.ModuleName,
		emissiontypes.ModuleName, subnettypes.ModuleName, neurontypes.ModuleName, weightstypes.ModuleName,
		genutiltypes.ModuleName,
	)
	m.SetOrderExportGenesis(m.OrderInitGenesis...)
}
