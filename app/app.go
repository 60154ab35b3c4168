// Package app is the chain: the SDK's modules and our own wired by hand.
//
// It reads in the order in which things are built: config.go (names and
// prefixes), app.go (stores, then everything below), keepers.go (who keeps what
// and who may call whom), modules.go (the modules and the order of their turns),
// ante.go (what happens to a transaction before its messages), genesis.go,
// export.go and upgrades.go.
package app

import (
	"io"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	reflectionv1 "cosmossdk.io/api/cosmos/reflection/v1"
	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/core/appmodule"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/baseapp/blockexec"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/server/api"
	"github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/std"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/cosmos/cosmos-sdk/version"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/taonet/taonet/app/lane"
)

var _ servertypes.Application = (*App)(nil)

// App is the chain.
type App struct {
	*baseapp.BaseApp
	Keepers

	legacyAmino       *codec.LegacyAmino
	appCodec          codec.Codec
	txConfig          client.TxConfig
	interfaceRegistry codectypes.InterfaceRegistry

	keys    map[string]*storetypes.KVStoreKey
	objKeys map[string]*storetypes.ObjectStoreKey

	ModuleManager      *module.Manager
	BasicModuleManager module.BasicManager
	configurator       module.Configurator
	simulation         *module.SimulationManager

	slots *lane.Slots
}

// Option names for app.toml and the command line, beside the SDK's own.
const (
	// OptionSignatureCache is how many verified transactions a node remembers; 0 for none.
	OptionSignatureCache = "tao.signature-cache"
	// OptionHeapTarget is the heap in MiB that a node fills before it collects garbage;
	// 0 leaves it to Go.
	OptionHeapTarget = "tao.heap-target"
	// OptionInvariants checks every invariant after every block; for tests.
	OptionInvariants = "tao.invariants"
)

// Defaults of the options and of what a node keeps pending.
const (
	DefaultSignatureCache = 65_536
	DefaultHeapTarget     = 640
	DefaultMempoolSize    = 20_000
	DefaultMaxBytes       = 4 << 20
)

// New builds the chain on db. With loadLatest it is ready to go on from the last
// block; otherwise the caller loads a version.
func New(
	logger log.Logger, db dbm.DB, _ io.Writer, loadLatest bool,
	opts servertypes.AppOptions, baseAppOptions ...func(*baseapp.BaseApp),
) *App {
	registry := newInterfaceRegistry()
	appCodec := codec.NewProtoCodec(registry)
	legacyAmino := codec.NewLegacyAmino()
	txConfig := authtx.NewTxConfig(appCodec, authtx.DefaultSignModes)
	std.RegisterLegacyAminoCodec(legacyAmino)
	std.RegisterInterfaces(registry)

	baseAppOptions = append(baseAppOptions, baseapp.SetOptimisticExecution())
	base := baseapp.NewBaseApp(Name, logger, db, txConfig.TxDecoder(), baseAppOptions...)
	base.SetVersion(version.Version)
	base.SetInterfaceRegistry(registry)
	base.SetTxEncoder(txConfig.TxEncoder())

	app := &App{
		BaseApp:           base,
		legacyAmino:       legacyAmino,
		appCodec:          appCodec,
		txConfig:          txConfig,
		interfaceRegistry: registry,
		keys:              storetypes.NewKVStoreKeys(storeNames()...),
		objKeys:           storetypes.NewObjectStoreKeys(banktypes.ObjectStoreKey),
	}
	// Block-STM when block-executor says so, one transaction after the other otherwise.
	blockexec.Apply(base, opts, app.storeKeys(), txConfig.TxDecoder(),
		func(storetypes.MultiStore) string { return BaseDenom })

	app.Keepers = newKeepers(app, opts)
	app.wireModules()
	app.wireServices()

	app.MountKVStores(app.keys)
	app.MountObjectStores(app.objKeys)
	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(app.preBlock)
	app.SetBeginBlocker(app.ModuleManager.BeginBlock)
	app.SetEndBlocker(app.endBlocker(opts))
	app.setHandlers(opts)
	app.registerUpgrades()

	if loadLatest {
		if err := app.LoadLatestVersion(); err != nil {
			panic(err)
		}
	}
	return app
}

// newInterfaceRegistry knows how our addresses look.
func newInterfaceRegistry() codectypes.InterfaceRegistry {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          address.NewBech32Codec(Bech32Prefix),
			ValidatorAddressCodec: address.NewBech32Codec(Bech32Prefix + "valoper"),
		},
	})
	if err != nil {
		panic(err)
	}
	if err := registry.SigningContext().Validate(); err != nil {
		panic(err)
	}
	return registry
}

// storeKeys lists every store that a transaction may touch.
func (app *App) storeKeys() []storetypes.StoreKey {
	keys := make([]storetypes.StoreKey, 0, len(app.keys)+len(app.objKeys))
	for _, name := range storeNames() {
		keys = append(keys, app.keys[name])
	}
	for _, key := range app.objKeys {
		keys = append(keys, key)
	}
	return keys
}

// wireServices registers messages, queries, reflection and command line options.
func (app *App) wireServices() {
	app.configurator = module.NewConfigurator(app.appCodec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	if err := app.ModuleManager.RegisterServices(app.configurator); err != nil {
		panic(err)
	}
	autocliv1.RegisterQueryServer(app.GRPCQueryRouter(), runtimeservices.NewAutoCLIQueryService(app.ModuleManager.Modules))
	reflection, err := runtimeservices.NewReflectionService()
	if err != nil {
		panic(err)
	}
	reflectionv1.RegisterReflectionServiceServer(app.GRPCQueryRouter(), reflection)
	files, err := proto.MergedRegistry()
	if err != nil {
		panic(err)
	}
	if err := msgservice.ValidateProtoAnnotations(files); err != nil {
		panic(err)
	}
}

// preBlock runs upgrades and lets unordered nonces expire.
func (app *App) preBlock(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
	return app.ModuleManager.PreBlock(ctx)
}

// LegacyAmino returns the codec of the old signing mode.
func (app *App) LegacyAmino() *codec.LegacyAmino { return app.legacyAmino }

// AppCodec returns the codec of state and messages.
func (app *App) AppCodec() codec.Codec { return app.appCodec }

// InterfaceRegistry returns what Any may hold.
func (app *App) InterfaceRegistry() codectypes.InterfaceRegistry { return app.interfaceRegistry }

// TxConfig returns how transactions are encoded and signed.
func (app *App) TxConfig() client.TxConfig { return app.txConfig }

// SimulationManager returns what the simulator drives.
func (app *App) SimulationManager() *module.SimulationManager { return app.simulation }

// StoreKey returns the key of a module's store, nil when it has none.
func (app *App) StoreKey(name string) *storetypes.KVStoreKey { return app.keys[name] }

// LoadHeight loads the state of a past block.
func (app *App) LoadHeight(height int64) error { return app.LoadVersion(height) }

// AutoCliOpts is what the command line is made from.
func (app *App) AutoCliOpts() autocli.AppOptions {
	modules := make(map[string]appmodule.AppModule)
	for name, m := range app.ModuleManager.Modules {
		if m, ok := m.(appmodule.AppModule); ok {
			modules[name] = m
		}
	}
	return autocli.AppOptions{
		Modules:               modules,
		ModuleOptions:         runtimeservices.ExtractAutoCLIOptions(app.ModuleManager.Modules),
		AddressCodec:          address.NewBech32Codec(Bech32Prefix),
		ValidatorAddressCodec: address.NewBech32Codec(Bech32Prefix + "valoper"),
		ConsensusAddressCodec: address.NewBech32Codec(Bech32Prefix + "valcons"),
	}
}

// RegisterAPIRoutes serves REST and the API's description.
func (app *App) RegisterAPIRoutes(apiServer *api.Server, cfg config.APIConfig) {
	clientCtx := apiServer.ClientCtx
	authtx.RegisterGRPCGatewayRoutes(clientCtx, apiServer.GRPCGatewayRouter)
	cmtservice.RegisterGRPCGatewayRoutes(clientCtx, apiServer.GRPCGatewayRouter)
	nodeservice.RegisterGRPCGatewayRoutes(clientCtx, apiServer.GRPCGatewayRouter)
	app.BasicModuleManager.RegisterGRPCGatewayRoutes(clientCtx, apiServer.GRPCGatewayRouter)
	if cfg.Swagger {
		registerOpenAPI(apiServer.Router)
	}
}

// RegisterTxService serves simulation, broadcast and look-up of transactions.
func (app *App) RegisterTxService(clientCtx client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), clientCtx, app.Simulate, app.interfaceRegistry)
}

// RegisterTendermintService serves blocks and validators.
func (app *App) RegisterTendermintService(clientCtx client.Context) {
	cmtservice.RegisterTendermintService(clientCtx, app.GRPCQueryRouter(), app.interfaceRegistry,
		server.NewCometABCIWrapper(app).Query)
}

// RegisterNodeService serves the node's settings.
func (app *App) RegisterNodeService(clientCtx client.Context, cfg config.Config) {
	nodeservice.RegisterNodeService(clientCtx, app.GRPCQueryRouter(), cfg, func() int64 {
		return app.CommitMultiStore().EarliestVersion()
	})
}
