// Package localnet runs a whole network on this machine: N validator processes,
// each with a home, ports and a log of its own, started again when they die, and
// funded keys to play with.
package localnet

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"

	"github.com/taonet/taonet/app"
)

const (
	// ChainID of a local network.
	ChainID = "tao-local"
	// Folder below the home that holds the nodes.
	Folder = "localnet"
	// MaxValidators bounds the number of processes.
	MaxValidators = 16
	// portStep separates the ports of two nodes.
	portStep = 10
)

// Amounts of a fresh network, in rao.
const (
	FundsOfUser   = 10_000 * tao
	FundsOfFaucet = 1_000_000 * tao
	BondOfNode    = 1_000 * tao

	tao = 1_000_000_000
)

// Users are the names of the funded keys.
func Users() []string { return []string{"alice", "bob", Faucet} }

// Faucet is the key that gives Tao away.
const Faucet = "faucet"

// Config of a local network.
type Config struct {
	// Home holds keys and client.toml; the nodes are in Home/localnet/nodeN.
	Home string
	// Validators is the number of processes, 1..MaxValidators.
	Validators int
	// PortOffset is added to every port, so that two networks fit on a machine.
	PortOffset int
	// Binary is the taod to run.
	Binary string
	// Genesis may add to the genesis.
	Genesis func(*app.Draft) error
	// Edit may change a node's files before they are written.
	Edit func(node int, cfg *app.NodeConfig, comet *cmtcfg.Config)
}

// Validate checks what people can get wrong.
func (c Config) Validate() error {
	if c.Validators < 1 || c.Validators > MaxValidators {
		return fmt.Errorf("validators is %d, it must be 1..%d", c.Validators, MaxValidators)
	}
	if c.PortOffset < 0 || c.PortOffset > 30000 {
		return fmt.Errorf("port offset is %d, it must be 0..30000", c.PortOffset)
	}
	return nil
}

// Ports of a node.
type Ports struct{ RPC, P2P, API, GRPC, Metrics int }

// Ports of node i. The first node of a network without offset has the standard ones.
func (c Config) Ports(i int) Ports {
	shift := c.PortOffset + portStep*i
	return Ports{RPC: 26657 + shift, P2P: 26656 + shift, API: 1317 + shift, GRPC: 9090 + shift, Metrics: 26660 + shift}
}

// RPC is the address of a node's RPC.
func (c Config) RPC(i int) string { return fmt.Sprintf("tcp://localhost:%d", c.Ports(i).RPC) }

// NodeHome is the home of node i.
func (c Config) NodeHome(i int) string {
	return filepath.Join(c.Home, Folder, fmt.Sprintf("node%d", i))
}

// Log is the file that node i writes.
func (c Config) Log(i int) string { return filepath.Join(c.NodeHome(i), "node.log") }

// Exists says whether a network was prepared before, and of how many nodes.
func (c Config) Exists() (nodes int) {
	for {
		if _, err := os.Stat(filepath.Join(c.NodeHome(nodes), "config", "genesis.json")); err != nil {
			return nodes
		}
		nodes++
	}
}

// Remove deletes the nodes of a network; keys stay.
func (c Config) Remove() error { return os.RemoveAll(filepath.Join(c.Home, Folder)) }

// CheckPorts says which port is in use, if any.
func (c Config) CheckPorts() error {
	for i := range c.Validators {
		p := c.Ports(i)
		for _, port := range []int{p.RPC, p.P2P, p.API, p.GRPC, p.Metrics} {
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return fmt.Errorf("port %d of node %d is in use: another network runs; stop it or give --port-offset: %w", port, i, err)
			}
			if err := listener.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}
