package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
)

// configCmd looks at the configuration.
func configCmd(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show and check the configuration",
		Example: "neuron config show --origin\nneuron config validate",
	}
	cmd.AddCommand(configShowCmd(p), configValidateCmd(p))
	group(cmd)
	return cmd
}

func configShowCmd(p *program) *cobra.Command {
	var origin bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Every key with its value",
		Long: `Show every key with its value and, with --origin, where it comes from: the default, a
line of the file, a variable of the environment, or a flag. What is wrong with them is
said afterwards.`,
		Example: "neuron config show --origin\nneuron config show --set train.steps=100 -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.config(cmd, false)
			if cfg == nil {
				return err
			}
			if p.isJSON() {
				return errors.Join(p.print(cfg.Values()), err)
			}
			_, printed := fmt.Fprint(p.out, cfg.Show(origin))
			return errors.Join(printed, err)
		},
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "Say where each value comes from")
	return cmd
}

// problem is one of a configuration, for programs.
type problem struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
	Text   string `json:"text"`
}

func configValidateCmd(p *program) *cobra.Command {
	return &cobra.Command{
		Use:     "validate",
		Short:   "Say what is wrong with the configuration",
		Example: "neuron config validate\nneuron config validate --config other.yaml -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := p.config(cmd, true)
			var problems neuron.Problems
			if err != nil && !errors.As(err, &problems) {
				return err
			}
			if p.isJSON() {
				list := []problem{}
				for _, x := range problems {
					list = append(list, problem{x.Key, x.Value, x.Origin.String(), x.Text})
				}
				return errors.Join(p.print(list), err)
			}
			if err == nil {
				p.say("the configuration is valid")
			}
			return err
		},
	}
}
