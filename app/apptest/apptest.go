// Package apptest runs the chain in memory for tests: real modules, real state,
// no network.
package apptest

import (
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/baseapp"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/taonet/taonet/app"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	// ChainID of every test chain.
	ChainID = "tao-test"
	// Tao is one tao in rao.
	Tao = 1_000_000_000
)

// start is the time of genesis.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Chain is a chain in memory.
type Chain struct {
	*app.App
	T testing.TB
	// DB holds its state, so that it can be opened again.
	DB dbm.DB

	height int64
}

// Neuron of a genesis: two keys and a stake of its own.
type Neuron struct {
	Hot, Cold cryptotypes.PrivKey
	Stake     uint64 // rao
}

// Hotkey is its hotkey's address.
func (n Neuron) Hotkey() sdk.AccAddress { return sdk.AccAddress(n.Hot.PubKey().Address()) }

// Coldkey is its coldkey's address.
func (n Neuron) Coldkey() sdk.AccAddress { return sdk.AccAddress(n.Cold.PubKey().Address()) }

// NewNeuron makes keys from a seed: an ed25519 hotkey and a secp256k1 coldkey.
func NewNeuron(seed string, stake uint64) Neuron {
	return Neuron{Hot: Ed25519(seed + "/hot"), Cold: Key(seed + "/cold"), Stake: stake}
}

// Key is a secp256k1 key made from a seed.
func Key(seed string) cryptotypes.PrivKey { return secp256k1.GenPrivKeyFromSecret([]byte(seed)) }

// Ed25519 is an ed25519 key made from a seed.
func Ed25519(seed string) cryptotypes.PrivKey { return ed25519.GenPrivKeyFromSecret([]byte(seed)) }

// Address of a key.
func Address(key cryptotypes.PrivKey) sdk.AccAddress { return sdk.AccAddress(key.PubKey().Address()) }

type config struct {
	neurons []Neuron
	subnet  subnettypes.Hyperparameters
	funds   map[string]uint64
	options map[string]any
	edit    func(map[string]json.RawMessage)
}

// Option of New.
type Option func(*config)

// WithNeurons registers neurons in subnet 1 in genesis.
func WithNeurons(neurons ...Neuron) Option {
	return func(c *config) { c.neurons = append(c.neurons, neurons...) }
}

// WithSubnet sets the hyperparameters of subnet 1.
func WithSubnet(change func(*subnettypes.Hyperparameters)) Option {
	return func(c *config) { change(&c.subnet) }
}

// WithFunds gives an account rao in genesis.
func WithFunds(addr sdk.AccAddress, amount uint64) Option {
	return func(c *config) { c.funds[addr.String()] += amount }
}

// WithOption sets an app.toml option.
func WithOption(name string, value any) Option {
	return func(c *config) { c.options[name] = value }
}

// WithGenesis edits the genesis of the modules.
func WithGenesis(edit func(map[string]json.RawMessage)) Option {
	return func(c *config) { c.edit = edit }
}

// New starts a chain with one CometBFT validator and checks all invariants after
// every block unless an option says otherwise.
func New(t testing.TB, options ...Option) *Chain {
	t.Helper()
	c := &config{
		subnet: subnettypes.LocalnetHyperparameters(), funds: map[string]uint64{},
		options: map[string]any{app.OptionInvariants: true},
	}
	for _, option := range options {
		option(c)
	}
	chain := &Chain{T: t, DB: dbm.NewMemDB()}
	chain.App = open(t, chain.DB, c.options)
	chain.init(c)
	chain.NextBlock() // checks look at the state of a block
	return chain
}

func open(t testing.TB, db dbm.DB, options map[string]any) *app.App {
	t.Helper()
	opts := simtestutil.AppOptionsMap{"home": t.TempDir()}
	for name, value := range options {
		opts[name] = value
	}
	return app.New(log.NewNopLogger(), db, nil, true, opts, baseapp.SetChainID(ChainID))
}

// init makes genesis and runs InitChain.
func (c *Chain) init(cfg *config) {
	c.T.Helper()
	key := ed25519.GenPrivKeyFromSecret([]byte("validator"))
	operator := Key("operator")
	genesis := c.DefaultGenesis()
	c.addState(genesis, cfg, key.PubKey(), Address(operator))
	if cfg.edit != nil {
		cfg.edit(genesis)
	}
	state, err := json.Marshal(genesis)
	require.NoError(c.T, err)
	params := app.DefaultConsensusParams().ToProto()
	_, err = c.InitChain(&abci.RequestInitChain{
		ChainId: ChainID, Time: start, InitialHeight: 1, AppStateBytes: state, ConsensusParams: &params,
	})
	require.NoError(c.T, err)
}

// addState fills genesis: a bonded validator, neurons and funds.
func (c *Chain) addState(genesis app.GenesisState, cfg *config, consensus cryptotypes.PubKey, operator sdk.AccAddress) {
	t, cdc := c.T, c.AppCodec()
	const bonded = 1000 * Tao
	any, err := codectypes.NewAnyWithValue(consensus)
	require.NoError(t, err)
	validator := stakingtypes.Validator{
		OperatorAddress: sdk.ValAddress(operator).String(), ConsensusPubkey: any, Status: stakingtypes.Bonded,
		Tokens: sdkmath.NewInt(bonded), DelegatorShares: sdkmath.LegacyNewDec(bonded), MinSelfDelegation: sdkmath.OneInt(),
		Commission: stakingtypes.NewCommission(sdkmath.LegacyZeroDec(), sdkmath.LegacyZeroDec(), sdkmath.LegacyZeroDec()),
	}
	delegation := stakingtypes.NewDelegation(operator.String(), validator.OperatorAddress, sdkmath.LegacyNewDec(bonded))
	genesis[stakingtypes.ModuleName] = cdc.MustMarshalJSON(stakingtypes.NewGenesisState(
		stakingtypes.DefaultParams(), []stakingtypes.Validator{validator}, []stakingtypes.Delegation{delegation}))

	balances := map[string]uint64{authtypes.NewModuleAddress(stakingtypes.BondedPoolName).String(): bonded}
	accounts := []authtypes.GenesisAccount{authtypes.NewBaseAccountWithAddress(operator)}
	for addr, amount := range cfg.funds {
		balances[addr] += amount
		accounts = append(accounts, authtypes.NewBaseAccountWithAddress(sdk.MustAccAddressFromBech32(addr)))
	}
	neurons := neurontypes.DefaultGenesis()
	neurons.Params.MinStakeChange = 1
	for _, n := range cfg.neurons {
		require.NoError(t, neurons.AddNeuron(1, n.Hotkey(), n.Coldkey(), n.Stake))
		hot := authtypes.NewBaseAccountWithAddress(n.Hotkey())
		require.NoError(t, hot.SetPubKey(n.Hot.PubKey()))
		accounts = append(accounts, hot)
		if _, funded := cfg.funds[n.Coldkey().String()]; !funded {
			accounts = append(accounts, authtypes.NewBaseAccountWithAddress(n.Coldkey()))
		}
	}
	staked, _, _ := neurons.Totals()
	balances[authtypes.NewModuleAddress(neurontypes.ModuleName).String()] = staked
	genesis[neurontypes.ModuleName] = cdc.MustMarshalJSON(neurons)
	genesis[subnettypes.ModuleName] = cdc.MustMarshalJSON(subnettypes.NewGenesis(cfg.subnet))

	auth := authtypes.NewGenesisState(authtypes.DefaultParams(), accounts)
	genesis[authtypes.ModuleName] = cdc.MustMarshalJSON(auth)
	bank := banktypes.DefaultGenesisState()
	bank.DenomMetadata = append(bank.DenomMetadata, app.Metadata())
	for addr, amount := range balances {
		if amount > 0 {
			bank.Balances = append(bank.Balances, banktypes.Balance{Address: addr, Coins: Rao(amount)})
		}
	}
	genesis[banktypes.ModuleName] = cdc.MustMarshalJSON(bank)
}

// Rao is an amount as coins.
func Rao(amount uint64) sdk.Coins { return sdk.NewCoins(Coin(amount)) }

// Coin is an amount as a coin.
func Coin(amount uint64) sdk.Coin {
	return sdk.NewCoin(app.BaseDenom, sdkmath.NewIntFromUint64(amount))
}

// Height of the last block.
func (c *Chain) Height() int64 { return c.height }

// Time of a block.
func (c *Chain) Time(height int64) time.Time { return start.Add(time.Duration(height) * time.Second) }

// NextBlock makes a block of txs and returns what became of each.
func (c *Chain) NextBlock(txs ...[]byte) []*abci.ExecTxResult {
	c.T.Helper()
	res, err := c.TryBlock(txs...)
	require.NoError(c.T, err)
	return res.TxResults
}

// TryBlock is NextBlock that may fail.
func (c *Chain) TryBlock(txs ...[]byte) (*abci.ResponseFinalizeBlock, error) {
	height := c.height + 1
	res, err := c.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: c.Time(height), Txs: txs, Hash: hash(height)})
	if err != nil {
		return nil, err
	}
	if _, err := c.Commit(); err != nil {
		return nil, err
	}
	c.height = height
	return res, nil
}

// Blocks makes n empty blocks.
func (c *Chain) Blocks(n int) {
	c.T.Helper()
	for range n {
		c.NextBlock()
	}
}

func hash(height int64) []byte {
	sum := sha256.Sum256([]byte{byte(height), byte(height >> 8), byte(height >> 16), byte(height >> 24)})
	return sum[:]
}

// Ctx reads the state of the last block.
func (c *Chain) Ctx() sdk.Context {
	return c.NewContext(true).WithBlockHeight(c.height).WithChainID(ChainID).WithBlockTime(c.Time(c.height))
}

// Deliver runs messages as a transaction of the next block would, without ante
// handler or fee, in a state of their own; write keeps it. It returns the error
// that the sender would see.
func (c *Chain) Deliver(ctx sdk.Context, msg sdk.Msg) (*sdk.Result, error) {
	cached, write := ctx.CacheContext()
	res, err := c.MsgServiceRouter().Handler(msg)(cached, msg)
	if err == nil {
		write()
	}
	return res, err
}

// Row is a MsgSetWeights of pairs (uid, weight).
func Row(hotkey sdk.AccAddress, pairs ...uint32) *weightstypes.MsgSetWeights {
	msg := &weightstypes.MsgSetWeights{Hotkey: hotkey.String(), Subnet: 1}
	for i := 0; i+1 < len(pairs); i += 2 {
		msg.Uids, msg.Weights = append(msg.Uids, pairs[i]), append(msg.Weights, pairs[i+1])
	}
	return msg
}
