package amount_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/amount"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"1.5tao":                    1_500_000_000,
		"1.5 tao":                   1_500_000_000,
		" 1.5tao\n":                 1_500_000_000,
		"1500000000rao":             1_500_000_000,
		"1500000000 rao":            1_500_000_000,
		"0tao":                      0,
		"0rao":                      0,
		"0.000000000tao":            0,
		"0.000000001tao":            1,
		"0.1tao":                    100_000_000,
		"007tao":                    7_000_000_000,
		"1.500000000000000tao":      1_500_000_000,
		"3.0rao":                    3,
		"21000000tao":               21_000_000_000_000_000,
		"9223372036.854775807tao":   amount.MaxRao,
		"9223372036854775807rao":    amount.MaxRao,
		"000000000000000000001rao":  1,
		"20999999.999999999tao":     20_999_999_999_999_999,
		"4503599627.370497tao":      4_503_599_627_370_497_000, // past 2^53: no float on the way
		"0.00000000100000000000tao": 1,
	} {
		got, err := amount.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, sdk.NewInt64Coin(amount.BaseDenom, want), got, text)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       `amount "" is empty: write a number and a unit, such as 1.5tao or 1500000000rao`,
		"  ":                                     `is empty`,
		"5":                                      `amount "5" has no unit: write 5tao or 5rao`,
		"1.5":                                    `write 1.5tao or 1.5rao`,
		"-5tao":                                  `amount "-5tao" is negative: amounts start at 0`,
		"-5":                                     `is negative`,
		"+5tao":                                  `is malformed`,
		"tao":                                    `is malformed`,
		".5tao":                                  `is malformed`,
		"5.tao":                                  `is malformed`,
		"1.2.3tao":                               `is malformed`,
		"0x10tao":                                `unit "x10tao" is unknown`,
		"1e9rao":                                 `unit "e9rao" is unknown`,
		"1_000tao":                               `digits are not grouped`,
		"1'000tao":                               `digits are not grouped`,
		"1,000tao":                               `digits are not grouped`,
		"1 000tao":                               `is malformed`,
		"٣tao":                                   `is malformed`,
		"5tao rao":                               `is malformed`,
		"5TAO":                                   `unit "TAO" is unknown: write tao or rao`,
		"5uatom":                                 `unit "uatom" is unknown: write tao or rao`,
		"0.0000000001tao":                        `amount "0.0000000001tao" is finer than 1 rao: 10 decimals, and 1 tao = 10^9 rao: give at most 9 decimals of a tao and none of a rao`,
		"0.5rao":                                 `is finer than 1 rao: 1 decimals`,
		"9223372036854775808rao":                 `amount "9223372036854775808rao" is too large: at most 9223372036854775807rao (9223372036.854775807tao); give less, the supply never passes 21000000tao`,
		"9223372037tao":                          `is too large`,
		strings.Repeat("9", 5000) + "tao":        `is too large`,
		"0." + strings.Repeat("1", 5000) + "tao": `5000 decimals`,
		"5" + strings.Repeat("x", 5000):          `is unknown`,
		strings.Repeat("é", 5000):                `is malformed`,
		"99999999999999999999999999999999999999rao": `is too large`,
	} {
		_, err := amount.Parse(text)
		require.ErrorContains(t, err, want, text)
		require.Less(t, len(err.Error()), 500, "errors stay readable")
	}
}

func TestParseCoins(t *testing.T) {
	for text, want := range map[string]sdk.Coins{
		"":        {},
		" ":       {},
		"0tao":    {},
		"1.5tao":  {sdk.NewInt64Coin("rao", 1_500_000_000)},
		" 7 rao ": {sdk.NewInt64Coin("rao", 7)},
	} {
		got, err := amount.ParseCoins(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"1tao,500rao":   `amounts "1tao,500rao" are 2 of the same coin: write one, their sum is 1.0000005tao`,
		"1tao,":         `is empty`,
		",":             `is empty`,
		"1,5tao":        `amount "1,5tao": digits are not grouped`,
		"1tao,-1tao":    `is negative`,
		"1tao,5uatom":   `unit "uatom" is unknown`,
		"0.0000000001t": `unit "t" is unknown`,
	} {
		_, err := amount.ParseCoins(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestFormat(t *testing.T) {
	for rao, want := range map[int64]string{
		0:                      "0tao",
		1:                      "0.000000001tao",
		10:                     "0.00000001tao",
		999_999_999:            "0.999999999tao",
		1_000_000_000:          "1tao",
		1_500_000_000:          "1.5tao",
		10_000_000_001:         "10.000000001tao",
		21_000_000_000_000_000: "21000000tao",
		amount.MaxRao:          "9223372036.854775807tao",
		-1:                     "-0.000000001tao",
		-1_500_000_000:         "-1.5tao",
		100_000_000_000:        "100tao",
		20_999_999_999_999_999: "20999999.999999999tao",
	} {
		require.Equal(t, want, amount.Format(sdkmath.NewInt(rao)))
	}
	require.Equal(t, "0tao", amount.Format(sdkmath.Int{}))
}

// TestRoundTrip: whatever is formatted is read back, and is what it says by
// rational arithmetic, at any size.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rao := rapid.Int64Range(0, amount.MaxRao).Draw(t, "rao")
		text := amount.Format(sdkmath.NewInt(rao))
		for _, typed := range []string{text, strings.Replace(text, "tao", " tao", 1), sdkmath.NewInt(rao).String() + "rao"} {
			coin, err := amount.Parse(typed)
			require.NoError(t, err, typed)
			require.Equal(t, rao, coin.Amount.Int64(), typed)
		}
		coins, err := amount.ParseCoins(text)
		require.NoError(t, err)
		require.Equal(t, rao, coins.AmountOf(amount.BaseDenom).Int64())
	})
	rapid.Check(t, func(t *rapid.T) {
		rao := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "rao"))
		if rapid.Bool().Draw(t, "negative") {
			rao.Neg(rao)
		}
		text := amount.Format(sdkmath.NewIntFromBigInt(rao))
		require.Equal(t, rao.String(), inRao(text).RatString(), text)
		require.NotRegexp(t, `\.[0-9]*0tao$|\.tao$|^-?0[0-9]`, text)
	})
}

// TestOrderAndFineness: an amount with n decimals is read where n <= 9, and refused
// above unless the rest are zeros.
func TestOrderAndFineness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.StringMatching(`[0-9]{1,8}`).Draw(t, "whole")
		decimals := rapid.StringMatching(`[0-9]{1,14}`).Draw(t, "decimals")
		text := whole + "." + decimals + "tao"
		coin, err := amount.Parse(text)
		if exact := inRao(text); exact.IsInt() {
			require.NoError(t, err, text)
			require.Equal(t, exact.RatString(), coin.Amount.String())
		} else {
			require.ErrorContains(t, err, "is finer than 1 rao", text)
		}
	})
}

// inRao reads an amount in tao by rational arithmetic.
func inRao(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "tao")))
	if !ok {
		panic(text)
	}
	return value.Mul(value, big.NewRat(1_000_000_000, 1))
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "1.5tao", "1.5 tao", "1500000000rao", "0.0000000001tao", "-1tao", "5", "1_000tao", "9223372036.854775808tao",
		"1e9rao", "\u0663tao", "1\xfftao", "1.tao", "1tao,2rao",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		coin, err := amount.Parse(text)
		if err != nil {
			require.Less(t, len(err.Error()), 600)
			require.Contains(t, err.Error(), "tao")
			require.Contains(t, err.Error(), "rao")
			return
		}
		require.NoError(t, coin.Validate())
		require.Equal(t, amount.BaseDenom, coin.Denom)
		require.True(t, coin.Amount.LTE(sdkmath.NewInt(amount.MaxRao)), text)
		exact := strings.TrimSpace(text)
		if base, ok := strings.CutSuffix(exact, "rao"); ok {
			value, ok := new(big.Rat).SetString(strings.TrimSpace(base))
			require.True(t, ok, text)
			require.Equal(t, value.RatString(), coin.Amount.String(), text)
		} else {
			require.Equal(t, inRao(exact).RatString(), coin.Amount.String(), text)
		}
		again, err := amount.Parse(amount.Format(coin.Amount))
		require.NoError(t, err)
		require.Equal(t, coin, again)
	})
}

func TestInTao(t *testing.T) {
	coin := func(rao, denom string) map[string]any { return map[string]any{"amount": rao, "denom": denom} }
	require.Equal(t,
		map[string]any{"balances": []any{"1.5tao", coin("1", "foo")}, "one": "0.000000001tao", "n": 7, "total": "12"},
		amount.InTao(map[string]any{
			"balances": []any{coin("1500000000", "rao"), coin("1", "foo")}, "one": coin("1", "rao"), "n": 7, "total": "12",
		}))
	more := map[string]any{"amount": "1", "denom": "rao", "height": "3"}
	require.Equal(t, more, amount.InTao(more), "more than a coin")
	require.Equal(t, coin("x", "rao"), amount.InTao(coin("x", "rao")))
}
