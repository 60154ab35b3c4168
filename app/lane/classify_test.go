package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/lane"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const tao = apptest.Tao

// onSubnet is a row for another subnet than 1.
func onSubnet(hotkey sdk.AccAddress, subnet uint64) *weightstypes.MsgSetWeights {
	row := apptest.Row(hotkey, 1, 2, 3, 4)
	row.Subnet = subnet
	return row
}

// asTx builds a transaction as it comes from the network: encoded and decoded.
func asTx(t *testing.T, config client.TxConfig, change func(client.TxBuilder), msgs ...sdk.Msg) sdk.Tx {
	t.Helper()
	builder := config.NewTxBuilder()
	require.NoError(t, builder.SetMsgs(msgs...))
	builder.SetGasLimit(123)
	if change != nil {
		change(builder)
	}
	bz, err := config.TxEncoder()(builder.GetTx())
	require.NoError(t, err)
	tx, err := config.TxDecoder()(bz)
	if err != nil { // nobody registered an extension, so that none decodes
		return builder.GetTx()
	}
	return tx
}

func TestClassify(t *testing.T) {
	c := apptest.New(t)
	hot, other := apptest.Address(apptest.Ed25519("hot")), apptest.Address(apptest.Ed25519("other"))
	row := apptest.Row(hot, 1, 2, 3, 4)
	commit := &weightstypes.MsgCommitWeights{Hotkey: hot.String(), Subnet: 1, Hash: make([]byte, 32)}
	reveal := &weightstypes.MsgRevealWeights{Hotkey: hot.String(), Subnet: 1, Uids: []uint32{1}, Weights: []uint32{1}, Salt: make([]byte, 8)}
	serve := &neurontypes.MsgServe{Hotkey: hot.String(), Subnet: 1, Host: "127.0.0.1", Port: 9000}
	exec := authz.NewMsgExec(hot, []sdk.Msg{row})
	any, err := codectypes.NewAnyWithValue(row)
	require.NoError(t, err)
	many := func(n int) (msgs []sdk.Msg) {
		for i := range n {
			msgs = append(msgs, onSubnet(hot, uint64(i+1)))
		}
		return msgs
	}
	extension := func(critical bool) func(client.TxBuilder) {
		return func(b client.TxBuilder) {
			e := b.(authtx.ExtensionOptionsTxBuilder)
			if critical {
				e.SetExtensionOptions(any)
			} else {
				e.SetNonCriticalExtensionOptions(any)
			}
		}
	}
	for _, e := range []struct {
		name   string
		msgs   []sdk.Msg
		change func(client.TxBuilder)
		why    string // empty when it is free
		keys   []uint64
		n      int
	}{
		{name: "a row", msgs: []sdk.Msg{row}, keys: []uint64{1}, n: 2},
		{name: "a commit", msgs: []sdk.Msg{commit}, keys: []uint64{1}},
		{name: "a reveal", msgs: []sdk.Msg{reveal}, keys: []uint64{1}, n: 1},
		{name: "an axon", msgs: []sdk.Msg{serve}, keys: []uint64{1}},
		{name: "all four take one place", msgs: []sdk.Msg{row, commit, reveal, serve}, keys: []uint64{1}, n: 3},
		{name: "eight rows", msgs: many(8), keys: []uint64{1, 2, 3, 4, 5, 6, 7, 8}, n: 16},
		{name: "a time-out height", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetTimeoutHeight(9) }, keys: []uint64{1}, n: 2},
		{name: "the payer is the hotkey", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetFeePayer(hot) }, keys: []uint64{1}, n: 2},
		{name: "nine rows", msgs: many(9), why: "9 messages"},
		{name: "a row twice", msgs: []sdk.Msg{row, row}, why: "comes twice for subnet 1"},
		{name: "two hotkeys", msgs: []sdk.Msg{row, apptest.Row(other, 1, 1)}, why: "2 signers"},
		{name: "a retirement", msgs: []sdk.Msg{&neurontypes.MsgRetire{Hotkey: hot.String(), Subnet: 1}}, why: "MsgRetire pays a fee"},
		{name: "a send", msgs: []sdk.Msg{banktypes.NewMsgSend(hot, other, apptest.Rao(1))}, why: "MsgSend pays a fee"},
		{name: "a row and a send", msgs: []sdk.Msg{row, banktypes.NewMsgSend(hot, other, apptest.Rao(1))}, why: "MsgSend pays a fee"},
		{name: "a row inside authz", msgs: []sdk.Msg{&exec}, why: "MsgExec pays a fee"},
		{name: "a fee", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetFeeAmount(apptest.Rao(1)) }, why: "a fee of 1rao"},
		{name: "a memo", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetMemo("hello") }, why: "memo"},
		{name: "a fee granter", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetFeeGranter(other) }, why: "granter"},
		{name: "another payer", msgs: []sdk.Msg{row}, change: func(b client.TxBuilder) { b.SetFeePayer(other) }, why: "2 signers"},
		{name: "an extension", msgs: []sdk.Msg{row}, change: extension(true), why: "extension"},
		{name: "an extension that may be ignored", msgs: []sdk.Msg{row}, change: extension(false), why: "extension"},
	} {
		t.Run(e.name, func(t *testing.T) {
			class, why := lane.Classify(asTx(t, c.TxConfig(), e.change, e.msgs...))
			require.Equal(t, uint64(123), class.Gas)
			if e.why != "" {
				require.False(t, class.Free)
				require.Contains(t, why, e.why)
				require.Empty(t, class.Keys)
				return
			}
			require.True(t, class.Free, why)
			var keys []lane.Key
			for _, subnet := range e.keys {
				keys = append(keys, lane.Key{Hotkey: hot.String(), Subnet: subnet})
			}
			require.Equal(t, keys, class.Keys)
			require.Equal(t, e.n, class.Entries)
		})
	}
}

// world is a chain with three permitted neurons, one of them with a secp256k1
// hotkey, one without stake, and somebody rich.
func world(t *testing.T, options ...apptest.Option) (*apptest.Chain, []apptest.Neuron, cryptotypes.PrivKey) {
	t.Helper()
	rich := apptest.Key("rich")
	neurons := []apptest.Neuron{
		apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 100*tao),
		{Hot: apptest.Key("c/hot"), Cold: apptest.Key("c/cold"), Stake: 100 * tao}, apptest.NewNeuron("d", 0),
	}
	return apptest.New(t, append(options, apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(rich), 1000*tao))...), neurons, rich
}

func TestFreeBounds(t *testing.T) {
	c, neurons, _ := world(t)
	hot := neurons[0]
	row := apptest.Row(hot.Hotkey(), 1, 1, 3, 1)
	const gas = lane.GasBase + 2*lane.GasEntry
	soon := c.Time(c.Height()).Add(lane.MaxTimeout)
	long := &neurontypes.MsgServe{Hotkey: hot.Hotkey().String(), Subnet: 1, Host: "127.0.0.1", Port: 9000, Fingerprint: make([]byte, 2000)}
	for _, e := range []struct {
		name string
		tx   []byte
		says string
	}{
		{"all the gas it may have", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: gas, Timeout: soon}, row), ""},
		{"one more", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: gas + 1, Timeout: soon}, row), "may ask for 10300 to 250800 gas, this asks for 250801"},
		{"too little gas", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: 10_299, Timeout: soon}, row), "this asks for 10299"},
		{"a nanosecond later", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: gas, Timeout: soon.Add(1)}, row), "set an earlier time-out"},
		{"too many bytes", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: lane.GasBase, Timeout: soon}, long), "may have 1024 bytes"},
		{"past", c.Tx(apptest.TxOptions{Key: hot.Hot, Gas: gas, Timeout: c.Time(c.Height()).Add(-time.Second)}, row), "tx timeout"},
		{"ordered", c.Tx(apptest.TxOptions{Key: neurons[1].Hot, Gas: gas}, apptest.Row(neurons[1].Hotkey(), 0, 1, 2, 1)), ""},
		{"no permit", c.Free(neurons[3].Hot, apptest.Row(neurons[3].Hotkey(), 0, 1)), "not enough stake"},
		{"another chain", c.Tx(apptest.TxOptions{Key: neurons[2].Hot, Gas: gas, Timeout: soon, ChainID: "tao-9"}, apptest.Row(neurons[2].Hotkey(), 0, 1, 1, 1)), "signature verification failed"},
	} {
		t.Run(e.name, func(t *testing.T) {
			res := c.Check(e.tx)
			if e.says == "" {
				require.Zero(t, res.Code, res.Log)
				require.Equal(t, int64(gas), res.GasWanted)
				return
			}
			require.NotZero(t, res.Code)
			require.Contains(t, res.Log, e.says)
		})
	}
}

func TestFullRowFitsTheFreeLane(t *testing.T) {
	c, neurons, _ := world(t)
	config, err := c.SubnetKeeper.Hyperparameters(c.Ctx(), 1)
	require.NoError(t, err)
	row := apptest.Row(neurons[0].Hotkey())
	for i := range config.MaxRow {
		row.Uids, row.Weights = append(row.Uids, 4095-i), append(row.Weights, 65535)
	}
	res := c.Check(c.Tx(apptest.TxOptions{Key: neurons[0].Hot, Gas: uint64(lane.GasBase + lane.GasEntry*config.MaxRow), Timeout: c.Time(c.Height() + 20)}, row))
	require.Contains(t, res.Log, weightstypes.ErrUnknownUID.Error(), "neither size nor gas stops it")
}

func TestOrdinaryTransactionsPay(t *testing.T) {
	c, neurons, rich := world(t)
	to := apptest.Address(apptest.Key("poor"))
	send := banktypes.NewMsgSend(apptest.Address(rich), to, apptest.Rao(5))
	before := c.BankKeeper.GetBalance(c.Ctx(), apptest.Address(rich), "rao").Amount
	exec := authz.NewMsgExec(apptest.Address(rich), []sdk.Msg{apptest.Row(neurons[0].Hotkey(), 1, 1)})
	res := c.NextBlock(
		c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 1)),
		c.Paid(rich, send),
	)
	require.Zero(t, res[0].Code, res[0].Log)
	require.Zero(t, res[1].Code, res[1].Log)
	after := c.BankKeeper.GetBalance(c.Ctx(), apptest.Address(rich), "rao").Amount
	require.Equal(t, int64(1005), before.Sub(after).Int64())
	res = c.NextBlock(c.Paid(rich, &exec))
	require.NotZero(t, res[0].Code, "nobody allowed it")
	require.Equal(t, int64(1000), after.Sub(c.BankKeeper.GetBalance(c.Ctx(), apptest.Address(rich), "rao").Amount).Int64(), "and it paid")
}
