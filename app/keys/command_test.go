package keys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	sdkkeys "github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/taonet/taonet/app/keys"
)

// cli runs a key command on the test keyring of a folder and returns what it printed.
func cli(t *testing.T, dir, input string, args ...string) (string, error) {
	t.Helper()
	clientCtx := client.Context{}.WithCodec(newCodec()).WithKeyringOptions(keys.Option()).
		WithHomeDir(dir).WithKeyringDir(dir).WithInput(strings.NewReader(input))
	cmd := keys.Commands()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append(args, "--keyring-backend", keyring.BackendTest, "--output", "json"))
	cmd.SilenceUsage = true
	err := cmd.ExecuteContext(context.WithValue(t.Context(), client.ClientContextKey, &clientCtx))
	return out.String(), err
}

func run(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	out, err := cli(t, dir, input, args...)
	require.NoError(t, err, out)
	return out
}

// key reads a printed key.
func key(t *testing.T, out string) (k sdkkeys.KeyOutput) {
	t.Helper()
	line := out[strings.Index(out, "{"):]
	require.NoError(t, json.Unmarshal([]byte(line), &k), out)
	return k
}

// TestCommands walks a key of each kind through the command line.
func TestCommands(t *testing.T) {
	for _, algo := range algorithms {
		kind := string(algo.Name())
		t.Run(kind, func(t *testing.T) {
			dir, other := t.TempDir(), t.TempDir()
			made := key(t, run(t, dir, "", "add", "made", "--key-type", kind))
			require.Contains(t, made.PubKey, kind)
			require.Len(t, strings.Fields(made.Mnemonic), 24)

			recovered := key(t, run(t, other, made.Mnemonic+"\n", "add", "again", "--recover", "--key-type", kind))
			require.Equal(t, made.Address, recovered.Address)
			require.Equal(t, made.PubKey, recovered.PubKey)

			const secret = "a passphrase"
			file := filepath.Join(t.TempDir(), "key")
			armor := run(t, dir, secret+"\n", "export", "made")
			require.NoError(t, os.WriteFile(file, []byte(armor), 0o600))
			third := t.TempDir()
			run(t, third, secret+"\n", "import", "armored", file)
			require.Equal(t, made.Address, key(t, run(t, third, "", "show", "armored")).Address)

			hex := strings.TrimSpace(run(t, dir, "", "export", "made", "--unsafe", "--unarmored-hex", "--yes"))
			fourth := t.TempDir()
			run(t, fourth, "", "import-hex", "hex", hex, "--key-type", kind)
			require.Equal(t, made.Address, key(t, run(t, fourth, "", "show", "hex")).Address)
		})
	}
}

func TestDefaultKind(t *testing.T) {
	require.Contains(t, key(t, run(t, t.TempDir(), "", "add", "x")).PubKey, "secp256k1")
	require.Contains(t, run(t, t.TempDir(), "", "list-key-types"), "ed25519")
	out, err := cli(t, t.TempDir(), "", "add", "x", "--key-type", "ed448")
	require.Error(t, err, out)
	require.Contains(t, run(t, t.TempDir(), "", "add", "--help"), "secp256k1 (Ledgers and browser wallets have it) or ed25519")
}

func TestWrongHex(t *testing.T) {
	for _, hex := range []string{strings.Repeat("00", 31), strings.Repeat("00", 64), strings.Repeat("11", 65)} {
		_, err := cli(t, t.TempDir(), "", "import-hex", "x", hex, "--key-type", "ed25519")
		require.ErrorContains(t, err, "ed25519 private key", hex)
	}
}

// TestDryRun prints a key of either kind and keeps nothing.
func TestDryRun(t *testing.T) {
	for _, algo := range algorithms {
		dir := t.TempDir()
		out := run(t, dir, mnemonic+"\n", "add", "x", "--dry-run", "--recover", "--key-type", string(algo.Name()))
		require.Contains(t, key(t, out).PubKey, string(algo.Name()))
		_, err := cli(t, dir, "", "show", "x")
		require.ErrorContains(t, err, "x is not a valid name or address")
	}
}
