package chain

import (
	"context"
	"fmt"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/taonet/taonet/neuron/wallet"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

// Registration is what a coldkey buys.
type Registration struct {
	// Consent of the hotkey; its subnet is the one registered in.
	Consent wallet.Consent
	// MaxPrice in rao: when it costs more the registration fails and charges nothing.
	MaxPrice uint64
	// FeeAllowance in rao is what the hotkey may spend in fees from the coldkey's balance,
	// outside the free lane; 0 for none.
	FeeAllowance uint64
}

// Registered is what was bought.
type Registered struct {
	Sent
	UID uint32
	// Price that was burned, in rao.
	Price uint64
}

// Register buys a uid and waits until it is in a block. It fails with ErrConsent,
// ErrTooExpensive, ErrFull, ErrClosed, ErrRegistered, ErrNotOwner, ErrUnsuitable,
// ErrNoFunds or ErrNoSubnet.
func (c *Client) Register(ctx context.Context, cold *wallet.Coldkey, r Registration) (Registered, error) {
	if err := c.checkConsent(ctx, cold, r.Consent); err != nil {
		return Registered{}, err
	}
	key, err := codectypes.NewAnyWithValue(r.Consent.PubKey.PubKey)
	if err != nil {
		return Registered{}, err
	}
	msgs := []sdk.Msg{&neurontypes.MsgRegister{
		Coldkey: cold.Address(), Hotkey: key, Subnet: r.Consent.Subnet, MaxPrice: coin(r.MaxPrice), Expiry: r.Consent.Expiry, Consent: r.Consent.Signature,
	}}
	if r.FeeAllowance > 0 {
		grant, err := allowance(cold.Address(), r.Consent.Hotkey, r.FeeAllowance)
		if err != nil {
			return Registered{}, err
		}
		msgs = append(msgs, grant)
	}
	res, sent, err := c.pay(ctx, cold, nil, msgs...)
	if err != nil {
		return Registered{Sent: sent}, fmt.Errorf("registering %s: %w", r.Consent.Hotkey, err)
	}
	var bought neurontypes.MsgRegisterResponse
	err = answer(res, 0, &bought)
	return Registered{Sent: sent, UID: bought.Uid, Price: bought.Price}, err
}

// checkConsent finds what would make the chain refuse a consent.
func (c *Client) checkConsent(ctx context.Context, cold *wallet.Coldkey, consent wallet.Consent) error {
	if err := consent.Verify(); err != nil {
		return fmt.Errorf("%w: %w", ErrConsent, err)
	}
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	switch {
	case consent.ChainID != s.ChainID:
		return fmt.Errorf("%w: it is for chain %q, this is %q; sign another", ErrConsent, consent.ChainID, s.ChainID)
	case consent.Coldkey != cold.Address():
		return fmt.Errorf("%w: it is for coldkey %s, this is %s; sign another", ErrConsent, consent.Coldkey, cold.Address())
	case consent.Expiry <= s.Height:
		return fmt.Errorf("%w: it counted up to height %d, this is %d; sign another", ErrConsent, consent.Expiry, s.Height)
	}
	return nil
}

// allowance lets a hotkey, which never holds Tao, pay fees from its coldkey's balance.
func allowance(cold, hot string, rao uint64) (sdk.Msg, error) {
	granter, err := wallet.ParseAddress(cold)
	if err != nil {
		return nil, err
	}
	grantee, err := wallet.ParseAddress(hot)
	if err != nil {
		return nil, err
	}
	return feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{SpendLimit: sdk.NewCoins(coin(rao))}, granter, grantee)
}

// Stake puts Tao into a hotkey's pool. It fails with ErrNoFunds, ErrStake (too little)
// or ErrNotRegistered.
func (c *Client) Stake(ctx context.Context, cold *wallet.Coldkey, hotkey string, rao uint64) (Sent, error) {
	_, sent, err := c.pay(ctx, cold, nil, &neurontypes.MsgAddStake{Coldkey: cold.Address(), Hotkey: hotkey, Amount: coin(rao)})
	if err != nil {
		err = fmt.Errorf("staking at %s: %w", hotkey, err)
	}
	return sent, err
}

// Unstaked is stake on its way to the balance.
type Unstaked struct {
	Sent
	// Rao that left the pool; fixed.
	Rao uint64
	// Completes is the height at which they reach the balance.
	Completes uint64
}

// Unstake takes Tao out of a hotkey's pool, with all the whole position, whatever rao
// says. It fails with ErrStake when there is less, or too many are on their way.
func (c *Client) Unstake(ctx context.Context, cold *wallet.Coldkey, hotkey string, rao uint64, all bool) (Unstaked, error) {
	msg := &neurontypes.MsgRemoveStake{Coldkey: cold.Address(), Hotkey: hotkey, Amount: coin(rao), All: all}
	res, sent, err := c.pay(ctx, cold, nil, msg)
	if err != nil {
		return Unstaked{Sent: sent}, fmt.Errorf("unstaking from %s: %w", hotkey, err)
	}
	var removed neurontypes.MsgRemoveStakeResponse
	err = answer(res, 0, &removed)
	return Unstaked{Sent: sent, Rao: removed.Amount, Completes: removed.Completes}, err
}

// Transfer sends Tao to an address. It fails with ErrNoFunds; a hotkey cannot hold any,
// and the chain then names its coldkey.
func (c *Client) Transfer(ctx context.Context, cold *wallet.Coldkey, to string, rao uint64) (Sent, error) {
	_, sent, err := c.pay(ctx, cold, nil, &banktypes.MsgSend{FromAddress: cold.Address(), ToAddress: to, Amount: sdk.NewCoins(coin(rao))})
	if err != nil {
		err = fmt.Errorf("sending to %s: %w", to, err)
	}
	return sent, err
}
