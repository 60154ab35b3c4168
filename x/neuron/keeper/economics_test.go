package keeper_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app/apptest"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/neuron/pool"
	"github.com/taonet/taonet/x/neuron/price"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

var (
	attacker = apptest.Address(apptest.Key("attacker"))
	victim   = apptest.Address(apptest.Key("victim"))
)

// poolChain has one neuron with stake of its own, an attacker and a victim.
func poolChain(t testing.TB, own uint64, edit func(*state)) (*apptest.Chain, apptest.Neuron) {
	n := apptest.NewNeuron("pool", own)
	return apptest.New(t, apptest.WithNeurons(n), apptest.WithFunds(attacker, 1000*tao), apptest.WithFunds(victim, 1000*tao),
		withState(func(s *state) {
			still(s)
			if edit != nil {
				edit(s)
			}
		})), n
}

func TestFirstStakerWithOneRaoIsRefused(t *testing.T) {
	c, n := poolChain(t, 0, func(s *state) { s.neuron.Params = types.DefaultParams() })
	ctx := at(c, 10)
	least := types.DefaultParams().MinStakeChange
	refused(t, c, ctx, stake(attacker, n.Hotkey(), 1), types.ErrTooSmall, "1 rao", "100000000")
	refused(t, c, ctx, stake(attacker, n.Hotkey(), least-1), types.ErrTooSmall, "99999999 rao", "100000000")
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(attacker, n.Hotkey(), least))
	refused(t, c, ctx, unstake(attacker, n.Hotkey(), least-1), types.ErrTooSmall, "99999999 rao")
	require.NoError(t, c.Invariants(ctx))
}

// Where governance allows changes of one rao, to be the first with one still earns
// nothing at the expense of the next.
func TestFirstStakerWithOneRaoGainsNothing(t *testing.T) {
	c, n := poolChain(t, 0, nil)
	for _, amount := range []uint64{1, 2, 3, 999, 1_000_001, 10*tao + 7} {
		ctx, _ := at(c, 10).CacheContext()
		before := supply(c, ctx)
		run[*types.MsgAddStakeResponse](t, c, ctx, stake(attacker, n.Hotkey(), 1))
		run[*types.MsgAddStakeResponse](t, c, ctx, stake(victim, n.Hotkey(), amount))
		first := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(attacker, n.Hotkey())).Amount
		second := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(victim, n.Hotkey())).Amount
		require.LessOrEqual(t, first, uint64(1))
		require.LessOrEqual(t, second, amount)
		require.GreaterOrEqual(t, second+1, amount, "rounding costs a rao at most")
		require.Equal(t, before-(1+amount-first-second), supply(c, ctx), "what nobody claims is burned")
		require.Zero(t, hotkeyOf(t, c, ctx, n.Hotkey()).Assets)
		require.NoError(t, c.Invariants(ctx))
	}
}

func TestNobodyDonatesToAModule(t *testing.T) {
	c, n := poolChain(t, 0, nil)
	ctx := at(c, 10)
	for _, name := range []string{types.ModuleName, types.UnbondingName, emissiontypes.ModuleName, subnettypes.ModuleName} {
		to := authtypes.NewModuleAddress(name)
		refused(t, c, ctx, banktypes.NewMsgSend(attacker, to, apptest.Rao(tao)), sdkerrors.ErrUnauthorized, to.String())
		refused(t, c, ctx, banktypes.NewMsgMultiSend(
			banktypes.NewInput(attacker, apptest.Rao(tao)), []banktypes.Output{banktypes.NewOutput(to, apptest.Rao(tao))},
		), sdkerrors.ErrUnauthorized, to.String())
	}
	refused(t, c, ctx, banktypes.NewMsgSend(attacker, n.Hotkey(), apptest.Rao(1)), types.ErrHotkeyCannotHold, n.Coldkey().String())
	refused(t, c, ctx, banktypes.NewMsgMultiSend(
		banktypes.NewInput(attacker, apptest.Rao(1)), []banktypes.Output{banktypes.NewOutput(n.Hotkey(), apptest.Rao(1))},
	), types.ErrHotkeyCannotHold, n.Coldkey().String())
	require.NoError(t, c.Invariants(ctx))
}

// The only way to raise the price of a share is pay. An owner who raises it before
// a victim stakes gets no more out than stake and pay that were its own; the victim
// loses a share's price at most, or is refused.
func TestInflatedPoolRobsNobody(t *testing.T) {
	c, n := poolChain(t, 0, nil)
	rapid.Check(t, func(r *rapid.T) {
		ctx, _ := at(c, 10).CacheContext()
		own := rapid.Uint64Range(1, 1000).Draw(r, "own")
		donated := rapid.Uint64Range(0, 100*tao).Draw(r, "dividends")
		amount := rapid.Uint64Range(1, 100*tao).Draw(r, "victim")
		run[*types.MsgAddStakeResponse](t, c, ctx, stake(attacker, n.Hotkey(), own))
		earn(t, c, ctx, 0, 0, donated)
		// The owner's take is the only part of the pay that is not the attacker's.
		_, err := c.Deliver(ctx, stake(victim, n.Hotkey(), amount))
		h := hotkeyOf(t, c, ctx, n.Hotkey())
		shares, parseErr := pool.ParseShares(h.Shares)
		require.NoError(r, parseErr)
		priceOf1 := (h.Assets+1)/(shares.Lo+pool.VirtualShares) + 1
		if shares.Hi > 0 {
			priceOf1 = 1
		}
		if err != nil {
			require.ErrorIs(r, err, types.ErrPool)
			require.LessOrEqual(r, amount, (own+donated+1)/pool.VirtualShares, "only dust is refused")
			require.NoError(r, c.Invariants(ctx))
			return
		}
		got := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(attacker, n.Hotkey())).Amount
		back := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(victim, n.Hotkey())).Amount
		require.LessOrEqual(r, got, own+donated, "the attacker's own")
		require.LessOrEqual(r, back, amount+donated)
		require.GreaterOrEqual(r, back+priceOf1+1, amount, "a share is worth %d", priceOf1)
		require.NoError(r, c.Invariants(ctx))
	})
}

// Pay that is owed before there is a share is the owner's: who stakes first buys
// none of it.
func TestPayBeforeTheFirstShare(t *testing.T) {
	for _, payout := range []types.Payout{types.PAYOUT_STAKE, types.PAYOUT_BALANCE} {
		t.Run(payout.String(), func(t *testing.T) {
			c, n := poolChain(t, 0, nil)
			ctx := at(c, 10)
			run[*types.MsgSetPayoutResponse](t, c, ctx, &types.MsgSetPayout{
				Coldkey: n.Coldkey().String(), Hotkey: n.Hotkey().String(), Payout: payout,
			})
			earn(t, c, ctx, 0, 50*tao, 30*tao)
			run[*types.MsgAddStakeResponse](t, c, ctx, stake(attacker, n.Hotkey(), tao))
			got := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(attacker, n.Hotkey())).Amount
			require.LessOrEqual(t, got, uint64(tao))
			if payout == types.PAYOUT_BALANCE {
				require.Equal(t, uint64(80*tao), balance(c, ctx, n.Coldkey()))
			} else {
				owners := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(n.Coldkey(), n.Hotkey())).Amount
				require.GreaterOrEqual(t, owners+2, uint64(80*tao))
				require.LessOrEqual(t, owners, uint64(80*tao))
			}
			require.NoError(t, c.Invariants(ctx))
		})
	}
}

func TestLastOneOutRecyclesTheResidue(t *testing.T) {
	c, n := poolChain(t, 0, nil)
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(attacker, n.Hotkey(), 1))
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(victim, n.Hotkey(), 2))
	run[*types.MsgSetTakeResponse](t, c, ctx, &types.MsgSetTake{Coldkey: n.Coldkey().String(), Hotkey: n.Hotkey().String()})
	earn(t, c, ctx, 0, 0, 10*tao) // a million virtual shares hold a quarter of it
	held, before := supply(c, ctx), hotkeyOf(t, c, ctx, n.Hotkey()).Assets
	require.Equal(t, uint64(3), before, "owed pay is not in the pool yet")
	first := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(attacker, n.Hotkey())).Amount
	ledger, err := c.EmissionKeeper.Ledger(ctx)
	require.NoError(t, err)
	require.Zero(t, ledger.Burned, "somebody is left")
	last := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(victim, n.Hotkey())).Amount

	ledger, err = c.EmissionKeeper.Ledger(ctx)
	require.NoError(t, err)
	require.NotZero(t, ledger.Burned)
	require.Equal(t, uint64(10*tao+3), first+last+ledger.Burned, "to the rao")
	require.Equal(t, held-ledger.Burned, supply(c, ctx), "burned, so that it can be earned again")
	h := hotkeyOf(t, c, ctx, n.Hotkey())
	require.Zero(t, h.Assets)
	require.Equal(t, "0", h.Shares)
	require.Equal(t, "1000000", run[*types.MsgAddStakeResponse](t, c, ctx, stake(victim, n.Hotkey(), 1)).Shares, "a fresh pool")
	require.NoError(t, c.Invariants(ctx))
}

// potShare is what each subnet's pot gets of one block.
func potShare(t *testing.T, c *apptest.Chain, ctx sdk.Context, subnets ...uint64) []uint64 {
	t.Helper()
	require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
	before := make([]uint64, len(subnets))
	var err error
	for i, id := range subnets {
		before[i], err = c.EmissionKeeper.Pot(ctx, id)
		require.NoError(t, err)
	}
	require.NoError(t, c.EmissionKeeper.BeginBlock(ctx))
	for i, id := range subnets {
		pot, err := c.EmissionKeeper.Pot(ctx, id)
		require.NoError(t, err)
		before[i] = pot - before[i]
	}
	return before
}

func secondSubnet(s *state) {
	s.subnet.Subnets = append(s.subnet.Subnets, subnettypes.Subnet{
		Id: 2, Name: "second", Modality: subnettypes.MODALITY_IMAGE, Hyperparameters: subnettypes.LocalnetHyperparameters(),
	})
	s.subnet.NextId = 3
}

func TestFirstVoteWithOneRao(t *testing.T) {
	vote := func(n apptest.Neuron) *subnettypes.MsgVoteSubnets {
		return &subnettypes.MsgVoteSubnets{Hotkey: n.Hotkey().String(), Subnets: []uint64{2}, Weights: []uint64{65535}}
	}
	t.Run("for a subnet that nobody works in", func(t *testing.T) {
		one := apptest.NewNeuron("one", 1)
		c := apptest.New(t, apptest.WithNeurons(one), withState(secondSubnet))
		ctx := at(c, 10)
		run[*subnettypes.MsgVoteSubnetsResponse](t, c, ctx, vote(one))
		pots := potShare(t, c, ctx, 1, 2)
		require.Zero(t, pots[1], "a dead subnet weighs nothing, whoever votes for it")
		require.Equal(t, uint64(83_333_333-8_333_333), pots[0])
		require.NoError(t, c.Invariants(ctx))
	})
	t.Run("against stake", func(t *testing.T) {
		one, rich := apptest.NewNeuron("one", 1), apptest.NewNeuron("rich", 100*tao)
		c := apptest.New(t, apptest.WithNeurons(one, rich), withState(secondSubnet))
		ctx := at(c, 10)
		for _, id := range []uint64{1, 2} {
			setSubnet(t, c, ctx, id, func(s *subnettypes.Subnet) { s.Live = true })
		}
		run[*subnettypes.MsgVoteSubnetsResponse](t, c, ctx, vote(one))
		pots := potShare(t, c, ctx, 1, 2)
		require.LessOrEqual(t, pots[1], uint64(1), "one rao moves one rao at most")
		require.NoError(t, c.Invariants(ctx))
	})
	t.Run("of a stranger", func(t *testing.T) {
		c := apptest.New(t, withState(secondSubnet))
		refused(t, c, at(c, 10), vote(apptest.NewNeuron("stranger", 0)), subnettypes.ErrUnknownHotkey, "taod tx neuron register")
	})
}

func TestEmptySubnetPaysNobody(t *testing.T) {
	c := apptest.New(t)
	before := supply(c, c.Ctx())
	height := c.Height()
	c.Blocks(41)
	ledger, err := c.EmissionKeeper.Ledger(c.Ctx())
	require.NoError(t, err)
	require.Zero(t, ledger.Paid)
	require.Zero(t, ledger.Owed)
	require.NotZero(t, ledger.Recycled)
	pot, err := c.EmissionKeeper.Pot(c.Ctx(), 1)
	require.NoError(t, err)
	require.LessOrEqual(t, pot, uint64(2*75_000_000), "no more than since the last epoch")
	validators := uint64(c.Height()-height) * 8_333_333
	require.LessOrEqual(t, supply(c, c.Ctx()), before+validators+pot, "the rest was burned")
	require.NoError(t, c.Invariants(c.Ctx()))
}

// What nobody earned while a subnet was silent is no jackpot for who speaks first.
func TestSilenceLeavesNoJackpot(t *testing.T) {
	neurons := []apptest.Neuron{apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 100*tao), apptest.NewNeuron("c", 0)}
	c := apptest.New(t, apptest.WithNeurons(neurons...))
	c.Blocks(60)
	quiet, err := c.EmissionKeeper.Ledger(c.Ctx())
	require.NoError(t, err)
	require.NotZero(t, quiet.Recycled, "silent validators earn nothing")
	c.Blocks(20)
	still, err := c.EmissionKeeper.Ledger(c.Ctx())
	require.NoError(t, err)
	require.Equal(t, quiet.Paid+quiet.Owed, still.Paid+still.Owed, "not a rao to anybody")

	for _, res := range c.NextBlock(
		c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 2, 1)), c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 2, 1)),
	) {
		require.Zero(t, res.Code, res.Log)
	}
	c.Blocks(2)
	loud, err := c.EmissionKeeper.Ledger(c.Ctx())
	require.NoError(t, err)
	earned := loud.Paid + loud.Owed - still.Paid - still.Owed
	require.NotZero(t, earned)
	require.LessOrEqual(t, earned, uint64(4*75_000_000), "what was minted since, two epochs at most")
	require.NoError(t, c.Invariants(c.Ctx()))
}

// A hidden row means who had the uid when it was written. Three validators praise
// uid 3, the row is revealed when somebody else has it.
func TestUidReplacedBetweenCommitAndReveal(t *testing.T) {
	salt := []byte("0123456789abcdef")
	for _, replaced := range []bool{false, true} {
		neurons := []apptest.Neuron{
			apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 100*tao), apptest.NewNeuron("c", 100*tao), apptest.NewNeuron("d", 0),
		}
		buyer, hot := apptest.Key("buyer"), apptest.Ed25519("buyer/hot")
		c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(buyer), 100*tao),
			apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
				h.Tempo, h.CommitReveal, h.RevealAfter, h.ActivityCutoff = 5, true, revealAfter, 1000
				h.MaxUids, h.Immunity = 4, 6
			}))
		rows := make([]*weightstypes.MsgSetWeights, 3)
		var commits, reveals [][]byte
		c.Blocks(10) // the validators earn by stake, so uid 3 is the one to go
		for i := range rows {
			rows[i] = apptest.Row(neurons[i].Hotkey(), 3, 100)
			commits = append(commits, c.Free(neurons[i].Hot, &weightstypes.MsgCommitWeights{
				Hotkey: rows[i].Hotkey, Subnet: 1,
				Hash: weightstypes.CommitHash(apptest.ChainID, neurons[i].Hotkey(), 1, rows[i].Uids, rows[i].Weights, salt, 0),
			}))
		}
		all := func(txs [][]byte) {
			for _, res := range c.NextBlock(txs...) {
				require.Zero(t, res.Code, res.Log)
			}
		}
		all(commits)
		if replaced {
			all([][]byte{c.Paid(buyer, agreed(t, apptest.Address(buyer), hot, 1, 1000, 10*tao))})
			uid, ok, err := c.NeuronKeeper.UID(c.Ctx(), 1, apptest.Address(hot))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, uint16(3), uid)
			require.Equal(t, uint64(1), hotkeyOf(t, c, c.Ctx(), neurons[3].Hotkey()).Assets+1, "the one before was owed nothing")
		}
		c.Blocks(revealAfter)
		for i, row := range rows {
			reveals = append(reveals, c.Free(neurons[i].Hot, &weightstypes.MsgRevealWeights{
				Hotkey: row.Hotkey, Subnet: 1, Uids: row.Uids, Weights: row.Weights, Salt: salt,
			}))
		}
		all(reveals)
		c.Blocks(20)
		columns, err := c.NeuronKeeper.Columns(c.Ctx(), 1)
		require.NoError(t, err)
		pay := columns.Stake[3] + columns.OwedIncentive[3] + columns.OwedDividends[3] + columns.RecentPay[3]
		if replaced {
			require.Zero(t, pay, "the newcomer was not meant")
		} else {
			require.NotZero(t, pay, "who was meant is paid")
		}
		require.NoError(t, c.Invariants(c.Ctx()))
	}
}

func TestPriceRaceInOneBlock(t *testing.T) {
	h := subnettypes.LocalnetHyperparameters()
	first, second := h.BurnFloor, price.Bump(h.BurnFloor, h.BurnBump, h.BurnFloor, h.BurnCeiling)
	require.Equal(t, uint64(126_000_000), second)
	const fee = 1000
	for _, e := range []struct {
		name string
		most uint64
		paid uint64
		code uint32
	}{
		{"pays the bumped price", second, second, 0},
		{"pays no more than it costs", 100 * tao, second, 0},
		{"fails a rao below and is charged nothing", second - 1, 0, types.ErrTooExpensive.ABCICode()},
	} {
		t.Run(e.name, func(t *testing.T) {
			a, b := apptest.Key("race/a"), apptest.Key("race/b")
			c := apptest.New(t, apptest.WithFunds(apptest.Address(a), 10*tao), apptest.WithFunds(apptest.Address(b), 10*tao))
			hot := apptest.Ed25519("race/b/hot")
			res := c.NextBlock(
				c.Paid(a, agreed(t, apptest.Address(a), apptest.Ed25519("race/a/hot"), 1, 1000, first)),
				c.Paid(b, agreed(t, apptest.Address(b), hot, 1, 1000, e.most)),
			)
			require.Zero(t, res[0].Code, res[0].Log)
			require.Equal(t, e.code, res[1].Code, res[1].Log)
			require.Equal(t, 10*tao-first-fee, balance(c, c.Ctx(), apptest.Address(a)))
			require.Equal(t, 10*tao-e.paid-fee, balance(c, c.Ctx(), apptest.Address(b)))
			ledger, err := c.EmissionKeeper.Ledger(c.Ctx())
			require.NoError(t, err)
			require.Equal(t, first+e.paid, ledger.Burned, "recycled to the rao")
			known, err := c.NeuronKeeper.IsHotkey(c.Ctx(), apptest.Address(hot))
			require.NoError(t, err)
			require.Equal(t, e.code == 0, known, "a failed registration leaves nothing behind")
			if e.code != 0 {
				require.Equal(t, types.ModuleName, res[1].Codespace)
				require.Contains(t, res[1].Log, "126000000")
				require.Contains(t, res[1].Log, "125999999")
				require.Nil(t, c.AccountKeeper.GetAccount(c.Ctx(), apptest.Address(hot)))
			}
			require.NoError(t, c.Invariants(c.Ctx()))
		})
	}
}

// An owner goes to the end of every range that is its own, one after the other, and
// the chain goes on. What is not the owner's, and what lies outside, is refused.
func TestOwnerGoesToTheExtremes(t *testing.T) {
	key := apptest.Key("owner")
	owner := apptest.Address(key)
	neurons := []apptest.Neuron{apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 50*tao), apptest.NewNeuron("c", 3)}
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(owner, 1000*tao),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = subnettypes.MinCommitTempo }),
		withState(func(s *state) {
			s.subnet.Params.OwnerInterval = 0
			s.subnet.Subnets[0].Owner = owner.String()
		}))
	set := func(p subnettypes.Hyperparameter, value int64) *subnettypes.MsgSetHyperparameter {
		return &subnettypes.MsgSetHyperparameter{Authority: owner.String(), Subnet: 1, Name: p.Name, Value: p.Text(value)}
	}
	// turn lets the subnet live with a value for two epochs.
	turn := func(p subnettypes.Hyperparameter, value int64) {
		t.Helper()
		if res := c.NextBlock(c.Paid(key, set(p, value))); res[0].Code != 0 {
			require.Equal(t, subnettypes.ModuleName, res[0].Codespace, res[0].Log) // what holds between fields
			require.Equal(t, subnettypes.ErrInvalidHyperparameter.ABCICode(), res[0].Code, res[0].Log)
			require.Contains(t, res[0].Log, p.Name)
			return
		}
		c.Blocks(subnettypes.MinCommitTempo)
		h, err := c.SubnetKeeper.Hyperparameters(c.Ctx(), 1)
		require.NoError(t, err)
		require.Equal(t, p.Text(value), p.Value(h), p.Name)
		c.NextBlock( // some extremes allow no row; that is the owner's loss
			c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 7, 2, 100)),
			c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, 7, 2, 100)),
		)
		c.Blocks(subnettypes.MinCommitTempo)
		require.NoError(t, c.Invariants(c.Ctx()), "%s is %s", p.Name, p.Text(value))
	}
	var tempo subnettypes.Hyperparameter
	for _, p := range subnettypes.HyperparameterTable() {
		ctx := at(c, c.Height()+1)
		if !p.Owner {
			refused(t, c, ctx, set(p, p.Min), subnettypes.ErrUnauthorized, p.Name)
			continue
		}
		if p.Unit != "true or false" {
			refused(t, c, ctx, set(p, p.OwnerMin-1), subnettypes.ErrInvalidHyperparameter, p.Name, p.Text(p.OwnerMin-1), p.Text(p.OwnerMin))
		}
		if p.Unit != "true or false" && p.Max < math.MaxInt64 {
			refused(t, c, ctx, set(p, p.Max+1), subnettypes.ErrInvalidHyperparameter, p.Name, p.Text(p.Max+1), p.Text(p.Max))
		}
		if p.Name == "tempo" {
			tempo = p // last: then there is no epoch for half a day
			continue
		}
		turn(p, p.OwnerMin)
		turn(p, p.Max)
		for _, res := range c.NextBlock(c.Paid(key, set(p, p.Default))) { // applies with what comes next
			require.Zero(t, res.Code, res.Log)
		}
	}
	ledger, err := c.EmissionKeeper.Ledger(c.Ctx())
	require.NoError(t, err)
	require.NotZero(t, ledger.Paid, "rows counted in between")

	turn(tempo, tempo.Max)
	before, err := c.EmissionKeeper.Pot(c.Ctx(), 1)
	require.NoError(t, err)
	c.Blocks(100)
	after, err := c.EmissionKeeper.Pot(c.Ctx(), 1)
	require.NoError(t, err)
	require.Equal(t, before+100*75_000_000, after, "the pot waits for the epoch")
}
