// Package amount reads and writes Tao exactly.
//
// State, messages and JSON hold rao, whole numbers. People write and read tao:
//
//	1 tao = 10^9 rao
//
// Parse turns what people write into rao and refuses what would have to be rounded
// or guessed: a part of a rao, a number without a unit, another unit. Format is its
// inverse. DefineFlags teaches autocli's commands the same, and RewriteArgs the
// SDK's hand-written ones. Nothing here touches floating point.
package amount

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// BaseDenom is the smallest unit; all amounts in state are in it.
	BaseDenom = "rao"
	// DisplayDenom is what people read and type: 1 tao = 10^9 rao.
	DisplayDenom = "tao"
	// Exponent is the number of decimals of a tao.
	Exponent = 9
	// MaxRao is the most that Parse reads, in rao: 2^63-1. The supply never passes
	// 21,000,000 tao, 439 times less.
	MaxRao = math.MaxInt64
)

// number is digits with or without decimals, space or none, and a word: a unit.
var number = regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?\s*([a-zA-Z][a-zA-Z0-9/:._-]*)?$`)

// Parse reads an amount such as 1.5tao, "1.5 tao" or 1500000000rao into rao.
func Parse(s string) (sdk.Coin, error) {
	text := strings.TrimSpace(s)
	parts := number.FindStringSubmatch(text)
	if parts == nil {
		return sdk.Coin{}, malformed(text)
	}
	whole, decimals, unit := parts[1], parts[2], parts[3]
	var exponent int
	switch unit {
	case DisplayDenom:
		exponent = Exponent
	case BaseDenom:
	case "":
		return sdk.Coin{}, fmt.Errorf("amount %s has no unit: write %s or %s",
			quote(text), short(text+DisplayDenom), short(text+BaseDenom))
	default:
		return sdk.Coin{}, fmt.Errorf("amount %s: unit %s is unknown: write %s or %s",
			quote(text), quote(unit), DisplayDenom, BaseDenom)
	}
	rao, err := shift(whole, decimals, exponent)
	if err != nil {
		return sdk.Coin{}, fmt.Errorf("amount %s %w", quote(text), err)
	}
	return sdk.NewInt64Coin(BaseDenom, rao), nil
}

// ParseCoins reads what flags of several coins take: nothing, or one amount. There
// is one coin, so two amounts are refused, as the SDK refuses 1rao,1rao.
func ParseCoins(s string) (sdk.Coins, error) {
	if strings.TrimSpace(s) == "" {
		return sdk.NewCoins(), nil
	}
	items := strings.Split(s, ",")
	if first := strings.TrimSpace(items[0]); first != "" && len(items) > 1 && strings.Trim(first, "0123456789") == "" {
		return nil, malformed(strings.TrimSpace(s)) // 1,5tao
	}
	sum := sdkmath.ZeroInt()
	for _, item := range items {
		coin, err := Parse(item)
		if err != nil {
			return nil, err
		}
		sum = sum.Add(coin.Amount)
	}
	if len(items) > 1 {
		return nil, fmt.Errorf("amounts %s are %d of the same coin: write one, their sum is %s",
			quote(s), len(items), Format(sum))
	}
	return sdk.NewCoins(sdk.NewCoin(BaseDenom, sum)), nil
}

// Format writes an amount of rao as tao, exactly and without trailing zeros: 1.5tao,
// 0.000000001tao, 0tao. It takes any number, also a negative difference.
func Format(rao sdkmath.Int) string {
	if rao.IsNil() {
		return "0" + DisplayDenom
	}
	digits := rao.Abs().String()
	if missing := Exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - Exponent
	text := digits[:point]
	if decimals := strings.TrimRight(digits[point:], "0"); decimals != "" {
		text += "." + decimals
	}
	if rao.IsNegative() {
		text = "-" + text
	}
	return text + DisplayDenom
}

// InTao writes the coins of rao in decoded JSON as Format does; it changes the maps
// and lists it is given.
func InTao(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = InTao(value[i])
		}
	case map[string]any:
		if text, ok := value["amount"].(string); ok && len(value) == 2 && value["denom"] == BaseDenom {
			if rao, ok := sdkmath.NewIntFromString(text); ok {
				return Format(rao)
			}
		}
		for key := range value {
			value[key] = InTao(value[key])
		}
	}
	return value
}

// shift is whole.decimals * 10^exponent, which must be a whole number up to MaxRao.
func shift(whole, decimals string, exponent int) (int64, error) {
	decimals = strings.TrimRight(decimals, "0")
	if len(decimals) > exponent {
		return 0, fmt.Errorf("is finer than 1 %s: %d decimals, and 1 %s = 10^%d %s: give at most %d decimals of a %s and none of a %s",
			BaseDenom, len(decimals), DisplayDenom, Exponent, BaseDenom, Exponent, DisplayDenom, BaseDenom)
	}
	digits := whole + decimals + strings.Repeat("0", exponent-len(decimals))
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil { // digits alone: it can only be too large
		most := sdkmath.NewInt(MaxRao)
		return 0, fmt.Errorf("is too large: at most %s%s (%s); give less, the supply never passes 21000000%s",
			most, BaseDenom, Format(most), DisplayDenom)
	}
	return value, nil
}

// malformed says why text is no amount at all.
func malformed(text string) error {
	const ask = "write a number and a unit, such as 1.5" + DisplayDenom + " or 1500000000" + BaseDenom
	switch {
	case text == "":
		return fmt.Errorf("amount %q is empty: %s", text, ask)
	case strings.HasPrefix(text, "-"):
		return fmt.Errorf("amount %s is negative: amounts start at 0: %s", quote(text), ask)
	case strings.ContainsAny(text, "_'") || strings.Contains(text, ","):
		return fmt.Errorf("amount %s: digits are not grouped and decimals follow a point: %s", quote(text), ask)
	}
	return fmt.Errorf("amount %s is malformed: %s", quote(text), ask)
}

// quote shows what was typed, cut where it is long.
func quote(s string) string { return strconv.Quote(short(s)) }

// short cuts a text to 64 bytes, its beginning and its end.
func short(s string) string {
	const head, tail = 40, 21
	if len(s) <= head+3+tail {
		return s
	}
	return strings.ToValidUTF8(s[:head]+"..."+s[len(s)-tail:], "?")
}
