package amount_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoregistry"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/client/v2/autocli/flag"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client"
	sdkflags "github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	"github.com/cosmos/cosmos-sdk/x/staking"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/neuron"
	"github.com/taonet/taonet/x/subnet"
)

// TestDenominations: the chain's names and ours are the same.
func TestDenominations(t *testing.T) {
	require.Equal(t, app.BaseDenom, amount.BaseDenom)
	require.Equal(t, app.DisplayDenom, amount.DisplayDenom)
	require.EqualValues(t, app.DisplayExponent, amount.Exponent)
	units := app.Metadata().DenomUnits
	require.Equal(t, amount.BaseDenom, units[0].Denom)
	require.EqualValues(t, amount.Exponent, units[1].Exponent)
}

// modules describe their commands themselves.
func modules() map[string]*autocliv1.ModuleOptions {
	return map[string]*autocliv1.ModuleOptions{
		"bank": bank.AppModule{}.AutoCLIOptions(), "staking": staking.AppModule{}.AutoCLIOptions(),
		"neuron": neuron.AppModule{}.AutoCLIOptions(), "subnet": subnet.AppModule{}.AutoCLIOptions(),
	}
}

// newRoot is a command line of autocli's transactions alone.
func newRoot(t *testing.T, modules map[string]*autocliv1.ModuleOptions, define func(*flag.Builder)) *cobra.Command {
	t.Helper()
	files, err := proto.MergedRegistry()
	require.NoError(t, err)
	builder := &autocli.Builder{
		Builder: flag.Builder{
			TypeResolver:          protoregistry.GlobalTypes,
			FileResolver:          files,
			AddressCodec:          address.NewBech32Codec("tao"),
			ValidatorAddressCodec: address.NewBech32Codec("taovaloper"),
			ConsensusAddressCodec: address.NewBech32Codec("taovalcons"),
		},
		GetClientConn: func(cmd *cobra.Command) (grpc.ClientConnInterface, error) {
			return client.GetClientQueryContext(cmd)
		},
		AddQueryConnFlags: sdkflags.AddQueryFlagsToCmd,
		AddTxConnFlags:    sdkflags.AddTxFlagsToCmd,
	}
	if define != nil {
		define(&builder.Builder)
	}
	options := autocli.AppOptions{ModuleOptions: modules}
	root := &cobra.Command{Use: "taod", SilenceErrors: true, SilenceUsage: true}
	require.NoError(t, options.EnhanceRootCommandWithBuilder(root, builder))
	return root
}

var (
	alice = apptest.Address(apptest.Key("alice"))
	bob   = apptest.Address(apptest.Key("bob"))
)

// generate runs a tx command and returns the message that it would sign.
func generate(t *testing.T, chain *app.App, root *cobra.Command, args ...string) (map[string]any, error) {
	t.Helper()
	var out bytes.Buffer
	clientCtx := client.Context{}.WithCodec(chain.AppCodec()).WithInterfaceRegistry(chain.InterfaceRegistry()).
		WithTxConfig(chain.TxConfig()).WithLegacyAmino(chain.LegacyAmino()).WithOutput(&out).WithViper("").WithHomeDir(t.TempDir()).
		WithKeyring(keyring.NewInMemory(chain.AppCodec()))
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append(append([]string{"tx"}, args...), "--generate-only", "--offline",
		"--account-number=1", "--sequence=1", "--keyring-backend=memory"))
	if err := root.ExecuteContext(context.WithValue(t.Context(), client.ClientContextKey, &clientCtx)); err != nil {
		return nil, err
	}
	var tx struct {
		Body struct{ Messages []map[string]any }
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &tx), out.String())
	require.Len(t, tx.Body.Messages, 1)
	return tx.Body.Messages[0], nil
}

func rao(digits string) map[string]any {
	return map[string]any{"denom": "rao", "amount": digits}
}

// TestCommands types amounts where messages hold a coin or a list of coins, as
// arguments and as flags, in the SDK's modules and in ours.
func TestCommands(t *testing.T) {
	chain := apptest.New(t).App
	a, b, from := alice.String(), bob.String(), "--from="+alice.String()
	validator := sdk.ValAddress(bob).String()
	for _, c := range []struct {
		field string
		want  any
		args  []string
	}{
		{"amount", []any{rao("1500000000")}, []string{"bank", "send", a, b, "1.5tao"}},
		{"amount", []any{rao("1500000000")}, []string{"bank", "send", a, b, "1.5 tao"}},
		{"amount", []any{rao("7")}, []string{"bank", "send", a, b, "7rao"}},
		{"amount", rao("250000000"), []string{"staking", "delegate", validator, "0.25tao", from}},
		{"amount", rao("10000000000"), []string{"neuron", "stake", b, "10tao", from}},
		{"max_cost", rao("100000000000"), []string{"subnet", "create", "optics", "text", "100tao", from}},
		{"amount", rao("1"), []string{"neuron", "unstake", b, "0.000000001tao", from}},
	} {
		message, err := generate(t, chain, newRoot(t, modules(), amount.DefineFlags), c.args...)
		require.NoError(t, err, c.args)
		require.Equal(t, c.want, message[c.field], c.args)
	}
}

// TestCommandsRefuse: what cannot be exact does not become a message.
func TestCommandsRefuse(t *testing.T) {
	chain := apptest.New(t).App
	a, b := alice.String(), bob.String()
	for text, want := range map[string]string{
		"1.0000000001tao": "is finer than 1 rao",
		"5":               "has no unit",
		"5uatom":          `unit "uatom" is unknown`,
		"1tao,2tao":       "write a number and a unit",
		"1,5tao":          "decimals follow a point",
	} {
		_, err := generate(t, chain, newRoot(t, modules(), amount.DefineFlags), "bank", "send", a, b, text)
		require.ErrorContains(t, err, want, text)
	}
}

// TestWithoutFlagType shows what the flag type is for: autocli's own passes tao on.
func TestWithoutFlagType(t *testing.T) {
	chain := apptest.New(t).App
	message, err := generate(t, chain, newRoot(t, modules(), nil), "bank", "send", alice.String(), bob.String(), "15tao")
	require.NoError(t, err)
	require.Equal(t, []any{map[string]any{"denom": "tao", "amount": "15"}}, message["amount"])
}

// TestFlags: coins that are flags, one and a list.
func TestFlags(t *testing.T) {
	bare := map[string]*autocliv1.ModuleOptions{
		"bank":   {Tx: &autocliv1.ServiceCommandDescriptor{Service: "cosmos.bank.v1beta1.Msg"}},
		"neuron": {Tx: &autocliv1.ServiceCommandDescriptor{Service: "tao.neuron.v1.Msg"}},
	}
	chain := apptest.New(t).App
	a, b := alice.String(), bob.String()
	message, err := generate(t, chain, newRoot(t, bare, amount.DefineFlags), "bank", "send",
		"--to-address", b, "--amount", "2.5tao", "--amount=3 rao", "--from", a)
	require.NoError(t, err)
	require.Equal(t, []any{rao("2500000000"), rao("3")}, message["amount"])

	root := newRoot(t, bare, amount.DefineFlags)
	stake, _, err := root.Find([]string{"tx", "neuron", "add-stake"})
	require.NoError(t, err)
	coin := stake.Flags().Lookup("amount")
	require.Equal(t, "amount", coin.Value.Type())
	require.Empty(t, coin.Value.String())
	require.NoError(t, coin.Value.Set("2.5tao"))
	require.Error(t, coin.Value.Set("2.5"))
	require.Equal(t, "2500000000rao", coin.Value.String(), "a refused value changes nothing")
	message, err = generate(t, chain, newRoot(t, bare, amount.DefineFlags), "neuron", "add-stake",
		"--hotkey", b, "--amount", "2.5tao", "--from", a)
	require.NoError(t, err)
	require.Equal(t, rao("2500000000"), message["amount"])
}
