package amount_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/amount"
)

func TestRewriteArgs(t *testing.T) {
	for _, c := range [][2]string{ // arguments are parted by |
		{"", ""},
		{"tx|bank|send|a|b|1.5tao", "tx|bank|send|a|b|1500000000rao"},
		{"genesis|gentx|x|1.5 tao", "genesis|gentx|x|1500000000rao"},
		{"--fees=0.000000001tao", "--fees=1rao"},
		{"--fees|0.000001tao|--yes|3tao", "--fees|1000rao|--yes|3000000000rao"},
		{"--amount=1tao,5uatom", "--amount=1000000000rao,5uatom"},
		{"1tao,2tao, .5rao", "1000000000rao,2000000000rao, .5rao"},
		{"--gas-prices=0.000000001tao", "--gas-prices=1rao"},
		{"--gas-prices|0.0000000000015tao", "--gas-prices|0.0015rao"},
		{"--minimum-gas-prices|2.5tao", "--minimum-gas-prices|2500000000rao"},
		{"--gas-prices|.000000000001tao", "--gas-prices|0.001rao"},
		{"--gas-prices|0.000000000000000000000000001tao", "--gas-prices|0.000000000000000001rao"},
		{"--|--fees|1tao", "--|--fees|1000000000rao"},
		{"--spend-limit|1tao|-y|2tao", "--spend-limit|1000000000rao|-y|2000000000rao"},
		{"--yes|--fees=1tao", "--yes|--fees=1000000000rao"},
	} {
		checkRewrite(t, c[0], c[1])
	}
}

// TestRewriteArgsLeaves lists what stays as it is.
func TestRewriteArgsLeaves(t *testing.T) {
	for _, line := range []string{
		"tx|bank|send|tao1qqqq|taovaloper1xyz|1500rao",
		"--note|1tao", "--note=1tao", "--memo=1tao", "--memo|1tao", "--from=1tao", "--title|5tao", "--moniker=5tao",
		"1.5TAO", "1.5Tao", "tao", "1,5tao", "1tao,", ",1tao", "1tao,x", "5taos", "-5tao", "+5tao", "1_000tao",
		"1tao 2tao", "x1tao", "{\"amount\":\"1tao\"}", "--", "-", "--=", "--fees", "--fees=", "--fees=1rao", "-f=1tao",
		"--gas-prices=0.001rao", "1.5stake", "0.000000001atao", "--node|tcp://tao:26657", "5.tao",
	} {
		checkRewrite(t, line, line)
	}
}

func TestRewriteArgsRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"0.0000000001tao":            `amount "0.0000000001tao" is finer than 1 rao`,
		"--fees=0.0000000001tao":     `--fees: amount "0.0000000001tao" is finer than 1 rao`,
		"--fees|9223372037tao":       `is too large: at most 9223372036854775807rao`,
		"1rao,9223372037tao":         `is too large`,
		".5tao":                      `is malformed`,
		"--gas-prices|9223372037tao": `gas price "9223372037tao" is too large`,
		"--gas-prices=0." + strings.Repeat("1", 28) + "tao": `has 28 decimals: give at most 27, or write it in rao`,
	} {
		_, err := amount.RewriteArgs(strings.Split(line, "|"))
		require.ErrorContains(t, err, want, line)
	}
}

func checkRewrite(t *testing.T, line, want string) {
	t.Helper()
	args := strings.Split(line, "|")
	before := slices.Clone(args)
	got, err := amount.RewriteArgs(args)
	require.NoError(t, err, line)
	require.Equal(t, strings.Split(want, "|"), got, line)
	require.Equal(t, before, args, "the arguments given stay")
}

// TestPricesAreExact compares with the SDK's decimal numbers.
func TestPricesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.StringMatching(`[0-9]{1,9}(\.[0-9]{1,18})?`).Draw(t, "price")
		got, err := amount.RewriteArgs([]string{"--gas-prices=" + price + "tao"})
		require.NoError(t, err)
		coins, err := sdk.ParseDecCoins(strings.TrimPrefix(got[0], "--gas-prices="))
		require.NoError(t, err, got)
		want := sdkmath.LegacyMustNewDecFromStr(price).MulInt64(1_000_000_000)
		require.True(t, want.Equal(coins.AmountOf("rao")), "%s: %s", price, got)
	})
}

func FuzzRewriteArgs(f *testing.F) {
	for _, line := range []string{"", "--fees=1tao", "--note|1tao", "1tao,2rao", "--|-1tao", "0.0000000001tao", "--gas-prices|.1tao", "a|b"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "|")
		got, err := amount.RewriteArgs(args)
		if err != nil {
			require.Contains(t, line, "tao")
			return
		}
		require.Len(t, got, len(args))
		for i, arg := range args {
			if arg == got[i] {
				continue
			}
			require.Contains(t, arg, "tao")
			require.Contains(t, got[i], "rao")
			flag, _, joined := strings.Cut(arg, "=")
			if joined && strings.HasPrefix(arg, "--") {
				require.True(t, strings.HasPrefix(got[i], flag+"="), arg)
			}
		}
		again, err := amount.RewriteArgs(got)
		require.NoError(t, err)
		require.Equal(t, got, again, "what is rewritten stays")
	})
}
