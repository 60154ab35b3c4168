package chain_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const tao = apptest.Tao

// hotNeuron is a neuron of genesis whose hotkey is one of the wallet's.
func hotNeuron(stake uint64) (*wallet.Hotkey, apptest.Neuron) {
	hot := wallet.NewHotkey()
	return hot, apptest.Neuron{Hot: hot.PrivKey(), Cold: ed25519.GenPrivKey(), Stake: stake}
}

func TestQueries(t *testing.T) {
	hot, me := hotNeuron(100 * tao)
	peer := apptest.NewNeuron("peer", 100*tao)
	rich := apptest.Address(apptest.Key("rich"))
	inBubble(t, func(t *testing.T, w *world) {
		client := dial(t, nil, w.node("a:9090"))
		ctx := t.Context()
		for range 6 { // a full metagraph: both weigh each other
			w.mempool = [][]byte{
				w.chain.Free(me.Hot, apptest.Row(me.Hotkey(), 1, 5)), w.chain.Free(peer.Hot, apptest.Row(peer.Hotkey(), 0, 5)),
			}
			w.block()
		}
		m, err := client.Metagraph(ctx, 1)
		require.NoError(t, err)
		want, err := weightstypes.NewQueryClient(w.query()).Metagraph(ctx, &weightstypes.QueryMetagraphRequest{Subnet: 1})
		require.NoError(t, err)
		require.Equal(t, want.Height, m.Height)
		require.Equal(t, want.Epoch.Height, m.Epoch)
		require.Len(t, m.Neurons, 2)
		n, ok := m.Of(hot.Address())
		require.True(t, ok)
		s := want.Neurons[0]
		require.Equal(t, chain.Neuron{
			UID: 0, Hotkey: s.Hotkey, Coldkey: s.Coldkey, Stake: s.Stake, StakeWeight: uint16(s.StakeWeight), Rank: uint16(s.Rank),
			Trust: uint16(s.Trust), Consensus: uint16(s.Consensus), Incentive: uint16(s.Incentive), Dividends: uint16(s.Dividends),
			ValidatorTrust: uint16(s.ValidatorTrust), PruningScore: uint16(s.PruningScore), ServerEmission: s.ServerEmission,
			ValidatorEmission: s.ValidatorEmission, Permit: true, Active: true, LastUpdate: s.LastUpdate, Registered: s.Registered, Owed: s.Owed,
		}, n)
		require.Positive(t, n.Incentive)
		require.Positive(t, n.Dividends)
		one, err := client.Neuron(ctx, 1, hot.Address())
		require.NoError(t, err)
		require.Equal(t, n, one)

		h, err := client.Hotkey(ctx, hot.Address())
		require.NoError(t, err)
		require.Equal(t, me.Coldkey().String(), h.Coldkey)
		require.Len(t, h.Places, 1)
		require.False(t, h.ToBalance)
		owned, err := client.Hotkeys(ctx, h.Coldkey)
		require.NoError(t, err)
		h.Places = nil
		require.Equal(t, []chain.Hotkey{h}, owned)

		balance, err := client.Balance(ctx, rich.String())
		require.NoError(t, err)
		require.Equal(t, uint64(7*tao), balance)
		stakes, err := client.Stakes(ctx, h.Coldkey)
		require.NoError(t, err)
		require.Len(t, stakes, 1)
		require.Equal(t, hot.Address(), stakes[0].Hotkey)
		require.GreaterOrEqual(t, stakes[0].Rao, uint64(100*tao-1))
		unbondings, err := client.Unbondings(ctx, h.Coldkey)
		require.NoError(t, err)
		require.Empty(t, unbondings)
		account, err := client.Account(ctx, hot.Address())
		require.NoError(t, err)
		require.Equal(t, chain.Account{Number: w.chain.AccountKeeper.GetAccount(w.chain.Ctx(), me.Hotkey()).GetAccountNumber()}, account)

		subnets, err := client.Subnets(ctx)
		require.NoError(t, err)
		require.Len(t, subnets, 1)
		require.Equal(t, "text", subnets[0].Modality)
		hyper, err := client.Hyperparameters(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, subnets[0].Hyperparameters, hyper)
		local := subnettypes.LocalnetHyperparameters()
		require.Equal(t, local.Tempo, hyper.Tempo)
		require.Equal(t, local.MaxRow, hyper.MaxRow)
		price, err := client.Price(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, local.BurnFloor, price.Rao)
		require.Equal(t, local.MaxUids-2, price.Free)
	}, apptest.WithNeurons(me, peer), apptest.WithFunds(rich, 7*tao))
}

func TestQueriesSayWhatIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		client := dial(t, nil, w.node("a:9090"))
		ctx := t.Context()
		nobody := wallet.NewHotkey().Address()
		_, err := client.Metagraph(ctx, 9)
		require.ErrorIs(t, err, chain.ErrNoSubnet)
		_, err = client.Hyperparameters(ctx, 9)
		require.ErrorIs(t, err, chain.ErrNoSubnet)
		_, err = client.Price(ctx, 9)
		require.ErrorIs(t, err, chain.ErrNoSubnet)
		_, err = client.Neuron(ctx, 1, nobody)
		require.ErrorIs(t, err, chain.ErrNotRegistered)
		require.ErrorContains(t, err, nobody+" was never registered")
		_, err = client.Holdings(ctx, nobody)
		require.ErrorIs(t, err, chain.ErrNotRegistered)
		_, err = client.Account(ctx, nobody)
		require.ErrorIs(t, err, chain.ErrNotFound)
		balance, err := client.Balance(ctx, nobody)
		require.NoError(t, err)
		require.Zero(t, balance)
		_, err = client.Balance(ctx, "alice")
		require.ErrorContains(t, err, "balance of alice")
	})
}

func TestAxons(t *testing.T) {
	a := chain.Axon{Host: "::1", Port: 9000, Fingerprint: [32]byte{1}, Prices: map[string]uint64{"request": 5}}
	require.Equal(t, "[::1]:9000", a.Address())
	b := a
	b.Height = 7
	require.True(t, a.Same(b))
	for _, change := range []func(*chain.Axon){
		func(x *chain.Axon) { x.Host = "::2" }, func(x *chain.Axon) { x.Port++ }, func(x *chain.Axon) { x.Version++ },
		func(x *chain.Axon) { x.Fingerprint[3]++ }, func(x *chain.Axon) { x.ModelHash = make([]byte, 32) },
		func(x *chain.Axon) { x.Prices = nil }, func(x *chain.Axon) { x.Prices = map[string]uint64{"request": 6} },
		func(x *chain.Axon) { x.Prices = map[string]uint64{"kilobyte": 5} },
	} {
		changed := a
		change(&changed)
		require.False(t, a.Same(changed))
	}
}

func TestEarned(t *testing.T) {
	hot, me := hotNeuron(100 * tao)
	peer := apptest.NewNeuron("peer", 100*tao)
	inBubble(t, func(t *testing.T, w *world) {
		node := w.node("a:9090")
		client := dial(t, nil, node)
		ctx := t.Context()
		round := func() {
			w.mempool = [][]byte{
				w.chain.Free(me.Hot, apptest.Row(me.Hotkey(), 1, 5)), w.chain.Free(peer.Hot, apptest.Row(peer.Hotkey(), 0, 5)),
			}
			w.block()
		}
		for range 10 {
			round()
		}
		start := w.height()
		before, err := client.Holdings(ctx, hot.Address())
		require.NoError(t, err)
		often, seldom := client.Earned(1, hot.Address(), start), client.Earned(1, hot.Address(), start)
		var a, b chain.Pay
		var m chain.Metagraph
		for range 15 {
			round()
			m, err = client.Metagraph(ctx, 1)
			require.NoError(t, err)
			a, err = often.Count(ctx, m)
			require.NoError(t, err)
			again, err := often.Count(ctx, m)
			require.NoError(t, err)
			require.Equal(t, a, again, "none is counted twice")
		}
		b, err = seldom.Count(ctx, m)
		require.NoError(t, err)
		require.Equal(t, a, b, "epochs that were missed are looked up")
		require.Positive(t, a.Incentive)
		require.Positive(t, a.Dividends)
		require.Positive(t, a.PerDay(86_400))
		after, err := client.Holdings(ctx, hot.Address())
		require.NoError(t, err)
		// Nobody else staked here: pay is what the owner has more, but for the rounding of shares.
		require.InDelta(t, float64(a.Rao()), float64(after.Rao()-before.Rao()), 3)

		node.set(func(f *fake) {
			f.fail = func(method string) error {
				if method == "Metagraph" {
					return status.Error(codes.Unknown, "failed to load state at height 12; version does not exist")
				}
				return nil
			}
		})
		pruned, err := client.Earned(1, hot.Address(), start).Count(ctx, m)
		require.NoError(t, err)
		require.Equal(t, uint64(1), pruned.Epochs)
		require.Equal(t, uint64(1), pruned.Missed)
		require.Equal(t, a.Last, pruned.Rao())
		late, err := client.Earned(1, hot.Address(), w.height()).Count(ctx, m)
		require.NoError(t, err)
		require.Zero(t, late)
	}, apptest.WithNeurons(me, peer))
}

func TestPerDay(t *testing.T) {
	require.Zero(t, chain.Pay{Last: 5}.PerDay(10))
	require.Equal(t, uint64(50), chain.Pay{Last: 10, Epoch: 20, Previous: 18}.PerDay(10))
	most := chain.Pay{Last: 21_000_000 * tao, Epoch: 2, Previous: 1}
	require.Equal(t, uint64(21_000_000*tao)*400, most.PerDay(400))
}
