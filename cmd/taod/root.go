package main

import (
	"os"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	confixcmd "cosmossdk.io/tools/confix/cmd"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	clientconfig "github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/debug"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/client/pruning"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/client/snapshot"
	"github.com/cosmos/cosmos-sdk/server"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	authcmd "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app"
)

// newRootCmd returns the whole command line.
func newRootCmd() *cobra.Command {
	// An app in memory knows all modules: codecs, messages, command line options.
	known := app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, true,
		simtestutil.NewAppOptionsWithFlagHome(app.DefaultNodeHome))
	initial := client.Context{}.
		WithCodec(known.AppCodec()).
		WithInterfaceRegistry(known.InterfaceRegistry()).
		WithTxConfig(known.TxConfig()).
		WithLegacyAmino(known.LegacyAmino()).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(app.DefaultNodeHome).
		WithViper("TAOD")

	root := &cobra.Command{
		Use:           app.Name,
		Short:         "A node of the Tao network and its command line",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return prepare(cmd, initial)
		},
	}
	root.SetErr(os.Stderr)
	root.SetOut(os.Stdout)
	addCommands(root, known)

	options := known.AutoCliOpts()
	options.ClientCtx = initial
	if err := options.EnhanceRootCommand(root); err != nil {
		panic(err)
	}
	setTxDefaults(root)
	return root
}

// prepare reads configuration before any command runs.
func prepare(cmd *cobra.Command, clientCtx client.Context) error {
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	clientCtx = clientCtx.WithCmdContext(cmd.Context())
	clientCtx, err := client.ReadPersistentCommandFlags(clientCtx, cmd.Flags())
	if err != nil {
		return err
	}
	if clientCtx, err = clientconfig.ReadFromClientConfig(clientCtx); err != nil {
		return err
	}
	if err := client.SetCmdClientContextHandler(clientCtx, cmd); err != nil {
		return err
	}
	template, appConfig := appConfig()
	return server.InterceptConfigsPreRunHandler(cmd, template, appConfig, cometConfig())
}

// addCommands adds every command that autocli does not make.
func addCommands(root *cobra.Command, known *app.App) {
	root.AddCommand(
		initCmd(known),
		genesisCmd(known),
		debug.Cmd(),
		confixcmd.ConfigCommand(),
		pruning.Cmd(newApp, app.DefaultNodeHome),
		snapshot.Cmd(newApp),
		server.StatusCommand(),
		keys.Commands(),
		queryCmd(),
		txCmd(),
	)
	server.AddCommands(root, app.DefaultNodeHome, newApp, exportApp, addStartFlags)
}

// queryCmd holds what can be asked.
func queryCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "query",
		Aliases:                    []string{"q"},
		Short:                      "Ask a node",
		SuggestionsMinimumDistance: 2,
		RunE:                       client.ValidateCmd,
	}
	cmd.AddCommand(
		rpc.WaitTxCmd(),
		server.QueryBlockCmd(),
		server.QueryBlocksCmd(),
		server.QueryBlockResultsCmd(),
		authcmd.QueryTxCmd(),
		authcmd.QueryTxsByEventsCmd(),
	)
	return cmd
}

// txCmd holds what can be sent.
func txCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "tx",
		Short:                      "Send a transaction",
		SuggestionsMinimumDistance: 2,
		RunE:                       client.ValidateCmd,
	}
	cmd.AddCommand(
		authcmd.GetSignCommand(),
		authcmd.GetSignBatchCommand(),
		authcmd.GetMultiSignCommand(),
		authcmd.GetMultiSignBatchCmd(),
		authcmd.GetValidateSignaturesCommand(),
		authcmd.GetBroadcastCommand(),
		authcmd.GetEncodeCommand(),
		authcmd.GetDecodeCommand(),
		authcmd.GetSimulateCmd(),
	)
	return cmd
}

// setTxDefaults makes gas and its price something that nobody has to type.
func setTxDefaults(cmd *cobra.Command) {
	for flag, value := range map[string]string{
		flags.FlagGas:           flags.GasFlagAuto,
		flags.FlagGasAdjustment: "1.5",
		flags.FlagGasPrices:     app.MinGasPrice,
	} {
		f := cmd.Flags().Lookup(flag)
		if f == nil || f.Changed || f.DefValue == value {
			continue
		}
		if cmd.Annotations[freeAnnotation] != "" && flag == flags.FlagGasPrices {
			continue
		}
		f.DefValue = value
		if err := f.Value.Set(value); err != nil {
			panic(err)
		}
	}
	for _, sub := range cmd.Commands() {
		setTxDefaults(sub)
	}
}

// freeAnnotation marks commands whose transactions travel in the free lane.
const freeAnnotation = "tao/free"
