package types_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/neuron/pool"
	"github.com/taonet/taonet/x/neuron/types"
)

const (
	tao    = 1_000_000_000
	allTao = 21_000_000 * tao // more than this nobody can have
)

// addr is the address of a made-up account.
func addr(name string) sdk.AccAddress {
	return sdk.AccAddress(append(bytes.Repeat([]byte{'.'}, 20-len(name)), name...))
}

func text(name string) string { return addr(name).String() }

// full is a valid genesis with two subnets and one of everything:
//
//	subnet 1: uid 0 is hot1 of alice with an axon, uid 1 is hot2 of bob, uid 9 has been given up
//	subnet 2: uid 0 is hot1
//	stake:    alice and carol at hot1, bob at hot2; hot3 of alice has none
func full(t testing.TB) types.GenesisState {
	gs := *types.DefaultGenesis()
	add := func(subnet uint64, hot, cold string, stake uint64) {
		require.NoError(t, gs.AddNeuron(subnet, addr(hot), addr(cold), stake))
	}
	add(1, "hot1", "alice", 10*tao)
	add(1, "hot2", "bob", 5*tao)
	add(2, "hot1", "alice", 0)
	gs.Hotkeys = append(gs.Hotkeys, types.Hotkey{
		Address: text("hot3"), Coldkey: text("alice"), Payout: types.PAYOUT_BALANCE, Take: types.MostTake, Shares: "0",
	})
	stakeOf(t, &gs, 0, "carol", 3*tao)
	gs.Neurons[0].Axon = &types.Axon{
		Host: "axon.example.org", Port: 8091, Fingerprint: bytes.Repeat([]byte{1}, 32), ModelHash: bytes.Repeat([]byte{2}, 32),
		Prices: []types.Price{{Unit: types.UnitRequest, Amount: 5}, {Unit: types.UnitKilobyte}},
	}
	gs.Neurons[0].OwedIncentive, gs.Neurons[1].OwedDividends, gs.Neurons[1].RecentPay = 7, 8, 9
	gs.Unbondings = []types.Unbonding{
		{Id: 2, Hotkey: text("hot1"), Coldkey: text("carol"), Amount: 4, Completes: 100},
		{Id: 5, Hotkey: text("hot2"), Coldkey: text("bob"), Amount: 6, Completes: 90},
	}
	gs.NextUnbonding = 6
	gs.Swaps = []types.ColdkeySwap{
		{Coldkey: text("bob"), NewColdkey: text("robert"), Height: 50}, {Coldkey: text("carol"), NewColdkey: text("robert"), Height: 40},
	}
	gs.Prices = []types.RegistrationPrice{{Subnet: 1, Price: tao, Height: 3}, {Subnet: 2}}
	gs.Identities = []types.IdentityEntry{
		{Coldkey: text("alice"), Identity: types.Identity{Name: "Alice", Url: "https://example.org/a", Description: "physics"}},
		{Coldkey: text("nobody"), Identity: types.Identity{Name: "Ω"}},
	}
	gs.Settled = []types.SettleCursor{{Subnet: 1, Uid: 4}, {Subnet: 2}}
	gs.Sizes = []types.SubnetSize{{Subnet: 1, Size_: 10}, {Subnet: 3, Size_: 1}}
	return gs
}

// stakeOf adds a position at a hotkey.
func stakeOf(t testing.TB, gs *types.GenesisState, hotkey int, cold string, amount uint64) {
	h := &gs.Hotkeys[hotkey]
	shares, err := pool.ParseShares(h.Shares)
	require.NoError(t, err)
	p, minted, err := pool.Pool{Assets: h.Assets, Shares: shares}.Deposit(amount)
	require.NoError(t, err)
	h.Assets, h.Shares = p.Assets, p.Shares.String()
	gs.Positions = append(gs.Positions, types.Position{Hotkey: h.Address, Coldkey: text(cold), Shares: minted.String()})
}

// spoilt is one assumption broken; says are texts that the refusal shows.
type spoilt struct {
	name  string
	spoil func(*types.GenesisState)
	says  []string
}

func requireRefused(t *testing.T, cases []spoilt) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			gs := full(t)
			c.spoil(&gs)
			err := gs.Validate()
			require.Error(t, err)
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

func TestValidGenesis(t *testing.T) {
	require.NoError(t, types.DefaultGenesis().Validate())
	require.NoError(t, full(t).Validate())
	for _, c := range []struct {
		name   string
		change func(*types.GenesisState)
	}{
		{"a take above a lowered max_take", func(g *types.GenesisState) { g.Params.MaxTake, g.Params.DefaultTake = 1, 1 }},
		{"the last uid", func(g *types.GenesisState) { g.Neurons[2].Uid = types.MaxUids - 1 }},
		{"the largest size", func(g *types.GenesisState) { g.Sizes[0].Size_ = types.MaxUids }},
		{"all Tao staked", func(g *types.GenesisState) { g.Hotkeys[0].Assets = allTao - g.Hotkeys[1].Assets }},
		{"all Tao on its way", func(g *types.GenesisState) { g.Unbondings[0].Amount = allTao - g.Unbondings[1].Amount }},
		{"an unbonding at a hotkey without stake", func(g *types.GenesisState) { g.Unbondings[0].Hotkey = text("hot3") }},
		{"a swap to what is a hotkey by now", func(g *types.GenesisState) { g.Swaps[0].NewColdkey = text("hot1") }},
		{"an axon without model and prices", func(g *types.GenesisState) { g.Neurons[0].Axon.ModelHash, g.Neurons[0].Axon.Prices = nil, nil }},
		// The cursor is a uid, see SettleNext: a subnet of 4096 is settled to its end.
		{"a settlement beyond uid 63", func(g *types.GenesisState) { g.Settled[0].Uid = 64 }},
		{"a settlement at the last uid", func(g *types.GenesisState) { g.Settled[0].Uid = types.MaxUids - 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			gs := full(t)
			c.change(&gs)
			require.NoError(t, gs.Validate())
		})
	}
}

func TestGenesisTotals(t *testing.T) {
	assets, unbonding, owed := full(t).Totals()
	require.Equal(t, []uint64{18 * tao, 10, 15}, []uint64{assets, unbonding, owed})
}

func TestAddNeuronRefuses(t *testing.T) {
	gs := full(t)
	require.ErrorContains(t, gs.AddNeuron(1, addr("hot1"), addr("alice"), 0), "has uid 0 in subnet 1")
	require.ErrorContains(t, gs.AddNeuron(2, addr("hot2"), addr("alice"), 0), text("bob"))
	require.ErrorContains(t, gs.AddNeuron(2, addr("hot2"), addr("bob"), 1), "here it is 0")
	require.NoError(t, gs.AddNeuron(2, addr("hot2"), addr("bob"), 0))
	gs.Neurons[3].Uid = types.MaxUids - 1
	require.ErrorContains(t, gs.AddNeuron(2, addr("hot3"), addr("alice"), 0), "4096")
	require.ErrorIs(t, gs.AddNeuron(1, addr("hot4"), addr("alice"), math.MaxUint64), types.ErrPool)
}

func TestGenesisParams(t *testing.T) {
	var cases []spoilt
	add := func(name string, value uint64, set func(*types.Params)) {
		cases = append(cases, spoilt{
			fmt.Sprintf("%s %d", name, value), func(g *types.GenesisState) { set(&g.Params) },
			[]string{fmt.Sprintf("%s is %d, the range is", name, value)},
		})
	}
	for _, v := range []uint64{0, 10_000_001, math.MaxUint64} {
		add("unbonding", v, func(p *types.Params) { p.Unbonding = v })
		add("coldkey_swap_delay", v, func(p *types.Params) { p.ColdkeySwapDelay = v })
	}
	for _, v := range []uint64{0, tao + 1} {
		add("min_stake_change", v, func(p *types.Params) { p.MinStakeChange = v })
	}
	add("move_interval", 1_000_001, func(p *types.Params) { p.MoveInterval = 1_000_001 })
	add("max_take", types.MostTake+1, func(p *types.Params) { p.MaxTake = types.MostTake + 1 })
	add("take_raise", types.MostTake+1, func(p *types.Params) { p.TakeRaise = types.MostTake + 1 })
	add("take_interval", 10_000_001, func(p *types.Params) { p.TakeInterval = 10_000_001 })
	add("default_take", 6, func(p *types.Params) { p.MaxTake, p.DefaultTake = 5, 6 })
	for _, v := range []uint32{0, 101} {
		add("max_unbondings", uint64(v), func(p *types.Params) { p.MaxUnbondings = v })
	}
	for _, v := range []uint32{0, 10_001} {
		add("max_completions", uint64(v), func(p *types.Params) { p.MaxCompletions = v })
	}
	requireRefused(t, cases)
}

func TestGenesisHotkeys(t *testing.T) {
	hot1, hot2, hot3, alice := text("hot1"), text("hot2"), text("hot3"), text("alice")
	requireRefused(t, []spoilt{
		{"no address", func(g *types.GenesisState) { g.Hotkeys[2].Address = "" }, []string{`hotkey ""`, "empty"}},
		{"no bech32", func(g *types.GenesisState) { g.Hotkeys[2].Address = "5F3sa2TJ" }, []string{`"5F3sa2TJ"`}},
		{"a bad checksum", func(g *types.GenesisState) { g.Hotkeys[2].Address = hot1[:len(hot1)-1] }, []string{hot1[:len(hot1)-1], "checksum"}},
		{"of a validator", func(g *types.GenesisState) { g.Hotkeys[2].Address = sdk.ValAddress(addr("hot3")).String() }, []string{"valoper"}},
		{"in capitals", func(g *types.GenesisState) { g.Hotkeys[2].Address = strings.ToUpper(hot3) }, []string{strings.ToUpper(hot3)}},
		{"no coldkey", func(g *types.GenesisState) { g.Hotkeys[2].Coldkey = "" }, []string{hot3, "empty"}},
		{"a coldkey that is no bech32", func(g *types.GenesisState) { g.Hotkeys[2].Coldkey = "alice" }, []string{hot3}},
		{"a coldkey in capitals", func(g *types.GenesisState) { g.Hotkeys[2].Coldkey = strings.ToUpper(alice) }, []string{strings.ToUpper(alice)}},
		{"twice", func(g *types.GenesisState) { g.Hotkeys[2].Address = hot2 }, []string{hot2, "twice"}},
		{"its own coldkey", func(g *types.GenesisState) { g.Hotkeys[2].Coldkey = hot3 }, []string{hot3, "the same"}},
		{"coldkey of another", func(g *types.GenesisState) { g.Hotkeys[2].Coldkey = hot2 }, []string{hot2, hot3}},
		{"take above the bound", func(g *types.GenesisState) { g.Hotkeys[2].Take = 180_001 }, []string{hot3, "180001", "180000"}},
		{"unknown payout", func(g *types.GenesisState) { g.Hotkeys[2].Payout = 2 }, []string{hot3, "is 2"}},
		{"negative payout", func(g *types.GenesisState) { g.Hotkeys[2].Payout = -1 }, []string{hot3, "-1"}},
		{"more assets than Tao", func(g *types.GenesisState) { g.Hotkeys[0].Assets = allTao + 1 }, []string{hot1, "21000000000000000"}},
		{"more assets together than Tao", func(g *types.GenesisState) { g.Hotkeys[0].Assets = allTao }, []string{hot2, "21000000000000000"}},
		{"assets that wrap", func(g *types.GenesisState) { g.Hotkeys[1].Assets = math.MaxUint64 }, []string{hot2, "21000000000000000"}},
		{"no shares", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "" }, []string{hot3, `""`}},
		{"no number of shares", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "0x1" }, []string{hot3, `"0x1"`}},
		{"negative shares", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "-1" }, []string{hot3, `"-1"`}},
		{"shares of 129 bits", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "340282366920938463463374607431768211456" }, []string{hot3, "34028236692093846346337460743176821145"}},
		{"shares with a zero before", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "00" }, []string{hot3, `"00"`}},
		{"more shares than positions", func(g *types.GenesisState) { g.Hotkeys[2].Shares = "5" }, []string{hot3, "5 shares", "positions 0"}},
		{"fewer shares than positions", func(g *types.GenesisState) { g.Hotkeys[1].Shares = "1" }, []string{hot2, "1 shares", "positions 5000000000000000"}},
		{"assets without shares", func(g *types.GenesisState) { g.Hotkeys[2].Assets = 3 }, []string{hot3, "3 rao and no shares"}},
	})
}

func TestGenesisNeurons(t *testing.T) {
	hot1 := text("hot1")
	neuron := func(i int, change func(*types.Neuron)) func(*types.GenesisState) {
		return func(g *types.GenesisState) { change(&g.Neurons[i]) }
	}
	requireRefused(t, []spoilt{
		{"subnet 0", neuron(0, func(n *types.Neuron) { n.Subnet = 0 }), []string{"subnet 0"}},
		{"uid 4096", neuron(2, func(n *types.Neuron) { n.Uid = 4096 }), []string{"uid 4096 of subnet 2", "4095"}},
		{"uid twice", neuron(1, func(n *types.Neuron) { n.Uid = 0 }), []string{"uid 0 of subnet 1", "twice"}},
		{"uids out of order", neuron(0, func(n *types.Neuron) { n.Uid = 2 }), []string{"uid 1 of subnet 1", "order"}},
		{"subnets out of order", neuron(0, func(n *types.Neuron) { n.Subnet = 3 }), []string{"of subnet 1", "order"}},
		{"unknown hotkey", neuron(1, func(n *types.Neuron) { n.Hotkey = text("hot9") }), []string{"uid 1 of subnet 1", text("hot9")}},
		{"no hotkey", neuron(1, func(n *types.Neuron) { n.Hotkey = "" }), []string{"uid 1 of subnet 1", `""`}},
		{"hotkey in another spelling", neuron(1, func(n *types.Neuron) { n.Hotkey = strings.ToUpper(text("hot2")) }), []string{strings.ToUpper(text("hot2"))}},
		{"hotkey twice in a subnet", neuron(1, func(n *types.Neuron) { n.Hotkey = hot1 }), []string{hot1, "subnet 1"}},
		{"registered when a vacant uid is", neuron(1, func(n *types.Neuron) { n.Registered = types.Vacant }), []string{"uid 1 of subnet 1", "18446744073709551615"}},
		{"incentive above all Tao", neuron(1, func(n *types.Neuron) { n.OwedIncentive = allTao + 1 }), []string{"uid 1 of subnet 1", "21000000000000001"}},
		{"dividends above all Tao", neuron(1, func(n *types.Neuron) { n.OwedDividends = allTao + 1 }), []string{"uid 1 of subnet 1", "21000000000000001"}},
		{"recent pay above all Tao", neuron(1, func(n *types.Neuron) { n.RecentPay = allTao + 1 }), []string{"uid 1 of subnet 1", "21000000000000001"}},
		// Totals adds them up without a check of its own.
		{"owed together above all Tao", func(g *types.GenesisState) {
			g.Neurons[0].OwedIncentive, g.Neurons[1].OwedDividends = allTao, allTao
		}, []string{"uid 1 of subnet 1", "21000000000000000"}},
	})
}

func TestGenesisAxons(t *testing.T) {
	axon := func(change func(*types.Axon)) func(*types.GenesisState) {
		return func(g *types.GenesisState) { change(g.Neurons[0].Axon) }
	}
	host := func(text string) spoilt {
		return spoilt{"host " + text, axon(func(a *types.Axon) { a.Host = text }), []string{"uid 0 of subnet 1", fmt.Sprintf("%q", text)}}
	}
	requireRefused(t, []spoilt{
		host("axon.example.org:8091"), host("-a.org"), host("a-.org"), host("a..org"), host("a_b.org"), host("a b"), host("[::1]"),
		host("fe80::1%eth0"), host("пример.рф"), host(strings.Repeat("a", 64) + ".org"), host("http://a.org"), host("a.org\n"),
		{"no host", axon(func(a *types.Axon) { a.Host = "" }), []string{"0 bytes", "253"}},
		{"a long host", axon(func(a *types.Axon) { a.Host = strings.Repeat("a.", 127) }), []string{"254 bytes", "253"}},
		{"port 0", axon(func(a *types.Axon) { a.Port = 0 }), []string{"the port is 0"}},
		{"port 65536", axon(func(a *types.Axon) { a.Port = 65_536 }), []string{"65536"}},
		{"no fingerprint", axon(func(a *types.Axon) { a.Fingerprint = nil }), []string{"0 bytes", "32"}},
		{"a short fingerprint", axon(func(a *types.Axon) { a.Fingerprint = a.Fingerprint[1:] }), []string{"31 bytes"}},
		{"a short model hash", axon(func(a *types.Axon) { a.ModelHash = a.ModelHash[1:] }), []string{"31 bytes"}},
		{"17 prices", axon(func(a *types.Axon) { a.Prices = make([]types.Price, 17) }), []string{"17 prices", "16"}},
		{"an unknown unit", axon(func(a *types.Axon) { a.Prices[1].Unit = "hour" }), []string{`"hour"`, "kilotoken"}},
		{"a unit twice", axon(func(a *types.Axon) { a.Prices[1].Unit = types.UnitRequest }), []string{`"request"`, "two prices"}},
		{"a price above all Tao", axon(func(a *types.Axon) { a.Prices[0].Amount = allTao + 1 }), []string{"21000000000000001"}},
	})
}

func TestGenesisPositions(t *testing.T) {
	alice, carol, hot1 := text("alice"), text("carol"), text("hot1")
	at := func(change func(*types.Position)) func(*types.GenesisState) { // carol's at hot1
		return func(g *types.GenesisState) { change(&g.Positions[2]) }
	}
	requireRefused(t, []spoilt{
		{"unknown hotkey", at(func(p *types.Position) { p.Hotkey = text("hot9") }), []string{carol, text("hot9")}},
		{"no hotkey", at(func(p *types.Position) { p.Hotkey = "" }), []string{carol, `""`}},
		{"no coldkey", at(func(p *types.Position) { p.Coldkey = "" }), []string{hot1, `""`}},
		{"coldkey no bech32", at(func(p *types.Position) { p.Coldkey = "carol" }), []string{hot1, `"carol"`}},
		{"coldkey in capitals", at(func(p *types.Position) { p.Coldkey = strings.ToUpper(carol) }), []string{strings.ToUpper(carol)}},
		{"of the hotkey itself", at(func(p *types.Position) { p.Coldkey = hot1 }), []string{hot1, "the same"}},
		{"of another hotkey", at(func(p *types.Position) { p.Coldkey = text("hot2") }), []string{text("hot2"), hot1}},
		{"twice", at(func(p *types.Position) { p.Coldkey = alice }), []string{alice, hot1, "twice"}},
		{"no shares", at(func(p *types.Position) { p.Shares = "0" }), []string{carol, `"0" shares`}},
		{"shares without text", at(func(p *types.Position) { p.Shares = "" }), []string{carol, `"" shares`}},
		{"shares with a fraction", at(func(p *types.Position) { p.Shares = "1.5" }), []string{carol, `"1.5" shares`}},
		{"one share more", at(func(p *types.Position) { p.Shares = "3000000000000001" }), []string{hot1, "13000000000000000 shares", "13000000000000001"}},
		{"shares that overflow", at(func(p *types.Position) { p.Shares = "340282366920938463463374607431768211455" }), []string{hot1, "340282366920938463463374607431768211455"}},
		{"one missing", func(g *types.GenesisState) { g.Positions = g.Positions[:2] }, []string{hot1, "13000000000000000 shares", "10000000000000000"}},
	})
}

func TestGenesisUnbondings(t *testing.T) {
	at := func(i int, change func(*types.Unbonding)) func(*types.GenesisState) {
		return func(g *types.GenesisState) { change(&g.Unbondings[i]) }
	}
	requireRefused(t, []spoilt{
		{"id 0", at(0, func(u *types.Unbonding) { u.Id = 0 }), []string{"unbonding 0"}},
		{"an id twice", at(0, func(u *types.Unbonding) { u.Id = 5 }), []string{"unbonding 5", "rise"}},
		{"ids out of order", at(1, func(u *types.Unbonding) { u.Id = 1 }), []string{"unbonding 1", "rise"}},
		{"an id that comes next", at(1, func(u *types.Unbonding) { u.Id = 6 }), []string{"unbonding 6", "next_unbonding 6"}},
		{"next below the ids", func(g *types.GenesisState) { g.NextUnbonding = 1 }, []string{"unbonding 2", "next_unbonding 1"}},
		{"next 0", func(g *types.GenesisState) { g.Unbondings, g.NextUnbonding = nil, 0 }, []string{"next_unbonding is 0"}},
		{"no hotkey", at(1, func(u *types.Unbonding) { u.Hotkey = "" }), []string{"unbonding 5", "empty"}},
		{"hotkey no bech32", at(1, func(u *types.Unbonding) { u.Hotkey = "hot2" }), []string{"unbonding 5"}},
		{"coldkey no bech32", at(1, func(u *types.Unbonding) { u.Coldkey = "bob" }), []string{"unbonding 5"}},
		{"coldkey in capitals", at(1, func(u *types.Unbonding) { u.Coldkey = strings.ToUpper(text("bob")) }), []string{"unbonding 5", strings.ToUpper(text("bob"))}},
		{"of the hotkey itself", at(1, func(u *types.Unbonding) { u.Coldkey = u.Hotkey }), []string{"unbonding 5", "the same"}},
		{"to another hotkey", at(1, func(u *types.Unbonding) { u.Coldkey = text("hot1") }), []string{"unbonding 5", text("hot1")}},
		{"amount 0", at(1, func(u *types.Unbonding) { u.Amount = 0 }), []string{"unbonding 5", "0 rao"}},
		{"amount above all Tao", at(1, func(u *types.Unbonding) { u.Amount = allTao + 1 }), []string{"unbonding 5", "21000000000000001"}},
		{"amounts together above all Tao", at(1, func(u *types.Unbonding) { u.Amount = allTao }), []string{"unbonding 5", "21000000000000000"}},
		{"an amount that wraps", at(1, func(u *types.Unbonding) { u.Amount = math.MaxUint64 }), []string{"unbonding 5", "18446744073709551615"}},
	})
}

func TestGenesisSwapsAndIdentities(t *testing.T) {
	alice, bob, carol := text("alice"), text("bob"), text("carol")
	swap := func(change func(*types.ColdkeySwap)) func(*types.GenesisState) { // carol's
		return func(g *types.GenesisState) { change(&g.Swaps[1]) }
	}
	identity := func(change func(*types.Identity)) func(*types.GenesisState) { // alice's
		return func(g *types.GenesisState) { change(&g.Identities[0].Identity) }
	}
	requireRefused(t, []spoilt{
		{"swap of no bech32", swap(func(s *types.ColdkeySwap) { s.Coldkey = "carol" }), []string{`"carol"`}},
		{"swap to no bech32", swap(func(s *types.ColdkeySwap) { s.NewColdkey = "robert" }), []string{carol}},
		{"swap of capitals", swap(func(s *types.ColdkeySwap) { s.Coldkey = strings.ToUpper(carol) }), []string{strings.ToUpper(carol)}},
		// It would stop the block in which it is due.
		{"swap to capitals", swap(func(s *types.ColdkeySwap) { s.NewColdkey = strings.ToUpper(alice) }), []string{strings.ToUpper(alice)}},
		{"swap to itself", swap(func(s *types.ColdkeySwap) { s.NewColdkey = carol }), []string{carol, "the same"}},
		{"swap twice", swap(func(s *types.ColdkeySwap) { s.Coldkey = bob }), []string{bob, "twice"}},

		{"identity of no bech32", func(g *types.GenesisState) { g.Identities[0].Coldkey = "alice" }, []string{`"alice"`}},
		{"identity of capitals", func(g *types.GenesisState) { g.Identities[0].Coldkey = strings.ToUpper(alice) }, []string{strings.ToUpper(alice)}},
		{"identity twice", func(g *types.GenesisState) { g.Identities[1].Coldkey = alice }, []string{alice, "twice"}},
		{"empty identity", identity(func(i *types.Identity) { *i = types.Identity{} }), []string{alice, "empty"}},
		{"a long name", identity(func(i *types.Identity) { i.Name = strings.Repeat("a", 65) }), []string{alice, "name has 65 bytes", "64"}},
		{"a long url", identity(func(i *types.Identity) { i.Url = "https://example.org/" + strings.Repeat("a", 237) }), []string{alice, "url has 257 bytes", "256"}},
		{"a long description", identity(func(i *types.Identity) { i.Description = strings.Repeat("a", 1025) }), []string{alice, "description has 1025 bytes", "1024"}},
		{"no UTF-8", identity(func(i *types.Identity) { i.Name = "\xff" }), []string{alice, "UTF-8"}},
		{"a bell in the name", identity(func(i *types.Identity) { i.Name = "a\x07" }), []string{alice, "U+0007"}},
		{"a line break", identity(func(i *types.Identity) { i.Description = "a\nb" }), []string{alice, "U+000A"}},
		{"text that runs backward", identity(func(i *types.Identity) { i.Name = "a\u202eb" }), []string{alice, "U+202E"}},
		{"a url without scheme", identity(func(i *types.Identity) { i.Url = "example.org" }), []string{alice, `"example.org"`}},
		{"a url of a script", identity(func(i *types.Identity) { i.Url = "javascript:alert(1)" }), []string{alice, "javascript"}},
		{"a url without host", identity(func(i *types.Identity) { i.Url = "https:///x" }), []string{alice, "https:///x"}},
	})
}

func TestGenesisSubnets(t *testing.T) {
	requireRefused(t, []spoilt{
		{"price of subnet 0", func(g *types.GenesisState) { g.Prices[0].Subnet = 0 }, []string{"price of subnet 0"}},
		{"price twice", func(g *types.GenesisState) { g.Prices[1].Subnet = 1 }, []string{"price of subnet 1"}},
		{"prices out of order", func(g *types.GenesisState) { g.Prices[0].Subnet = 3 }, []string{"price of subnet 2", "rise"}},
		{"a price above all Tao", func(g *types.GenesisState) { g.Prices[0].Price = allTao + 1 }, []string{"subnet 1", "21000000000000001"}},

		{"settlement of subnet 0", func(g *types.GenesisState) { g.Settled[0].Subnet = 0 }, []string{"settlement of subnet 0"}},
		{"settlement twice", func(g *types.GenesisState) { g.Settled[1].Subnet = 1 }, []string{"settlement of subnet 1"}},
		{"settlements out of order", func(g *types.GenesisState) { g.Settled[0].Subnet = 3 }, []string{"settlement of subnet 2", "rise"}},
		{"settlement beyond all uids", func(g *types.GenesisState) { g.Settled[0].Uid = types.MaxUids }, []string{"subnet 1", "4096"}},

		{"size of subnet 0", func(g *types.GenesisState) { g.Sizes[0].Subnet = 0 }, []string{"size of subnet 0"}},
		{"size twice", func(g *types.GenesisState) { g.Sizes[1].Subnet = 1 }, []string{"size of subnet 1"}},
		{"sizes out of order", func(g *types.GenesisState) { g.Sizes[0].Subnet = 4 }, []string{"size of subnet 3", "rise"}},
		{"size 0", func(g *types.GenesisState) { g.Sizes[1].Size_ = 0 }, []string{"size of subnet 3 is 0", "1..4096"}},
		{"size below the largest uid", func(g *types.GenesisState) { g.Sizes[0].Size_ = 1 }, []string{"size of subnet 1 is 1", "3..4096"}},
		{"size that the neurons show", func(g *types.GenesisState) { g.Sizes[0].Size_ = 2 }, []string{"size of subnet 1 is 2", "3..4096"}},
		{"size above the bound", func(g *types.GenesisState) { g.Sizes[0].Size_ = 4097 }, []string{"size of subnet 1 is 4097", "3..4096"}},
	})
}
