package main

import (
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/server"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/taonet/taonet/app"
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
		genutilcli.AddGenesisAccountCmd(app.DefaultNodeHome, accounts),
		genutilcli.AddBulkGenesisAccountCmd(app.DefaultNodeHome, accounts),
	)
	return cmd
}
