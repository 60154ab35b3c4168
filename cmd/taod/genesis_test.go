package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

// A genesis that does not hold is not saved.
func TestGenesisIsChecked(t *testing.T) {
	home := freshHome(t)
	for _, key := range []string{"cold", "rich", "hot", "other"} {
		must(t, home, "keys", "add", key)
	}
	must(t, home, "genesis", "add-genesis-account", "rich", "5tao")
	must(t, home, "genesis", "add-neuron", "1", "hot", "cold", "10tao")
	file := filepath.Join(home, "config", "genesis.json")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	hot := strings.TrimSpace(must(t, home, "keys", "show", "hot", "-a"))
	for _, c := range []struct {
		says []string
		args []string
	}{
		{[]string{"balance of 5tao", "or register another hotkey"}, []string{"add-neuron", "1", "rich", "cold", "1tao"}},
		{[]string{hot, "balance of 1tao"}, []string{"add-genesis-account", hot, "1tao", "--append"}},
		{[]string{hot, "balance of 1tao"}, []string{"bulk-add-genesis-account", bulk(t, hot), "--append"}},
		{[]string{"the account of a module", "give the address of a key"}, []string{
			"add-neuron", "1", "other", authtypes.NewModuleAddress(neurontypes.ModuleName).String(), "1tao",
		}},
		{[]string{"above 21000000000000000 rao"}, []string{"add-neuron", "1", "other", "cold", "21000000tao"}},
		{[]string{`"nosuch" is neither a key`}, []string{"add-neuron", "1", "nosuch", "cold", "1tao"}},
		{[]string{"no subnet 9"}, []string{"add-neuron", "9", "other", "cold", "1tao"}},
	} {
		r := taod(t, home, append([]string{"genesis"}, c.args...)...)
		require.NotZero(t, r.code, c.args)
		for _, says := range c.says {
			require.Contains(t, r.err, says)
		}
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), c.args)
	}
	must(t, home, "genesis", "add-genesis-account", "cold", "2tao", "--append")
	must(t, home, "genesis", "validate")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(after), `"amount": "2000000000"`)
}

// bulk is a file that gives an account a tao.
func bulk(t *testing.T, address string) string {
	file := filepath.Join(t.TempDir(), "bulk.json")
	text := `[{"address": "` + address + `", "coins": [{"denom": "rao", "amount": "1000000000"}]}]`
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
