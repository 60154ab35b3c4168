package neuron

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/train"
	"github.com/taonet/taonet/neuron/wallet"
)

// openChain prepares everything that has to do with others.
func (n *Neuron) openChain() error {
	path, err := n.cfg.Path(n.cfg.Wallet.Hotkey)
	if err != nil {
		return err
	}
	if n.hotkey, err = wallet.LoadHotkey(path); err != nil {
		return err
	}
	n.board.status.Hotkey = n.hotkey.Address()
	n.client, err = chain.Dial(chain.Config{Nodes: n.cfg.Chain.Nodes, ChainID: n.cfg.Chain.ID, Trouble: n.trouble})
	if err != nil {
		return err
	}
	if err := n.openRows(); err != nil {
		return err
	}
	if err := n.openDendrite(); err != nil {
		return err
	}
	if err := n.openJudge(); err != nil {
		return err
	}
	return n.openAxon()
}

// openRows prepares what sends rows.
func (n *Neuron) openRows() error {
	rows, err := n.client.Rows(chain.RowsConfig{
		Hotkey: n.hotkey, Subnet: n.cfg.Chain.Subnet, Journal: chain.FileJournal{Path: n.home.path(fileRows)}, Report: n.reported,
	})
	if err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	n.rows.Store(rows)
	return nil
}

func (n *Neuron) openDendrite() error {
	encoding, err := tensor.ParseDType(n.cfg.Network.Encoding)
	if err != nil {
		return err
	}
	deadline := time.Duration(n.cfg.Network.Deadline)
	cfg := dendrite.Config{
		ChainID: n.cfg.Chain.ID, Subnet: n.cfg.Chain.Subnet, AllowPrivate: n.cfg.Network.AllowPrivate,
		Encoding: encoding, Concurrency: n.cfg.Network.Concurrency,
		// A peer that stalls a walk holds up everybody's byte.
		TimeoutFloor: min(time.Second, deadline), TimeoutCeiling: deadline,
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	n.dendrite = dendrite.New(cfg, dendrite.Deps{
		Signer: n.hotkey, Verifier: wallet.Verifier{}, Log: n.log,
		Observe: func(e dendrite.Event) {
			n.telemetry.Meters.Asked(e.UID, e.Reason == dendrite.ReasonNone, e.Latency)
		},
	})
	n.network = newPeers(n.dendrite, deadline, n.learning.served.Card().Classes)
	return nil
}

func (n *Neuron) openJudge() error {
	s, l := n.cfg.Score, n.learning
	cfg := train.DefaultJudge()
	cfg.Sequences, cfg.Positions, cfg.Probes, cfg.Canaries = s.Sequences, s.Positions, s.Probes, s.Canaries
	var err error
	if cfg.Seed, err = n.secret(); err != nil {
		return err
	}
	keep := func(state []byte) error { return n.home.write(fileScores, state) }
	switch {
	case len(l.texts) > 0:
		n.judge, err = train.NewJudge(cfg, l.served, n.network, l.source, keep, l.texts...)
	case l.set != nil && len(l.set.Labels) > 1:
		n.judge, err = train.NewExampleJudge(cfg, l.served, n.network, keep, l.set)
	default:
		return nil // text without probabilities, or values, which are not mixed
	}
	if err != nil {
		n.judge = nil // a nil of a type is not one
		return err
	}
	if err := n.scored.read(n.home); err != nil {
		return err
	}
	state, err := n.home.read(fileScores)
	if err != nil || state == nil {
		return err
	}
	return n.judge.Restore(state)
}

// secret is the seed of what nobody may foresee and no other neuron may have too: probes
// and canaries. The one of the configuration is the same in many.
func (n *Neuron) secret() (uint64, error) {
	signature, err := n.hotkey.Sign([]byte("neuron: the seed of its probes"))
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(signature)
	return binary.LittleEndian.Uint64(sum[:]) ^ n.cfg.Train.Seed, nil
}

// localRate is how many times the calls of one address are taken on a local network.
const localRate = 32

func (n *Neuron) openAxon() error {
	if n.cfg.Axon.Listen == "" {
		return nil
	}
	certificate, err := n.home.certificate()
	if err != nil {
		return err
	}
	var expert model.Expert = n.learning.served
	if n.deps.Expert != nil {
		expert = n.deps.Expert(expert, n.network)
	}
	a := n.cfg.Axon
	cfg := axon.DefaultConfig()
	cfg.ChainID, cfg.Certificate, cfg.Version, cfg.Open, cfg.Backward = n.cfg.Chain.ID, certificate, n.deps.Version, a.Open, a.Backward
	cfg.Queue, cfg.BatchRows, cfg.Delay = a.MaxQueue, a.Batch, time.Duration(a.BatchDelay)
	cfg.RowsPerSecond, cfg.RowBurst = a.RowsPerSecond, max(4*a.RowsPerSecond, cfg.RowBurst)
	cfg.Connections = a.Connections
	if n.cfg.Network.AllowPrivate {
		// Many neurons of a local network share an address.
		cfg.ConnectionsPerAddress, cfg.CallsPerSecond, cfg.CallBurst = a.Connections, localRate*cfg.CallsPerSecond, localRate*cfg.CallBurst
	}
	for _, p := range a.Prices {
		cfg.Prices = append(cfg.Prices, &synapse.Price{Unit: p.Unit, Amount: p.Amount})
	}
	if n.deps.axon != nil {
		n.deps.axon(&cfg)
	}
	n.axon, err = axon.New(cfg, axon.Deps{
		Expert: func() model.Expert { return expert }, Signer: n.hotkey, Verifier: wallet.Verifier{}, Registry: &n.subnet,
		Log: n.log, Meter: meter{n.telemetry.Meters, &n.served},
	})
	if err != nil {
		return err
	}
	if n.listener, err = net.Listen("tcp", a.Listen); err != nil {
		return fmt.Errorf("axon.listen %s: %w: choose another port, or stop what uses it", a.Listen, err)
	}
	return nil
}

// axonRecord is where peers find this neuron.
func (n *Neuron) axonRecord() (chain.Axon, error) {
	host, port, err := net.SplitHostPort(n.cfg.Axon.Advertise)
	if err != nil {
		return chain.Axon{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return chain.Axon{}, err
	}
	record := chain.Axon{Host: host, Port: uint16(number), Version: synapseVersion, Fingerprint: n.axon.Fingerprint()}
	for _, p := range n.cfg.Axon.Prices {
		if record.Prices == nil {
			record.Prices = map[string]uint64{}
		}
		record.Prices[p.Unit] = p.Amount
	}
	return record, nil
}
