package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/taonet/taonet/neuron"
)

// lockName is the file that a running neuron holds in its home.
const lockName = "lock"

func (e *exam) version() {
	e.ok(checkVersion, "neuron %s, %s %s/%s", e.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// local looks at this machine.
func (e *exam) local(ctx context.Context) {
	if !e.folder() {
		e.skipped(checkModel, "", "there is no home")
	} else {
		e.model(ctx)
	}
	e.ports()
}

// folder looks at the home, and whether a neuron runs in it.
func (e *exam) folder() bool {
	var err error
	if e.home, err = neuron.Home(e.cfg); err != nil {
		e.failed(checkHome, "set home to a folder's whole path", "%v", err)
		return false
	}
	info, err := os.Stat(e.home)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.failed(checkHome, "make it: neuron init", "%s is not there", e.home)
		return false
	case err != nil || !info.IsDir():
		e.failed(checkHome, "name another with --home", "%s is no folder: %v", e.home, err)
		return false
	}
	if err := writable(e.home); err != nil {
		e.failed(checkHome, "free some space there, give its owner the right to write, or name another with --home", "%v", err)
		return false
	}
	if e.running = held(filepath.Join(e.home, lockName)); e.running {
		e.ok(checkHome, "%s, a neuron runs in it", e.home)
	} else {
		e.ok(checkHome, "%s, no neuron runs in it", e.home)
	}
	return true
}

// writable makes a file and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// held says whether a process holds a lock.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read; this gives a lock back too
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// model loads model, data and checkpoint as neuron run does.
func (e *exam) model(ctx context.Context) {
	if e.running {
		e.skipped(checkModel, "", "the running neuron has them")
		return
	}
	alone := *e.cfg
	alone.Chain.None, alone.Telemetry.Listen = true, ""
	n, err := neuron.New(&alone, neuron.Deps{
		Version: e.Version, Domains: &neuron.Domains{Goroot: e.Goroot, Seed: alone.Model.Seed}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		e.failed(checkModel, "mend what it names, or choose other data or another model in the configuration", "%v", err)
		return
	}
	step := n.Status().Step
	ended, end := context.WithCancel(ctx)
	end()
	if err := n.Run(ended); err != nil { // gives back what New took
		e.failed(checkModel, "mend what it names", "%v", err)
		return
	}
	e.ok(checkModel, "%s on %s, at step %d", e.cfg.Model.Architecture, e.cfg.Data.Kind, step)
}

// ports looks whether the addresses can be had.
func (e *exam) ports() {
	wanted := map[string]string{"telemetry.listen": e.cfg.Telemetry.Listen}
	if !e.cfg.Chain.None {
		wanted["axon.listen"] = e.cfg.Axon.Listen
	}
	var said []string
	for _, key := range []string{"axon.listen", "telemetry.listen"} {
		address := wanted[key]
		if address == "" {
			continue
		}
		if e.running {
			said = append(said, address)
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			e.failed(checkPorts, "stop what uses it, or set "+key+" to another port", "%s cannot be had: %v", key, err)
			return
		}
		_ = l.Close() // nobody connected
		said = append(said, address)
	}
	switch {
	case len(said) == 0:
		e.ok(checkPorts, "none needed")
	case e.running:
		e.skipped(checkPorts, "", "the running neuron has %s", strings.Join(said, ", "))
	default:
		e.ok(checkPorts, "free: %s", strings.Join(said, ", "))
	}
}

// seconds for a reader.
func seconds(s float64) string { return fmt.Sprintf("%.1f s", s) }
