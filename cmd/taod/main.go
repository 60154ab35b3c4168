// Command taod is a node of the chain and its command line.
package main

import (
	"fmt"
	"os"

	servercmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"github.com/taonet/taonet/app"
)

func main() {
	root := newRootCmd()
	if err := servercmd.Execute(root, "TAOD", app.DefaultNodeHome); err != nil {
		fmt.Fprintln(root.ErrOrStderr(), "Error:", err)
		os.Exit(1)
	}
}
