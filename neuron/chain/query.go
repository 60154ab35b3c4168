package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/types/query"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// pageSize is how many entries of a list are asked for at once.
const pageSize = 1000

// Status is how far a node is.
type Status struct {
	ChainID string
	// Height of the last block.
	Height uint64
	// Time of the last block, by the clocks of the validators.
	Time time.Time
	// CatchingUp says that the node is still fetching old blocks.
	CatchingUp bool
}

// Status asks for the last block.
func (c *Client) Status(ctx context.Context) (Status, error) {
	s, err := nodeservice.NewServiceClient(c.nodes).Status(ctx, &nodeservice.StatusRequest{})
	if err != nil {
		return Status{}, fmt.Errorf("the height of the chain: %w", err)
	}
	if s.Timestamp == nil {
		return Status{}, fmt.Errorf("the height of the chain: %w: block %d has no time", ErrLagging, s.Height)
	}
	syncing, err := cmtservice.NewServiceClient(c.nodes).GetSyncing(ctx, &cmtservice.GetSyncingRequest{})
	if err != nil {
		return Status{}, fmt.Errorf("whether the node is catching up: %w", err)
	}
	return Status{ChainID: c.ChainID(), Height: s.Height, Time: *s.Timestamp, CatchingUp: syncing.Syncing}, nil
}

// asked adds what was asked for to an error, and turns "not found" into ErrNotFound.
func asked(what string, err error) error {
	if err == nil {
		return nil
	}
	if status.Code(err) == codes.NotFound {
		return fmt.Errorf("%s: %w: %s", what, ErrNotFound, status.Convert(err).Message())
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Account is what a signature needs to know.
type Account struct{ Number, Sequence uint64 }

// Account of an address. It fails with ErrNotFound when it never received anything and
// was never registered.
func (c *Client) Account(ctx context.Context, address string) (Account, error) {
	res, err := c.auth().AccountInfo(ctx, &authtypes.QueryAccountInfoRequest{Address: address})
	if err != nil {
		return Account{}, asked("account "+address, err)
	}
	return Account{Number: res.Info.GetAccountNumber(), Sequence: res.Info.GetSequence()}, nil
}

// Balance of an address in rao, 0 when nobody knows it.
func (c *Client) Balance(ctx context.Context, address string) (uint64, error) {
	res, err := c.bank().Balance(ctx, &banktypes.QueryBalanceRequest{Address: address, Denom: app.BaseDenom})
	if err != nil {
		return 0, asked("balance of "+address, err)
	}
	if res.Balance == nil || !res.Balance.Amount.IsUint64() {
		return 0, fmt.Errorf("balance of %s: the node sent %v", address, res.Balance)
	}
	return res.Balance.Amount.Uint64(), nil
}

// Price of a registration in a subnet.
type Price struct {
	// Rao that it burns now.
	Rao uint64
	// Free uids.
	Free uint32
	// Replaces says that the subnet is full and NextUID, of NextHotkey, would be replaced.
	Replaces   bool
	NextUID    uint32
	NextHotkey string
	// FreeAt is the height from which a uid can be had.
	FreeAt uint64
}

// Price asks what a registration costs now. It fails with ErrNoSubnet.
func (c *Client) Price(ctx context.Context, subnet uint64) (Price, error) {
	res, err := c.neuron().Price(ctx, &neurontypes.QueryPriceRequest{Subnet: subnet})
	if err != nil {
		return Price{}, noSubnet(subnet, asked("price of a registration", err))
	}
	return Price{
		Rao: res.Price, Free: res.Free, Replaces: res.Replaces, NextUID: res.NextUid, NextHotkey: res.NextHotkey, FreeAt: res.FreeAt,
	}, nil
}

// noSubnet says ErrNoSubnet for what was not found where only the subnet can be missing.
func noSubnet(subnet uint64, err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %d; taod q subnet subnets lists them: %w", ErrNoSubnet, subnet, err)
	}
	return err
}

// Hyperparameters of a subnet, as far as a neuron goes by them. Durations are in blocks.
type Hyperparameters struct {
	// Tempo is the number of blocks between epochs.
	Tempo uint64
	// MaxUIDs is how many neurons fit, MaxValidators how many permits an epoch gives.
	MaxUIDs, MaxValidators uint32
	// MaxRow is the longest row, MinAllowedWeights the fewest weights above 0 in it.
	MaxRow, MinAllowedWeights uint32
	// MaxWeight is the largest share of a row for one peer, in 1/65535.
	MaxWeight uint16
	// WeightsRateLimit is from one row to the next; WeightsVersion the least version.
	WeightsRateLimit, WeightsVersion uint64
	// CommitReveal says that rows are hidden first, for RevealAfter.
	CommitReveal bool
	RevealAfter  uint64
	// ActivityCutoff is the age of a row at which its neuron is inactive.
	ActivityCutoff uint64
	// Immunity is for how long a new neuron cannot be replaced.
	Immunity uint64
	// MinStake in rao: less counts as none.
	MinStake uint64
	// Kappa is the share of active stake whose opinion is consensus, in 1/65535.
	Kappa uint16
	// RegistrationOpen says whether neurons may register; BurnFloor and BurnCeiling bound
	// its price in rao.
	RegistrationOpen       bool
	BurnFloor, BurnCeiling uint64
	// ServingRateLimit is from one axon record to the next.
	ServingRateLimit uint64
}

// Subnet is one arena.
type Subnet struct {
	ID                uint64
	Owner             string // empty for none
	Name, Description string
	// Modality is "text", "image" or "tensor".
	Modality string
	// DissolvesAt is the height at which it ends, 0 when it does not.
	DissolvesAt     uint64
	Hyperparameters Hyperparameters
}

// Subnet asks for a subnet. It fails with ErrNoSubnet.
func (c *Client) Subnet(ctx context.Context, id uint64) (Subnet, error) {
	res, err := c.subnet().Subnet(ctx, &subnettypes.QuerySubnetRequest{Subnet: id})
	if err != nil {
		return Subnet{}, noSubnet(id, asked("subnet", err))
	}
	return subnetOf(res.Subnet), nil
}

// Subnets asks for all of them, ascending by ID.
func (c *Client) Subnets(ctx context.Context) ([]Subnet, error) {
	return pages(func(page *query.PageRequest) ([]Subnet, *query.PageResponse, error) {
		res, err := c.subnet().Subnets(ctx, &subnettypes.QuerySubnetsRequest{Pagination: page})
		if err != nil {
			return nil, nil, asked("subnets", err)
		}
		return mapped(res.Subnets, subnetOf), res.Pagination, nil
	})
}

// Hyperparameters asks for those in force. It fails with ErrNoSubnet.
func (c *Client) Hyperparameters(ctx context.Context, subnet uint64) (Hyperparameters, error) {
	s, err := c.Subnet(ctx, subnet)
	return s.Hyperparameters, err
}

var modalities = map[subnettypes.Modality]string{
	subnettypes.MODALITY_TEXT: "text", subnettypes.MODALITY_IMAGE: "image", subnettypes.MODALITY_TENSOR: "tensor",
}

func subnetOf(s subnettypes.Subnet) Subnet {
	h := s.Hyperparameters
	return Subnet{
		ID: s.Id, Owner: s.Owner, Name: s.Name, Description: s.Description, Modality: modalities[s.Modality], DissolvesAt: s.DissolvesAt,
		Hyperparameters: Hyperparameters{
			Tempo: max(h.Tempo, 1), MaxUIDs: h.MaxUids, MaxValidators: h.MaxValidators, MaxRow: h.MaxRow, MinAllowedWeights: h.MinAllowedWeights,
			MaxWeight: uint16(min(h.MaxWeight, 65535)), WeightsRateLimit: h.WeightsRateLimit, WeightsVersion: h.WeightsVersion,
			CommitReveal: h.CommitReveal, RevealAfter: h.RevealAfter, ActivityCutoff: h.ActivityCutoff, Immunity: h.Immunity,
			MinStake: h.MinStake, Kappa: uint16(min(h.Kappa, 65535)), RegistrationOpen: h.RegistrationOpen,
			BurnFloor: h.BurnFloor, BurnCeiling: h.BurnCeiling, ServingRateLimit: h.ServingRateLimit,
		},
	}
}

// Position is what a coldkey has staked at a hotkey.
type Position struct {
	Hotkey, Coldkey string
	// Rao that its shares are worth now, before what is owed.
	Rao uint64
}

// Stakes are the positions of a coldkey.
func (c *Client) Stakes(ctx context.Context, coldkey string) ([]Position, error) {
	return pages(func(page *query.PageRequest) ([]Position, *query.PageResponse, error) {
		res, err := c.neuron().Stakes(ctx, &neurontypes.QueryStakesRequest{Coldkey: coldkey, Pagination: page})
		if err != nil {
			return nil, nil, asked("stakes of "+coldkey, err)
		}
		return mapped(res.Positions, func(p neurontypes.Position) Position {
			return Position{Hotkey: p.Hotkey, Coldkey: p.Coldkey, Rao: p.Value}
		}), res.Pagination, nil
	})
}

// Unbonding is stake on its way to a balance.
type Unbonding struct {
	ID     uint64
	Hotkey string
	// Rao, fixed.
	Rao uint64
	// Completes at this height.
	Completes uint64
}

// Unbondings of a coldkey.
func (c *Client) Unbondings(ctx context.Context, coldkey string) ([]Unbonding, error) {
	return pages(func(page *query.PageRequest) ([]Unbonding, *query.PageResponse, error) {
		res, err := c.neuron().Unbondings(ctx, &neurontypes.QueryUnbondingsRequest{Coldkey: coldkey, Pagination: page})
		if err != nil {
			return nil, nil, asked("unbondings of "+coldkey, err)
		}
		return mapped(res.Unbondings, func(u neurontypes.Unbonding) Unbonding {
			return Unbonding{ID: u.Id, Hotkey: u.Hotkey, Rao: u.Amount, Completes: u.Completes}
		}), res.Pagination, nil
	})
}

// pages reads a list to its end.
func pages[T any](ask func(*query.PageRequest) ([]T, *query.PageResponse, error)) ([]T, error) {
	var all []T
	page := &query.PageRequest{Limit: pageSize}
	for {
		some, next, err := ask(page)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(next.GetNextKey()) == 0 {
			return all, nil
		}
		page.Key = next.NextKey
	}
}

// mapped is f of every element.
func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}
