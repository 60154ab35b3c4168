package keys

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"
	sdkkeys "github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
)

// Commands are the SDK's key commands, with help that names the key types and an
// `add --dry-run` that knows ed25519. The keyring of the client context must have
// been given Option.
func Commands() *cobra.Command {
	cmd := sdkkeys.Commands()
	cmd.PersistentFlags().Lookup(flags.FlagOutput).Shorthand = "o" // as everywhere else
	usage := fmt.Sprintf("Kind of key: %s (Ledgers and browser wallets have it) or %s (for hotkeys)",
		hd.Secp256k1Type, hd.Ed25519Type)
	for _, sub := range cmd.Commands() {
		if f := sub.Flags().Lookup(flags.FlagKeyType); f != nil {
			f.Usage = usage
		}
		if sub.Name() == "add" {
			dryRunInMemory(sub)
		}
	}
	return cmd
}

// dryRunInMemory makes `add --dry-run` an ordinary add into a keyring in memory.
// The SDK's dry run makes a keyring of its own, without the options of the client
// context, and so refuses ed25519.
func dryRunInMemory(add *cobra.Command) {
	inner := add.RunE
	add.RunE = func(cmd *cobra.Command, args []string) error {
		if dry, err := cmd.Flags().GetBool(flags.FlagDryRun); err != nil || !dry {
			return inner(cmd, args)
		}
		for flag, value := range map[string]string{
			flags.FlagDryRun: "false", flags.FlagKeyringBackend: keyring.BackendMemory,
		} {
			if err := cmd.Flags().Set(flag, value); err != nil {
				return fmt.Errorf("dry run: %w", err)
			}
		}
		return inner(cmd, args)
	}
	add.Long = strings.TrimRight(add.Long, "\n") + `

An ed25519 key is derived by SLIP-0010, where every part of the path is hardened:
--hd-path m/44'/118'/0'/0/0 and m/44'/118'/0'/0'/0' are the same key.
`
}
