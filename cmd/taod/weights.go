package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/taonet/taonet/x/weights/types"
)

// weightsTxCmds are the transactions of x/weights; they cost nothing.
func weightsTxCmds() []*cobra.Command {
	cmds := []*cobra.Command{setWeightsCmd(), commitWeightsCmd(), revealWeightsCmd()}
	for _, cmd := range cmds {
		asFree(cmd)
	}
	return cmds
}

// asFree gives a command the flags of a transaction without a fee.
func asFree(cmd *cobra.Command) {
	flags.AddTxFlagsToCmd(cmd)
	cmd.Annotations = map[string]string{freeAnnotation: "true"}
}

func setWeightsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set [subnet] [row]",
		Short: "Say what every peer is worth; costs no fee",
		Long: `Say what every peer of a subnet is worth. The row is uid=weight,uid=weight… with
weights of 0..65535 that count relative to each other; peers that are not named
weigh nothing. It replaces the row before.`,
		Example: "taod tx weights set 1 0=65535,3=20000 --from hot --wait",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, hotkey, err := from(cmd)
			if err != nil {
				return err
			}
			msg := &types.MsgSetWeights{Hotkey: hotkey}
			if msg.Subnet, err = subnetArg(args[0]); err != nil {
				return err
			}
			if msg.Uids, msg.Weights, err = types.ParseRow(args[1]); err != nil {
				return err
			}
			msg.Version, _ = cmd.Flags().GetUint64(flagRowVersion)
			return sendFree(cmd, msg)
		},
	}
	cmd.Flags().Uint64(flagRowVersion, 0, "Version of the software that made the row")
	return cmd
}

const (
	flagRowVersion = "row-version"
	flagSalt       = "salt"
	flagSave       = "save"
)

// hiddenRow is what a commit hides, as it is kept until it is revealed.
type hiddenRow struct {
	ChainID string   `json:"chain_id"`
	Hotkey  string   `json:"hotkey"`
	Subnet  uint64   `json:"subnet"`
	UIDs    []uint32 `json:"uids"`
	Weights []uint32 `json:"weights"`
	Salt    string   `json:"salt"`
	Version uint64   `json:"version"`
}

func commitWeightsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "commit [subnet] [row]",
		Short: "Hide a row until it is revealed; costs no fee",
		Long: `Hide a row until it is revealed. What must be revealed later is written to a file
first; without it the row is lost.`,
		Example: "taod tx weights commit 1 0=65535,3=20000 --from hot --wait",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, hotkey, err := from(cmd)
			if err != nil {
				return err
			}
			row := hiddenRow{ChainID: clientCtx.ChainID, Hotkey: hotkey}
			if row.Subnet, err = subnetArg(args[0]); err != nil {
				return err
			}
			if row.UIDs, row.Weights, err = types.ParseRow(args[1]); err != nil {
				return err
			}
			if err := types.ValidateRow(row.UIDs, row.Weights); err != nil {
				return err
			}
			row.Version, _ = cmd.Flags().GetUint64(flagRowVersion)
			salt, err := saltFlag(cmd)
			if err != nil {
				return err
			}
			row.Salt = hex.EncodeToString(salt)
			hash := types.CommitHash(row.ChainID, clientCtx.FromAddress, row.Subnet, row.UIDs, row.Weights, salt, row.Version)
			if err := saveRow(cmd, clientCtx.HomeDir, hash, row); err != nil {
				return err
			}
			return sendFree(cmd, &types.MsgCommitWeights{Hotkey: hotkey, Subnet: row.Subnet, Hash: hash})
		},
	}
	cmd.Flags().Uint64(flagRowVersion, 0, "Version of the software that made the row")
	cmd.Flags().String(flagSalt, "", "Salt as hexadecimal, 8..64 bytes (default: 32 random bytes)")
	cmd.Flags().String(flagSave, "", "File for what must be revealed (default: commits/HASH.json below --home)")
	return cmd
}

func saltFlag(cmd *cobra.Command) ([]byte, error) {
	text, _ := cmd.Flags().GetString(flagSalt)
	if text == "" {
		salt := make([]byte, 32)
		_, err := rand.Read(salt)
		return salt, err
	}
	salt, err := hex.DecodeString(text)
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return nil, fmt.Errorf("salt %q is not 8..64 bytes of hexadecimal", text)
	}
	return salt, nil
}

func saveRow(cmd *cobra.Command, home string, hash []byte, row hiddenRow) error {
	file, _ := cmd.Flags().GetString(flagSave)
	if file == "" {
		file = filepath.Join(home, "commits", hex.EncodeToString(hash)+".json")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(row, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "reveal it with: taod tx weights reveal %s --from %s\n", file, row.Hotkey)
	return nil
}

func revealWeightsCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "reveal [file]",
		Short:   "Show a committed row and put it in force; costs no fee",
		Example: "taod tx weights reveal ~/.taod/commits/1f….json --from hot --wait",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, hotkey, err := from(cmd)
			if err != nil {
				return err
			}
			row, salt, err := readRow(args[0])
			if err != nil {
				return err
			}
			if row.ChainID != clientCtx.ChainID {
				return fmt.Errorf("%s was committed on chain %q, and this is chain %q (--chain-id)", args[0], row.ChainID, clientCtx.ChainID)
			}
			if row.Hotkey != hotkey { // the same neuron, if its hotkey was swapped
				fmt.Fprintf(cmd.ErrOrStderr(), "%s was committed by %s, and --from is %s: it can be revealed only where that has taken the other's place\n", args[0], row.Hotkey, hotkey)
			}
			return sendFree(cmd, &types.MsgRevealWeights{
				Hotkey: hotkey, Subnet: row.Subnet, Uids: row.UIDs, Weights: row.Weights, Salt: salt, Version: row.Version,
			})
		},
	}
}

// readRow reads what a commit saved.
func readRow(file string) (row hiddenRow, salt []byte, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return row, nil, err
	}
	if err := json.Unmarshal(text, &row); err != nil {
		return row, nil, fmt.Errorf("%s is no committed row: %w", file, inWords(err))
	}
	if err := types.ValidateRow(row.UIDs, row.Weights); err != nil {
		return row, nil, fmt.Errorf("%s is no committed row: %w", file, err)
	}
	if salt, err = hex.DecodeString(row.Salt); err != nil {
		err = fmt.Errorf("the salt in %s is no hexadecimal: %w", file, err)
	}
	return row, salt, err
}

// inWords says what is wrong with JSON without the names of Go's types.
func inWords(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	is := strings.NewReplacer("array", "a list", "string", "a text", "object", "an object", "bool", "true or false", "number", "a number").Replace(wrong.Value)
	if wrong.Field == "" {
		return fmt.Errorf("%s is no object", is)
	}
	wants := map[reflect.Kind]string{reflect.String: "a text", reflect.Slice: "a list"}
	return fmt.Errorf("%s is %s, it must be %s", wrong.Field, is, cmp.Or(wants[wrong.Type.Kind()], "a whole number"))
}

func subnetArg(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, fmt.Errorf("subnet %q is no whole number from 1 on (taod q subnet subnets lists them)", text)
	}
	return id, nil
}

func uidArg(text string) (uint32, error) {
	uid, err := strconv.ParseUint(text, 10, 12)
	if err != nil {
		return 0, fmt.Errorf("uid %q is no whole number of 0..4095", text)
	}
	return uint32(uid), nil
}
