// Command taod is a node of the chain and its command line.
package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/server"
	servercmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
)

func main() {
	root := newRootCmd()
	defer unwind(root)
	args, err := amount.RewriteArgs(os.Args[1:])
	if err != nil {
		fail(root, err)
	}
	root.SetArgs(args)
	if err := servercmd.Execute(root, envPrefix, app.DefaultNodeHome); err != nil {
		fail(root, err)
	}
}

// unwind prints what the SDK panics with where a file or a flag is wrong as an
// error. A bug keeps its trace, and --trace shows any.
func unwind(root *cobra.Command) {
	cause := recover()
	if cause == nil {
		return
	}
	if _, bug := cause.(runtime.Error); bug || slices.Contains(os.Args, "--"+server.FlagTrace) {
		panic(cause)
	}
	fail(root, fmt.Errorf("%v", cause))
}

// noise is what libraries put around an error, and what people read in its place.
type noise struct {
	said *regexp.Regexp
	text string
}

// noises of gRPC, the RPC client, the SDK and the standard library.
var noises = []noise{
	{regexp.MustCompile(`rpc error: code = \w+ desc = `), ""},
	{regexp.MustCompile(` \[[^ \]]+\.go:\d+\]`), ""},
	{regexp.MustCompile(` with gas used: '\d+'(: unknown request)?$`), ""},
	{regexp.MustCompile(`error in json rpc client, with http response metadata: \(.*?\)\. RPC error -?\d+ - (Internal error: )?`), ""},
	{regexp.MustCompile(`failed to execute message; message index: 0: `), ""},
	{regexp.MustCompile(`failed to convert address field to address: `), ""},
	{regexp.MustCompile(`invalid argument ("[^"]*") for "--\d+" flag: `), "argument $1: "}, // autocli's name for its first argument is --0
	{regexp.MustCompile(`decoding failed due to the following error\(s\):\s+`), ""},
	{regexp.MustCompile(`strconv\.Parse(?:Int|Uint): parsing ("[^"]*"): invalid syntax`), "$1 is no whole number"},
	{regexp.MustCompile(`("-[0-9]+") is no whole number`), "$1 is below 0"},
	{regexp.MustCompile(`strconv\.\w+: (parsing )?`), ""},
	{regexp.MustCompile(`(\S+)\.info: key not found`), `no key "$1" in the keyring (taod keys list shows them)`},
	{regexp.MustCompile(`^Address cannot be empty: invalid request$`), "nobody signs: name a key with --from (taod keys list shows them)"},
	{regexp.MustCompile(`^EOF$`), "standard input ended where an answer was needed; --yes answers a question of yes or no"},
}

// hints say how to go on after an error that holds a text.
var hints = []struct{ said, hint string }{
	{"connection refused", "No node answers there: start one (taod localnet start, taod start) or name another with --node."},
	{"genesis.json: no such file", "This home is not that of a node: taod init makes one, --home names another. The nodes of a local network are in localnet/node0 and so on, below its home."},
	{"resource temporarily unavailable", "Another process has the data of this home open: stop the node first."},
}

// fail prints an error and how to go on where that is known.
func fail(root *cobra.Command, err error) {
	text := err.Error()
	for _, n := range noises {
		text = n.said.ReplaceAllString(text, n.text)
	}
	fmt.Fprintln(root.ErrOrStderr(), "Error:", text)
	for _, h := range hints {
		if strings.Contains(text, h.said) {
			fmt.Fprintln(root.ErrOrStderr(), h.hint)
		}
	}
	os.Exit(1)
}
