package chain_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// keyring holds a coldkey of a name.
func coldkey(t *testing.T) *wallet.Coldkey {
	t.Helper()
	ring, err := wallet.OpenKeyring(wallet.KeyringConfig{Dir: t.TempDir(), Backend: wallet.BackendTest, Input: strings.NewReader("")})
	require.NoError(t, err)
	key, _, err := ring.Create("cold")
	require.NoError(t, err)
	return key
}

func addressOf(t *testing.T, text string) sdk.AccAddress {
	t.Helper()
	address, err := wallet.ParseAddress(text)
	require.NoError(t, err)
	return address
}

func consentOf(t *testing.T, hot *wallet.Hotkey, cold *wallet.Coldkey) wallet.Consent {
	t.Helper()
	consent, err := hot.Consent(apptest.ChainID, cold.Address(), 1, 1000)
	require.NoError(t, err)
	return consent
}

// TestLifeOfANeuron registers, stakes, serves, retires, unstakes and sends, each in one
// call that says what it cost.
func TestLifeOfANeuron(t *testing.T) {
	cold := coldkey(t)
	start := uint64(1000 * tao)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		client := dial(t, nil, w.node("a:9090"))
		ctx := t.Context()
		hot := wallet.NewHotkey()
		spent := uint64(0)
		check := func(sent chain.Sent) {
			t.Helper()
			require.Positive(t, sent.Height)
			require.Len(t, sent.Hash, 64)
			require.Positive(t, sent.GasUsed)
			require.LessOrEqual(t, sent.GasUsed, sent.GasWanted)
			require.Equal(t, (sent.GasWanted+999)/1000, sent.Fee, "0.001 rao per gas, rounded up")
			spent += sent.Fee
			balance, err := client.Balance(ctx, cold.Address())
			require.NoError(t, err)
			require.Equal(t, start-spent, balance)
		}

		registered, err := client.Register(ctx, cold, chain.Registration{Consent: consentOf(t, hot, cold), MaxPrice: tao, FeeAllowance: tao})
		require.NoError(t, err)
		require.Zero(t, registered.UID)
		require.Equal(t, uint64(tao/10), registered.Price)
		spent += registered.Price
		check(registered.Sent)

		staked, err := client.Stake(ctx, cold, hot.Address(), 100*tao)
		require.NoError(t, err)
		spent += 100 * tao
		check(staked)

		axon := chain.Axon{Host: "203.0.113.7", Port: 9000, Version: 1, Fingerprint: [32]byte{7}, Prices: map[string]uint64{"request": 10, "kilobyte": 3}}
		served, err := client.Serve(ctx, hot, 1, axon)
		require.NoError(t, err)
		require.Zero(t, served.Fee)
		m, err := client.Metagraph(ctx, 1)
		require.NoError(t, err)
		require.True(t, m.Neurons[0].Axon.Same(axon))
		require.Equal(t, served.Height, m.Neurons[0].Axon.Height)
		again, err := client.Serve(ctx, hot, 1, axon)
		require.NoError(t, err)
		require.Equal(t, chain.Sent{Height: served.Height}, again, "what is there is not sent again")
		axon.Port++
		_, err = client.Serve(ctx, hot, 1, axon)
		require.ErrorIs(t, err, chain.ErrRateLimited)
		var no *chain.Refusal
		require.ErrorAs(t, err, &no)
		require.Equal(t, served.Height+60, no.From)
		axon.Host = "no host"
		_, err = client.Serve(ctx, hot, 1, axon)
		require.ErrorContains(t, err, "neither an IP address nor a DNS name")

		retired, err := client.Retire(ctx, hot, 1)
		require.NoError(t, err)
		check(retired)
		n, err := client.Neuron(ctx, 1, hot.Address())
		require.NoError(t, err)
		require.Nil(t, n.Axon)

		unstaked, err := client.Unstake(ctx, cold, hot.Address(), 40*tao, false)
		require.NoError(t, err)
		require.Equal(t, uint64(40*tao), unstaked.Rao)
		require.Equal(t, unstaked.Height+7200, unstaked.Completes)
		check(unstaked.Sent)
		unbondings, err := client.Unbondings(ctx, cold.Address())
		require.NoError(t, err)
		require.Equal(t, []chain.Unbonding{{ID: 1, Hotkey: hot.Address(), Rao: 40 * tao, Completes: unstaked.Completes}}, unbondings)
		all, err := client.Unstake(ctx, cold, hot.Address(), 0, true)
		require.NoError(t, err)
		require.Positive(t, all.Rao)
		check(all.Sent)

		sent, err := client.Transfer(ctx, cold, apptest.Address(apptest.Key("other")).String(), tao)
		require.NoError(t, err)
		spent += tao
		check(sent)
		require.Equal(t, "0.100000001tao", chain.Cost(tao/10, 1))
	}, apptest.WithFunds(addressOf(t, cold.Address()), start))
}

// TestRefusals: each is a sentence and an error of its own, and nothing is paid.
func TestRefusals(t *testing.T) {
	cold, poor := coldkey(t), coldkey(t)
	mine, me := hotNeuron(100 * tao)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		client := dial(t, nil, w.node("a:9090"))
		ctx := t.Context()
		register := func(change func(*chain.Registration)) error {
			r := chain.Registration{Consent: consentOf(t, wallet.NewHotkey(), cold), MaxPrice: tao}
			change(&r)
			_, err := client.Register(ctx, cold, r)
			return err
		}
		sign := func(chainID, owner string, subnet, expiry uint64) func(*chain.Registration) {
			return func(r *chain.Registration) {
				consent, err := wallet.NewHotkey().Consent(chainID, owner, subnet, expiry)
				require.NoError(t, err)
				r.Consent = consent
			}
		}
		for _, c := range []struct {
			err  error
			want error
			says string
		}{
			{register(func(r *chain.Registration) { r.MaxPrice = 5 }), chain.ErrTooExpensive, "it costs more: it burns 100000000 rao now, max_price is 5"},
			{register(func(r *chain.Registration) { r.Consent.Expiry++ }), chain.ErrConsent, "is not over chain"},
			{register(sign("tao-2", cold.Address(), 1, 1000)), chain.ErrConsent, `it is for chain "tao-2", this is "tao-test"`},
			{register(sign(apptest.ChainID, poor.Address(), 1, 1000)), chain.ErrConsent, "it is for coldkey " + poor.Address()},
			{register(sign(apptest.ChainID, cold.Address(), 1, 1)), chain.ErrConsent, "it counted up to height 1"},
			{register(sign(apptest.ChainID, cold.Address(), 7, 1000)), chain.ErrNoSubnet, "no such subnet"},
			{register(func(r *chain.Registration) { r.Consent = consentOf(t, mine, cold) }), chain.ErrNotOwner, "belongs to " + me.Coldkey().String()},
			{second(client.Stake(ctx, cold, mine.Address(), 1_000_000*tao)), chain.ErrNoFunds, "not enough Tao"},
			{second(client.Stake(ctx, poor, mine.Address(), tao)), chain.ErrNoFunds, poor.Address() + " has never received any"},
			{second(client.Stake(ctx, cold, wallet.NewHotkey().Address(), tao)), chain.ErrNotRegistered, "not registered"},
			{second(client.Unstake(ctx, cold, mine.Address(), tao, false)), chain.ErrStake, "has 0 rao at"},
			{second(client.Transfer(ctx, cold, mine.Address(), tao)), chain.ErrRefused, "send to its coldkey " + me.Coldkey().String()},
			{second(client.Serve(ctx, wallet.NewHotkey(), 1, chain.Axon{Host: "a.example", Port: 1})), chain.ErrNotRegistered, "was never registered"},
			{second(client.Retire(ctx, mine, 1)), chain.ErrRefused, "must have granted fees"},
		} {
			require.ErrorIs(t, c.err, c.want, "%v", c.err)
			require.ErrorContains(t, c.err, c.says)
			require.NotContains(t, c.err.Error(), "message index", "the sentence is the module's")
		}
		balance, err := client.Balance(ctx, cold.Address())
		require.NoError(t, err)
		require.Equal(t, uint64(10*tao), balance)
	}, apptest.WithNeurons(me), apptest.WithFunds(addressOf(t, cold.Address()), 10*tao))
}

func second[T any](_ T, err error) error { return err }

func TestRegistrationWhenFull(t *testing.T) {
	cold := coldkey(t)
	_, me := hotNeuron(tao)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		client := dial(t, nil, w.node("a:9090"))
		_, err := client.Register(t.Context(), cold, chain.Registration{Consent: consentOf(t, wallet.NewHotkey(), cold), MaxPrice: tao})
		require.ErrorIs(t, err, chain.ErrFull)
		var no *chain.Refusal
		require.ErrorAs(t, err, &no)
		price, err := client.Price(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, price.FreeAt, no.From)
	}, apptest.WithNeurons(me), apptest.WithFunds(addressOf(t, cold.Address()), 10*tao),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.MaxUids, h.Immunity = 1, 500 }))
}

// TestDeliveryOutlivesTheNode: a transaction arrives once, whatever happens to the node.
func TestDeliveryOutlivesTheNode(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*fake)
		mend  func(*fake)
		after time.Duration
	}{
		"the answer is lost": {
			spoil: func(f *fake) {
				f.afterwards = func(method string) error {
					if method == "BroadcastTx" {
						f.afterwards = nil
						return status.Error(codes.Unavailable, "the connection broke")
					}
					return nil
				}
			},
		},
		"the mempool is lost": {
			spoil: func(f *fake) { f.deaf = true },
			mend:  func(f *fake) { f.deaf = false }, after: 3 * time.Second,
		},
		"the sequence is wrong": {
			spoil: func(f *fake) {
				f.fail = func(method string) error {
					if method != "Simulate" {
						return nil
					}
					f.fail = nil
					return status.Error(codes.Unknown, "account sequence mismatch, expected 0, got 9: incorrect account sequence with gas used: '100'")
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cold := coldkey(t)
			inBubble(t, func(t *testing.T, w *world) {
				w.run()
				node := w.node("a:9090")
				client := dial(t, nil, node)
				node.set(c.spoil)
				if c.mend != nil {
					time.AfterFunc(c.after, func() { node.set(c.mend) })
				}
				other := apptest.Address(apptest.Key("other")).String()
				sent, err := client.Transfer(t.Context(), cold, other, 3*tao)
				require.NoError(t, err)
				balance, err := client.Balance(t.Context(), other)
				require.NoError(t, err)
				require.Equal(t, uint64(3*tao), balance)
				left, err := client.Balance(t.Context(), cold.Address())
				require.NoError(t, err)
				require.Equal(t, 10*tao-3*tao-sent.Fee, left, "paid once")
			}, apptest.WithFunds(addressOf(t, cold.Address()), 10*tao))
		})
	}
}

func TestDeliveryEnds(t *testing.T) {
	cold := coldkey(t)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		node := w.node("a:9090")
		client := dial(t, nil, node)
		to := apptest.Address(apptest.Key("other")).String()
		node.set(func(f *fake) { f.deaf = true })
		_, err := client.Transfer(t.Context(), cold, to, tao)
		require.ErrorIs(t, err, chain.ErrExpired)
		require.ErrorContains(t, err, "nothing was paid, send it again")

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err = client.Transfer(ctx, cold, to, tao)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "taod query wait-tx")

		node.set(func(f *fake) { f.deaf, f.noIndex = false, true })
		_, err = client.Transfer(t.Context(), cold, to, tao)
		require.ErrorIs(t, err, chain.ErrNoIndex)
		require.ErrorContains(t, err, "set tx_index.indexer")

		node.stop()
		_, err = client.Transfer(t.Context(), cold, to, tao)
		require.ErrorIs(t, err, chain.ErrUnreachable)
	}, apptest.WithFunds(addressOf(t, cold.Address()), 10*tao))
}

// TestTwoAtOnce: the sequence of the second is mended while the first is pending.
func TestTwoAtOnce(t *testing.T) {
	cold := coldkey(t)
	inBubble(t, func(t *testing.T, w *world) {
		w.run()
		client := dial(t, nil, w.node("a:9090"))
		to := apptest.Address(apptest.Key("other")).String()
		results := make(chan error)
		for range 3 {
			go func() { results <- second(client.Transfer(t.Context(), cold, to, tao)) }()
			time.Sleep(10 * time.Millisecond)
		}
		for range 3 {
			require.NoError(t, <-results)
		}
		balance, err := client.Balance(t.Context(), to)
		require.NoError(t, err)
		require.Equal(t, uint64(3*tao), balance)
	}, apptest.WithFunds(addressOf(t, cold.Address()), 10*tao))
}
