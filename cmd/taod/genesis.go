package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec/address"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/server"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
)

// initCmd is the SDK's init with our bounds on a block in genesis.
func initCmd(known *app.App) *cobra.Command {
	cmd := genutilcli.InitCmd(known.BasicModuleManager, app.DefaultNodeHome)
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := inner(cmd, args); err != nil {
			return err
		}
		file := server.GetServerContextFromCmd(cmd).Config.GenesisFile()
		genesis, err := genutiltypes.AppGenesisFromFile(file)
		if err != nil {
			return err
		}
		keys := genesis.Consensus.Params.Validator.PubKeyTypes
		genesis.Consensus.Params = app.DefaultConsensusParams()
		genesis.Consensus.Params.Validator.PubKeyTypes = keys
		return genesis.SaveAs(file)
	}
	return cmd
}

// genesisCmd holds what makes and checks a genesis file.
func genesisCmd(known *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "genesis",
		Short: "Make and check a genesis file",
		RunE:  client.ValidateCmd,
	}
	validators := address.NewBech32Codec(app.Bech32Prefix + "valoper")
	accounts := address.NewBech32Codec(app.Bech32Prefix)
	cmd.AddCommand(
		genutilcli.GenTxCmd(known.BasicModuleManager, known.TxConfig(), banktypes.GenesisBalancesIterator{}, app.DefaultNodeHome, validators),
		genutilcli.CollectGenTxsCmd(banktypes.GenesisBalancesIterator{}, app.DefaultNodeHome, genutiltypes.DefaultMessageValidator, validators),
		genutilcli.ValidateGenesisCmd(known.BasicModuleManager),
		checked(known, genutilcli.AddGenesisAccountCmd(app.DefaultNodeHome, accounts)),
		checked(known, genutilcli.AddBulkGenesisAccountCmd(app.DefaultNodeHome, accounts)),
		addNeuronCmd(known),
	)
	return cmd
}

// addNeuronCmd registers a neuron in a genesis file.
func addNeuronCmd(known *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add-neuron [subnet] [hotkey] [coldkey] [stake]",
		Short: "Register a neuron with stake in the genesis file",
		Long: `Register a neuron in the genesis file. The hotkey is a key of this keyring or its
public key as JSON (taod keys show NAME --pubkey); the coldkey is a key or an
address. The stake is new Tao on top of the coldkey's balance.`,
		Example: "taod genesis add-neuron 1 hot alice 100tao",
		Args:    cobra.ExactArgs(4),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, err := client.GetClientTxContext(cmd)
			if err != nil {
				return err
			}
			subnet, err := subnetArg(args[0])
			if err != nil {
				return err
			}
			hotkey, err := pubKeyOf(clientCtx, args[1])
			if err != nil {
				return err
			}
			coldkey, err := addressOf(clientCtx, args[2])
			if err != nil {
				return err
			}
			stake, err := amount.Parse(args[3])
			if err != nil {
				return err
			}
			return editGenesis(cmd, known, func(d *app.Draft) error {
				return d.Neuron(subnet, hotkey, coldkey, stake.Amount.Uint64())
			})
		},
	}
	flags.AddTxFlagsToCmd(cmd)
	return cmd
}

func pubKeyOf(clientCtx client.Context, text string) (cryptotypes.PubKey, error) {
	if record, err := clientCtx.Keyring.Key(text); err == nil {
		return record.GetPubKey()
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, fmt.Errorf("hotkey %q is neither a key in the keyring (taod keys list) nor a public key as JSON (taod keys show NAME --pubkey)", text)
	}
	var key cryptotypes.PubKey
	if err := clientCtx.Codec.UnmarshalInterfaceJSON([]byte(text), &key); err != nil {
		return nil, fmt.Errorf("hotkey %s is no public key as JSON (taod keys show NAME --pubkey): %w", text, err)
	}
	return key, nil
}

// editGenesis changes the genesis file of the home. What does not hold is not saved.
func editGenesis(cmd *cobra.Command, known *app.App, edit func(*app.Draft) error) error {
	file := server.GetServerContextFromCmd(cmd).Config.GenesisFile()
	genesis, err := genutiltypes.AppGenesisFromFile(file)
	if err != nil {
		return fmt.Errorf("%w; make one with taod init", err)
	}
	var state app.GenesisState
	if err := json.Unmarshal(genesis.AppState, &state); err != nil {
		return fmt.Errorf("the state in %s: %w", file, err)
	}
	draft, err := app.NewDraft(known.AppCodec(), state)
	if err != nil {
		return err
	}
	if err := edit(draft); err != nil {
		return err
	}
	if state, err = draft.State(); err != nil {
		return fmt.Errorf("%s stays as it was: %w", file, err)
	}
	if genesis.AppState, err = json.MarshalIndent(state, "", "  "); err != nil {
		return err
	}
	return genesis.SaveAs(file)
}

// checked takes back what a command of the SDK did to the genesis file when the
// result does not hold.
func checked(known *app.App, cmd *cobra.Command) *cobra.Command {
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := server.GetServerContextFromCmd(cmd).Config.GenesisFile()
		before, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%w; make one with taod init", err)
		}
		if err := inner(cmd, args); err != nil {
			return err
		}
		if err := editGenesis(cmd, known, func(*app.Draft) error { return nil }); err != nil {
			return errors.Join(err, os.WriteFile(file, before, 0o600))
		}
		return nil
	}
	return cmd
}
