package main

import (
	"os"
	"strings"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoregistry"

	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/client/v2/autocli/flag"
	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	clientconfig "github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/debug"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/pruning"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/client/snapshot"
	"github.com/cosmos/cosmos-sdk/server"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	authcmd "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/keys"
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
		WithKeyringOptions(keys.Option()).
		WithViper(envPrefix)

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

	enhance(root, known, initial)
	inTao(find(root, "query"), 0)
	attach(root, "query weights", weightsQueryCmds()...)
	attach(root, "tx weights", weightsTxCmds()...)
	attach(root, "tx neuron", neuronTxCmds()...)
	nameRecipients(find(root, "tx bank send"))
	nameRecipients(find(root, "tx bank multi-send"))
	setTxDefaults(root)
	watch(find(root, "tx"), 0)
	watch(find(root, "localnet"), 2)
	root.SetFlagErrorFunc(flagError)
	checkArgs(root)
	return root
}

// enhance adds the commands that autocli makes of the services' descriptions.
func enhance(root *cobra.Command, known *app.App, clientCtx client.Context) {
	options := known.AutoCliOpts()
	options.ClientCtx = clientCtx
	files, err := proto.MergedRegistry()
	if err != nil {
		panic(err)
	}
	builder := &autocli.Builder{
		Builder: flag.Builder{
			TypeResolver:          protoregistry.GlobalTypes,
			FileResolver:          files,
			AddressCodec:          options.AddressCodec,
			ValidatorAddressCodec: options.ValidatorAddressCodec,
			ConsensusAddressCodec: options.ConsensusAddressCodec,
		},
		GetClientConn: func(cmd *cobra.Command) (grpc.ClientConnInterface, error) {
			return client.GetClientQueryContext(cmd)
		},
		AddQueryConnFlags: func(cmd *cobra.Command) {
			flags.AddQueryFlagsToCmd(cmd)
			flags.AddKeyringFlags(cmd.Flags())
		},
		AddTxConnFlags: flags.AddTxFlagsToCmd,
	}
	amount.DefineFlags(&builder.Builder)
	if err := options.EnhanceRootCommandWithBuilder(root, builder); err != nil {
		panic(err)
	}
}

// find returns the command at a path, or nil.
func find(root *cobra.Command, path string) *cobra.Command {
	cmd, rest, err := root.Find(strings.Fields(path))
	if err != nil || len(rest) > 0 {
		return nil
	}
	return cmd
}

// attach adds commands below a path, which autocli may have made already.
func attach(root *cobra.Command, path string, cmds ...*cobra.Command) {
	parent := find(root, path)
	if parent == nil {
		group, name, _ := strings.Cut(path, " ")
		parent = &cobra.Command{Use: name, Short: "The " + name + " module", RunE: client.ValidateCmd}
		find(root, group).AddCommand(parent)
	}
	parent.AddCommand(cmds...)
}

// prepare reads configuration before any command runs.
func prepare(cmd *cobra.Command, clientCtx client.Context) error {
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	if homeless(cmd) {
		return nil
	}
	clientCtx = clientCtx.WithCmdContext(cmd.Context())
	clientCtx, err := client.ReadPersistentCommandFlags(clientCtx, cmd.Flags())
	if err != nil {
		return err
	}
	if err := makeHome(clientCtx.HomeDir); err != nil {
		return err
	}
	if clientCtx, err = clientconfig.ReadFromClientConfig(clientCtx); err != nil {
		return err
	}
	if err := reconcile(cmd); err != nil {
		return err
	}
	if err := client.SetCmdClientContextHandler(clientCtx, cmd); err != nil {
		return err
	}
	if err := configure(cmd); err != nil {
		return err
	}
	return checkFlags(cmd)
}

// addCommands adds every command that autocli does not make.
func addCommands(root *cobra.Command, known *app.App) {
	root.AddCommand(
		initCmd(known),
		genesisCmd(known),
		debug.Cmd(),
		configCmd(),
		pruning.Cmd(newApp, app.DefaultNodeHome),
		snapshot.Cmd(newApp),
		server.StatusCommand(),
		keysCmd(),
		queryCmd(),
		txCmd(),
		yumaCmd(),
		localnetCmd(known),
		demoCmd(known),
	)
	server.AddCommands(root, app.DefaultNodeHome, newApp, exportApp, addStartFlags)
}

// keysCmd holds what can be done with keys.
func keysCmd() *cobra.Command {
	cmd := keys.Commands()
	cmd.AddCommand(consentCmd())
	return cmd
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

// setTxDefaults makes gas and its price something that nobody has to type. In
// genesis there is no node to ask for either.
func setTxDefaults(cmd *cobra.Command) {
	if cmd.Name() == "genesis" {
		return
	}
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
