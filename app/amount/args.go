package amount

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What the SDK reads as a coin: inTao is an amount that RewriteArgs turns into rao,
// inAny is one item of a list, of whatever denomination.
var (
	inTao = regexp.MustCompile(`^\s*([0-9]*)(?:\.([0-9]+))?\s*tao\s*$`)
	inAny = regexp.MustCompile(`^\s*([0-9]+(\.[0-9]+)?|\.[0-9]+)\s*[a-zA-Z][a-zA-Z0-9/:._-]*\s*$`)
)

// textFlags take words, not amounts: what they hold is left alone.
var textFlags = []string{
	"chain-id", "contact", "description", "details", "from", "home", "identity", "keyring-dir", "memo", "metadata",
	"moniker", "name", "note", "output-document", "security-contact", "summary", "title", "website",
}

// priceFlags take a price of one unit of gas: rao with decimals.
var priceFlags = []string{"gas-prices", "minimum-gas-prices"}

// priceDecimals is how many decimals of a rao a gas price may have: those of the
// SDK's decimal numbers.
const priceDecimals = 18

// RewriteArgs turns amounts in tao among the arguments of a command line into rao,
// for the SDK's hand-written commands, which would cut what is finer than a rao
// (--fees) or not know tao (--gas-prices). An argument, a `--flag value` or a
// `--flag=value` is rewritten when the whole value is an amount in tao or a list of
// coins with one among them; flags that hold text are not. Everything else stays as
// it is, byte for byte. The arguments given are not changed.
func RewriteArgs(args []string) ([]string, error) {
	rewritten := slices.Clone(args)
	flag := "" // the flag whose value the next argument would be
	onlyWords := false
	for i, arg := range args {
		name, value, isFlag, joined := cutFlag(arg)
		switch {
		case onlyWords || !isFlag:
			value, err := rewrite(flag, arg)
			if err != nil {
				return nil, err
			}
			rewritten[i], flag = value, ""
		case arg == "--":
			onlyWords, flag = true, ""
		case joined:
			value, err := rewrite(name, value)
			if err != nil {
				return nil, fmt.Errorf("--%s: %w", name, err)
			}
			rewritten[i], flag = "--"+name+"="+value, ""
		default:
			flag = name
		}
	}
	return rewritten, nil
}

// cutFlag takes --name=value and --name apart. Flags of one letter hold no amounts.
func cutFlag(arg string) (name, value string, isFlag, joined bool) {
	if len(arg) < 2 || arg[0] != '-' {
		return "", "", false, false
	}
	long, isLong := strings.CutPrefix(arg, "--")
	if !isLong {
		return "", "", true, false
	}
	name, value, joined = strings.Cut(long, "=")
	return name, value, true, joined
}

// rewrite turns the value of a flag, or of an argument of its own where flag is "",
// into rao where it is an amount.
func rewrite(flag, value string) (string, error) {
	if !strings.Contains(value, DisplayDenom) || slices.Contains(textFlags, flag) {
		return value, nil
	}
	items := strings.Split(value, ",")
	found := false
	for _, item := range items {
		if !inAny.MatchString(item) {
			return value, nil
		}
		found = found || inTao.MatchString(item)
	}
	if !found {
		return value, nil
	}
	for i, item := range items {
		var err error
		if items[i], err = toRao(flag, item); err != nil {
			return "", err
		}
	}
	return strings.Join(items, ","), nil
}

// toRao turns one item of a list into rao where it is in tao.
func toRao(flag, item string) (string, error) {
	parts := inTao.FindStringSubmatch(item)
	if parts == nil {
		return item, nil
	}
	if !slices.Contains(priceFlags, flag) {
		coin, err := Parse(item)
		if err != nil {
			return "", err
		}
		return coin.String(), nil
	}
	rao, err := price(parts[1], parts[2])
	if err != nil {
		return "", fmt.Errorf("gas price %s %w", quote(item), err)
	}
	return rao, nil
}

// price writes whole.decimals tao as rao, with decimals where they are needed.
func price(whole, decimals string) (string, error) {
	if decimals = strings.TrimRight(decimals, "0"); len(decimals) > Exponent+priceDecimals {
		return "", fmt.Errorf("has %d decimals: give at most %d, or write it in %s",
			len(decimals), Exponent+priceDecimals, BaseDenom)
	}
	if missing := Exponent - len(decimals); missing > 0 {
		decimals += strings.Repeat("0", missing)
	}
	rao, err := shift("0"+whole, decimals[:Exponent], Exponent)
	if err != nil {
		return "", err
	}
	text := strconv.FormatInt(rao, 10)
	if rest := decimals[Exponent:]; rest != "" {
		text += "." + rest
	}
	return text + BaseDenom, nil
}
