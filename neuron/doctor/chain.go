package doctor

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/setup"
)

const (
	// nodePatience is how long a node may take to answer.
	nodePatience = 5 * time.Second
	// skew is by how much the clock may differ from the last block's time: half of the
	// 30 s within which peers take a request, less what a block may take.
	skew = 15 * time.Second
)

// chain looks at the node and at what it says of this neuron.
func (e *exam) chain(ctx context.Context) {
	reached := e.node(ctx)
	e.keys(ctx)
	if !reached || e.hotkey == nil {
		why := "no node answers"
		if reached {
			why = "there is no hotkey"
		}
		e.skipped(checkBalance, "", "%s", why)
		e.skipped(checkRegistered, "", "%s", why)
		return
	}
	e.registered(ctx)
}

// node looks at node and clock.
func (e *exam) node(ctx context.Context) bool {
	var err error
	e.client, err = chain.Dial(chain.Config{Nodes: e.cfg.Chain.Nodes, ChainID: e.cfg.Chain.ID, Patience: nodePatience})
	if err != nil {
		e.failed(checkNode, "correct chain.nodes", "%v", err)
		e.skipped(checkClock, "", "no node answers")
		return false
	}
	s, err := e.client.Status(ctx)
	switch {
	case errors.Is(err, chain.ErrWrongChain):
		e.failed(checkNode, "set chain.id to the node's chain, or chain.nodes to a node of yours", "%v", err)
	case err != nil:
		e.failed(checkNode, "start a node (taod start), or set chain.nodes to one that runs", "%v", err)
	case s.CatchingUp:
		e.failed(checkNode, "wait until it has the newest blocks, or set chain.nodes to another", "the node is catching up and at height %d", s.Height)
	default:
		e.ok(checkNode, "%s at height %d", s.ChainID, s.Height)
	}
	if err != nil {
		e.skipped(checkClock, "", "no node answers")
		return false
	}
	e.height = s.Height
	e.clock(time.Since(s.Time), s.CatchingUp)
	return true
}

// clock compares this machine's with the last block.
func (e *exam) clock(age time.Duration, catchingUp bool) {
	switch {
	case catchingUp:
		e.skipped(checkClock, "", "the node's last block is an old one")
	case age > skew:
		e.failed(checkClock, "set the clock (chronyc, timedatectl); if it is right, the chain stands still",
			"the last block is %s old, so this clock is ahead or there are no blocks", seconds(age.Seconds()))
	case age < -skew:
		e.failed(checkClock, "set the clock (chronyc, timedatectl)", "the last block is of %s in the future, so this clock is behind", seconds(-age.Seconds()))
	default:
		e.ok(checkClock, "%s after the last block", seconds(age.Seconds()))
	}
}

// keys looks at hotkey and coldkey.
func (e *exam) keys(ctx context.Context) {
	var err error
	if e.hotkey, err = setup.Hotkey(e.cfg); err != nil {
		e.failed(checkHotkey, "make or import one: neuron init", "%v", err)
	} else {
		e.ok(checkHotkey, "%s", e.hotkey.Address())
	}
	if e.hotkey != nil && e.height > 0 {
		if h, err := e.client.Hotkey(ctx, e.hotkey.Address()); err == nil {
			e.owner = h.Coldkey
			e.ok(checkColdkey, "%s owns the hotkey", e.owner)
			return
		}
	}
	if dir, err := setup.KeyringFolder(e.cfg); err != nil {
		e.failed(checkColdkey, "correct wallet.keyring_dir", "%v", err)
		return
	} else if _, err := os.Stat(dir); err != nil { // opening it would make it
		e.failed(checkColdkey, "set wallet.keyring_dir to the keyring's folder, or make one: neuron init", "%v", err)
		return
	}
	cold, err := setup.Coldkey(e.cfg, e.Input)
	if err != nil {
		e.failed(checkColdkey, "name the right one in wallet.coldkey, or make one: neuron init", "%v", err)
		return
	}
	e.owner = cold.Address()
	e.ok(checkColdkey, "%s", e.owner)
}

// registered looks at the balance and at the place in the subnet.
func (e *exam) registered(ctx context.Context) {
	place, err := e.client.Neuron(ctx, e.cfg.Chain.Subnet, e.hotkey.Address())
	if err == nil {
		e.place = &place
	}
	e.balance(ctx, err)
	switch {
	case err == nil:
		e.ok(checkRegistered, "uid %d in subnet %d, stake %s", place.UID, e.cfg.Chain.Subnet, chain.Cost(place.Stake))
	case errors.Is(err, chain.ErrNotRegistered):
		e.failed(checkRegistered, "neuron register", "%s has no uid in subnet %d", e.hotkey.Address(), e.cfg.Chain.Subnet)
	default:
		e.failed(checkRegistered, "look again when the node answers", "%v", err)
	}
}

// balance must do for a registration where there is none.
func (e *exam) balance(ctx context.Context, place error) {
	if e.owner == "" {
		e.skipped(checkBalance, "", "the coldkey is not known")
		return
	}
	have, err := e.client.Balance(ctx, e.owner)
	if err != nil {
		e.failed(checkBalance, "look again when the node answers", "%v", err)
		return
	}
	if place == nil {
		e.ok(checkBalance, "%s", chain.Cost(have))
		return
	}
	price, err := e.client.Price(ctx, e.cfg.Chain.Subnet)
	switch {
	case errors.Is(err, chain.ErrNoSubnet):
		e.failed(checkBalance, "set chain.subnet to one that taod q subnet subnets lists", "%v", err)
	case err != nil:
		e.failed(checkBalance, "look again when the node answers", "%v", err)
	case have <= price.Rao:
		e.failed(checkBalance, "send some Tao to "+e.owner, "%s, and a registration costs %s and a fee", chain.Cost(have), chain.Cost(price.Rao))
	default:
		e.ok(checkBalance, "%s, a registration costs %s", chain.Cost(have), chain.Cost(price.Rao))
	}
}
