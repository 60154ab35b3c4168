package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/version"
)

// versionCmd says which program this is.
func versionCmd(p *program) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Which program this is",
		Example: "neuron version\nneuron version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if p.isJSON() {
				return p.print(struct {
					Version string `json:"version"`
					Go      string `json:"go"`
				}{programVersion(), runtime.Version()})
			}
			p.say("%s", programVersion())
			return nil
		},
	}
}

// programVersion is what the build was given, else the commit that Go noted, else devel.
func programVersion() string {
	if version.Version != "" {
		return version.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "devel"
}
