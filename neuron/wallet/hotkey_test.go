package wallet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/keys"
	"github.com/taonet/taonet/neuron/wallet"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

func TestHotkeySurvivesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "hotkey.json")
	hot := wallet.NewHotkey()
	require.NoError(t, hot.Save(path))
	loaded, err := wallet.LoadHotkey(path)
	require.NoError(t, err)
	require.Equal(t, hot.Address(), loaded.Address())
	require.True(t, hot.PrivKey().Equals(loaded.PrivKey()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())

	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, wallet.NewHotkey().Save(path), wallet.ErrExists)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left behind")
}

func TestOneOfManySavesWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hotkey.json")
	const n = 16
	results := make([]error, n)
	made := make([]*wallet.Hotkey, n)
	var group sync.WaitGroup
	for i := range n {
		made[i] = wallet.NewHotkey()
		group.Go(func() { results[i] = made[i].Save(path) })
	}
	group.Wait()
	loaded, err := wallet.LoadHotkey(path)
	require.NoError(t, err)
	winners := 0
	for i, err := range results {
		if err == nil {
			winners++
			require.Equal(t, made[i].Address(), loaded.Address())
		} else {
			require.ErrorIs(t, err, wallet.ErrExists)
		}
	}
	require.Equal(t, 1, winners)
}

func TestHotkeyFileSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hotkey.json")
	_, err := wallet.LoadHotkey(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "there is no hotkey at "+path)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	_, err = wallet.LoadHotkey(filepath.Join(dir, "folder"))
	require.ErrorIs(t, err, wallet.ErrDamaged)

	hot := wallet.NewHotkey()
	require.NoError(t, hot.Save(path))
	for _, mode := range []os.FileMode{0o644, 0o640, 0o602, 0o700} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = wallet.LoadHotkey(path)
		require.ErrorIs(t, err, wallet.ErrPermissions)
		require.ErrorContains(t, err, "chmod 600 "+path)
	}
	require.NoError(t, os.Chmod(path, 0o600))

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var file map[string]string
	require.NoError(t, json.Unmarshal(text, &file))
	change := func(name, value string) []byte {
		changed := map[string]string{}
		for k, v := range file {
			changed[k] = v
		}
		changed[name] = value
		text, err := json.Marshal(changed)
		require.NoError(t, err)
		return text
	}
	other := wallet.NewHotkey()
	for name, damaged := range map[string][]byte{
		"empty":         {},
		"cut":           text[:len(text)/2],
		"twice":         append(append([]byte{}, text...), text...),
		"long":          append(append([]byte{}, text...), make([]byte, 5000)...),
		"a list":        []byte("[]"),
		"unknown field": change("colour", "red"),
		"type":          change("type", "secp256k1"),
		"short seed":    change("seed", file["seed"][2:]),
		"no hex":        change("seed", strings.Repeat("zz", 32)),
		"another seed":  change("seed", strings.Repeat("00", 32)),
		"address":       change("address", other.Address()),
		"public key":    change("public_key", strings.Repeat("00", 32)),
	} {
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err := wallet.LoadHotkey(path)
		require.ErrorIs(t, err, wallet.ErrDamaged, name)
		require.ErrorContains(t, err, path, name)
		require.NotContains(t, err.Error(), file["seed"], "the secret stays out of errors")
	}
}

func TestNoFormatPrintsTheSecret(t *testing.T) {
	hot := wallet.NewHotkey()
	text, err := hot.Encode()
	require.NoError(t, err)
	var file struct{ Seed string }
	require.NoError(t, json.Unmarshal(text, &file))
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(format, hot), file.Seed, format)
	}
}

// TestHotkeyFromMnemonic: the key is the one that taod keys add --key-type ed25519 makes.
func TestHotkeyFromMnemonic(t *testing.T) {
	hot, err := wallet.HotkeyFromMnemonic(words)
	require.NoError(t, err)
	record, err := taod(t, keyring.BackendTest, t.TempDir(), "").NewAccount("hot", words, "", hd.CreateHDPath(118, 0, 0).String(), keys.Ed25519)
	require.NoError(t, err)
	address, err := record.GetAddress()
	require.NoError(t, err)
	require.Equal(t, address.String(), hot.Address())
}

func TestConsentTravels(t *testing.T) {
	hot := wallet.NewHotkey()
	cold, _, err := open(t, wallet.BackendTest, t.TempDir(), "").Create("alice")
	require.NoError(t, err)
	consent, err := hot.Consent("tao-1", cold.Address(), 3, 5000)
	require.NoError(t, err)
	coldBytes, err := wallet.ParseAddress(cold.Address())
	require.NoError(t, err)
	hotBytes, err := wallet.ParseAddress(hot.Address())
	require.NoError(t, err)
	require.True(t, hot.PubKey().VerifySignature(neurontypes.ConsentBytes("tao-1", coldBytes, hotBytes, 3, 5000), consent.Signature))

	text, err := json.Marshal(consent)
	require.NoError(t, err)
	read, err := wallet.ParseConsent(text)
	require.NoError(t, err)
	require.Equal(t, consent, read)
	// The public key is as the SDK writes it, so that taod reads the file.
	chain := apptest.New(t, apptest.WithOption("tao.invariants", false))
	want, err := chain.AppCodec().MarshalInterfaceJSON(hot.PubKey())
	require.NoError(t, err)
	got, err := json.Marshal(consent.PubKey)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))

	for _, change := range []func(*wallet.Consent){
		func(c *wallet.Consent) { c.ChainID = "tao-2" },
		func(c *wallet.Consent) { c.Coldkey = wallet.NewHotkey().Address() },
		func(c *wallet.Consent) { c.Hotkey = wallet.NewHotkey().Address() },
		func(c *wallet.Consent) { c.PubKey = wallet.ConsentKey{PubKey: wallet.NewHotkey().PubKey()} },
		func(c *wallet.Consent) { c.Subnet++ },
		func(c *wallet.Consent) { c.Expiry++ },
		func(c *wallet.Consent) { c.Signature = nil },
		func(c *wallet.Consent) { c.PubKey = wallet.ConsentKey{} },
		func(c *wallet.Consent) { c.Coldkey = "alice" },
	} {
		changed := consent
		change(&changed)
		require.ErrorIs(t, changed.Verify(), wallet.ErrConsent)
	}
	for _, text := range []string{"", "{}", `{"pub_key":{"@type":"/cosmos.crypto.ed25519.PubKey","key":"AAAA"}}`, `{"pub_key":7}`, `{"color":1}`} {
		_, err := wallet.ParseConsent([]byte(text))
		require.ErrorIs(t, err, wallet.ErrConsent, text)
	}
	_, err = hot.Consent("tao-1", "alice", 1, 1)
	require.ErrorContains(t, err, "coldkey")
}

func FuzzDecodeHotkey(f *testing.F) {
	text, err := wallet.NewHotkey().Encode()
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"type":"ed25519","seed":"00"}`))
	f.Add(text[:40])
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := wallet.DecodeHotkey(text)
		if err != nil {
			require.True(t, errors.Is(err, wallet.ErrDamaged))
			return
		}
		again, err := h.Encode()
		require.NoError(t, err)
		same, err := wallet.DecodeHotkey(again)
		require.NoError(t, err)
		require.Equal(t, h.Address(), same.Address())
	})
}
