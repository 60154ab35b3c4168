package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/doctor"
)

// doctorCmd looks whether a neuron can work.
func doctorCmd(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out what keeps this neuron from working",
		Long: `Check the configuration, the home, model and data, ports, the node and the clock, keys,
balance and registration, and whether the axon's record on chain is right and its
advertised address answers with the right key. Each line says what is wrong and what to
do. It exits non-zero when a check failed. It works beside a running neuron.`,
		Example: "neuron doctor\nneuron doctor -o json | jq '.checks[] | select(.state != \"ok\")'",
		Args:    cobra.NoArgs,
	}
	chainFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := p.config(cmd, true)
		var problems neuron.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		checks := doctor.Examine(cmd.Context(), doctor.Patient{
			Config: cfg, Problems: err, Version: programVersion(), Goroot: goroot(), Input: p.in,
		})
		return p.diagnosis(checks)
	}
	return cmd
}

// diagnosis prints the checks; one that failed is an error.
func (p *program) diagnosis(checks []doctor.Check) error {
	var failed []string
	for _, c := range checks {
		if c.State == doctor.Failed {
			failed = append(failed, c.Name)
		}
		if p.isJSON() {
			continue
		}
		p.say("%-7s  %-14s  %s", c.State, c.Name, c.Says)
		if c.Do != "" {
			p.say("%27s%s", "-> ", c.Do)
		}
	}
	if p.isJSON() {
		err := p.print(struct {
			Healthy bool           `json:"healthy"`
			Checks  []doctor.Check `json:"checks"`
		}{doctor.Healthy(checks), checks})
		if err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d checks failed: %s", len(failed), len(checks), strings.Join(failed, ", "))
	}
	return nil
}
