package keys_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/taonet/taonet/app/keys"
)

// mnemonic is BIP-39's own test phrase; path is what the command line offers.
const (
	mnemonic = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
	path     = "m/44'/118'/0'/0/0"
)

var algorithms = []keyring.SignatureAlgo{hd.Secp256k1, keys.Ed25519}

func newCodec() codec.Codec {
	registry := codectypes.NewInterfaceRegistry()
	std.RegisterInterfaces(registry)
	return codec.NewProtoCodec(registry)
}

// open returns a keyring; a keyring of the test backend is read from the disk again.
func open(t *testing.T, backend, dir string) keyring.Keyring {
	t.Helper()
	ring, err := keyring.New("tao", backend, dir, nil, newCodec(), keys.Option())
	require.NoError(t, err)
	return ring
}

func TestOptionAddsOnce(t *testing.T) {
	options := keyring.Options{SupportedAlgos: keyring.SigningAlgoList{hd.Secp256k1, hd.MlDsa65}}
	before := options.SupportedAlgos
	keys.Option()(&options)
	keys.Option()(&options)
	require.Equal(t, "secp256k1,ml_dsa_65,ed25519", options.SupportedAlgos.String())
	require.Equal(t, "secp256k1,ml_dsa_65", before.String())

	kept, ledger := keyring.NewInMemory(newCodec(), keys.Option()).SupportedAlgorithms()
	require.Equal(t, hd.Secp256k1Type, kept[0].Name(), "the default comes first")
	require.True(t, kept.Contains(keys.Ed25519))
	require.Equal(t, "secp256k1", ledger.String())
}

// TestGolden pins the key that the test phrase gives, so that no release loses
// anybody's hotkey.
func TestGolden(t *testing.T) {
	secret, err := keys.Ed25519.Derive()(mnemonic, "", path)
	require.NoError(t, err)
	key := keys.Ed25519.Generate()(secret)
	require.Equal(t, "PubKeyEd25519{F464C9658B25EA3A6F97F966600481D6136A57C86886B09994AC1F480ADB0D58}", key.PubKey().String())
	sum := sha256.Sum256(key.PubKey().Bytes())
	require.Equal(t, sum[:20], key.PubKey().Address().Bytes())

	hardened, err := keys.Ed25519.Derive()(mnemonic, "", "m/44'/118'/0'/0'/0'")
	require.NoError(t, err)
	require.Equal(t, secret, hardened)
	for _, other := range [][2]string{{"", "m/44'/118'/0'/0/1"}, {"", ""}, {"word", path}} {
		changed, err := keys.Ed25519.Derive()(mnemonic, other[0], other[1])
		require.NoError(t, err)
		require.NotEqual(t, secret, changed, other)
	}
	_, err = keys.Ed25519.Derive()("abandon about", "", path)
	require.Error(t, err)
	_, err = keys.Ed25519.Derive()(mnemonic, "", "m/44''")
	require.ErrorContains(t, err, `part 1 is "44''"`)
}

func TestGenerate(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	key := keys.Ed25519.Generate()(seed)
	require.Equal(t, key, keys.Ed25519.Generate()(key.Bytes()), "64 bytes with the public key")
	wrong := append([]byte{}, key.Bytes()...)
	wrong[63] ^= 1
	require.PanicsWithValue(t, "an ed25519 private key of 31 bytes: want 32, or 64 with its public key",
		func() { keys.Ed25519.Generate()(seed[:31]) })
	require.Panics(t, func() { keys.Ed25519.Generate()(nil) })
	require.Panics(t, func() { keys.Ed25519.Generate()(wrong) })
}

// TestKeyring makes, recovers, exports, imports, renames and signs with both
// algorithms in memory and on disk.
func TestKeyring(t *testing.T) {
	for _, backend := range []string{keyring.BackendMemory, keyring.BackendTest} {
		for _, algo := range algorithms {
			t.Run(backend+"/"+string(algo.Name()), func(t *testing.T) {
				dir := t.TempDir()
				ring := open(t, backend, dir)
				record, phrase, err := ring.NewMnemonic("made", keyring.English, path, "", algo)
				require.NoError(t, err)
				checkSigns(t, ring, "made", algo)

				recovered, err := open(t, backend, t.TempDir()).NewAccount("again", phrase, "", path, algo)
				require.NoError(t, err)
				require.Equal(t, address(t, record), address(t, recovered))
				_, err = ring.NewAccount("twice", phrase, "", path, algo)
				require.ErrorIs(t, err, keyring.ErrDuplicatedAddress)

				if backend == keyring.BackendTest {
					ring = open(t, backend, dir)
				}
				checkSigns(t, ring, "made", algo)
				checkExports(t, ring, "made", algo)
				require.NoError(t, ring.Rename("made", "renamed"))
				checkSigns(t, ring, "renamed", algo)
				list, err := ring.List()
				require.NoError(t, err)
				require.Len(t, list, 1)
			})
		}
	}
}

// TestBothInOneKeyring: one phrase gives two accounts, one of each kind.
func TestBothInOneKeyring(t *testing.T) {
	ring := open(t, keyring.BackendTest, t.TempDir())
	cold, err := ring.NewAccount("cold", mnemonic, "", path, hd.Secp256k1)
	require.NoError(t, err)
	hot, err := ring.NewAccount("hot", mnemonic, "", path, keys.Ed25519)
	require.NoError(t, err)
	require.NotEqual(t, address(t, cold), address(t, hot))
	for i, name := range []string{"cold", "hot"} {
		checkSigns(t, ring, name, algorithms[i])
	}
}

// TestWithoutOption shows what the option is for.
func TestWithoutOption(t *testing.T) {
	_, err := keyring.NewInMemory(newCodec()).NewAccount("hot", mnemonic, "", path, keys.Ed25519)
	require.ErrorIs(t, err, keyring.ErrUnsupportedSigningAlgo)
}

func address(t *testing.T, record *keyring.Record) sdk.AccAddress {
	t.Helper()
	addr, err := record.GetAddress()
	require.NoError(t, err)
	return addr
}

// checkSigns signs by name and by address and verifies; a changed message does not.
func checkSigns(t *testing.T, ring keyring.Keyring, name string, algo keyring.SignatureAlgo) {
	t.Helper()
	record, err := ring.Key(name)
	require.NoError(t, err)
	message := []byte("a row of weights")
	signature, public, err := ring.Sign(name, message, signing.SignMode_SIGN_MODE_DIRECT)
	require.NoError(t, err)
	require.Equal(t, string(algo.Name()), public.Type())
	require.True(t, public.VerifySignature(message, signature))
	require.False(t, public.VerifySignature([]byte("another row"), signature))

	kept, err := record.GetPubKey()
	require.NoError(t, err)
	require.True(t, kept.Equals(public))
	require.Equal(t, public.Address().Bytes(), address(t, record).Bytes())
	if algo.Name() == hd.Ed25519Type {
		sum := sha256.Sum256(public.Bytes())
		require.Equal(t, sum[:20], public.Address().Bytes())
	}
	again, _, err := ring.SignByAddress(address(t, record), message, signing.SignMode_SIGN_MODE_DIRECT)
	require.NoError(t, err)
	require.True(t, public.VerifySignature(message, again))
}

// checkExports carries a key to other keyrings: armored, and public only.
func checkExports(t *testing.T, ring keyring.Keyring, name string, algo keyring.SignatureAlgo) {
	t.Helper()
	record, err := ring.Key(name)
	require.NoError(t, err)
	armor, err := ring.ExportPrivKeyArmor(name, "a passphrase")
	require.NoError(t, err)
	other := open(t, keyring.BackendTest, t.TempDir())
	require.Error(t, other.ImportPrivKey("armored", armor, "another passphrase"))
	require.NoError(t, other.ImportPrivKey("armored", armor, "a passphrase"))
	checkSame(t, other, "armored", record)
	checkSigns(t, other, "armored", algo)

	public, err := ring.ExportPubKeyArmor(name)
	require.NoError(t, err)
	watch := open(t, keyring.BackendTest, t.TempDir())
	require.NoError(t, watch.ImportPubKey("watched", public))
	checkSame(t, watch, "watched", record)
	_, _, err = watch.Sign("watched", []byte("x"), signing.SignMode_SIGN_MODE_DIRECT)
	require.ErrorIs(t, err, keyring.ErrOfflineSign)
}

func checkSame(t *testing.T, ring keyring.Keyring, name string, want *keyring.Record) {
	t.Helper()
	got, err := ring.Key(name)
	require.NoError(t, err)
	require.Equal(t, address(t, want), address(t, got))
	require.Equal(t, want.PubKey.Value, got.PubKey.Value)
}
