package main

import (
	"errors"
	"io"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/taonet/taonet/app"
)

func addStartFlags(cmd *cobra.Command) {
	cmd.Flags().Int(app.OptionSignatureCache, app.DefaultSignatureCache,
		"How many verified transactions to remember; 0 for none")
	cmd.Flags().Uint64(app.OptionHeapTarget, app.DefaultHeapTarget,
		"MiB of heap to fill before garbage is collected; 0 leaves it to GOGC")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		return setHeapTarget(server.GetServerContextFromCmd(cmd).Viper)
	}
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
	if chain.LastBlockHeight() == 0 {
		return servertypes.ExportedApp{}, errors.New("there is no block yet, nothing but the genesis: start the node first")
	}
	return chain.ExportAppStateAndValidators(forZeroHeight, allowed, modules)
}
