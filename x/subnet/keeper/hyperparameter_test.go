package keeper_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/subnet/types"
)

// set is a message that sets a hyperparameter of subnet 2.
func (*arena) set(authority, name, value string) *types.MsgSetHyperparameter {
	return &types.MsgSetHyperparameter{Authority: authority, Subnet: 2, Name: name, Value: value}
}

// with is a state of its own in which subnet 2 has other hyperparameters in force.
func (a *arena) with(t testing.TB, h types.Hyperparameters) sdk.Context {
	t.Helper()
	require.NoError(t, h.Validate())
	ctx, _ := a.Ctx().WithBlockHeight(int64(a.now())).CacheContext()
	subnet := a.subnet(t, 2)
	subnet.Hyperparameters = h
	require.NoError(t, a.SubnetKeeper.Subnets.Set(ctx, 2, subnet))
	return ctx
}

// wide are hyperparameters beside which one field may have any value of its range.
func wide(field string) types.Hyperparameters {
	h := types.DefaultHyperparameters()
	switch field {
	case "max_validators":
		h.MaxRow = types.MaxCells / types.MaxUids
	case "max_row":
		h.MaxValidators = types.MaxCells / types.MaxUids
	case "min_allowed_weights":
		h.MaxRow, h.MaxValidators = types.MaxUids, 1
	case "alpha_low":
		h.AlphaHigh = 65_535
	case "alpha_high":
		h.AlphaLow = 0
	case "burn_floor":
		h.BurnCeiling = 1_000_000 * tao
	case "burn_ceiling":
		h.BurnFloor = 0
	}
	return h
}

// accepted runs a change that must succeed: it is pending, nothing else has changed,
// and the event tells it.
func (a *arena) accepted(t testing.TB, ctx sdk.Context, authority string, p types.Hyperparameter, text, value string) {
	t.Helper()
	before, err := a.SubnetKeeper.Subnet(ctx, 2)
	require.NoError(t, err)
	res, err := a.Deliver(ctx, a.set(authority, p.Name, text))
	require.NoError(t, err, "%s %q", p.Name, text)
	a.parsed(res.Events).only(t, &types.EventHyperparameterSet{
		Subnet: 2, Name: p.Name, Old: p.Value(before.Hyperparameters), New: value, By: authority,
	})
	after, err := a.SubnetKeeper.Subnet(ctx, 2)
	require.NoError(t, err)
	require.NotNil(t, after.Pending)
	for _, q := range types.HyperparameterTable() {
		want := q.Value(before.Hyperparameters)
		if q.Name == p.Name {
			want = value
		}
		require.Equal(t, want, q.Value(*after.Pending), "%s after %s = %q", q.Name, p.Name, text)
	}
	require.NoError(t, after.Pending.Validate())
	want := before
	want.Pending = after.Pending
	if authority == before.Owner {
		want.OwnerChanged = uint64(ctx.BlockHeight())
	}
	require.Equal(t, want, after)
}

// Governance sets every hyperparameter to every value of its range and to no other.
func TestGovernanceSetsWithinTheRange(t *testing.T) {
	a := newArena(t, carols)
	for _, p := range types.HyperparameterTable() {
		t.Run(p.Name, func(t *testing.T) {
			for _, value := range []string{p.Text(p.Min), p.Text(p.Max), p.Text(p.Default)} {
				a.accepted(t, a.with(t, wide(p.Name)), a.governance, p, value, value)
			}
			ctx := a.with(t, wide(p.Name))
			for _, text := range wrong(p) {
				a.refusedAt(t, ctx, a.set(a.governance, p.Name, text), types.ErrInvalidHyperparameter,
					p.Name, strconv.Quote(text), p.Text(p.Min)+".."+p.Text(p.Max), p.Unit)
			}
		})
	}
}

// wrong lists texts that are no value of a hyperparameter.
func wrong(p types.Hyperparameter) []string {
	list := []string{
		"", " ", "x", "1.5", "1e3", "0x10", "1_000", "１", "-", "+", "--1", "1 ", " 1", "NaN", "1\x00",
		strings.Repeat("9", 20), "-" + strings.Repeat("9", 20), "18446744073709551616",
	}
	if p.Unit == "true or false" {
		return append(list, "0", "1", "TRUE", "True", "t", "yes", "true ", "truefalse")
	}
	list = append(list, strconv.FormatInt(p.Min-1, 10), strconv.FormatInt(p.Max+1, 10), "true", "false")
	if p.Unit != "rao" {
		return append(list, "10rao", "10tao", "1tao")
	}
	return append(list,
		"tao", "rao", ".5tao", "-1tao", "-1rao", "-0.5tao", "1 tao", "1,5tao", "1mtao", "1Tao", "1tao1", "1raorao", "1taorao", "1raotao", "1.5rao",
		"0.0000000001tao", "1.0000000000tao", "1.+5tao", "1.-5tao", "1.5.5tao", "1000000.000000001tao", "1000001tao", "1000000000000001rao", "99999999999tao")
}

// An owner sets what is its own, from a bound of its own on.
func TestAnOwnerSetsWhatIsItsOwn(t *testing.T) {
	a := newArena(t, carols)
	carol := a.of(a.carol)
	for _, p := range types.HyperparameterTable() {
		t.Run(p.Name, func(t *testing.T) {
			ctx := a.with(t, wide(p.Name))
			if !p.Owner {
				for _, value := range []string{p.Text(p.Min), p.Text(p.Max), p.Text(p.Default)} {
					a.refusedAt(t, ctx, a.set(carol, p.Name, value), types.ErrUnauthorized, p.Name, "governance")
				}
			} else {
				least := max(p.Min, p.OwnerMin)
				for _, value := range []string{p.Text(least), p.Text(p.Max), p.Text(p.Default)} {
					a.accepted(t, a.with(t, wide(p.Name)), carol, p, value, value)
				}
				if p.OwnerMin > p.Min {
					a.refusedAt(t, ctx, a.set(carol, p.Name, p.Text(p.OwnerMin-1)), types.ErrInvalidHyperparameter,
						p.Name, p.Text(p.OwnerMin-1), p.Text(p.OwnerMin), "at least")
				}
			}
			for _, text := range wrong(p) { // what is no value is told first
				a.refusedAt(t, ctx, a.set(carol, p.Name, text), types.ErrInvalidHyperparameter, p.Name, strconv.Quote(text))
			}
		})
	}
}

// Amounts may say their unit.
func TestAmountsHaveUnits(t *testing.T) {
	a := newArena(t, carols)
	amounts := 0
	for _, p := range types.HyperparameterTable() {
		if p.Unit != "rao" {
			continue
		}
		amounts++
		for text, value := range map[string]string{
			"0": "0", "0tao": "0", "0rao": "0", "1rao": "1", "0.000000001tao": "1", "0.5tao": "500000000", "500000000rao": "500000000",
			"500000000": "500000000", "1tao": "1000000000", "1.50tao": "1500000000", "1000000tao": "1000000000000000",
			"999999.999999999tao": "999999999999999", "007rao": "7",
		} {
			a.accepted(t, a.with(t, wide(p.Name)), a.governance, p, text, value)
		}
	}
	require.Equal(t, 3, amounts, "min_stake, burn_floor, burn_ceiling")
}

func TestSetHyperparameterIsRefused(t *testing.T) {
	a := newArena(t, carols)
	ctx := a.Ctx().WithBlockHeight(int64(a.now()))
	carol, dave := a.of(a.carol), a.of(a.dave)
	var names []string
	for _, p := range types.HyperparameterTable() {
		names = append(names, p.Name)
	}
	for _, c := range []struct {
		name string
		msg  *types.MsgSetHyperparameter
		want error
		says []string
	}{
		{"an unknown name", a.set(carol, "tempos", "10"), types.ErrInvalidHyperparameter, append(names, `"tempos"`)},
		{"no name", a.set(carol, "", "10"), types.ErrInvalidHyperparameter, names},
		{"a name in capitals", a.set(a.governance, "Tempo", "10"), types.ErrInvalidHyperparameter, names},
		{"a stranger", a.set(dave, "tempo", "10"), types.ErrUnauthorized, []string{dave, carol, "subnet 2", a.governance}},
		{"nobody", a.set("", "tempo", "10"), types.ErrUnauthorized, []string{carol, "subnet 2"}},
		{"the owner in capitals", a.set(strings.ToUpper(carol), "tempo", "10"), types.ErrUnauthorized, []string{strings.ToUpper(carol), carol}},
		{"whom it is offered", a.set(a.of(a.erin), "tempo", "10"), types.ErrUnauthorized, []string{a.of(a.erin)}},
		{"no subnet", &types.MsgSetHyperparameter{Authority: a.governance, Subnet: 3, Name: "tempo", Value: "10"}, types.ErrUnknownSubnet, []string{"subnet 3"}},
		{"the first, which nobody owns, by nobody", &types.MsgSetHyperparameter{Subnet: 1, Name: "tempo", Value: "10"}, types.ErrUnauthorized, []string{"subnet 1", a.governance}},
		{"the first by an owner of another", &types.MsgSetHyperparameter{Authority: carol, Subnet: 1, Name: "tempo", Value: "10"}, types.ErrUnauthorized, []string{"subnet 1", carol}},
	} {
		t.Run(c.name, func(t *testing.T) { a.refusedAt(t, ctx, c.msg, c.want, c.says...) })
	}
}

// What holds between fields is checked in both directions, against what is pending.
func TestFieldsHoldTogether(t *testing.T) {
	a := newArena(t, carols)
	type change struct{ name, value string }
	for _, c := range []struct {
		name    string
		first   []change
		refused change
		says    []string
		then    []change // which make way for it
	}{
		{"cells by validators", nil, change{"max_validators", "1025"}, []string{"max_validators 1025", "max_row 256", "262400", "262144"},
			[]change{{"max_validators", "1024"}, {"max_row", "255"}}},
		{"cells by row", []change{{"max_validators", "4096"}}, change{"max_row", "65"}, nil, nil},
		{"alpha_low above alpha_high", nil, change{"alpha_low", "58983"}, []string{"alpha_low 58983", "alpha_high 58982"},
			[]change{{"alpha_low", "58982"}, {"alpha_high", "58983"}}},
		{"alpha_high below alpha_low", nil, change{"alpha_high", "45874"}, []string{"alpha_low 45875", "alpha_high 45874"},
			[]change{{"alpha_high", "45875"}, {"alpha_low", "45874"}}},
		{"burn_floor above burn_ceiling", nil, change{"burn_floor", "100.000000001tao"}, []string{"burn_floor 100000000001 rao", "burn_ceiling 100000000000 rao"},
			[]change{{"burn_floor", "100tao"}, {"burn_ceiling", "100000000001"}}},
		{"burn_ceiling below burn_floor", nil, change{"burn_ceiling", "99999999rao"}, []string{"burn_floor 100000000 rao", "burn_ceiling 99999999 rao"},
			[]change{{"burn_ceiling", "0.1tao"}, {"burn_floor", "99999999"}}},
		{"commit_reveal with a short tempo", []change{{"tempo", "4"}}, change{"commit_reveal", "true"}, []string{"commit_reveal", "5 blocks", "it is 4"},
			[]change{{"tempo", "5"}}},
		{"a short tempo with commit_reveal", []change{{"commit_reveal", "true"}}, change{"tempo", "4"}, []string{"commit_reveal", "5 blocks", "it is 4"},
			[]change{{"tempo", "5"}, {"commit_reveal", "false"}}},
		{"min_allowed_weights above max_row", nil, change{"min_allowed_weights", "257"}, []string{"min_allowed_weights 257", "max_row 256"},
			[]change{{"min_allowed_weights", "256"}, {"max_row", "257"}}},
		{"max_row below min_allowed_weights", []change{{"min_allowed_weights", "2"}}, change{"max_row", "1"}, []string{"min_allowed_weights 2", "max_row 1"},
			[]change{{"max_row", "2"}, {"min_allowed_weights", "1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := a.with(t, types.DefaultHyperparameters())
			sets := func(changes ...change) {
				for _, change := range changes {
					_, err := a.Deliver(ctx, a.set(a.governance, change.name, change.value))
					require.NoError(t, err, "%v", change)
				}
			}
			if c.says == nil { // max_row must shrink before max_validators can be largest
				sets(change{"max_row", "64"})
			}
			sets(c.first...)
			a.refusedAt(t, ctx, a.set(a.governance, c.refused.name, c.refused.value), types.ErrInvalidHyperparameter, c.says...)
			if c.then != nil {
				sets(c.then...)
				sets(c.refused)
			}
			pending, err := a.SubnetKeeper.Subnet(ctx, 2)
			require.NoError(t, err)
			require.NoError(t, pending.Pending.Validate())
		})
	}
}

// An owner changes one hyperparameter per owner_interval; what was refused does not
// count, and governance neither waits nor makes the owner wait.
func TestAnOwnerWaitsBetweenChanges(t *testing.T) {
	const interval = 8
	a := newArena(t, carols,
		withParams(func(p *types.Params) { p.OwnerInterval = interval }))
	carol := a.of(a.carol)
	require.Zero(t, a.subnet(t, 2).OwnerChanged)
	a.refused(t, a.carol, a.set(carol, "tempo", "9"), types.ErrInvalidHyperparameter, "tempo is 9", "10 at least")
	a.refused(t, a.carol, a.set(carol, "max_uids", "9"), types.ErrUnauthorized, "max_uids", "governance")
	require.Zero(t, a.subnet(t, 2).OwnerChanged)

	changed := a.now()
	a.do(t, a.carol, a.set(carol, "tempo", "50400"))
	require.Equal(t, changed, a.subnet(t, 2).OwnerChanged)
	next := fmt.Sprintf("every %d blocks, the next at height %d", interval, changed+interval)
	a.refused(t, a.carol, a.set(carol, "immunity", "5"), types.ErrTooSoon, next)
	a.govern(t, a.set(a.governance, "immunity", "6"))
	a.govern(t, a.set(a.governance, "kappa", "7"))
	require.Equal(t, changed, a.subnet(t, 2).OwnerChanged, "governance's changes are not the owner's")
	a.next(t, changed+interval-2)
	a.refused(t, a.carol, a.set(carol, "immunity", "5"), types.ErrTooSoon, next) // the block before
	a.do(t, a.carol, a.set(carol, "immunity", "5"))
	require.Equal(t, changed+interval, a.subnet(t, 2).OwnerChanged)

	// A new owner waits as the old one would have.
	a.do(t, a.carol, &types.MsgOfferOwnership{Owner: carol, Subnet: 2, To: a.of(a.dave)})
	a.do(t, a.dave, &types.MsgAcceptOwnership{Owner: a.of(a.dave), Subnet: 2})
	a.refused(t, a.dave, a.set(a.of(a.dave), "immunity", "4"), types.ErrTooSoon, fmt.Sprint(changed+2*interval))
}

func TestAnOwnerNeedNotWaitWithoutInterval(t *testing.T) {
	a := newArena(t, carols,
		withParams(func(p *types.Params) { p.OwnerInterval = 0 }))
	ctx := a.with(t, types.DefaultHyperparameters())
	for _, value := range []string{"1", "2", "3"} {
		_, err := a.Deliver(ctx, a.set(a.of(a.carol), "immunity", value))
		require.NoError(t, err)
	}
}

// A change waits for the subnet's next epoch, also through the end of blocks that
// have none; what is pending adds up, and is told once.
func TestChangesWaitForTheEpoch(t *testing.T) {
	a := newArena(t, carols,
		withParams(func(p *types.Params) { p.OwnerInterval = 1 }))
	before := a.subnet(t, 2).Hyperparameters
	const epoch = 8 // (8 + 2) mod 10 = 0
	require.Less(t, a.Height(), int64(epoch-5))
	a.do(t, a.carol, a.set(a.of(a.carol), "immunity", "5")).only(t,
		&types.EventHyperparameterSet{Subnet: 2, Name: "immunity", Old: "7200", New: "5", By: a.of(a.carol)})
	a.govern(t, a.set(a.governance, "max_uids", "300")).only(t,
		&types.EventHyperparameterSet{Subnet: 2, Name: "max_uids", Old: "256", New: "300", By: a.governance})
	require.Equal(t, before, a.subnet(t, 2).Hyperparameters, "pending")
	want := before
	want.Immunity, want.MaxUids = 5, 300
	require.Equal(t, &want, a.subnet(t, 2).Pending)
	a.next(t, epoch-2)
	a.do(t, a.carol, a.set(a.of(a.carol), "immunity", "4")).only(t, // old is what is pending
		&types.EventHyperparameterSet{Subnet: 2, Name: "immunity", Old: "5", New: "4", By: a.of(a.carol)})
	require.Equal(t, before, a.subnet(t, 2).Hyperparameters)
	want.Immunity = 4

	a.next(t, epoch).only(t, &types.EventHyperparametersApplied{Subnet: 2, Hyperparameters: want})
	require.Equal(t, want, a.subnet(t, 2).Hyperparameters)
	require.Nil(t, a.subnet(t, 2).Pending)
	a.next(t, epoch+10).only(t)
	require.Equal(t, want, a.subnet(t, 2).Hyperparameters)

	// One in the block of an epoch applies at its end.
	a.next(t, epoch+19)
	want.Immunity = 6
	a.do(t, a.carol, a.set(a.of(a.carol), "immunity", "6")).only(t,
		&types.EventHyperparameterSet{Subnet: 2, Name: "immunity", Old: "4", New: "6", By: a.of(a.carol)},
		&types.EventHyperparametersApplied{Subnet: 2, Hyperparameters: want})
	require.Equal(t, want, a.subnet(t, 2).Hyperparameters)
	require.Nil(t, a.subnet(t, 2).Pending)
}

func TestTheFirstSubnetIsGovernances(t *testing.T) {
	a := newArena(t)
	h := a.subnet(t, 1).Hyperparameters
	a.govern(t, &types.MsgSetHyperparameter{Authority: a.governance, Subnet: 1, Name: "tempo", Value: "3"})
	a.next(t, a.now()+1) // its tempo is 2
	want := h
	want.Tempo = 3
	require.Equal(t, want, a.subnet(t, 1).Hyperparameters)
	require.Zero(t, a.subnet(t, 1).OwnerChanged)
}
