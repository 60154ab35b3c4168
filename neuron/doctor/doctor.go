// Package doctor finds out whether a neuron can work: what it needs on this machine,
// what the chain says of it, and whether others reach it. Each check says what it found
// and, when something is wrong, what to do.
//
// It changes nothing on chain and nothing in the home, and works beside a running neuron.
// Where none runs it stands in for a moment: it takes the axon's address with the axon's
// key and calls the advertised address, so that a forwarding that is missing shows before
// the first run.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
)

// State of a check.
type State string

// The states.
const (
	// OK is as it should be.
	OK State = "ok"
	// Failed has to be mended.
	Failed State = "failed"
	// Skipped could not be looked at, or is not there yet.
	Skipped State = "skipped"
)

// Check is one thing that was looked at.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Says is what was found; Do what to do about it.
	Says string `json:"says"`
	Do   string `json:"do,omitempty"`
}

// Patient is who is examined.
type Patient struct {
	Config *neuron.Config
	// Problems of the configuration, nil for none.
	Problems error
	// Version of the program.
	Version string
	// Goroot is where the domains of Go's text are.
	Goroot string
	// Input is where a keyring's password is read from.
	Input io.Reader
}

// Names of the checks, in their order.
const (
	checkConfig     = "configuration"
	checkVersion    = "version"
	checkHome       = "home"
	checkModel      = "model and data"
	checkPorts      = "ports"
	checkNode       = "node"
	checkClock      = "clock"
	checkHotkey     = "hotkey"
	checkColdkey    = "coldkey"
	checkBalance    = "balance"
	checkRegistered = "registered"
	checkRecord     = "axon record"
	checkReach      = "axon reached"
)

// Healthy says that no check failed.
func Healthy(checks []Check) bool {
	for _, c := range checks {
		if c.State == Failed {
			return false
		}
	}
	return true
}

// exam is one examination.
type exam struct {
	Patient
	cfg    *neuron.Config
	home   string
	checks []Check

	running bool // a neuron holds the home
	client  *chain.Client
	height  uint64
	hotkey  *wallet.Hotkey
	owner   string // the coldkey's address
	place   *chain.Neuron
}

// Examine makes all checks. Those that need what another did not find are skipped.
func Examine(ctx context.Context, p Patient) []Check {
	e := &exam{Patient: p, cfg: p.Config}
	if !e.configuration() {
		return e.checks
	}
	e.version()
	e.local(ctx)
	if e.cfg.Chain.None {
		return e.checks
	}
	e.chain(ctx)
	e.axon(ctx)
	if e.client != nil {
		_ = e.client.Close() // it was only asked
	}
	return e.checks
}

func (e *exam) add(name string, state State, do, format string, args ...any) {
	says := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	e.checks = append(e.checks, Check{name, state, says, do})
}

func (e *exam) ok(name, format string, args ...any) { e.add(name, OK, "", format, args...) }

func (e *exam) failed(name, do, format string, args ...any) {
	e.add(name, Failed, do, format, args...)
}

func (e *exam) skipped(name, do, format string, args ...any) {
	e.add(name, Skipped, do, format, args...)
}

func (e *exam) configuration() bool {
	if e.Problems != nil {
		e.failed(checkConfig, "mend the file and look again: neuron config validate", "%v", e.Problems)
		return false
	}
	e.ok(checkConfig, "valid")
	return true
}
