package keeper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"
	sdkmath "cosmossdk.io/math"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/multisig"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app/apptest"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// world is a chain in which every message has something to do: nothing is minted
// and no epoch comes, so that only messages change the state.
//
//	subnet 1: open rows; alice 0, bob 1, mallory 2
//	subnet 2: carol's, rows are committed; alice 0, bob 1 (with an open commit)
//	subnet 3: carol's, offered to dave
type world struct {
	*apptest.Chain
	alice, bob, mallory apptest.Neuron
	carol, dave         cryptotypes.PrivKey
	governance          string
}

const revealAfter = 20

var worldSalt = []byte("0123456789abcdef")

func newWorld(t *testing.T) *world {
	w := &world{
		alice: apptest.NewNeuron("alice", 100*tao), bob: apptest.NewNeuron("bob", 50*tao), mallory: apptest.NewNeuron("mallory", 10*tao),
		carol: apptest.Key("carol"), dave: apptest.Key("dave"),
		governance: authtypes.NewModuleAddress("gov").String(),
	}
	options := []apptest.Option{
		apptest.WithNeurons(w.alice, w.bob, w.mallory),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = 50_400 }),
		withState(w.edit),
	}
	for _, key := range []cryptotypes.PrivKey{w.alice.Cold, w.bob.Cold, w.mallory.Cold, w.carol, w.dave} {
		options = append(options, apptest.WithFunds(apptest.Address(key), 1000*tao))
	}
	w.Chain = apptest.New(t, options...)
	w.T = t
	row := w.row()
	for _, res := range w.NextBlock(
		w.Paid(w.alice.Cold, unstake(w.alice.Coldkey(), w.alice.Hotkey(), tao)),
		w.Paid(w.bob.Cold, &types.MsgSwapColdkey{Coldkey: w.bob.Coldkey().String(), NewColdkey: apptest.Address(apptest.Key("bob's new")).String()}),
		w.Free(w.bob.Hot, &weightstypes.MsgCommitWeights{
			Hotkey: w.bob.Hotkey().String(), Subnet: 2,
			Hash: weightstypes.CommitHash(apptest.ChainID, w.bob.Hotkey(), 2, row.Uids, row.Weights, worldSalt, 0),
		}),
	) {
		require.Zero(t, res.Code, res.Log)
	}
	w.Blocks(revealAfter)
	for _, res := range w.NextBlock(w.Free(w.bob.Hot, w.axon(w.bob))) {
		require.Zero(t, res.Code, res.Log)
	}
	return w
}

func (w *world) edit(s *state) {
	still(s)
	carol := apptest.Address(w.carol).String()
	hidden := s.subnet.Subnets[0].Hyperparameters
	hidden.CommitReveal, hidden.RevealAfter = true, revealAfter
	s.subnet.Subnets = append(s.subnet.Subnets,
		subnettypes.Subnet{Id: 2, Owner: carol, Name: "hidden", Modality: subnettypes.MODALITY_TEXT, Hyperparameters: hidden},
		subnettypes.Subnet{
			Id: 3, Owner: carol, OfferedTo: apptest.Address(w.dave).String(), Name: "offered",
			Modality: subnettypes.MODALITY_TENSOR, Hyperparameters: s.subnet.Subnets[0].Hyperparameters,
		})
	s.subnet.NextId = 4
	s.neuron.Params.MinStakeChange = types.DefaultParams().MinStakeChange
	for _, n := range []apptest.Neuron{w.alice, w.bob} {
		if err := s.neuron.AddNeuron(2, n.Hotkey(), n.Coldkey(), 0); err != nil {
			panic(err)
		}
	}
}

func (w *world) row() *weightstypes.MsgRevealWeights {
	return &weightstypes.MsgRevealWeights{
		Hotkey: w.bob.Hotkey().String(), Subnet: 2, Uids: []uint32{1, 0}, Weights: []uint32{3, 4}, Salt: slices.Clone(worldSalt),
	}
}

func (w *world) axon(n apptest.Neuron) *types.MsgServe {
	return &types.MsgServe{
		Hotkey: n.Hotkey().String(), Subnet: 1, Host: "axon.example.org", Port: 8091, Version: 1,
		Fingerprint: bytes.Repeat([]byte{1}, 32), ModelHash: bytes.Repeat([]byte{2}, 32),
		Prices: []types.Price{{Unit: types.UnitRequest, Amount: 5}, {Unit: types.UnitKilobyte, Amount: 6}},
	}
}

// example is a message that is in order, who signs it (nil is governance), and the
// mutations that leave it in order.
type example struct {
	make    func() sdk.Msg
	key     cryptotypes.PrivKey
	accepts []string
}

// examples has one of every message of our modules.
func (w *world) examples(t *testing.T) []example {
	cold, hot := w.alice.Coldkey().String(), w.alice.Hotkey().String()
	carol, dave := apptest.Address(w.carol).String(), apptest.Address(w.dave).String()
	// In all parameters every number may be 0 that has a range from 0.
	return []example{
		{func() sdk.Msg { return agreed(t, w.alice.Coldkey(), apptest.Ed25519("fresh"), 1, 10_000, 10*tao) }, w.alice.Cold,
			[]string{"max_price/overflow", "max_price/huge"}},
		{func() sdk.Msg { return &types.MsgDeregister{Coldkey: cold, Hotkey: hot, Subnet: 1} }, w.alice.Cold, nil},
		{func() sdk.Msg { return swapped(t, w.alice, apptest.Ed25519("fresh"), 10_000) }, w.alice.Cold, nil},
		{func() sdk.Msg {
			return &types.MsgSwapColdkey{Coldkey: cold, NewColdkey: apptest.Address(apptest.Key("alice's new")).String()}
		}, w.alice.Cold, nil},
		{func() sdk.Msg { return &types.MsgCancelColdkeySwap{Coldkey: w.bob.Coldkey().String()} }, w.bob.Cold, nil},
		{func() sdk.Msg { return stake(w.alice.Coldkey(), w.alice.Hotkey(), tao) }, w.alice.Cold, []string{"hotkey/foreign"}},
		{func() sdk.Msg { return unstake(w.alice.Coldkey(), w.alice.Hotkey(), tao) }, w.alice.Cold, []string{"all/flipped"}},
		{func() sdk.Msg {
			return &types.MsgMoveStake{Coldkey: cold, From: hot, To: w.bob.Hotkey().String(), Amount: apptest.Coin(tao)}
		}, w.alice.Cold, []string{"to/foreign", "all/flipped"}},
		{func() sdk.Msg { return &types.MsgCancelUnbonding{Coldkey: cold, Unbonding: 1} }, w.alice.Cold, nil},
		{func() sdk.Msg { return &types.MsgSetTake{Coldkey: cold, Hotkey: hot, Take: 90_000} }, w.alice.Cold, []string{"take/zero"}},
		{func() sdk.Msg { return &types.MsgSetPayout{Coldkey: cold, Hotkey: hot, Payout: types.PAYOUT_BALANCE} }, w.alice.Cold, []string{"payout/zero"}},
		{func() sdk.Msg { return w.axon(w.alice) }, w.alice.Hot, []string{
			"version/zero", "version/max", "fingerprint/garbage", "model_hash/missing", "model_hash/garbage", "prices/missing",
			"prices.amount/zero",
		}},
		{func() sdk.Msg { return &types.MsgRetire{Hotkey: w.bob.Hotkey().String(), Subnet: 1} }, w.bob.Hot, nil},
		{func() sdk.Msg {
			return &types.MsgSetIdentity{Coldkey: cold, Identity: types.Identity{Name: "Alice", Url: "https://example.org", Description: "physics"}}
		}, w.alice.Cold, []string{"identity.name/missing", "identity.url/missing", "identity.description/missing"}},
		{func() sdk.Msg { return &types.MsgUpdateParams{Authority: w.governance, Params: types.DefaultParams()} }, nil, []string{
			"params.move_interval/zero", "params.take_raise/zero", "params.take_interval/zero", "params.default_take/zero",
		}},

		{func() sdk.Msg {
			return &subnettypes.MsgCreateSubnet{
				Owner: dave, Name: "opticks", Description: "light", Modality: subnettypes.MODALITY_IMAGE, MaxCost: apptest.Coin(100 * tao),
			}
		}, w.dave, []string{"description/missing", "max_cost/overflow", "max_cost/huge"}},
		{func() sdk.Msg { return &subnettypes.MsgDissolveSubnet{Authority: carol, Subnet: 2} }, w.carol, nil},
		{func() sdk.Msg {
			return &subnettypes.MsgDescribeSubnet{Authority: carol, Subnet: 2, Name: "opticks", Description: "light"}
		}, w.carol, []string{"description/missing"}},
		{func() sdk.Msg { return &subnettypes.MsgOfferOwnership{Owner: carol, Subnet: 2, To: dave} }, w.carol,
			[]string{"to/missing", "to/foreign"}},
		{func() sdk.Msg { return &subnettypes.MsgAcceptOwnership{Owner: dave, Subnet: 3} }, w.dave, nil},
		{func() sdk.Msg {
			return &subnettypes.MsgSetHyperparameter{Authority: carol, Subnet: 2, Name: "tempo", Value: "20"}
		}, w.carol, nil},
		{func() sdk.Msg {
			return &subnettypes.MsgVoteSubnets{Hotkey: hot, Subnets: []uint64{2, 1}, Weights: []uint64{3, 4}}
		}, w.alice.Hot, []string{"weights/repeated"}},
		{func() sdk.Msg {
			return &subnettypes.MsgUpdateParams{Authority: w.governance, Params: subnettypes.DefaultParams()}
		}, nil, []string{
			"params.creation_floor/zero", "params.dissolve_notice/zero", "params.vote_interval/zero", "params.owner_interval/zero",
		}},

		{func() sdk.Msg {
			return &emissiontypes.MsgUpdateParams{Authority: w.governance, Params: emissiontypes.DefaultParams()}
		}, nil, []string{
			"params.base/zero", "params.validator_share/zero", "params.treasury_share/zero",
		}},

		{func() sdk.Msg { return apptest.Row(w.alice.Hotkey(), 1, 3, 2, 4) }, w.alice.Hot,
			[]string{"uids/zero", "weights/repeated", "weights/zero", "version/zero", "version/max"}},
		{func() sdk.Msg {
			return &weightstypes.MsgCommitWeights{Hotkey: hot, Subnet: 2, Hash: bytes.Repeat([]byte{9}, 32)}
		}, w.alice.Hot, []string{"hash/garbage"}},
		{func() sdk.Msg { return w.row() }, w.bob.Hot, []string{"version/zero"}},
		{func() sdk.Msg {
			return &weightstypes.MsgUpdateParams{Authority: w.governance, Params: weightstypes.DefaultParams()}
		}, nil, nil},
	}
}

// mutation changes one field of a message. says are the texts of which an error
// about it shows one at least: the field, the value or the bound.
type mutation struct {
	name  string // field/what
	path  []int
	apply func(field reflect.Value)
	says  []string
	// forged marks another account in the place of the signer.
	forged bool
}

func (m mutation) to(msg sdk.Msg) sdk.Msg {
	field := reflect.ValueOf(msg).Elem()
	for _, i := range m.path {
		if field.Kind() == reflect.Slice {
			field = field.Index(0)
		}
		field = field.Field(i)
	}
	m.apply(field)
	return msg
}

// mutations lists what can be wrong with each field of a message, by reflection.
func (w *world) mutations(msg sdk.Msg) []mutation {
	return w.fields(reflect.TypeOf(msg).Elem(), reflect.ValueOf(msg).Elem(), nil, "")
}

func (w *world) fields(typ reflect.Type, value reflect.Value, path []int, prefix string) (list []mutation) {
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(strings.TrimPrefix(tagged(typ.Field(i).Tag.Get("protobuf")), "name="), ",")
		at := append(slices.Clone(path), i)
		add := func(what string, to any, says ...string) {
			list = append(list, mutation{
				name: prefix + name + "/" + what, path: at, says: append(says, name, strings.ReplaceAll(name, "_", " ")),
				apply: func(field reflect.Value) {
					if to == nil {
						field.SetZero()
						return
					}
					field.Set(reflect.ValueOf(to).Convert(field.Type()))
				},
			})
		}
		field := value.Field(i)
		switch v := field.Interface().(type) {
		case string:
			if isAddress(name) {
				list = append(list, w.addresses(name, v, at, len(path) == 0 && i == 0)...)
				continue
			}
			add("missing", "", `""`, " 0 bytes")
			add("oversized", strings.Repeat("a", 5000), "5000 bytes", "aaaaaaaa")
			add("control", v+"\x07", "U+0007", `\a`)
			add("no UTF-8", v+"\xff", "UTF-8", `\xff`)
		case bool:
			add("flipped", !v)
		case uint64:
			add("zero", uint64(0), " 0")
			add("max", uint64(1<<64-1), "18446744073709551615")
		case uint32:
			add("zero", uint32(0), " 0")
			add("max", uint32(1<<32-1), "4294967295")
		case []byte:
			add("missing", nil, " 0 bytes", "signature")
			add("short", v[:len(v)-1], fmt.Sprint(len(v)-1), "signature")
			add("long", append(slices.Clone(v), make([]byte, 70_000)...), fmt.Sprint(len(v)+70_000), "signature")
			add("garbage", bytes.Repeat([]byte{0xa5}, len(v)), "signature", "a5a5", "exactly as committed")
		case []uint32:
			list = append(list, lists(name, v, at, 1<<32-1)...)
		case []uint64:
			list = append(list, lists(name, v, at, 1<<64-1)...)
		case sdk.Coin:
			for _, coin := range coins(v) {
				add(coin.what, coin.Coin, coin.Denom, coin.text)
			}
		case *codectypes.Any:
			for _, key := range keysOf(v) {
				add(key.what, key.Any, key.says)
			}
		case []types.Price:
			add("missing", nil)
			add("repeated", append(slices.Clone(v), v[0]), v[0].Unit)
			add("oversized", make([]types.Price, 17), "17", "16")
			list = append(list, w.fields(reflect.TypeFor[types.Price](), reflect.ValueOf(v[0]), at, name+".")...)
		default:
			switch field.Kind() {
			case reflect.Int32: // an enumeration
				add("zero", int32(0), " 0")
				add("unknown", int32(99), "99")
				add("negative", int32(-1), "-1")
			case reflect.Struct:
				list = append(list, w.fields(field.Type(), field, at, name+".")...)
			default:
				panic(fmt.Sprintf("no mutations for %s %s", name, field.Type()))
			}
		}
	}
	return list
}

// tagged returns the part of a protobuf tag from the name on.
func tagged(tag string) string { return tag[strings.Index(tag, "name="):] }

func isAddress(name string) bool {
	return slices.Contains([]string{"coldkey", "hotkey", "new_coldkey", "from", "to", "owner", "authority"}, name)
}

// addresses mutates an account. signer says that it is who signs.
func (w *world) addresses(name, v string, path []int, signer bool) (list []mutation) {
	foreign := w.mallory.Coldkey()
	if name == "hotkey" || name == "from" || name == "to" && v != apptest.Address(w.dave).String() {
		foreign = w.mallory.Hotkey()
	}
	for _, m := range []struct{ what, to string }{
		{"missing", ""},
		{"oversized", strings.Repeat("a", 5000)},
		{"checksum", v[:len(v)-1] + map[bool]string{true: "q", false: "p"}[v[len(v)-1] == 'p']},
		{"of a validator", sdk.ValAddress(sdk.MustAccAddressFromBech32(v)).String()},
		{"in capitals", strings.ToUpper(v)},
		{"spaced", " " + v},
		{"foreign", foreign.String()},
		{"module", authtypes.NewModuleAddress(types.ModuleName).String()},
	} {
		says := []string{name, fmt.Sprintf("%q", m.to)}
		if m.to != "" {
			says = append(says, m.to)
		}
		list = append(list, mutation{
			name: name + "/" + m.what, path: path, says: says,
			apply: func(field reflect.Value) { field.SetString(m.to) }, forged: signer && (m.what == "foreign" || m.what == "module"),
		})
	}
	return list
}

func lists[T uint32 | uint64](name string, v []T, path []int, most T) (list []mutation) {
	long := make([]T, 5000)
	for i := range long {
		long[i] = T(i)
	}
	repeated, zero, over := slices.Clone(v), slices.Clone(v), slices.Clone(v)
	repeated[1], zero[0], over[0] = v[0], 0, most
	for _, m := range []struct {
		what string
		to   []T
		says []string
	}{
		{"missing", nil, []string{"0 " + name}},
		{"repeated", repeated, []string{"twice", "exactly as committed"}},
		{"zero", zero, []string{" 0", "0;", "exactly as committed"}},
		{"max", over, []string{fmt.Sprint(most)}},
		{"shorter", v[:1], []string{"1 " + name}},
		{"longer", long, []string{"5000"}},
	} {
		list = append(list, mutation{
			name: name + "/" + m.what, path: path, says: m.says,
			apply: func(field reflect.Value) { field.Set(reflect.ValueOf(m.to)) },
		})
	}
	return list
}

type badCoin struct {
	sdk.Coin
	what, text string
}

func coins(v sdk.Coin) []badCoin {
	huge := sdkmath.NewInt(2)
	for range 7 {
		huge = huge.Mul(huge)
	}
	list := []badCoin{
		{sdk.Coin{Denom: v.Denom, Amount: sdkmath.ZeroInt()}, "zero", "0"},
		{sdk.Coin{Denom: v.Denom, Amount: sdkmath.OneInt()}, "one", "1"},
		{sdk.Coin{Denom: v.Denom, Amount: sdkmath.NewInt(-1)}, "negative", "-1"},
		{sdk.Coin{Denom: v.Denom}, "missing", "nil"},
		{sdk.Coin{Denom: "tao", Amount: v.Amount}, "of another denom", `"tao"`},
		{sdk.Coin{Denom: "", Amount: v.Amount}, "without denom", `""`},
		{sdk.Coin{Denom: v.Denom, Amount: sdkmath.NewIntFromUint64(1<<64 - 1).AddRaw(1)}, "overflow", "18446744073709551616"},
		{sdk.Coin{Denom: v.Denom, Amount: huge}, "huge", huge.String()},
	}
	return list
}

type badKey struct {
	*codectypes.Any
	what, says string
}

func keysOf(v *codectypes.Any) []badKey {
	pack := func(key cryptotypes.PubKey) *codectypes.Any {
		value, err := codectypes.NewAnyWithValue(key)
		if err != nil {
			panic(err)
		}
		return value
	}
	good := v.GetCachedValue().(cryptotypes.PubKey)
	return []badKey{
		{nil, "missing", "missing"},
		{&codectypes.Any{}, "empty", "is none"},
		{&codectypes.Any{TypeUrl: "/cosmos.crypto.ed25519.PubKey", Value: []byte{0xff}}, "garbage", "is none"},
		{pack(&ed25519.PubKey{Key: []byte{1, 2, 3}}), "short", "3"},
		{pack(&secp256k1.PubKey{Key: make([]byte, 40)}), "long", "40"},
		{pack(multisig.NewLegacyAminoPubKey(1, []cryptotypes.PubKey{good})), "of another kind", "PubKeyMultisigThreshold"},
		{pack(apptest.Ed25519("nobody").PubKey()), "foreign", "signature"},
	}
}

// raw signs a transaction from bytes alone: nothing of it is checked on the way.
func (w *world) raw(key cryptotypes.PrivKey, fee uint64, msg sdk.Msg) []byte {
	value, err := codectypes.NewAnyWithValue(msg)
	require.NoError(w.T, err)
	body := marshal(w.T, &txtypes.TxBody{Messages: []*codectypes.Any{value}})
	pub, err := codectypes.NewAnyWithValue(key.PubKey())
	require.NoError(w.T, err)
	account := w.AccountKeeper.GetAccount(w.Ctx(), apptest.Address(key))
	require.NotNil(w.T, account)
	info := &txtypes.AuthInfo{
		SignerInfos: []*txtypes.SignerInfo{{
			PublicKey: pub, Sequence: account.GetSequence(),
			ModeInfo: &txtypes.ModeInfo{Sum: &txtypes.ModeInfo_Single_{Single: &txtypes.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}}},
		}},
		Fee: &txtypes.Fee{GasLimit: 5_000_000, Amount: apptest.Rao(fee)},
	}
	if fee == 0 {
		info.Fee.GasLimit = 250_000
	}
	auth := marshal(w.T, info)
	doc := marshal(w.T, &txtypes.SignDoc{BodyBytes: body, AuthInfoBytes: auth, ChainId: apptest.ChainID, AccountNumber: account.GetAccountNumber()})
	signature, err := key.Sign(doc)
	require.NoError(w.T, err)
	return marshal(w.T, &txtypes.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{signature}})
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	bz, err := proto.Marshal(m)
	require.NoError(t, err)
	return bz
}

// snapshot is the state of our modules and all balances but those that fees touch.
func (w *world) snapshot(payer sdk.AccAddress) string {
	ctx := w.Ctx()
	genesis, err := w.ModuleManager.ExportGenesisForModules(ctx, w.AppCodec(), []string{
		emissiontypes.ModuleName, subnettypes.ModuleName, types.ModuleName, weightstypes.ModuleName,
	})
	require.NoError(w.T, err)
	text, err := json.Marshal(genesis)
	require.NoError(w.T, err)
	var b strings.Builder
	b.Write(text)
	apart := []sdk.AccAddress{payer, authtypes.NewModuleAddress(authtypes.FeeCollectorName), authtypes.NewModuleAddress("distribution")}
	w.BankKeeper.IterateAllBalances(ctx, func(addr sdk.AccAddress, coin sdk.Coin) bool {
		if !slices.ContainsFunc(apart, func(a sdk.AccAddress) bool { return a.Equals(addr) }) {
			fmt.Fprintf(&b, "\n%s %s", addr, coin)
		}
		return false
	})
	return b.String()
}

// requireRegistered says that an error is one that a program can tell from others.
func requireRegistered(t testing.TB, codespace string, code uint32, text string) {
	t.Helper()
	require.NotEmpty(t, codespace, text)
	require.NotEqual(t, errorsmod.UndefinedCodespace, codespace, text)
	require.Greater(t, code, uint32(1), "%s: %s", codespace, text)
	require.NotContains(t, text, "panic")
	require.NotContains(t, text, "runtime error")
}

// tried runs a message in a state of its own.
func (w *world) tried(t *testing.T, msg sdk.Msg) (err error) {
	t.Helper()
	ctx, _ := at(w.Chain, w.Height()+1).CacheContext()
	require.NotPanics(t, func() { _, err = w.Deliver(ctx, msg) })
	return err
}

// Every field of every message, missing, oversized, foreign, repeated and
// overflowing: refused with a registered error that names what is wrong, by the
// message server and in a block, and the state stays as it was.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	examples := w.examples(t)
	requireAllMessages(t, w, examples)
	for _, e := range examples {
		url := strings.TrimPrefix(sdk.MsgTypeURL(e.make()), "/tao.")
		t.Run(url, func(t *testing.T) {
			require.NoError(t, w.tried(t, e.make()), "the example is in order")
			accepted := make(map[string]bool)
			for _, m := range w.mutations(e.make()) {
				t.Run(m.name, func(t *testing.T) {
					if w.mutated(t, e, m) {
						accepted[m.name] = true
					}
				})
			}
			for _, name := range e.accepts {
				require.True(t, accepted[name], "%s is said to be in order and is refused", name)
			}
			require.Len(t, accepted, len(e.accepts))
		})
	}
}

// mutated tries one mutation and says whether it was accepted, which it may be
// when the example says so.
func (w *world) mutated(t *testing.T, e example, m mutation) bool {
	t.Helper()
	if !m.forged || e.key == nil { // on its own account anybody may do the same
		err := w.tried(t, m.to(e.make()))
		if err == nil {
			require.Contains(t, e.accepts, m.name, "accepted")
			return true
		}
		codespace, code, _ := errorsmod.ABCIInfo(err, false)
		requireRegistered(t, codespace, code, err.Error())
		require.True(t, slices.ContainsFunc(m.says, func(text string) bool { return strings.Contains(err.Error(), text) }),
			"%q names none of %q", err, m.says)
	}
	if e.key == nil {
		return false
	}
	fee, payer := uint64(1000), apptest.Address(e.key)
	if known, err := w.NeuronKeeper.IsHotkey(w.Ctx(), payer); err != nil || known {
		fee = 0
	}
	before, paid := w.snapshot(payer), balance(w.Chain, w.Ctx(), payer)
	res := w.block(t, w.raw(e.key, fee, m.to(e.make())))
	requireRegistered(t, res.Codespace, res.Code, res.Log)
	require.Equal(t, before, w.snapshot(payer), "the state changed")
	require.LessOrEqual(t, paid, balance(w.Chain, w.Ctx(), payer)+fee)
	return false
}

func (w *world) block(t *testing.T, tx []byte) *abci.ExecTxResult {
	t.Helper()
	res, err := w.TryBlock(tx)
	require.NoError(t, err)
	require.NotZero(t, res.TxResults[0].Code)
	return res.TxResults[0]
}

// requireAllMessages makes sure that no message was forgotten.
func requireAllMessages(t *testing.T, w *world, examples []example) {
	t.Helper()
	var have []string
	for _, e := range examples {
		have = append(have, sdk.MsgTypeURL(e.make()))
	}
	count := 0
	for _, url := range w.InterfaceRegistry().ListImplementations(sdk.MsgInterfaceProtoName) {
		for _, module := range []string{"neuron", "subnet", "emission", "weights"} {
			if strings.HasPrefix(url, "/tao."+module+".v1.") {
				require.Contains(t, have, url)
				count++
			}
		}
	}
	require.Equal(t, len(have), count)
}

// What no single field shows.
func TestHostileMessages(t *testing.T) {
	w := newWorld(t)
	alice, bob, mallory := w.alice, w.bob, w.mallory
	fresh := apptest.Ed25519("fresh")
	key := func(of cryptotypes.PrivKey) *codectypes.Any {
		value, err := codectypes.NewAnyWithValue(of.PubKey())
		require.NoError(t, err)
		return value
	}
	register := func(change func(*types.MsgRegister)) sdk.Msg {
		msg := agreed(t, alice.Coldkey(), fresh, 1, 10_000, 10*tao)
		change(msg)
		return msg
	}
	serve := func(change func(*types.MsgServe)) sdk.Msg {
		msg := w.axon(alice)
		change(msg)
		return msg
	}
	host := func(host string) sdk.Msg { return serve(func(m *types.MsgServe) { m.Host = host }) }
	identity := func(i types.Identity) sdk.Msg {
		return &types.MsgSetIdentity{Coldkey: alice.Coldkey().String(), Identity: i}
	}
	hyper := func(name, value string) sdk.Msg {
		return &subnettypes.MsgSetHyperparameter{Authority: apptest.Address(w.carol).String(), Subnet: 2, Name: name, Value: value}
	}
	create := func(change func(*subnettypes.MsgCreateSubnet)) sdk.Msg {
		msg := &subnettypes.MsgCreateSubnet{
			Owner: apptest.Address(w.dave).String(), Name: "new", Modality: subnettypes.MODALITY_TEXT, MaxCost: apptest.Coin(1000 * tao),
		}
		change(msg)
		return msg
	}
	vote := func(subnets, weights []uint64) sdk.Msg {
		return &subnettypes.MsgVoteSubnets{Hotkey: alice.Hotkey().String(), Subnets: subnets, Weights: weights}
	}
	now := uint64(w.Height() + 1)
	for _, e := range []struct {
		name string
		msg  sdk.Msg
		want error
		says string
	}{
		{"a consent for another coldkey", register(func(m *types.MsgRegister) { m.Coldkey = mallory.Coldkey().String() }), types.ErrInvalidConsent, mallory.Coldkey().String()},
		{"a consent for another subnet", register(func(m *types.MsgRegister) { m.Subnet = 3 }), types.ErrInvalidConsent, "subnet 3"},
		{"a consent for another chain", register(func(m *types.MsgRegister) {
			m.Consent = consent(t, "tao-other", alice.Coldkey(), fresh, 1, 10_000)
		}), types.ErrInvalidConsent, apptest.ChainID},
		{"a consent for another expiry", register(func(m *types.MsgRegister) { m.Expiry++ }), types.ErrInvalidConsent, "10001"},
		{"a consent of another key", register(func(m *types.MsgRegister) { m.Hotkey = key(apptest.Ed25519("other")) }), types.ErrInvalidConsent, "signature"},
		{"a consent to a swap", register(func(m *types.MsgRegister) {
			m.Consent = consent(t, apptest.ChainID, alice.Coldkey(), fresh, 0, 10_000)
		}), types.ErrInvalidConsent, "subnet 1"},
		{"an expired consent", agreed(t, alice.Coldkey(), fresh, 1, now-1, 10*tao), types.ErrConsentExpired, fmt.Sprint(now)},
		{"a registration of another's hotkey", agreed(t, mallory.Coldkey(), alice.Hot, 3, 10_000, 10*tao), types.ErrNotOwner, alice.Coldkey().String()},
		{"a registration twice", agreed(t, alice.Coldkey(), alice.Hot, 1, 10_000, 10*tao), types.ErrRegistered, "uid 0"},
		{"one key as both", agreed(t, apptest.Address(w.dave), w.dave, 1, 10_000, 10*tao), types.ErrUnsuitableKey, "two keys"},
		{"a hotkey that holds Tao", agreed(t, alice.Coldkey(), w.dave, 1, 10_000, 10*tao), types.ErrUnsuitableKey, "1000000000000rao"},
		{"a hotkey that owns hotkeys", agreed(t, alice.Coldkey(), mallory.Cold, 1, 10_000, 10*tao), types.ErrUnsuitableKey, "fresh key"},
		{"a coldkey that is a hotkey", agreed(t, mallory.Hotkey(), fresh, 1, 10_000, 10*tao), types.ErrUnsuitableKey, mallory.Hotkey().String()},
		{"more than there is", stake(alice.Coldkey(), alice.Hotkey(), 2000*tao), sdkerrors.ErrInsufficientFunds, "2000000000000"},
		{"stake of a hotkey", stake(bob.Hotkey(), alice.Hotkey(), tao), types.ErrUnsuitableKey, bob.Hotkey().String()},
		{"more than is staked", unstake(alice.Coldkey(), alice.Hotkey(), 100*tao), types.ErrNotEnoughStake, "99000000000"},
		{"another's stake", unstake(mallory.Coldkey(), alice.Hotkey(), tao), types.ErrNotEnoughStake, "0 rao"},
		{"all of no stake", unstakeAll(mallory.Coldkey(), alice.Hotkey()), types.ErrNotEnoughStake, mallory.Coldkey().String()},
		{"a move of another's stake", &types.MsgMoveStake{
			Coldkey: mallory.Coldkey().String(), From: alice.Hotkey().String(), To: mallory.Hotkey().String(), Amount: apptest.Coin(tao),
		}, types.ErrNotEnoughStake, mallory.Coldkey().String()},
		{"a move to where it is", &types.MsgMoveStake{
			Coldkey: alice.Coldkey().String(), From: alice.Hotkey().String(), To: alice.Hotkey().String(), Amount: apptest.Coin(tao),
		}, types.ErrUnsuitableKey, alice.Hotkey().String()},
		{"another's unbonding", &types.MsgCancelUnbonding{Coldkey: mallory.Coldkey().String(), Unbonding: 1}, types.ErrUnknownUnbonding, "unbonding 1"},
		{"another's take", &types.MsgSetTake{Coldkey: mallory.Coldkey().String(), Hotkey: alice.Hotkey().String()}, types.ErrNotOwner, alice.Coldkey().String()},
		{"another's payout", &types.MsgSetPayout{Coldkey: mallory.Coldkey().String(), Hotkey: alice.Hotkey().String(), Payout: types.PAYOUT_BALANCE}, types.ErrNotOwner, alice.Coldkey().String()},
		{"another's uid", &types.MsgDeregister{Coldkey: mallory.Coldkey().String(), Hotkey: alice.Hotkey().String(), Subnet: 1}, types.ErrNotOwner, alice.Coldkey().String()},
		{"another's hotkey to swap", swapped(t, apptest.Neuron{Hot: alice.Hot, Cold: mallory.Cold}, fresh, 10_000), types.ErrNotOwner, alice.Coldkey().String()},
		{"a swap to a hotkey", swapped(t, alice, bob.Hot, 10_000), types.ErrUnsuitableKey, bob.Hotkey().String()},
		{"a swap to itself", swapped(t, alice, alice.Hot, 10_000), types.ErrUnsuitableKey, "already"},
		{"a swap of the coldkey to itself", &types.MsgSwapColdkey{Coldkey: alice.Coldkey().String(), NewColdkey: alice.Coldkey().String()}, types.ErrUnsuitableKey, "already"},
		{"a swap of the coldkey to another's", &types.MsgSwapColdkey{Coldkey: alice.Coldkey().String(), NewColdkey: mallory.Coldkey().String()}, types.ErrUnsuitableKey, "fresh key"},
		{"a swap of the coldkey to a hotkey", &types.MsgSwapColdkey{Coldkey: alice.Coldkey().String(), NewColdkey: bob.Hotkey().String()}, types.ErrUnsuitableKey, bob.Hotkey().String()},
		{"a second swap", &types.MsgSwapColdkey{Coldkey: bob.Coldkey().String(), NewColdkey: alice.Coldkey().String()}, types.ErrSwapPending, "cancel"},
		{"a swap that nobody asked for", &types.MsgCancelColdkeySwap{Coldkey: alice.Coldkey().String()}, types.ErrNoSwap, alice.Coldkey().String()},

		{"an axon too soon", w.axon(bob), types.ErrTooSoon, "height"},
		{"no axon to take down", &types.MsgRetire{Hotkey: alice.Hotkey().String(), Subnet: 1}, types.ErrInvalidAxon, "uid 0"},
		{"port 65536", serve(func(m *types.MsgServe) { m.Port = 65536 }), types.ErrInvalidAxon, "65536"},
		{"a host with a path", host("example.org/x"), types.ErrInvalidAxon, "example.org/x"},
		{"a host with a port", host("example.org:80"), types.ErrInvalidAxon, "example.org:80"},
		{"a host that begins with a hyphen", host("-a.org"), types.ErrInvalidAxon, "-a.org"},
		{"a host with two dots", host("a..org"), types.ErrInvalidAxon, "a..org"},
		{"a host with a space", host("a b"), types.ErrInvalidAxon, "a b"},
		{"a host with a long label", host(strings.Repeat("a", 64) + ".org"), types.ErrInvalidAxon, "aaaa"},
		{"a host in another script", host("пример.рф"), types.ErrInvalidAxon, "пример.рф"},
		{"an address in brackets", host("[::1]"), types.ErrInvalidAxon, "[::1]"},
		{"a model hash of 31 bytes", serve(func(m *types.MsgServe) { m.ModelHash = make([]byte, 31) }), types.ErrInvalidAxon, "31"},
		{"a price above all Tao", serve(func(m *types.MsgServe) { m.Prices[0].Amount = 21_000_000*tao + 1 }), types.ErrInvalidAxon, "21000000000000001"},
		{"a url without scheme", identity(types.Identity{Name: "a", Url: "example.org"}), types.ErrInvalidIdentity, "example.org"},
		{"a url of a script", identity(types.Identity{Name: "a", Url: "javascript:alert(1)"}), types.ErrInvalidIdentity, "javascript"},
		{"a url without host", identity(types.Identity{Name: "a", Url: "https:///x"}), types.ErrInvalidIdentity, "https:///x"},
		{"a name of 65 bytes", identity(types.Identity{Name: strings.Repeat("é", 32) + "e"}), types.ErrInvalidIdentity, "65"},
		{"text that runs backward", identity(types.Identity{Name: "a\u202eb"}), types.ErrInvalidIdentity, "U+202E"},
		{"a line break", identity(types.Identity{Name: "a", Description: "a\nb"}), types.ErrInvalidIdentity, "U+000A"},

		{"a name that is taken", create(func(m *subnettypes.MsgCreateSubnet) { m.Name = "hidden" }), subnettypes.ErrNameTaken, "subnet 2"},
		{"a cost below the price", create(func(m *subnettypes.MsgCreateSubnet) { m.MaxCost = apptest.Coin(100*tao - 1) }), subnettypes.ErrTooExpensive, "100000000000"},
		{"a subnet of the poor", create(func(m *subnettypes.MsgCreateSubnet) {
			m.Owner = apptest.Address(apptest.Key("poor")).String()
		}), sdkerrors.ErrInsufficientFunds, "100000000000"},
		{"a subnet of a hotkey", create(func(m *subnettypes.MsgCreateSubnet) { m.Owner = bob.Hotkey().String() }), subnettypes.ErrUnauthorized, bob.Hotkey().String()},
		{"another's subnet described", &subnettypes.MsgDescribeSubnet{Authority: mallory.Coldkey().String(), Subnet: 2, Name: "mine"}, subnettypes.ErrUnauthorized, mallory.Coldkey().String()},
		{"another's subnet dissolved", &subnettypes.MsgDissolveSubnet{Authority: mallory.Coldkey().String(), Subnet: 2}, subnettypes.ErrUnauthorized, mallory.Coldkey().String()},
		{"a subnet of nobody changed by nobody", &subnettypes.MsgDescribeSubnet{Subnet: 1, Name: "mine"}, subnettypes.ErrUnauthorized, "subnet 1"},
		{"the first subnet dissolved", &subnettypes.MsgDissolveSubnet{Authority: w.governance, Subnet: 1}, subnettypes.ErrUnauthorized, "subnet 1"},
		{"an offer by governance", &subnettypes.MsgOfferOwnership{Owner: w.governance, Subnet: 2, To: mallory.Coldkey().String()}, subnettypes.ErrUnauthorized, w.governance},
		{"an offer to somebody else accepted", &subnettypes.MsgAcceptOwnership{Owner: mallory.Coldkey().String(), Subnet: 3}, subnettypes.ErrNotOffered, mallory.Coldkey().String()},
		{"no offer accepted", &subnettypes.MsgAcceptOwnership{Owner: mallory.Coldkey().String(), Subnet: 2}, subnettypes.ErrNotOffered, "subnet 2"},
		{"no offer accepted by nobody", &subnettypes.MsgAcceptOwnership{Subnet: 2}, subnettypes.ErrNotOffered, "subnet 2"},
		{"a hyperparameter of governance", hyper("max_uids", "10"), subnettypes.ErrUnauthorized, "max_uids"},
		{"no whole number", hyper("tempo", "10.5"), subnettypes.ErrInvalidHyperparameter, "10.5"},
		{"a number in another base", hyper("tempo", "0x10"), subnettypes.ErrInvalidHyperparameter, "0x10"},
		{"a number of 30 digits", hyper("tempo", strings.Repeat("9", 30)), subnettypes.ErrInvalidHyperparameter, "50400"},
		{"a negative number", hyper("immunity", "-1"), subnettypes.ErrInvalidHyperparameter, "-1"},
		{"neither true nor false", hyper("commit_reveal", "1"), subnettypes.ErrInvalidHyperparameter, "true"},
		{"finer than a rao", hyper("burn_floor", "0.0000000001tao"), subnettypes.ErrInvalidHyperparameter, "0.0000000001tao"},
		{"an amount of nothing", hyper("burn_floor", "tao"), subnettypes.ErrInvalidHyperparameter, `"tao"`},
		{"a negative amount", hyper("burn_floor", "-1tao"), subnettypes.ErrInvalidHyperparameter, "-1tao"},
		{"an amount above the range", hyper("burn_ceiling", "1000001tao"), subnettypes.ErrInvalidHyperparameter, "1000000000000000"},
		{"a floor above the ceiling", hyper("burn_floor", "101tao"), subnettypes.ErrInvalidHyperparameter, "burn_ceiling"},
		{"more entries than a row has", hyper("min_allowed_weights", "257"), subnettypes.ErrInvalidHyperparameter, "max_row"},
		{"a vote for no subnet of this chain", vote([]uint64{1, 99}, []uint64{1, 1}), subnettypes.ErrUnknownSubnet, "99"},
		{"a vote with weight 65536", vote([]uint64{1}, []uint64{65536}), subnettypes.ErrInvalidVote, "65536"},
		{"a vote for 33 subnets", vote(make([]uint64, 33), make([]uint64, 33)), subnettypes.ErrInvalidVote, "33"},

		{"a uid beyond 16 bits", apptest.Row(alice.Hotkey(), 65536, 1), weightstypes.ErrUnknownUID, "65536"},
		{"a weight beyond 16 bits", apptest.Row(alice.Hotkey(), 1, 65536), weightstypes.ErrInvalidWeight, "65536"},
		{"a row in the open", &weightstypes.MsgSetWeights{Hotkey: alice.Hotkey().String(), Subnet: 2, Uids: []uint32{1}, Weights: []uint32{1}}, weightstypes.ErrCommitRequired, "taod tx weights commit"},
		{"a hidden row where all are open", &weightstypes.MsgCommitWeights{Hotkey: alice.Hotkey().String(), Subnet: 1, Hash: make([]byte, 32)}, weightstypes.ErrCommitOff, "taod tx weights set"},
		{"another's commit revealed", &weightstypes.MsgRevealWeights{
			Hotkey: alice.Hotkey().String(), Subnet: 2, Uids: w.row().Uids, Weights: w.row().Weights, Salt: worldSalt,
		}, weightstypes.ErrUnknownCommit, "uid 0"},
	} {
		t.Run(e.name, func(t *testing.T) {
			err := w.tried(t, e.msg)
			require.ErrorIs(t, err, e.want)
			require.ErrorContains(t, err, e.says)
			codespace, code, text := errorsmod.ABCIInfo(err, false)
			requireRegistered(t, codespace, code, text)
		})
	}
}
