package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"google.golang.org/grpc/metadata"

	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
	"github.com/cosmos/cosmos-sdk/types/query"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// Metagraph is a subnet at one height: what its last epoch found, and who is in it now.
type Metagraph struct {
	Subnet uint64
	// Height of the state.
	Height uint64
	// Epoch is the height of the last epoch, 0 before the first; Epochs is how many there
	// were, and Previous the height of the one before.
	Epoch, Previous, Epochs uint64
	// Neurons ascending by UID.
	Neurons []Neuron
}

// Neuron is a hotkey's place in a subnet. Rank and what follows it are shares of one in
// 1/65535, by the last epoch.
type Neuron struct {
	UID             uint32
	Hotkey, Coldkey string
	// Stake of the hotkey's pool in rao, now.
	Stake                                uint64
	StakeWeight, Rank, Trust, Consensus  uint16
	Incentive, Dividends, ValidatorTrust uint16
	PruningScore                         uint16
	// ServerEmission and ValidatorEmission are its pay of the last epoch in rao.
	ServerEmission, ValidatorEmission uint64
	// Permit says that its rows are taken, Active that its row is not too old.
	Permit, Active bool
	// LastUpdate is the height of its row, 0 for none; Registered that of its registration.
	LastUpdate, Registered uint64
	// Owed is earned and not settled yet, in rao.
	Owed uint64
	// Axon is where it serves, nil when it does not.
	Axon *Axon
}

// Axon is where and for how much a neuron serves.
type Axon struct {
	// Host is an IP address or a DNS name, never looked at by the chain.
	Host string
	Port uint16
	// Version of the wire protocol.
	Version uint32
	// Fingerprint is the SHA-256 of the TLS certificate's public key.
	Fingerprint [32]byte
	// ModelHash is the SHA-256 of the model card, nil for none.
	ModelHash []byte
	// Prices in rao by unit: "request", "kilobyte", "kilotoken".
	Prices map[string]uint64
	// Height of the record.
	Height uint64
}

// Address is host:port, with brackets around an IPv6 address.
func (a Axon) Address() string {
	return net.JoinHostPort(a.Host, strconv.FormatUint(uint64(a.Port), 10))
}

// Same says whether two records differ in nothing but their height.
func (a Axon) Same(b Axon) bool {
	if len(a.Prices) != len(b.Prices) {
		return false
	}
	for unit, rao := range a.Prices {
		if other, has := b.Prices[unit]; !has || other != rao {
			return false
		}
	}
	return a.Host == b.Host && a.Port == b.Port && a.Version == b.Version &&
		a.Fingerprint == b.Fingerprint && bytes.Equal(a.ModelHash, b.ModelHash)
}

// at asks for the state of a past height.
func at(ctx context.Context, height uint64) context.Context {
	return metadata.AppendToOutgoingContext(ctx, grpctypes.GRPCBlockHeightHeader, strconv.FormatUint(height, 10))
}

// Metagraph asks for a whole subnet, all of it at one height. It fails with ErrNoSubnet.
func (c *Client) Metagraph(ctx context.Context, subnet uint64) (Metagraph, error) {
	res, err := c.weights().Metagraph(ctx, &weightstypes.QueryMetagraphRequest{Subnet: subnet})
	if err != nil {
		return Metagraph{}, noSubnet(subnet, asked("metagraph", err))
	}
	m := Metagraph{
		Subnet: subnet, Height: res.Height, Epoch: res.Epoch.Height, Previous: res.Epoch.Previous, Epochs: res.Epoch.Count,
		Neurons: mapped(res.Neurons, neuronOf),
	}
	places, err := pages(func(page *query.PageRequest) ([]neurontypes.Neuron, *query.PageResponse, error) {
		res, err := c.neuron().Neurons(at(ctx, m.Height), &neurontypes.QueryNeuronsRequest{Subnet: subnet, Pagination: page})
		if err != nil {
			return nil, nil, asked("axons", err)
		}
		return res.Neurons, res.Pagination, nil
	})
	if err != nil {
		return Metagraph{}, err
	}
	axons := make(map[uint32]*Axon, len(places))
	for _, p := range places {
		axons[p.Uid] = axonOf(p.Axon)
	}
	for i := range m.Neurons {
		m.Neurons[i].Axon = axons[m.Neurons[i].UID]
	}
	return m, nil
}

// Of finds a neuron by its hotkey.
func (m Metagraph) Of(hotkey string) (Neuron, bool) {
	i := slices.IndexFunc(m.Neurons, func(n Neuron) bool { return n.Hotkey == hotkey })
	if i < 0 {
		return Neuron{}, false
	}
	return m.Neurons[i], true
}

// Neuron asks for one neuron of a subnet. It fails with ErrNotRegistered.
func (c *Client) Neuron(ctx context.Context, subnet uint64, hotkey string) (Neuron, error) {
	h, err := c.Hotkey(ctx, hotkey)
	if err != nil {
		return Neuron{}, err
	}
	i := slices.IndexFunc(h.Places, func(p Place) bool { return p.Subnet == subnet })
	if i < 0 {
		return Neuron{}, fmt.Errorf("%w: %s has no uid in subnet %d; register it with: neuron register", ErrNotRegistered, hotkey, subnet)
	}
	res, err := c.weights().Neuron(ctx, &weightstypes.QueryNeuronRequest{Subnet: subnet, Uid: h.Places[i].UID})
	if err != nil {
		return Neuron{}, asked(fmt.Sprintf("uid %d of subnet %d", h.Places[i].UID, subnet), err)
	}
	n := neuronOf(res.Neuron)
	if n.Hotkey != hotkey { // between the two answers
		return Neuron{}, fmt.Errorf("%w: uid %d of subnet %d has just been given to %s; register again with: neuron register", ErrNotRegistered, n.UID, subnet, n.Hotkey)
	}
	n.Axon = h.Places[i].Axon
	return n, nil
}

// Hotkey is a hotkey with its pool, wherever it is registered.
type Hotkey struct {
	Address, Coldkey string
	// Pool is all that is staked at it, in rao.
	Pool uint64
	// Take is its owner's share of the dividends of others' stake, in millionths.
	Take uint32
	// ToBalance says that settled pay goes to the coldkey's balance and not to its stake.
	ToBalance bool
	// Places ascending by subnet.
	Places []Place
}

// Place is a uid of a hotkey.
type Place struct {
	Subnet uint64
	UID    uint32
	// Owed is earned there and not settled yet, in rao.
	Owed uint64
	// ImmuneUntil is the first height at which it can be replaced.
	ImmuneUntil uint64
	Axon        *Axon
}

// Hotkey asks for a hotkey. It fails with ErrNotRegistered when it never was.
func (c *Client) Hotkey(ctx context.Context, hotkey string) (Hotkey, error) {
	res, err := c.neuron().Hotkey(ctx, &neurontypes.QueryHotkeyRequest{Hotkey: hotkey})
	if err != nil {
		if err = asked("hotkey "+hotkey, err); errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("%w: %s was never registered; register it with: neuron register", ErrNotRegistered, hotkey)
		}
		return Hotkey{}, err
	}
	h := hotkeyOf(res.Hotkey)
	h.Places = mapped(res.Neurons, func(n neurontypes.Neuron) Place {
		return Place{Subnet: n.Subnet, UID: n.Uid, Owed: n.OwedIncentive + n.OwedDividends, ImmuneUntil: n.ImmuneUntil, Axon: axonOf(n.Axon)}
	})
	return h, nil
}

// Hotkeys of a coldkey, without their places.
func (c *Client) Hotkeys(ctx context.Context, coldkey string) ([]Hotkey, error) {
	return pages(func(page *query.PageRequest) ([]Hotkey, *query.PageResponse, error) {
		res, err := c.neuron().Hotkeys(ctx, &neurontypes.QueryHotkeysRequest{Coldkey: coldkey, Pagination: page})
		if err != nil {
			return nil, nil, asked("hotkeys of "+coldkey, err)
		}
		return mapped(res.Hotkeys, hotkeyOf), res.Pagination, nil
	})
}

func hotkeyOf(h neurontypes.Hotkey) Hotkey {
	return Hotkey{Address: h.Address, Coldkey: h.Coldkey, Pool: h.Assets, Take: h.Take, ToBalance: h.Payout == neurontypes.PAYOUT_BALANCE}
}

func neuronOf(n weightstypes.NeuronState) Neuron {
	share := func(x uint32) uint16 { return uint16(min(x, 65535)) }
	return Neuron{
		UID: n.Uid, Hotkey: n.Hotkey, Coldkey: n.Coldkey, Stake: n.Stake, StakeWeight: share(n.StakeWeight),
		Rank: share(n.Rank), Trust: share(n.Trust), Consensus: share(n.Consensus), Incentive: share(n.Incentive),
		Dividends: share(n.Dividends), ValidatorTrust: share(n.ValidatorTrust), PruningScore: share(n.PruningScore),
		ServerEmission: n.ServerEmission, ValidatorEmission: n.ValidatorEmission, Permit: n.Permit, Active: n.Active,
		LastUpdate: n.LastUpdate, Registered: n.Registered, Owed: n.Owed,
	}
}

func axonOf(a *neurontypes.Axon) *Axon {
	if a == nil || len(a.Fingerprint) != 32 || a.Port > 65535 {
		return nil
	}
	axon := &Axon{
		Host: a.Host, Port: uint16(a.Port), Version: a.Version, Fingerprint: [32]byte(a.Fingerprint), ModelHash: a.ModelHash,
		Prices: make(map[string]uint64, len(a.Prices)), Height: a.Height,
	}
	for _, p := range a.Prices {
		axon.Prices[p.Unit] = p.Amount
	}
	return axon
}
