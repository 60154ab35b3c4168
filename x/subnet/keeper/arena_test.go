package keeper_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/taonet/taonet/app/apptest"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/subnet/types"
)

// arena is a chain on which nothing is minted, so that every rao that moves was
// moved by a message. alice is the one neuron, of subnet 1; carol, dave and erin
// have 100,000 tao each; the operator of the validator decides for governance.
type arena struct {
	*apptest.Chain
	alice                       apptest.Neuron
	carol, dave, erin, operator cryptotypes.PrivKey
	governance                  string
}

// fee of every transaction, in rao.
const fee = 1000

// newArena starts one; edit changes the genesis of the module, and what it locks is
// in the module's account.
func newArena(t testing.TB, edit ...func(*types.GenesisState)) *arena {
	t.Helper()
	a := &arena{
		alice: apptest.NewNeuron("alice", 100*apptest.Tao), carol: apptest.Key("carol"), dave: apptest.Key("dave"),
		erin: apptest.Key("erin"), operator: apptest.Key("operator"),
		governance: authtypes.NewModuleAddress(govtypes.ModuleName).String(),
	}
	options := []apptest.Option{apptest.WithNeurons(a.alice), apptest.WithGenesis(func(raw map[string]json.RawMessage) { a.edit(raw, edit) })}
	for _, key := range []cryptotypes.PrivKey{a.alice.Cold, a.carol, a.dave, a.erin} {
		options = append(options, apptest.WithFunds(apptest.Address(key), 100_000*apptest.Tao))
	}
	a.Chain = apptest.New(t, options...)
	a.do(t, a.carol, a.send(a.carol, apptest.Address(a.operator), 100*tao))
	return a
}

func (a *arena) edit(raw map[string]json.RawMessage, edit []func(*types.GenesisState)) {
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	var emission emissiontypes.GenesisState
	cdc.MustUnmarshalJSON(raw[emissiontypes.ModuleName], &emission)
	emission.Params.Base = 0
	raw[emissiontypes.ModuleName] = cdc.MustMarshalJSON(&emission)

	var gov govv1.GenesisState
	cdc.MustUnmarshalJSON(raw[govtypes.ModuleName], &gov)
	second := time.Second
	gov.Params.VotingPeriod, gov.Params.MinDeposit = &second, apptest.Rao(1)
	raw[govtypes.ModuleName] = cdc.MustMarshalJSON(&gov)

	var subnets types.GenesisState
	cdc.MustUnmarshalJSON(raw[types.ModuleName], &subnets)
	for _, change := range edit {
		change(&subnets)
	}
	raw[types.ModuleName] = cdc.MustMarshalJSON(&subnets)
	if locks := subnets.LockSum(); locks > 0 {
		var bank banktypes.GenesisState
		cdc.MustUnmarshalJSON(raw[banktypes.ModuleName], &bank)
		bank.Balances = append(bank.Balances, banktypes.Balance{
			Address: authtypes.NewModuleAddress(types.ModuleName).String(), Coins: apptest.Rao(locks),
		})
		raw[banktypes.ModuleName] = cdc.MustMarshalJSON(&bank)
	}
}

// withParams edits the parameters in genesis.
func withParams(change func(*types.Params)) func(*types.GenesisState) {
	return func(gs *types.GenesisState) { change(&gs.Params) }
}

// carols adds a subnet 2 of carol to a genesis: its name is "second" and its lock is
// 7 tao.
func carols(gs *types.GenesisState) {
	gs.Subnets = append(gs.Subnets, types.Subnet{
		Id: 2, Owner: apptest.Address(apptest.Key("carol")).String(), Name: "second", Modality: types.MODALITY_IMAGE,
		Lock: 7 * apptest.Tao, Hyperparameters: types.DefaultHyperparameters(),
	})
	gs.NextId = 3
}

func (*arena) of(key cryptotypes.PrivKey) string { return apptest.Address(key).String() }

// do makes a block of one message, which must succeed, and returns the events of the
// message and of the block's end.
func (a *arena) do(t testing.TB, key cryptotypes.PrivKey, msg sdk.Msg) arenaEvents {
	t.Helper()
	res, err := a.TryBlock(a.Paid(key, msg))
	require.NoError(t, err)
	require.Zero(t, res.TxResults[0].Code, res.TxResults[0].Log)
	return append(a.parsed(res.TxResults[0].Events), a.parsed(res.Events)...)
}

// govern lets governance run a message by a proposal and returns the events of the
// block that ran it.
func (a *arena) govern(t testing.TB, msg sdk.Msg) arenaEvents {
	t.Helper()
	proposal, err := govv1.NewMsgSubmitProposal([]sdk.Msg{msg}, apptest.Rao(1), a.of(a.operator), "", "title", "summary", false)
	require.NoError(t, err)
	res := a.NextBlock(a.Paid(a.operator, proposal))
	require.Zero(t, res[0].Code, res[0].Log)
	next, err := a.GovKeeper.ProposalID.Peek(a.Ctx())
	require.NoError(t, err)
	id := next - 1
	end, err := a.TryBlock(a.Paid(a.operator, govv1.NewMsgVote(apptest.Address(a.operator), id, govv1.OptionYes, "")))
	require.NoError(t, err)
	require.Zero(t, end.TxResults[0].Code, end.TxResults[0].Log)
	done, err := a.GovKeeper.Proposals.Get(a.Ctx(), id)
	require.NoError(t, err)
	require.Equal(t, govv1.StatusPassed, done.Status, done.FailedReason)
	return a.parsed(end.Events)
}

// refused makes a block of one message that must fail with an error that says texts,
// and leave everything but the fee as it was.
func (a *arena) refused(t testing.TB, key cryptotypes.PrivKey, msg sdk.Msg, want *errorsmod.Error, says ...string) {
	t.Helper()
	before, held := a.export(t, a.Ctx()), a.held(apptest.Address(key))
	locked := a.locked()
	res, err := a.TryBlock(a.Paid(key, msg))
	require.NoError(t, err)
	tx := res.TxResults[0]
	require.Equal(t, want.ABCICode(), tx.Code, tx.Log)
	require.Equal(t, want.Codespace(), tx.Codespace, tx.Log)
	for _, text := range says {
		require.Contains(t, tx.Log, text)
	}
	for _, event := range tx.Events {
		require.False(t, strings.HasPrefix(event.Type, "tao.subnet."), "a failed message has the event %s", event.Type)
	}
	require.Equal(t, before, a.export(t, a.Ctx()), "the state changed")
	require.Equal(t, held-fee, a.held(apptest.Address(key)))
	require.Equal(t, locked, a.locked())
}

// refusedAt runs a message that must fail, whoever signs it, without a block; it has
// written nothing when it fails.
func (a *arena) refusedAt(t testing.TB, ctx sdk.Context, msg sdk.Msg, want error, says ...string) {
	t.Helper()
	cached, _ := ctx.CacheContext()
	before := a.export(t, cached)
	_, err := a.MsgServiceRouter().Handler(msg)(cached, msg)
	require.ErrorIs(t, err, want)
	for _, text := range says {
		require.ErrorContains(t, err, text)
	}
	require.Equal(t, before, a.export(t, cached), "the state changed")
}

// export is the state of the module as text.
func (a *arena) export(t testing.TB, ctx sdk.Context) string {
	t.Helper()
	gs, err := a.SubnetKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	return string(a.AppCodec().MustMarshalJSON(gs))
}

func (a *arena) subnet(t testing.TB, id uint64) types.Subnet {
	t.Helper()
	subnet, err := a.SubnetKeeper.Subnet(a.Ctx(), id)
	require.NoError(t, err)
	return subnet
}

// held is the balance of an account.
func (a *arena) held(addr sdk.AccAddress) uint64 {
	return a.BankKeeper.GetBalance(a.Ctx(), addr, types.Denom).Amount.Uint64()
}

// locked is the balance of the module's account.
func (a *arena) locked() uint64 { return a.held(authtypes.NewModuleAddress(types.ModuleName)) }

// staked is the stake of the neuron.
func (a *arena) staked(t testing.TB) uint64 {
	t.Helper()
	stake, _, err := a.NeuronKeeper.StakeOf(a.Ctx(), a.alice.Hotkey())
	require.NoError(t, err)
	return stake
}

// next makes empty blocks up to a height and returns the events of the last.
func (a *arena) next(t testing.TB, height uint64) (events arenaEvents) {
	t.Helper()
	for uint64(a.Height()) < height {
		res, err := a.TryBlock()
		require.NoError(t, err)
		events = a.parsed(res.Events)
	}
	return events
}

// now is the height of the next block.
func (a *arena) now() uint64 { return uint64(a.Height()) + 1 }

// arenaEvents are typed events.
type arenaEvents []any

// parsed picks the typed events of this chain's modules.
func (*arena) parsed(events []abci.Event) (list arenaEvents) {
	for _, event := range events {
		event.Attributes = slices.DeleteFunc(slices.Clone(event.Attributes), func(attribute abci.EventAttribute) bool {
			return attribute.Key == "mode" || attribute.Key == "msg_index" // BaseApp's
		})
		if !strings.HasPrefix(event.Type, "tao.") {
			continue
		}
		if msg, err := sdk.ParseTypedEvent(event); err == nil {
			list = append(list, msg)
		}
	}
	return list
}

// only says that these are all events of the module, in this order.
func (e arenaEvents) only(t testing.TB, want ...any) {
	t.Helper()
	var got []any
	for _, event := range e {
		if strings.HasPrefix(sdk.MsgTypeURL(event.(sdk.Msg)), "/tao.subnet.") {
			got = append(got, event)
		}
	}
	require.Equal(t, want, got)
}

func (a *arena) send(from cryptotypes.PrivKey, to sdk.AccAddress, amount uint64) *banktypes.MsgSend {
	return &banktypes.MsgSend{FromAddress: a.of(from), ToAddress: to.String(), Amount: apptest.Rao(amount)}
}
