package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/taonet/taonet/app/amount"
)

// inTao makes the queries of modules, which autocli made, print coins in tao where
// people read them: 1.5tao. JSON keeps rao.
func inTao(cmd *cobra.Command, depth int) {
	for _, sub := range cmd.Commands() {
		inTao(sub, depth+1)
	}
	format := cmd.Flags().Lookup(flags.FlagOutput)
	if depth < 2 || cmd.RunE == nil || format == nil {
		return
	}
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		wanted := client.GetClientContextFromCmd(cmd).OutputFormat
		if format.Changed {
			wanted = format.Value.String()
		}
		if wanted == flags.OutputFormatJSON {
			return inner(cmd, args)
		}
		if err := cmd.Flags().Set(flags.FlagOutput, flags.OutputFormatJSON); err != nil {
			return err
		}
		out, answer := cmd.OutOrStdout(), new(bytes.Buffer)
		cmd.SetOut(answer)
		defer cmd.SetOut(out)
		if err := inner(cmd, args); err != nil {
			return err
		}
		text, err := textInTao(answer.Bytes())
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	}
}

// textInTao turns JSON into YAML, and coins of rao in it into amounts of tao.
func textInTao(answer []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	answer, err := json.Marshal(amount.InTao(value))
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(answer)
}
