// Command neuron is the sidecar: a peer that learns from other neurons, answers them,
// scores them and is paid for what others find in it. One file holds one command; what
// they do is in the packages below neuron.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

func main() {
	p := &program{
		in: bufio.NewReader(os.Stdin), out: os.Stdout, err: os.Stderr, environ: os.Environ(),
		asks: term.IsTerminal(int(os.Stdin.Fd())), shows: term.IsTerminal(int(os.Stdout.Fd())),
	}
	if err := p.run(os.Args[1:]); err != nil {
		p.fail(err)
		os.Exit(1)
	}
}

// program is neuron with what it is given from outside.
type program struct {
	in       *bufio.Reader
	out, err io.Writer
	environ  []string
	// asks says that somebody can answer questions, shows that somebody looks at a screen.
	asks, shows bool

	// What flags of every command say.
	home, file, output string
	sets               []string
}

// run is one command, to its end.
func (p *program) run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	root := newRootCmd(p)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// hints say how to go on after an error that holds a text.
var hints = []struct{ said, hint string }{
	{"no node answers", "Start a node (taod localnet start, taod start) or name another with --node."},
	{"is in use by another neuron", "How a running neuron does is on its line, in its log and at /metrics (telemetry.listen)."},
	{"wrong password", "The keyring's password is asked for on a terminal, or read from standard input, a line each time."},
}

// fail prints an error and how to go on where that is known.
func (p *program) fail(err error) {
	text := strings.TrimSpace(err.Error())
	fmt.Fprintln(p.err, "Error:", text)
	for _, h := range hints {
		if strings.Contains(text, h.said) {
			fmt.Fprintln(p.err, h.hint)
		}
	}
}
