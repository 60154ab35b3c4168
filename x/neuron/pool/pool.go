// Package pool is the arithmetic of stake pools: who owns how much of what a
// hotkey holds.
//
// A pool has assets A (rao) and shares S. With v = 10^6 virtual shares and one
// virtual rao,
//
//	deposit of a:     mints floor(a * (S+v) / (A+1)) shares
//	withdrawal of s:  pays  floor(s * (A+1) / (S+v)) rao
//	shares for a:     ceil (a * (S+v) / (A+1))
//
// Every rounding favours the pool, so the claims never add up to more than the
// assets, and the price of a share never falls by a deposit or a withdrawal. The
// virtual shares make it unprofitable to raise the price by a donation so that
// the next deposit mints nothing: a donor gives at least as much to the virtual
// holders as it can take. What they hold is recycled with the last share.
// Source: ERC-4626 with a decimal offset of 6.
package pool

import (
	"errors"
	"fmt"
)

// VirtualShares stand in every pool and belong to nobody.
const VirtualShares = 1_000_000

// Errors of the package; the keeper gives them context.
var (
	ErrTooSmall   = errors.New("it would mint no share")
	ErrTooMany    = errors.New("it is more than there is")
	ErrNoShares   = errors.New("nobody holds a share")
	ErrOverflow   = errors.New("it does not fit")
	ErrNothingDue = errors.New("the amount is 0")
)

// Pool is what one hotkey holds for its stakers.
type Pool struct {
	Assets uint64 // rao
	Shares Shares
}

// Deposit adds amount rao and returns the shares minted for it.
func (p Pool) Deposit(amount uint64) (Pool, Shares, error) {
	if amount == 0 {
		return p, Shares{}, ErrNothingDue
	}
	if p.Assets+amount < p.Assets || p.Assets+amount == 1<<64-1 {
		return p, Shares{}, fmt.Errorf("%d rao beside %d: %w", amount, p.Assets, ErrOverflow)
	}
	minted, err := mulDiv(p.virtual(), amount, p.Assets+1, false)
	if err != nil {
		return p, Shares{}, err
	}
	if minted.IsZero() {
		return p, Shares{}, fmt.Errorf("%d rao in a pool of %d rao and %s shares: %w", amount, p.Assets, p.Shares, ErrTooSmall)
	}
	shares, err := p.Shares.Add(minted)
	if err != nil {
		return p, Shares{}, err
	}
	return Pool{Assets: p.Assets + amount, Shares: shares}, minted, nil
}

// Withdraw burns shares and returns the rao they claim. When they are the last
// ones, residue is what belongs to nobody; it leaves the pool too.
func (p Pool) Withdraw(shares Shares) (rest Pool, amount, residue uint64, err error) {
	if shares.IsZero() {
		return p, 0, 0, ErrNothingDue
	}
	left, err := p.Shares.Sub(shares)
	if err != nil {
		return p, 0, 0, fmt.Errorf("%s shares of %s: %w", shares, p.Shares, ErrTooMany)
	}
	amount = p.Value(shares)
	rest = Pool{Assets: p.Assets - amount, Shares: left}
	if left.IsZero() {
		residue, rest.Assets = rest.Assets, 0
	}
	return rest, amount, residue, nil
}

// Value is what shares claim, in rao, floored; at most all assets.
func (p Pool) Value(shares Shares) uint64 {
	v := p.virtual()
	amount := mulDivShares(shares, p.Assets+1, v)
	return min(amount, p.Assets)
}

// SharesFor is how many shares have to be burned to take out at least amount rao,
// rounded up.
func (p Pool) SharesFor(amount uint64) (Shares, error) {
	return mulDiv(p.virtual(), amount, p.Assets+1, true)
}

// Donate adds amount rao for all holders: dividends.
func (p Pool) Donate(amount uint64) (Pool, error) {
	if p.Shares.IsZero() {
		return p, ErrNoShares
	}
	if p.Assets+amount < p.Assets || p.Assets+amount == 1<<64-1 {
		return p, fmt.Errorf("%d rao beside %d: %w", amount, p.Assets, ErrOverflow)
	}
	p.Assets += amount
	return p, nil
}

// virtual is S + v.
func (p Pool) virtual() Shares {
	s, err := p.Shares.Add(Shares{Lo: VirtualShares})
	if err != nil {
		// Shares stay below 2^121: 2^64 rao at 2^20 shares and at most 2^37 more.
		return Shares{Hi: 1<<64 - 1, Lo: 1<<64 - 1}
	}
	return s
}
