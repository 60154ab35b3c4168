package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cosmos/gogoproto/proto"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/taonet/taonet/app/amount"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// Draft is a genesis in the making. It keeps the books of all modules together:
// every rao that a module counts is also in the balance of its account.
type Draft struct {
	cdc   codec.Codec
	state GenesisState

	auth     authtypes.GenesisState
	accounts authtypes.GenesisAccounts
	known    map[string]bool
	bank     banktypes.GenesisState
	balances map[string]int // address -> index in bank.Balances
	staking  stakingtypes.GenesisState
	neurons  neurontypes.GenesisState
	subnets  subnettypes.GenesisState
}

// NewDraft goes on from a genesis, for example DefaultGenesis.
func NewDraft(cdc codec.Codec, state GenesisState) (*Draft, error) {
	d := &Draft{cdc: cdc, state: state, known: map[string]bool{}, balances: map[string]int{}}
	for name, to := range d.parts() {
		if err := cdc.UnmarshalJSON(state[name], to); err != nil {
			return nil, fmt.Errorf("the genesis of %s: %w", name, err)
		}
	}
	var err error
	if d.accounts, err = authtypes.UnpackAccounts(d.auth.Accounts); err != nil {
		return nil, err
	}
	for _, account := range d.accounts {
		d.known[account.GetAddress().String()] = true
	}
	for i, balance := range d.bank.Balances {
		d.balances[balance.Address] = i
	}
	return d, nil
}

func (d *Draft) parts() map[string]proto.Message {
	return map[string]proto.Message{
		authtypes.ModuleName: &d.auth, banktypes.ModuleName: &d.bank, stakingtypes.ModuleName: &d.staking,
		neurontypes.ModuleName: &d.neurons, subnettypes.ModuleName: &d.subnets,
	}
}

// Fund gives an account rao; the account is made when it is not there.
func (d *Draft) Fund(address sdk.AccAddress, rao uint64) {
	d.account(address, nil)
	d.credit(address, rao)
}

// account makes sure that an account is there, with its key when there is one.
func (d *Draft) account(address sdk.AccAddress, key cryptotypes.PubKey) {
	if d.known[address.String()] {
		return
	}
	d.known[address.String()] = true
	d.accounts = append(d.accounts, authtypes.NewBaseAccount(address, key, 0, 0))
	// taod genesis add-genesis-account --append adds to a balance that is there, and
	// forgets one that is not.
	d.balance(address)
}

// balance is the place of an account's balance in bank.Balances.
func (d *Draft) balance(address sdk.AccAddress) int {
	i, ok := d.balances[address.String()]
	if !ok {
		i = len(d.bank.Balances)
		d.balances[address.String()] = i
		d.bank.Balances = append(d.bank.Balances, banktypes.Balance{Address: address.String()})
	}
	return i
}

func (d *Draft) credit(address sdk.AccAddress, rao uint64) {
	if rao == 0 {
		return
	}
	coin := sdk.NewCoin(BaseDenom, sdkmath.NewIntFromUint64(rao))
	i := d.balance(address)
	d.bank.Balances[i].Coins = d.bank.Balances[i].Coins.Add(coin)
	if !d.bank.Supply.Empty() {
		d.bank.Supply = d.bank.Supply.Add(coin)
	}
}

// Validator adds a CometBFT validator with rao of its operator's own; it is bonded
// at the first block.
func (d *Draft) Validator(moniker string, consensus cryptotypes.PubKey, operator sdk.AccAddress, rao uint64) error {
	key, err := codectypes.NewAnyWithValue(consensus)
	if err != nil {
		return err
	}
	d.account(operator, nil)
	tokens := sdkmath.NewIntFromUint64(rao)
	validator := stakingtypes.Validator{
		OperatorAddress: sdk.ValAddress(operator).String(), ConsensusPubkey: key, Status: stakingtypes.Unbonded,
		Tokens: tokens, DelegatorShares: sdkmath.LegacyNewDecFromInt(tokens), MinSelfDelegation: sdkmath.OneInt(),
		Description: stakingtypes.Description{Moniker: moniker},
		Commission:  stakingtypes.NewCommission(sdkmath.LegacyNewDecWithPrec(1, 1), sdkmath.LegacyOneDec(), sdkmath.LegacyOneDec()),
	}
	d.staking.Validators = append(d.staking.Validators, validator)
	d.staking.Delegations = append(d.staking.Delegations,
		stakingtypes.NewDelegation(operator.String(), validator.OperatorAddress, validator.DelegatorShares))
	d.credit(authtypes.NewModuleAddress(stakingtypes.NotBondedPoolName), rao)
	return nil
}

// Subnet sets the hyperparameters of subnet 1.
func (d *Draft) Subnet(h subnettypes.Hyperparameters) error {
	if err := h.Validate(); err != nil {
		return err
	}
	for i := range d.subnets.Subnets {
		if d.subnets.Subnets[i].Id == 1 {
			d.subnets.Subnets[i].Hyperparameters = h
			return nil
		}
	}
	return fmt.Errorf("the genesis has no subnet 1")
}

// Neuron registers a hotkey of a coldkey with rao of stake.
func (d *Draft) Neuron(subnet uint64, hotkey cryptotypes.PubKey, coldkey sdk.AccAddress, rao uint64) error {
	address := sdk.AccAddress(hotkey.Address())
	if address.Equals(coldkey) {
		return fmt.Errorf("hotkey and coldkey are the same, %s", coldkey)
	}
	if !d.hasSubnet(subnet) {
		return fmt.Errorf("the genesis has no subnet %d", subnet)
	}
	if err := d.neurons.AddNeuron(subnet, address, coldkey, rao); err != nil {
		return err
	}
	d.account(address, hotkey)
	d.account(coldkey, nil)
	d.credit(authtypes.NewModuleAddress(neurontypes.ModuleName), rao)
	return nil
}

func (d *Draft) hasSubnet(id uint64) bool {
	for _, s := range d.subnets.Subnets {
		if s.Id == id {
			return true
		}
	}
	return false
}

// Supply is all rao in the genesis.
func (d *Draft) Supply() (rao uint64) {
	for _, balance := range d.bank.Balances {
		rao += balance.Coins.AmountOf(BaseDenom).Uint64()
	}
	return rao
}

// State is the genesis with all that was added, after a check of it.
func (d *Draft) State() (GenesisState, error) {
	slices.SortStableFunc(d.neurons.Neurons, func(a, b neurontypes.Neuron) int {
		return cmp.Or(cmp.Compare(a.Subnet, b.Subnet), cmp.Compare(a.Uid, b.Uid))
	})
	packed, err := authtypes.PackAccounts(d.accounts)
	if err != nil {
		return nil, err
	}
	d.auth.Accounts = packed
	if err := d.check(); err != nil {
		return nil, err
	}
	state := make(GenesisState, len(d.state))
	for name, value := range d.state {
		state[name] = value
	}
	for name, part := range d.parts() {
		text, err := d.cdc.MarshalJSON(part)
		if err != nil {
			return nil, fmt.Errorf("the genesis of %s: %w", name, err)
		}
		state[name] = json.RawMessage(text)
	}
	return state, nil
}

// check asks every module that the draft changed, and what no module sees alone.
func (d *Draft) check() error {
	blocked := blockedAddresses()
	for _, h := range d.neurons.Hotkeys {
		if i, ok := d.balances[h.Address]; ok && !d.bank.Balances[i].Coins.IsZero() {
			return fmt.Errorf("hotkey %s has a balance of %s, but a hotkey holds nothing: give the balance to its coldkey %s, or register another hotkey",
				h.Address, amount.Format(d.bank.Balances[i].Coins.AmountOf(BaseDenom)), h.Coldkey)
		}
		if blocked[h.Coldkey] {
			return fmt.Errorf("coldkey %s is the account of a module, which nobody signs for: give the address of a key", h.Coldkey)
		}
	}
	for _, module := range []struct {
		name string
		err  error
	}{
		{authtypes.ModuleName, authtypes.ValidateGenesis(d.auth)}, {banktypes.ModuleName, d.bank.Validate()},
		{stakingtypes.ModuleName, staking.ValidateGenesis(&d.staking)},
		{subnettypes.ModuleName, d.subnets.Validate()}, {neurontypes.ModuleName, d.neurons.Validate()},
	} {
		if module.err != nil {
			return fmt.Errorf("the genesis of %s: %w", module.name, module.err)
		}
	}
	return nil
}
