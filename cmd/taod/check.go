package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
)

// What people type wrong is refused here, before the SDK reads it: it takes some of
// it for something else without a word and panics at the rest.

// checkArgs makes every command say its usage when the number of arguments is wrong,
// and check those that its usage calls an amount. A command that only groups others
// refuses a word that is none of them.
func checkArgs(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
	count := cmd.Args
	switch {
	case !cmd.HasParent():
		return
	case !cmd.Runnable():
		cmd.RunE = client.ValidateCmd
		return
	case count == nil && cmd.HasSubCommands():
		return
	case count == nil && !strings.ContainsAny(cmd.Use, "[<"):
		count = cobra.NoArgs
	case count == nil:
		count = cobra.ArbitraryArgs
	}
	words := strings.Fields(cmd.Use)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := count(cmd, args); err != nil {
			return fmt.Errorf("%w: %s", err, cmd.UseLine())
		}
		for i, word := range words {
			// From the end: a list of addresses may come before an amount.
			at := len(args) - len(words) + i
			if at < 0 || !slices.Contains([]string{"[amount]", "[deposit]", "[coin][,[coin]]"}, word) {
				continue
			}
			if _, err := amount.ParseCoins(args[at]); err != nil {
				return err
			}
		}
		return nil
	}
}

// negative is what pflag says of -1tao.
var negative = regexp.MustCompile(`^unknown shorthand flag: '[0-9]' in (-.*)$`)

// flagError says how to go on.
func flagError(cmd *cobra.Command, err error) error {
	if number := negative.FindStringSubmatch(err.Error()); number != nil {
		return fmt.Errorf("%q is read as a flag: amounts and heights are not negative, another value that begins with - comes after --", number[1])
	}
	return fmt.Errorf("%w; %s --help lists what there is", err, cmd.CommandPath())
}

// checkFlags checks flags that many commands have, when they come from the command
// line, a variable or a file.
func checkFlags(cmd *cobra.Command) error {
	for name, check := range map[string]func(string) error{
		flags.FlagOutput:    checkOutput,
		flags.FlagFees:      func(text string) error { _, err := amount.ParseCoins(text); return err },
		flags.FlagGas:       func(text string) error { _, err := flags.ParseGasSetting(text); return err },
		flags.FlagGasPrices: checkGasPrice,
		flags.FlagSignMode:  checkSignMode,
	} {
		f := cmd.Flags().Lookup(name)
		// A default that does not hold is that of another flag of the name: a file.
		if f == nil || !f.Changed || check(f.DefValue) != nil {
			continue
		}
		if err := check(f.Value.String()); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	return nil
}

// checkOutput refuses what would be printed as JSON without a word.
func checkOutput(format string) error {
	return oneOf(format, flags.OutputFormatText, flags.OutputFormatJSON)
}

// checkSignMode refuses what would be the default without a word.
func checkSignMode(mode string) error {
	return oneOf(mode, "", flags.SignModeDirect, flags.SignModeLegacyAminoJSON, flags.SignModeDirectAux, flags.SignModeEIP191)
}

func oneOf(text string, allowed ...string) error {
	if slices.Contains(allowed, text) {
		return nil
	}
	return fmt.Errorf("%q is unknown: it is one of %s", text, strings.TrimLeft(strings.Join(allowed, ", "), ", "))
}

// checkGasPrice reads a price in rao, such as 0.001rao.
func checkGasPrice(text string) error {
	prices, err := sdk.ParseDecCoins(text)
	if err == nil && len(prices) > 0 && (len(prices) > 1 || prices[0].Denom != app.BaseDenom) {
		err = fmt.Errorf("the unit is %s", app.BaseDenom)
	}
	if err != nil {
		return fmt.Errorf("%q is no price of a unit of gas, such as %s: %w", text, app.MinGasPrice, err)
	}
	return nil
}

// reconcile lets a flag that was given stand against a default of setTxDefaults.
func reconcile(cmd *cobra.Command) error {
	changed := func(name string) bool { return cmd.Flags().Changed(name) }
	if changed(flags.FlagFees) && !changed(flags.FlagGasPrices) {
		if err := cmd.Flags().Set(flags.FlagGasPrices, ""); err != nil {
			return err
		}
	}
	if changed(flags.FlagDryRun) && !changed(flags.FlagGas) {
		return cmd.Flags().Set(flags.FlagGas, strconv.Itoa(flags.DefaultGasLimit))
	}
	return nil
}
