package localnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
)

const (
	restartDelay = time.Second
	stopPatience = 15 * time.Second
)

// Network is a running local network.
type Network struct {
	cfg    Config
	report func(format string, args ...any)

	mu    sync.Mutex
	nodes map[int]*process
	wg    sync.WaitGroup
}

// process is one node under supervision.
type process struct {
	pid    int
	cancel context.CancelFunc
	ended  chan struct{}
}

// Start starts every node; each is started again when it dies, until ctx ends or
// Stop is called. report is told of deaths; it may be called from any goroutine.
func (c Config) Start(ctx context.Context, report func(format string, args ...any)) (*Network, error) {
	n := &Network{cfg: c, report: report, nodes: map[int]*process{}}
	for i := range c.Validators {
		if err := n.StartNode(ctx, i); err != nil {
			return nil, errors.Join(err, n.Stop())
		}
	}
	return n, nil
}

// StartNode supervises one node.
func (n *Network) StartNode(ctx context.Context, i int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nodes[i] != nil {
		return fmt.Errorf("node %d runs already", i)
	}
	log, err := os.OpenFile(n.cfg.Log(i), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cancel: cancel, ended: make(chan struct{})}
	n.nodes[i] = p
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		defer close(p.ended)
		defer func() { _ = log.Close() }() // the children wrote it, by handles of their own
		n.supervise(ctx, i, p, log)
	}()
	return nil
}

// supervise starts a node again and again. Its thread is locked because the kernel
// ends the child when the thread that made it goes.
func (n *Network) supervise(ctx context.Context, i int, p *process, log *os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, n.cfg.Binary, "start", "--home", n.cfg.NodeHome(i), "--log_no_color")
		cmd.Stdout, cmd.Stderr = log, log
		cmd.SysProcAttr = childAttributes()
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = stopPatience
		err := cmd.Start()
		if err == nil {
			n.setPID(p, cmd.Process.Pid)
			err = cmd.Wait()
			n.setPID(p, 0)
		}
		if ctx.Err() != nil {
			return
		}
		n.report("node %d ended (%v), starting it again; its log is %s", i, err, n.cfg.Log(i))
		select {
		case <-ctx.Done():
		case <-time.After(restartDelay):
		}
	}
}

func (n *Network) setPID(p *process, pid int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p.pid = pid
}

// PID of node i, 0 when it does not run.
func (n *Network) PID(i int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.nodes[i]; p != nil {
		return p.pid
	}
	return 0
}

// StopNode stops one node and waits for it.
func (n *Network) StopNode(i int) {
	n.mu.Lock()
	p := n.nodes[i]
	delete(n.nodes, i)
	n.mu.Unlock()
	if p != nil {
		p.cancel()
		<-p.ended
	}
}

// Stop stops all nodes and waits for them.
func (n *Network) Stop() error {
	for i := range n.cfg.Validators {
		n.mu.Lock()
		p := n.nodes[i]
		n.mu.Unlock()
		if p != nil {
			p.cancel()
		}
	}
	n.wg.Wait()
	return nil
}

// WaitHeight waits until node i has made a block of this height.
func (n *Network) WaitHeight(ctx context.Context, i int, height int64) error {
	if err := WaitHeight(ctx, n.cfg.RPC(i), height); err != nil {
		return fmt.Errorf("node %d: %w; its log is %s", i, err, n.cfg.Log(i))
	}
	return nil
}

// WaitHeight waits until the node at an RPC address has made a block of this height.
func WaitHeight(ctx context.Context, address string, height int64) error {
	client, err := rpchttp.New(address, "/websocket")
	if err != nil {
		return err
	}
	for {
		status, err := client.Status(ctx)
		if err == nil && status.SyncInfo.LatestBlockHeight >= height {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not reach height %d: %w", address, height, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
