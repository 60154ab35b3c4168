package arena

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/taonet/taonet/neuron/chain"
)

const (
	chainID  = "tao-local"
	grpcPort = 9090 // of a local network without offset
	// patience with a chain that starts.
	patience = 90 * time.Second
)

// node is a taod process with one validator.
type node struct {
	cmd    *exec.Cmd
	log    *os.File
	client *chain.Client
	ended  chan struct{} // closed when the process has, after err was set
	err    error
}

// FindTaod is the chain's program: the given one, one beside this program, or one on
// the PATH.
func FindTaod(given string) (string, error) {
	if given != "" {
		return exec.LookPath(given)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "taod")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("taod")
	if err != nil {
		return "", errors.New("taod was not found beside this program nor on the PATH: run make build, or name it with --taod")
	}
	return path, nil
}

// FreeOffset is an offset at which all ports of a network of so many members are free.
func FreeOffset(members int) (int, error) {
	const first, last, step = 2000, 5900, 100
	for offset := first; offset <= last; offset += step {
		ports := []int{26656, 26657, 26660, 1317, grpcPort}
		for i := range members {
			ports = append(ports, firstPort+i)
		}
		if !slices.ContainsFunc(ports, func(port int) bool { return !isFree(port + offset) }) {
			return offset, nil
		}
	}
	return 0, fmt.Errorf("no port offset from %d to %d has all ports free: stop other networks on this machine", first, last)
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	return err == nil && l.Close() == nil
}

// startNode starts a fresh chain and waits for its first blocks.
func startNode(ctx context.Context, taod, home string, offset int) (*node, error) {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("the chain's home: %w", err)
	}
	log, err := os.Create(filepath.Join(home, "taod.log"))
	if err != nil {
		return nil, fmt.Errorf("the chain's log: %w", err)
	}
	cmd := exec.Command(taod, "localnet", "start", "--fresh", "--home", home, "--port-offset", strconv.Itoa(offset))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; the chain stops last
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the chain: %w", err), log.Close())
	}
	n := &node{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		n.err = cmd.Wait()
		close(n.ended)
	}()
	n.client, err = chain.Dial(chain.Config{Nodes: []string{"localhost:" + strconv.Itoa(grpcPort+offset)}, ChainID: chainID})
	if err == nil {
		err = n.wait(ctx, 2)
	}
	if err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return n, nil
}

// wait until the chain has reached a height.
func (n *node) wait(ctx context.Context, height uint64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := n.client.Status(ctx)
		if err == nil && s.Height >= height {
			return nil
		}
		select {
		case <-n.ended:
			return fmt.Errorf("the chain ended: %w; its log is %s", n.err, n.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("the chain did not reach height %d: %w; its log is %s", height, ctx.Err(), n.log.Name())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// stop ends the process this package started, with its children.
func (n *node) stop() error {
	var errs []error
	if n.client != nil {
		errs = append(errs, n.client.Close())
	}
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		errs = append(errs, err)
	}
	select {
	case <-n.ended: // however it ended: it was told to
	case <-time.After(20 * time.Second):
		errs = append(errs, errors.New("the chain did not stop in time and was killed"), syscall.Kill(-n.cmd.Process.Pid, syscall.SIGKILL))
	}
	return errors.Join(append(errs, n.log.Close())...)
}
