package keeper_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/taonet/taonet/app/apptest"
)

// fuzzKeys are the keys of a world without its chain: enough to make its examples,
// so that seeds need no chain.
func fuzzKeys() *world {
	return &world{
		alice: apptest.NewNeuron("alice", 0), bob: apptest.NewNeuron("bob", 0), mallory: apptest.NewNeuron("mallory", 0),
		carol: apptest.Key("carol"), dave: apptest.Key("dave"), governance: authtypes.NewModuleAddress("gov").String(),
	}
}

// mostSeed bounds a seed in bytes: larger ones slow the fuzzer and find no more.
const mostSeed = 2048

// addSeeds adds one message of every kind that is in order, all of its hostile
// mutations, and encodings that no message has.
func addSeeds(f *testing.F, w *world, examples []example) {
	for kind, e := range examples {
		add := func(bz []byte) {
			if len(bz) <= mostSeed {
				f.Add(append([]byte{byte(kind)}, bz...))
			}
		}
		good := marshal(f, e.make())
		add(good)
		add(nil)
		add(good[:len(good)/2])
		add(append(good[:len(good):len(good)], good...)) // every field twice
		add(append(good[:len(good):len(good)], 0xfa, 0x7f, 1, 'x'))
		for _, m := range w.mutations(e.make()) {
			if !m.forged {
				add(marshal(f, m.to(e.make())))
			}
		}
	}
}

// FuzzMessages hands any bytes to any message of our modules: the first byte picks
// the message, the rest is its encoding. Every input has a state and a gas meter
// without bound of its own. Then
//
//   - nothing panics, out of gas included;
//   - an error is a registered one with a text;
//   - after a success all invariants hold, and so they do at the ends of this block
//     and of one by which all that was asked for is due: no message stops the chain.
//
// That nothing is left of a message that fails is the router's matter (Deliver drops
// the state it ran in, as a transaction does) and trivial here; TestBadInput compares
// the state of whole blocks.
func FuzzMessages(f *testing.F) {
	keys := fuzzKeys()
	examples := keys.examples(new(testing.T))
	types := make([]reflect.Type, len(examples))
	for i, e := range examples {
		types[i] = reflect.TypeOf(e.make()).Elem()
	}
	addSeeds(f, keys, examples)

	var once sync.Once
	var w *world
	var cdc codec.Codec
	f.Fuzz(func(t *testing.T, input []byte) {
		once.Do(func() {
			w = newWorld(t)
			cdc = w.AppCodec()
			requireAllMessages(t, w, examples)
		})
		if len(input) == 0 {
			return
		}
		msg := reflect.New(types[int(input[0])%len(types)]).Interface().(sdk.Msg)
		if err := cdc.Unmarshal(input[1:], msg.(codec.ProtoMarshaler)); err != nil {
			return
		}
		fuzzed(t, w, msg)
	})
}

// fuzzed checks what holds for one message.
func fuzzed(t *testing.T, w *world, msg sdk.Msg) {
	ctx, _ := at(w.Chain, w.Height()+1).CacheContext()
	if v, ok := msg.(sdk.HasValidateBasic); ok { // so does the ante handler
		if err := v.ValidateBasic(); err != nil {
			requireTold(t, err, msg)
			return
		}
	}
	if _, err := w.Deliver(ctx, msg); err != nil {
		requireTold(t, err, msg)
		return
	}
	require.NoError(t, w.Invariants(ctx), "after %s %v", sdk.MsgTypeURL(msg), msg)
	for _, height := range []int64{ctx.BlockHeight(), ctx.BlockHeight() + allDue} {
		ctx = ctx.WithBlockHeight(height).WithBlockTime(w.Time(height))
		_, err := w.ModuleManager.EndBlock(ctx)
		require.NoError(t, err, "the block at height %d after %s %v", height, sdk.MsgTypeURL(msg), msg)
		require.NoError(t, w.Invariants(ctx), "at the end of height %d after %s %v", height, sdk.MsgTypeURL(msg), msg)
	}
}

// allDue is the longest delay that parameters allow, in blocks.
const allDue = 10_000_000

// requireTold says that a program can tell an error from others, and that a person
// is told something.
func requireTold(t *testing.T, err error, msg sdk.Msg) {
	t.Helper()
	codespace, code, text := errorsmod.ABCIInfo(err, false)
	require.NotEmpty(t, text, "%s %v", sdk.MsgTypeURL(msg), msg)
	require.NotEqual(t, errorsmod.UndefinedCodespace, codespace, text)
	require.Greater(t, code, uint32(1), "%s: %s", codespace, text)
	require.NotErrorIs(t, err, sdkerrors.ErrPanic)
}
