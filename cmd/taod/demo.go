package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/demo"
)

const flagBlocks = "blocks"

// demoCmd shows the chain at work.
func demoCmd(known *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "One validator and eight neurons that score each other every block",
		Long: `Start a fresh local network with one validator and eight neurons that register,
stake and send a row each block by transactions: four honest ones, a cabal of two
that weigh only each other, one that copies another's row, and one that falls silent
half-way. With --blocks it ends by itself, checks the books and what each role
earned, and exits non-zero when a check fails. It deletes an earlier local network
of the same home.`,
		Example: "taod demo --home /tmp/tao-demo\ntaod demo --blocks 60 --home /tmp/tao-demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			local, err := localnetConfig(cmd)
			if err != nil {
				return err
			}
			blocks, _ := cmd.Flags().GetInt(flagBlocks)
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return demo.Run(ctx, demo.Config{
				Config: local, Blocks: blocks, Live: term.IsTerminal(int(os.Stdout.Fd())), Out: cmd.OutOrStdout(), Known: known,
			})
		},
	}
	cmd.Flags().Int(flagBlocks, 0, "End after so many blocks and check what happened; 0 goes on until Ctrl-C")
	cmd.Flags().Int(flagPortOffset, 0, "Added to every port, so that two networks fit on this machine")
	return cmd
}
