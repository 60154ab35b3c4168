// Command taod is a node of the chain and its command line.
package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	servercmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
)

func main() {
	root := newRootCmd()
	args, err := amount.RewriteArgs(os.Args[1:])
	if err != nil {
		fail(root, err)
	}
	root.SetArgs(args)
	if err := servercmd.Execute(root, "TAOD", app.DefaultNodeHome); err != nil {
		fail(root, err)
	}
}

// noises are what gRPC and the SDK's simulation put around an error.
var noises = []*regexp.Regexp{
	regexp.MustCompile(`rpc error: code = \w+ desc = `),
	regexp.MustCompile(` \[[^ \]]+\.go:\d+\]`),
	regexp.MustCompile(` with gas used: '\d+'(: unknown request)?$`),
}

// fail prints an error and how to go on where that is known.
func fail(root *cobra.Command, err error) {
	text := err.Error()
	for _, noise := range noises {
		text = noise.ReplaceAllString(text, "")
	}
	fmt.Fprintln(root.ErrOrStderr(), "Error:", text)
	if strings.Contains(err.Error(), "connection refused") {
		fmt.Fprintln(root.ErrOrStderr(), "No node answers there: start one (taod localnet start, taod start) or name another with --node.")
	}
	os.Exit(1)
}
