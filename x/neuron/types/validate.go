package types

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Units of prices.
const (
	UnitRequest   = "request"
	UnitKilobyte  = "kilobyte"
	UnitKilotoken = "kilotoken"
)

const (
	maxHost        = 253
	maxPort        = 65_535
	hashSize       = 32
	maxPrices      = 16
	maxName        = 64
	maxURL         = 256
	maxDescription = 1024
	maxAmount      = 21_000_000_000_000_000
)

// MostTake is the highest that max_take can be, in millionths.
const MostTake = 180_000

// Endpoint is host:port, with brackets around an IPv6 address.
func (a Axon) Endpoint() string {
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.FormatUint(uint64(a.Port), 10)
}

// DefaultParams are those of blocks of one second.
func DefaultParams() Params {
	return Params{
		Unbonding: 7200, MinStakeChange: 100_000_000, MoveInterval: 360, MaxTake: 180_000, TakeRaise: 10_000,
		TakeInterval: 86_400, DefaultTake: 180_000, MaxUnbondings: 7, MaxCompletions: 100, ColdkeySwapDelay: 36_000,
	}
}

// Validate checks every range.
func (p Params) Validate() error {
	for _, c := range []struct {
		name      string
		v, lo, hi uint64
	}{
		{"unbonding", p.Unbonding, 1, 10_000_000},
		{"min_stake_change", p.MinStakeChange, 1, 1_000_000_000},
		{"move_interval", p.MoveInterval, 0, 1_000_000},
		{"max_take", uint64(p.MaxTake), 0, MostTake},
		{"take_raise", uint64(p.TakeRaise), 0, MostTake},
		{"take_interval", p.TakeInterval, 0, 10_000_000},
		{"default_take", uint64(p.DefaultTake), 0, uint64(p.MaxTake)},
		{"max_unbondings", uint64(p.MaxUnbondings), 1, 100},
		{"max_completions", uint64(p.MaxCompletions), 1, 10_000},
		{"coldkey_swap_delay", p.ColdkeySwapDelay, 1, 10_000_000},
	} {
		if c.v < c.lo || c.v > c.hi {
			return ErrInvalidParams.Wrapf("%s is %d, the range is %d..%d", c.name, c.v, c.lo, c.hi)
		}
	}
	return nil
}

// Amount reads a positive amount in rao.
func Amount(field string, coin sdk.Coin) (uint64, error) {
	if coin.Denom != Denom {
		return 0, ErrInvalidAmount.Wrapf("%s is in %q, amounts are in %s", field, coin.Denom, Denom)
	}
	if coin.Amount.IsNil() || !coin.Amount.IsPositive() || !coin.Amount.IsUint64() || coin.Amount.Uint64() > maxAmount {
		return 0, ErrInvalidAmount.Wrapf("%s is %s rao, the range is 1..%d", field, coin.Amount, uint64(maxAmount))
	}
	return coin.Amount.Uint64(), nil
}

// Validate checks where and for what an axon serves.
func (a Axon) Validate() error {
	if err := validateHost(a.Host); err != nil {
		return err
	}
	if a.Port < 1 || a.Port > maxPort {
		return ErrInvalidAxon.Wrapf("the port is %d, the range is 1..%d", a.Port, maxPort)
	}
	if len(a.Fingerprint) != hashSize {
		return ErrInvalidAxon.Wrapf("the fingerprint has %d bytes, it must have %d (SHA-256 of the TLS key)", len(a.Fingerprint), hashSize)
	}
	if n := len(a.ModelHash); n != 0 && n != hashSize {
		return ErrInvalidAxon.Wrapf("the model hash has %d bytes, it must have none or %d", n, hashSize)
	}
	return validatePrices(a.Prices)
}

func validatePrices(prices []Price) error {
	if len(prices) > maxPrices {
		return ErrInvalidAxon.Wrapf("%d prices, the bound is %d", len(prices), maxPrices)
	}
	for i, p := range prices {
		switch p.Unit {
		case UnitRequest, UnitKilobyte, UnitKilotoken:
		default:
			return ErrInvalidAxon.Wrapf("the unit %q of a price is unknown, known are %s, %s, %s", p.Unit, UnitRequest, UnitKilobyte, UnitKilotoken)
		}
		if p.Amount > maxAmount {
			return ErrInvalidAxon.Wrapf("the price per %s is %d rao, the bound is %d", p.Unit, p.Amount, uint64(maxAmount))
		}
		for _, other := range prices[:i] {
			if other.Unit == p.Unit {
				return ErrInvalidAxon.Wrapf("the unit %q has two prices", p.Unit)
			}
		}
	}
	return nil
}

// validateHost takes an IP address or a DNS name (RFC 1123).
func validateHost(host string) error {
	if host == "" || len(host) > maxHost {
		return ErrInvalidAxon.Wrapf("the host has %d bytes, the range is 1..%d", len(host), maxHost)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return nil
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return ErrInvalidAxon.Wrapf("the host %q is neither an IP address nor a DNS name", host)
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return ErrInvalidAxon.Wrapf("the host %q is neither an IP address nor a DNS name", host)
			}
		}
	}
	return nil
}

// IsEmpty says whether an identity says nothing.
func (i Identity) IsEmpty() bool { return i.Name == "" && i.Url == "" && i.Description == "" }

// Validate checks bounds and characters.
func (i Identity) Validate() error {
	for _, f := range []struct {
		name, text string
		most       int
	}{{"name", i.Name, maxName}, {"url", i.Url, maxURL}, {"description", i.Description, maxDescription}} {
		if len(f.text) > f.most {
			return ErrInvalidIdentity.Wrapf("%s has %d bytes, the bound is %d", f.name, len(f.text), f.most)
		}
		if !utf8.ValidString(f.text) {
			return ErrInvalidIdentity.Wrapf("%s is no UTF-8", f.name)
		}
		for at, r := range f.text {
			if !unicode.IsPrint(r) {
				return ErrInvalidIdentity.Wrapf("%s has the character %U at byte %d, only printable ones are allowed", f.name, r, at)
			}
		}
	}
	if i.Url == "" {
		return nil
	}
	if u, err := url.Parse(i.Url); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ErrInvalidIdentity.Wrapf("url %q is no http or https address", i.Url)
	}
	return nil
}
