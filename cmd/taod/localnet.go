package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/localnet"
)

const (
	flagValidators = "validators"
	flagFresh      = "fresh"
	flagPortOffset = "port-offset"

	startPatience = 90 * time.Second
)

// localnetCmd runs a network on this machine.
func localnetCmd(known *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "localnet",
		Short: "A whole network on this machine",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(localnetStartCmd(known), localnetFaucetCmd())
	return cmd
}

func localnetStartCmd(known *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start validators with funded keys; Ctrl-C stops them all",
		Long: `Start a network of validators on this machine: each is a process of its own, started
again when it dies, with a log in a file. The keys alice, bob and faucet are funded
and in the keyring, so that all other commands work as they are typed. Without
--fresh an earlier network goes on where it stopped.`,
		Example: "taod localnet start\ntaod localnet start --validators 4 --fresh",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := localnetConfig(cmd)
			if err != nil {
				return err
			}
			fresh, _ := cmd.Flags().GetBool(flagFresh)
			if err := prepareLocalnet(cmd, known, cfg, fresh); err != nil {
				return err
			}
			return runLocalnet(cmd, cfg)
		},
	}
	cmd.Flags().Int(flagValidators, 1, "How many validators to run, 1..16")
	cmd.Flags().Bool(flagFresh, false, "Forget an earlier network and begin at block 1")
	cmd.Flags().Int(flagPortOffset, 0, "Added to every port, so that two networks fit on this machine")
	return cmd
}

func localnetConfig(cmd *cobra.Command) (localnet.Config, error) {
	binary, err := os.Executable()
	if err != nil {
		return localnet.Config{}, err
	}
	cfg := localnet.Config{Home: client.GetClientContextFromCmd(cmd).HomeDir, Binary: binary}
	cfg.Validators = 1
	if cmd.Flags().Lookup(flagValidators) != nil {
		cfg.Validators, _ = cmd.Flags().GetInt(flagValidators)
	}
	cfg.PortOffset, _ = cmd.Flags().GetInt(flagPortOffset)
	return cfg, cfg.Validate()
}

// prepareLocalnet makes a network where there is none, and says what is in the way.
func prepareLocalnet(cmd *cobra.Command, known *app.App, cfg localnet.Config, fresh bool) error {
	clientCtx := client.GetClientContextFromCmd(cmd)
	if id := clientCtx.ChainID; id != "" && id != localnet.ChainID {
		return fmt.Errorf("%s belongs to the chain %q (config/client.toml); give another folder with --home or TAOD_HOME", cfg.Home, id)
	}
	if err := cfg.CheckPorts(); err != nil {
		return err
	}
	if fresh {
		if err := cfg.Remove(); err != nil {
			return err
		}
	}
	if nodes := cfg.Exists(); nodes > 0 {
		if nodes != cfg.Validators {
			return fmt.Errorf("the network in %s has %d validators, not %d; give --validators %d to go on with it or --fresh to forget it", cfg.Home, nodes, cfg.Validators, nodes)
		}
		return nil
	}
	return cfg.Prepare(known)
}

func runLocalnet(cmd *cobra.Command, cfg localnet.Config) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := cmd.OutOrStdout()
	network, err := cfg.Start(ctx, func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) })
	if err != nil {
		return err
	}
	for i := range cfg.Validators {
		p := cfg.Ports(i)
		fmt.Fprintf(out, "node%d  RPC http://localhost:%d  REST http://localhost:%d  gRPC localhost:%d  metrics http://localhost:%d  log %s\n",
			i, p.RPC, p.API, p.GRPC, p.Metrics, cfg.Log(i))
	}
	ready, cancel := context.WithTimeout(ctx, startPatience)
	err = network.WaitHeight(ready, 0, 1)
	cancel()
	if err != nil && ctx.Err() == nil {
		return errors.Join(err, network.Stop())
	}
	if err == nil {
		fmt.Fprintf(out, "%s makes blocks; funded keys: alice, bob (%s each), faucet\ntry: taod q bank balances alice%s\n",
			localnet.ChainID, amount.FormatRao(localnet.FundsOfUser), homeHint(cfg.Home))
	}
	<-ctx.Done()
	fmt.Fprintln(out, "stopping")
	return network.Stop()
}

// homeHint is what has to be typed when the home is not the default one.
func homeHint(home string) string {
	if home == app.DefaultNodeHome {
		return ""
	}
	return " --home " + home
}

func localnetFaucetCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "faucet [address] [amount]",
		Short:   "Give Tao of the local network to an address or a key",
		Example: "taod localnet faucet alice 10tao",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			for name, value := range map[string]string{flags.FlagFrom: localnet.Faucet, flags.FlagSkipConfirmation: "true", flagWait: "true"} {
				if err := cmd.Flags().Set(name, value); err != nil {
					return err
				}
			}
			clientCtx, faucet, err := from(cmd)
			if err != nil {
				return fmt.Errorf("this home has no faucet; it belongs to no local network (taod localnet start makes one): %w", err)
			}
			to, err := addressOf(clientCtx, args[0])
			if err != nil {
				return err
			}
			coin, err := amount.Parse(args[1])
			if err != nil {
				return err
			}
			return send(cmd, &banktypes.MsgSend{FromAddress: faucet, ToAddress: to.String(), Amount: sdk.NewCoins(coin)})
		},
	}
	flags.AddTxFlagsToCmd(cmd)
	return cmd
}

// addressOf reads an address or the name of a key.
func addressOf(clientCtx client.Context, text string) (sdk.AccAddress, error) {
	if address, err := sdk.AccAddressFromBech32(text); err == nil {
		return address, nil
	}
	record, err := clientCtx.Keyring.Key(text)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an address (tao1…) nor a key in the keyring: %w", text, err)
	}
	return record.GetAddress()
}
