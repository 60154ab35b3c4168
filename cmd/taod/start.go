package main

import (
	"errors"
	"io"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"

	"github.com/taonet/taonet/app"
)

// nodeConfig is app.toml: the SDK's sections and one of our own.
type nodeConfig struct {
	serverconfig.Config `mapstructure:",squash"`
	Tao                 taoConfig `mapstructure:"tao"`
}

type taoConfig struct {
	SignatureCache int `mapstructure:"signature-cache"`
}

const taoTemplate = `
###############################################################################
###                                   Tao                                   ###
###############################################################################

[tao]
# How many transactions with a valid signature the node remembers, so that a block
# need not verify them again. 0 switches it off; results are the same.
signature-cache = {{ .Tao.SignatureCache }}
`

// appConfig returns the template of app.toml and its defaults.
func appConfig() (string, any) {
	cfg := serverconfig.DefaultConfig()
	cfg.MinGasPrices = app.MinGasPrice
	cfg.Pruning = pruningtypes.PruningOptionCustom
	cfg.PruningKeepRecent = "1000"
	cfg.PruningInterval = "10"
	cfg.API.Enable = true
	cfg.API.Swagger = true
	cfg.API.Address = "tcp://localhost:1317"
	cfg.GRPC.Enable = true
	cfg.StateSync.SnapshotInterval = 1000
	cfg.StateSync.SnapshotKeepRecent = 2
	cfg.Mempool.MaxTxs = -1
	return serverconfig.DefaultConfigTemplate + taoTemplate,
		nodeConfig{Config: *cfg, Tao: taoConfig{SignatureCache: app.DefaultSignatureCache}}
}

// cometConfig returns the defaults of config.toml: a block a second.
func cometConfig() *cmtcfg.Config {
	cfg := cmtcfg.DefaultConfig()
	// Exactly 1 s equals CometBFT's default; the SDK would take it for unset and
	// make it 5 s.
	cfg.Consensus.TimeoutCommit = 999 * time.Millisecond
	cfg.Mempool.Size = app.DefaultMempoolSize
	cfg.Mempool.CacheSize = 2 * app.DefaultMempoolSize
	return cfg
}

func addStartFlags(cmd *cobra.Command) {
	cmd.Flags().Int(app.OptionSignatureCache, app.DefaultSignatureCache,
		"How many verified transactions to remember; 0 for none")
}

// newApp builds the chain for a node.
func newApp(logger log.Logger, db dbm.DB, opts servertypes.AppOptions) servertypes.Application {
	return app.New(logger, db, nil, true, opts, server.DefaultBaseappOptions(opts)...)
}

// exportApp builds the chain at a height and writes its state as a genesis.
func exportApp(
	logger log.Logger, db dbm.DB, height int64, forZeroHeight bool, allowed []string,
	opts servertypes.AppOptions, modules []string,
) (servertypes.ExportedApp, error) {
	home, ok := opts.Get(flags.FlagHome).(string)
	if !ok || home == "" {
		return servertypes.ExportedApp{}, errors.New("no home folder: give --home")
	}
	v, ok := opts.(*viper.Viper)
	if !ok {
		return servertypes.ExportedApp{}, errors.New("options are not from the command line")
	}
	v.Set(server.FlagInvCheckPeriod, 1)
	chain := app.New(logger, db, io.Discard, height == -1, v)
	if height != -1 {
		if err := chain.LoadHeight(height); err != nil {
			return servertypes.ExportedApp{}, err
		}
	}
	return chain.ExportAppStateAndValidators(forZeroHeight, allowed, modules)
}
