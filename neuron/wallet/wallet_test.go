package wallet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/keys"
	"github.com/taonet/taonet/neuron/wallet"
)

// words is a mnemonic that everybody knows: never for Tao.
const words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

func open(t *testing.T, backend, dir, input string) *wallet.Keyring {
	t.Helper()
	k, err := wallet.OpenKeyring(wallet.KeyringConfig{Dir: dir, Backend: backend, Input: strings.NewReader(input)})
	require.NoError(t, err)
	return k
}

// taod opens the keyring as taod does.
func taod(t *testing.T, backend, dir, input string) keyring.Keyring {
	t.Helper()
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	ctx := client.Context{}.WithCodec(codec.NewProtoCodec(registry)).WithKeyringDir(dir).
		WithInput(strings.NewReader(input)).WithKeyringOptions(keys.Option())
	ring, err := client.NewKeyringFromBackend(ctx, backend)
	require.NoError(t, err)
	return ring
}

func TestColdkeyIsWhatTaodSees(t *testing.T) {
	dir := t.TempDir()
	made, mnemonic, err := open(t, wallet.BackendTest, dir, "").Create("alice")
	require.NoError(t, err)
	require.Len(t, strings.Fields(mnemonic), 24)
	imported, err := open(t, wallet.BackendTest, t.TempDir(), "").Import("again", "  "+strings.ReplaceAll(mnemonic, " ", "\n\t"))
	require.NoError(t, err)
	require.Equal(t, made.Address(), imported.Address())

	ring := taod(t, wallet.BackendTest, dir, "")
	record, err := ring.Key("alice")
	require.NoError(t, err)
	address, err := record.GetAddress()
	require.NoError(t, err)
	require.Equal(t, made.Address(), address.String())

	_, err = ring.NewAccount("bob", words, "", hd.CreateHDPath(118, 0, 0).String(), hd.Secp256k1)
	require.NoError(t, err)
	bob, err := open(t, wallet.BackendTest, dir, "").Open("bob")
	require.NoError(t, err)
	require.Equal(t, "bob", bob.Name())
	require.Equal(t, "tao19rl4cm2hmr8afy4kldpxz3fka4jguq0ak0dnfs", bob.Address(), "the golden address of path m/44'/118'/0'/0/0")
	names, addresses, err := open(t, wallet.BackendTest, dir, "").Names()
	require.NoError(t, err)
	require.Equal(t, []string{"alice", "bob"}, names)
	require.Equal(t, []string{made.Address(), bob.Address()}, addresses)

	signature, err := bob.Sign([]byte("a document"))
	require.NoError(t, err)
	require.True(t, bob.PubKey().VerifySignature([]byte("a document"), signature))
}

func TestKeyringSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	_, err := wallet.OpenKeyring(wallet.KeyringConfig{Dir: dir, Backend: "paper"})
	require.ErrorContains(t, err, `backend "paper" is unknown: it is os, file`)
	_, err = wallet.OpenKeyring(wallet.KeyringConfig{Backend: wallet.BackendTest})
	require.ErrorContains(t, err, "no folder")

	k := open(t, wallet.BackendTest, dir, "")
	_, err = k.Open("alice")
	require.ErrorIs(t, err, wallet.ErrNoKey)
	require.ErrorContains(t, err, "it is empty: make a key")
	_, err = k.Import("", words)
	require.ErrorContains(t, err, "needs a name")
	_, err = k.Import("alice", words)
	require.NoError(t, err)
	_, err = k.Import("carol", words)
	require.ErrorIs(t, err, wallet.ErrTaken)
	require.ErrorContains(t, err, "under another name")
	_, _, err = k.Create("alice")
	require.ErrorIs(t, err, wallet.ErrTaken)
	_, err = k.Open("dave")
	require.ErrorContains(t, err, "there are: alice")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "keyring-test", "broken.info"), []byte("nothing"), 0o600))
	_, err = k.Open("broken")
	require.ErrorContains(t, err, `key "broken" of the keyring`)
}

func TestFileKeyringNeedsItsPassword(t *testing.T) {
	dir := t.TempDir()
	made, _, err := open(t, wallet.BackendFile, dir, "a password\na password\n").Create("alice")
	require.NoError(t, err)

	again, err := open(t, wallet.BackendFile, dir, "a password\n").Open("alice")
	require.NoError(t, err)
	require.Equal(t, made.Address(), again.Address())
	_, err = again.Sign([]byte("x"))
	require.NoError(t, err, "one password for one keyring")

	_, err = open(t, wallet.BackendFile, dir, "another one\n").Open("alice")
	require.ErrorIs(t, err, wallet.ErrPassword)
	_, err = open(t, wallet.BackendFile, dir, "another one\n").Import("bob", words)
	require.ErrorIs(t, err, wallet.ErrPassword)

	record, err := taod(t, wallet.BackendFile, dir, "a password\n").Key("alice")
	require.NoError(t, err)
	require.Equal(t, "alice", record.Name)
}

func TestMnemonicSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":              "it has 0 words",
		"abandon about": "it has 2 words, a mnemonic has 12",
		strings.Replace(words, "about", "abuot", 1):   "word 12 is not in the list",
		strings.Replace(words, "about", "abandon", 1): "their checksum is wrong",
	} {
		_, err := open(t, wallet.BackendTest, t.TempDir(), "").Import("alice", text)
		require.ErrorIs(t, err, wallet.ErrMnemonic, text)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "abuot", "words stay out of errors")
		_, err = wallet.HotkeyFromMnemonic(text)
		require.ErrorIs(t, err, wallet.ErrMnemonic, text)
	}
}

func TestAddresses(t *testing.T) {
	hot, err := wallet.HotkeyFromMnemonic(words)
	require.NoError(t, err)
	address, err := wallet.ParseAddress(hot.Address())
	require.NoError(t, err)
	require.Equal(t, hot.Address(), sdk.AccAddress(address).String())
	for _, text := range []string{"", "tao1", "cosmos1w508d6qejxtdg4y5r3zarvary0c5xw7k6ah60c", hot.Address() + "q", strings.ToUpper(hot.Address())[:20]} {
		_, err := wallet.ParseAddress(text)
		require.ErrorContains(t, err, "is none of tao1…", text)
	}
}
