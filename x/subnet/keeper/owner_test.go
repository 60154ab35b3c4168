package keeper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	"github.com/taonet/taonet/x/subnet/keeper"
	"github.com/taonet/taonet/x/subnet/types"
)

const tao = apptest.Tao

// create is a message that creates a subnet for at most maxCost rao.
func (a *arena) create(owner cryptotypes.PrivKey, name string, maxCost uint64) *types.MsgCreateSubnet {
	return &types.MsgCreateSubnet{
		Owner: a.of(owner), Name: name, Description: "light", Modality: types.MODALITY_IMAGE, MaxCost: apptest.Coin(maxCost),
	}
}

// cost is what the query says a subnet would lock.
func (a *arena) cost(t testing.TB) uint64 {
	t.Helper()
	res, err := keeper.NewQueryServer(a.SubnetKeeper).CreationCost(a.Ctx(), &types.QueryCreationCostRequest{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, res.Cost, res.Floor)
	return res.Cost
}

func TestCreationLocksItsCost(t *testing.T) {
	a := newArena(t)
	held, height, staked := a.held(apptest.Address(a.carol)), a.now(), a.staked(t)
	require.Equal(t, uint64(100*tao), a.cost(t))
	events := a.do(t, a.carol, a.create(a.carol, "opticks", 100*tao))
	events.only(t, &types.EventSubnetCreated{Subnet: 2, Owner: a.of(a.carol), Name: "opticks", Lock: 100 * tao})
	require.Equal(t, types.Subnet{
		Id: 2, Owner: a.of(a.carol), Name: "opticks", Description: "light", Modality: types.MODALITY_IMAGE,
		Created: height, Lock: 100 * tao, Hyperparameters: types.DefaultHyperparameters(),
	}, a.subnet(t, 2))
	require.Equal(t, held-100*tao-fee, a.held(apptest.Address(a.carol)))
	require.Equal(t, uint64(100*tao), a.locked())
	require.Equal(t, staked, a.staked(t))
	next, err := a.SubnetKeeper.NextID.Get(a.Ctx())
	require.NoError(t, err)
	require.Equal(t, uint64(3), next)
}

// The cost doubles with every creation and falls in a straight line from there.
func TestCreationCostDoublesAndFalls(t *testing.T) {
	const floor, decay = 10 * tao, 20
	a := newArena(t, withParams(func(p *types.Params) { p.CreationFloor, p.CreationDecay = floor, decay }))
	require.Equal(t, uint64(floor), a.cost(t), "before the first")
	a.do(t, a.carol, a.create(a.carol, "first", floor))
	created := uint64(a.Height())
	require.Equal(t, uint64(2*floor), a.cost(t), "doubled in the block of the creation")
	for h := created + 1; h <= created+decay+3; h++ {
		a.next(t, h)
		want := uint64(floor)
		if h < created+decay {
			want = 2*floor - floor*(h-created)/decay
		}
		require.Equal(t, want, a.cost(t), "%d blocks after", h-created)
	}
	// Each takes what is asked at its own height, and the next doubles that.
	a.do(t, a.carol, a.create(a.carol, "second", floor))
	last := uint64(2 * floor)
	for i := range 4 {
		price := last - (last-floor)/decay // one block after the last creation
		a.refused(t, a.dave, a.create(a.dave, "dear", price-1), types.ErrTooExpensive, fmt.Sprint(price), fmt.Sprint(price-1))
		price = last - (last-floor)*2/decay // two blocks after
		held := a.held(apptest.Address(a.dave))
		a.do(t, a.dave, a.create(a.dave, fmt.Sprintf("number %d", i), price))
		require.Equal(t, held-price-fee, a.held(apptest.Address(a.dave)))
		require.Equal(t, price, a.subnet(t, uint64(4+i)).Lock)
		last = 2 * price
		require.Equal(t, last, a.cost(t))
	}
}

// Without a floor a subnet may cost nothing, and nothing doubled is nothing.
func TestCreationThatCostsNothing(t *testing.T) {
	a := newArena(t, withParams(func(p *types.Params) { p.CreationFloor = 0 }))
	for id := uint64(2); id < 5; id++ {
		a.do(t, a.carol, a.create(a.carol, fmt.Sprintf("free %d", id), 0))
		require.Zero(t, a.subnet(t, id).Lock)
	}
	require.Zero(t, a.locked())
}

func TestCreationIsRefused(t *testing.T) {
	a := newArena(t)
	a.do(t, a.carol, a.create(a.carol, "opticks", 100*tao))
	poor := apptest.Key("poor")
	ctx := a.Ctx().WithBlockHeight(int64(a.now()))
	for _, c := range []struct {
		name   string
		change func(*types.MsgCreateSubnet)
		want   error
		says   []string
	}{
		{"no owner", func(m *types.MsgCreateSubnet) { m.Owner = "" }, types.ErrInvalidAddress, []string{`owner ""`}},
		{"an owner in capitals", func(m *types.MsgCreateSubnet) { m.Owner = strings.ToUpper(m.Owner) }, types.ErrInvalidAddress,
			[]string{strings.ToUpper(a.of(a.dave)), "write it as " + a.of(a.dave)}},
		{"an owner of another chain", func(m *types.MsgCreateSubnet) { m.Owner = "cosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrk363e" }, types.ErrInvalidAddress, []string{"cosmos1", "tao"}},
		{"a hotkey", func(m *types.MsgCreateSubnet) { m.Owner = a.alice.Hotkey().String() }, types.ErrUnauthorized,
			[]string{a.alice.Hotkey().String(), "is a hotkey", "use its coldkey"}},
		{"no name", func(m *types.MsgCreateSubnet) { m.Name = "" }, types.ErrInvalidText, []string{"name has 0 bytes", "1..64"}},
		{"a name of 65 bytes", func(m *types.MsgCreateSubnet) { m.Name = strings.Repeat("é", 32) + "e" }, types.ErrInvalidText, []string{"name has 65 bytes", "1..64"}},
		{"a name with a line break", func(m *types.MsgCreateSubnet) { m.Name = "a\nb" }, types.ErrInvalidText, []string{"name", "U+000A", "at byte 1", "printable"}},
		{"a name that runs backward", func(m *types.MsgCreateSubnet) { m.Name = "ab\u202ec" }, types.ErrInvalidText, []string{"name", "U+202E", "at byte 2"}},
		{"a name without width", func(m *types.MsgCreateSubnet) { m.Name = "opticks\u200b" }, types.ErrInvalidText, []string{"U+200B"}},
		{"a name that is no text", func(m *types.MsgCreateSubnet) { m.Name = "a\xff" }, types.ErrInvalidText, []string{"name is no UTF-8"}},
		{"a description of 1025 bytes", func(m *types.MsgCreateSubnet) { m.Description = strings.Repeat("a", 1025) }, types.ErrInvalidText, []string{"description has 1025 bytes", "0..1024"}},
		{"a description with a bell", func(m *types.MsgCreateSubnet) { m.Description = "\a" }, types.ErrInvalidText, []string{"description", "U+0007", "at byte 0"}},
		{"no modality", func(m *types.MsgCreateSubnet) { m.Modality = types.MODALITY_UNSPECIFIED }, types.ErrInvalidModality, []string{"0", "1..3"}},
		{"a modality below all", func(m *types.MsgCreateSubnet) { m.Modality = -1 }, types.ErrInvalidModality, []string{"-1", "1..3"}},
		{"a modality above all", func(m *types.MsgCreateSubnet) { m.Modality = 4 }, types.ErrInvalidModality, []string{"4", "1..3"}},
		{"a name that is taken", func(m *types.MsgCreateSubnet) { m.Name = "opticks" }, types.ErrNameTaken, []string{`"opticks"`, "subnet 2"}},
		{"the first subnet's name", func(m *types.MsgCreateSubnet) { m.Name = "text" }, types.ErrNameTaken, []string{"subnet 1"}},
		{"another coin", func(m *types.MsgCreateSubnet) { m.MaxCost.Denom = "tao" }, types.ErrInvalidAmount, []string{"tao", "rao"}},
		{"no coin", func(m *types.MsgCreateSubnet) { m.MaxCost = sdk.Coin{} }, types.ErrInvalidAmount, []string{"rao"}},
		{"less than nothing", func(m *types.MsgCreateSubnet) { m.MaxCost.Amount = sdkmath.NewInt(-1) }, types.ErrInvalidAmount, []string{"-1rao"}},
		{"a rao too little", func(m *types.MsgCreateSubnet) {
			price := uint64(200*tao) - 100*tao/1_209_600
			m.MaxCost = apptest.Coin(price - 1)
		}, types.ErrTooExpensive, []string{fmt.Sprint(200*tao - 100*tao/1_209_600), fmt.Sprint(200*tao - 100*tao/1_209_600 - 1)}},
		{"an owner without Tao", func(m *types.MsgCreateSubnet) { m.Owner = a.of(poor) }, sdkerrors.ErrInsufficientFunds, []string{fmt.Sprint(200*tao - 100*tao/1_209_600)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg := a.create(a.dave, "another", 1000*tao)
			c.change(msg)
			a.refusedAt(t, ctx, msg, c.want, c.says...)
		})
	}
	t.Run("the longest texts", func(t *testing.T) {
		msg := a.create(a.dave, strings.Repeat("é", 32), 1<<60)
		msg.Description = strings.Repeat("a", 1024)
		a.do(t, a.dave, msg)
		require.Equal(t, msg.Name, a.subnet(t, 3).Name)
		require.Equal(t, msg.Description, a.subnet(t, 3).Description)
	})
	a.refused(t, a.dave, a.create(a.dave, "opticks", 1000*tao), types.ErrNameTaken, `"opticks"`, "subnet 2")
	a.refused(t, a.dave, a.create(a.dave, "cheap", 1), types.ErrTooExpensive, "max_cost is 1")
}

func TestThereIsRoomForSoManySubnets(t *testing.T) {
	a := newArena(t, withParams(func(p *types.Params) { p.MaxSubnets, p.CreationFloor = 3, 0 }))
	a.do(t, a.carol, a.create(a.carol, "second", 0))
	a.do(t, a.carol, a.create(a.carol, "third", 0))
	a.refused(t, a.carol, a.create(a.carol, "fourth", 0), types.ErrTooMany, "there are 3", "the bound is 3")

	params := types.DefaultParams()
	params.MaxSubnets, params.CreationFloor = 2, 0
	a.govern(t, &types.MsgUpdateParams{Authority: a.governance, Params: params})
	a.refused(t, a.carol, a.create(a.carol, "fourth", 0), types.ErrTooMany, "there are 3", "the bound is 2")
	a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 3})
	a.refused(t, a.carol, a.create(a.carol, "fourth", 0), types.ErrTooMany, "there are 2", "the bound is 2")
	a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 2})
	a.do(t, a.carol, a.create(a.carol, "fourth", 0))
	require.Equal(t, "fourth", a.subnet(t, 4).Name)
}

// A subnet's owner cannot become a hotkey: its lock comes back one day, and a hotkey
// holds no Tao.
func TestAnOwnerIsNoHotkey(t *testing.T) {
	a := newArena(t, carols)
	key, err := codectypes.NewAnyWithValue(a.carol.PubKey())
	require.NoError(t, err)
	signature, err := a.carol.Sign(neurontypes.ConsentBytes(apptest.ChainID, apptest.Address(a.dave), apptest.Address(a.carol), 1, 100))
	require.NoError(t, err)
	register := &neurontypes.MsgRegister{Coldkey: a.of(a.dave), Hotkey: key, Subnet: 1, MaxPrice: apptest.Coin(100 * tao), Expiry: 100, Consent: signature}
	res := a.NextBlock(a.Paid(a.dave, register))
	require.Equal(t, neurontypes.ModuleName, res[0].Codespace, res[0].Log)
	require.Contains(t, res[0].Log, a.of(a.carol))
}

func TestDescribe(t *testing.T) {
	a := newArena(t, carols)
	before := a.subnet(t, 2)
	msg := &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "opticks", Description: "light and colour"}
	a.do(t, a.carol, msg).only(t, &types.EventSubnetDescribed{Subnet: 2, Name: "opticks", Description: "light and colour", By: a.of(a.carol)})
	want := before
	want.Name, want.Description = "opticks", "light and colour"
	require.Equal(t, want, a.subnet(t, 2))

	// The old name is free for others, the new one is not, and one's own may stay.
	a.do(t, a.dave, a.create(a.dave, "second", 100*tao))
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "second"}, types.ErrNameTaken, `"second"`, "subnet 3")
	a.refused(t, a.dave, &types.MsgDescribeSubnet{Authority: a.of(a.dave), Subnet: 3, Name: "opticks"}, types.ErrNameTaken, `"opticks"`, "subnet 2")
	a.do(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "opticks"}).only(t,
		&types.EventSubnetDescribed{Subnet: 2, Name: "opticks", By: a.of(a.carol)})
	require.Empty(t, a.subnet(t, 2).Description, "both texts are replaced")

	a.refused(t, a.dave, &types.MsgDescribeSubnet{Authority: a.of(a.dave), Subnet: 2, Name: "mine"}, types.ErrUnauthorized, a.of(a.dave), a.of(a.carol), a.governance)
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 1, Name: "mine"}, types.ErrUnauthorized, a.of(a.carol), "subnet 1")
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 9, Name: "mine"}, types.ErrUnknownSubnet, "subnet 9", "taod q subnet subnets")
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "\t"}, types.ErrInvalidText, "U+0009")
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2}, types.ErrInvalidText, "1..64")
	a.refused(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "a", Description: strings.Repeat("a", 1025)}, types.ErrInvalidText, "1025", "0..1024")

	for id := range uint64(2) {
		name := fmt.Sprintf("arena %d", id)
		a.govern(t, &types.MsgDescribeSubnet{Authority: a.governance, Subnet: id + 1, Name: name, Description: "by vote"}).only(t,
			&types.EventSubnetDescribed{Subnet: id + 1, Name: name, Description: "by vote", By: a.governance})
	}
	require.Equal(t, a.of(a.carol), a.subnet(t, 2).Owner)
	require.Empty(t, a.subnet(t, 1).Owner)
}

func TestOwnershipChangesHandsInTwoSteps(t *testing.T) {
	a := newArena(t, carols)
	before, hers, his := a.subnet(t, 2), a.held(apptest.Address(a.carol)), a.held(apptest.Address(a.dave))
	offer := func(to string) *types.MsgOfferOwnership {
		return &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: to}
	}
	accept := func(key cryptotypes.PrivKey) *types.MsgAcceptOwnership {
		return &types.MsgAcceptOwnership{Owner: a.of(key), Subnet: 2}
	}
	a.refused(t, a.dave, accept(a.dave), types.ErrNotOffered, "subnet 2", `offered to ""`, a.of(a.dave))
	a.refused(t, a.carol, accept(a.carol), types.ErrNotOffered, "subnet 2")

	a.do(t, a.carol, offer(a.of(a.dave))).only(t, &types.EventOwnershipOffered{Subnet: 2, Owner: a.of(a.carol), OfferedTo: a.of(a.dave)})
	want := before
	want.OfferedTo = a.of(a.dave)
	require.Equal(t, want, a.subnet(t, 2), "an offer alone changes nothing else")
	a.refused(t, a.erin, accept(a.erin), types.ErrNotOffered, a.of(a.dave), a.of(a.erin))
	a.refused(t, a.dave, &types.MsgDescribeSubnet{Authority: a.of(a.dave), Subnet: 2, Name: "mine"}, types.ErrUnauthorized, a.of(a.dave))

	a.do(t, a.carol, offer("")).only(t, &types.EventOwnershipOffered{Subnet: 2, Owner: a.of(a.carol)})
	require.Equal(t, before, a.subnet(t, 2), "the offer is withdrawn")
	a.refused(t, a.dave, accept(a.dave), types.ErrNotOffered, "subnet 2")

	a.do(t, a.carol, offer(a.of(a.erin)))
	a.do(t, a.carol, offer(a.of(a.dave))) // the last offer counts
	a.refused(t, a.erin, accept(a.erin), types.ErrNotOffered, a.of(a.dave))
	a.do(t, a.dave, accept(a.dave)).only(t, &types.EventOwnershipAccepted{Subnet: 2, Owner: a.of(a.dave)})
	want = before
	want.Owner = a.of(a.dave)
	require.Equal(t, want, a.subnet(t, 2), "the lock goes with it, the offer is gone")
	require.Equal(t, uint64(7*tao), a.locked())
	a.refused(t, a.dave, accept(a.dave), types.ErrNotOffered, "subnet 2")
	a.refused(t, a.carol, offer(""), types.ErrUnauthorized, a.of(a.carol), a.of(a.dave))
	a.refused(t, a.carol, &types.MsgDissolveSubnet{Authority: a.of(a.carol), Subnet: 2}, types.ErrUnauthorized, a.of(a.carol), a.of(a.dave))

	// The lock returns to the new owner; the old one only paid fees.
	a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 2})
	a.next(t, a.now())
	require.Equal(t, hers-7*fee, a.held(apptest.Address(a.carol)), "she sent 7 messages")
	require.Equal(t, his+7*tao-5*fee, a.held(apptest.Address(a.dave)), "he sent 5")
}

func TestOffersAreRefused(t *testing.T) {
	a := newArena(t, carols)
	ctx := a.Ctx().WithBlockHeight(int64(a.now()))
	for _, c := range []struct {
		name string
		msg  *types.MsgOfferOwnership
		want error
		says []string
	}{
		{"by a stranger", &types.MsgOfferOwnership{Owner: a.of(a.dave), Subnet: 2, To: a.of(a.dave)}, types.ErrUnauthorized, []string{a.of(a.dave), a.of(a.carol), "subnet 2"}},
		{"by governance", &types.MsgOfferOwnership{Owner: a.governance, Subnet: 2, To: a.of(a.dave)}, types.ErrUnauthorized, []string{a.governance, a.of(a.carol)}},
		{"of the first subnet", &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 1, To: a.of(a.dave)}, types.ErrUnauthorized, []string{a.of(a.carol), "subnet 1"}},
		{"of the first subnet by nobody", &types.MsgOfferOwnership{Subnet: 1, To: a.of(a.dave)}, types.ErrUnauthorized, []string{"subnet 1"}},
		{"of the first subnet by governance", &types.MsgOfferOwnership{Owner: a.governance, Subnet: 1, To: a.of(a.dave)}, types.ErrUnauthorized, []string{"subnet 1"}},
		{"of no subnet", &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 3, To: a.of(a.dave)}, types.ErrUnknownSubnet, []string{"subnet 3"}},
		{"of subnet 0", &types.MsgOfferOwnership{Owner: a.of(a.carol), To: a.of(a.dave)}, types.ErrUnknownSubnet, []string{"subnet 0"}},
		{"to no address", &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: "dave"}, types.ErrInvalidAddress, []string{`to "dave"`}},
		{"to an address in capitals", &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: strings.ToUpper(a.of(a.dave))}, types.ErrInvalidAddress, []string{"write it as " + a.of(a.dave)}},
	} {
		t.Run(c.name, func(t *testing.T) { a.refusedAt(t, ctx, c.msg, c.want, c.says...) })
	}
	for _, id := range []uint64{0, 1, 3, 1<<64 - 1} {
		want := error(types.ErrUnknownSubnet)
		if id == 1 {
			want = types.ErrNotOffered
		}
		a.refusedAt(t, ctx, &types.MsgAcceptOwnership{Owner: a.of(a.dave), Subnet: id}, want, fmt.Sprintf("subnet %d", id))
		a.refusedAt(t, ctx, &types.MsgAcceptOwnership{Subnet: id}, want, fmt.Sprintf("subnet %d", id))
	}
}

// A hotkey never owns a subnet, whoever offers it.
func TestNobodyOffersToAHotkey(t *testing.T) {
	a := newArena(t, carols)
	hot := a.alice.Hotkey().String()
	a.refused(t, a.carol, &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: hot}, types.ErrUnauthorized, hot, "is a hotkey", "use its coldkey")
	module := a.AccountKeeper.GetModuleAddress(types.ModuleName).String()
	a.refused(t, a.carol, &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: module}, types.ErrUnauthorized, module, "a module's account")
	require.Equal(t, a.of(a.carol), a.subnet(t, 2).Owner)

	a.do(t, a.carol, &types.MsgOfferOwnership{Owner: a.of(a.carol), Subnet: 2, To: a.alice.Coldkey().String()})
	a.do(t, a.alice.Cold, &types.MsgAcceptOwnership{Owner: a.alice.Coldkey().String(), Subnet: 2})
	require.Equal(t, a.alice.Coldkey().String(), a.subnet(t, 2).Owner, "its coldkey may")
}

func TestDissolutionByTheOwner(t *testing.T) {
	const notice = 12
	a := newArena(t, carols,
		withParams(func(p *types.Params) { p.DissolveNotice = notice }))
	held, staked := a.held(apptest.Address(a.carol)), a.staked(t)
	dissolve := &types.MsgDissolveSubnet{Authority: a.of(a.carol), Subnet: 2}
	at := a.now() + notice
	a.do(t, a.carol, dissolve).only(t, &types.EventSubnetDissolving{Subnet: 2, Height: at})
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt)
	a.refused(t, a.carol, dissolve, types.ErrDissolving, "subnet 2", fmt.Sprint(at))
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt, "it is not put off")
	held -= 2 * fee

	// Until its end a subnet is its owner's, and its name is taken.
	a.do(t, a.carol, &types.MsgDescribeSubnet{Authority: a.of(a.carol), Subnet: 2, Name: "sunset"})
	held -= fee
	a.refused(t, a.dave, a.create(a.dave, "sunset", 1000*tao), types.ErrNameTaken, "subnet 2")
	a.next(t, at-1)
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt)
	require.Equal(t, uint64(7*tao), a.locked())
	require.Equal(t, held, a.held(apptest.Address(a.carol)))

	a.next(t, at).only(t, &types.EventSubnetDissolved{Subnet: 2, Returned: 7 * tao})
	require.Zero(t, a.locked())
	require.Equal(t, held+7*tao, a.held(apptest.Address(a.carol)), "the lock returns to the rao")
	require.Equal(t, staked, a.staked(t), "stakes are untouched")
	a.refused(t, a.carol, dissolve, types.ErrUnknownSubnet, "subnet 2")
	pot, err := a.EmissionKeeper.Pot(a.Ctx(), 2)
	require.NoError(t, err)
	require.Zero(t, pot)

	// The name is free, the id is not.
	events := a.do(t, a.dave, a.create(a.dave, "sunset", 1000*tao))
	events.only(t, &types.EventSubnetCreated{Subnet: 3, Owner: a.of(a.dave), Name: "sunset", Lock: 100 * tao})
	_, err = a.SubnetKeeper.Subnet(a.Ctx(), 2)
	require.ErrorIs(t, err, types.ErrUnknownSubnet)
}

func TestDissolutionByGovernance(t *testing.T) {
	a := newArena(t, carols)
	held, staked := a.held(apptest.Address(a.carol)), a.staked(t)
	events := a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 2})
	if _, err := a.SubnetKeeper.Subnet(a.Ctx(), 2); err == nil { // gov's end comes after ours
		events = append(events, a.next(t, a.now())...)
	}
	require.Len(t, events, 2)
	require.IsType(t, &types.EventSubnetDissolving{}, events[0])
	require.Equal(t, &types.EventSubnetDissolved{Subnet: 2, Returned: 7 * tao}, events[1])
	require.Equal(t, held+7*tao, a.held(apptest.Address(a.carol)), "the lock returns to the owner")
	require.Zero(t, a.locked())
	require.Equal(t, staked, a.staked(t))
}

func TestDissolutionIsBroughtForwardNeverPutOff(t *testing.T) {
	a := newArena(t, carols)
	params := types.DefaultParams()
	dissolve := &types.MsgDissolveSubnet{Authority: a.of(a.carol), Subnet: 2}
	at := a.now() + params.DissolveNotice
	a.do(t, a.carol, dissolve)
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt)

	// Governance shortens the notice: the owner may now end it earlier.
	params.DissolveNotice = 50
	a.govern(t, &types.MsgUpdateParams{Authority: a.governance, Params: params})
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt, "a notice that was given stays")
	at = a.now() + params.DissolveNotice
	a.do(t, a.carol, dissolve).only(t, &types.EventSubnetDissolving{Subnet: 2, Height: at})
	params.DissolveNotice = 1_000_000
	a.govern(t, &types.MsgUpdateParams{Authority: a.governance, Params: params})
	a.refused(t, a.carol, dissolve, types.ErrDissolving, fmt.Sprint(at))
	require.Equal(t, at, a.subnet(t, 2).DissolvesAt)

	// So may governance, at once; not later than what is set.
	a.refusedAt(t, a.Ctx().WithBlockHeight(int64(at)), &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 2}, types.ErrDissolving, fmt.Sprint(at))
	a.govern(t, &types.MsgDissolveSubnet{Authority: a.governance, Subnet: 2})
	a.next(t, a.now())
	require.Less(t, uint64(a.Height()), at)
	_, err := a.SubnetKeeper.Subnet(a.Ctx(), 2)
	require.ErrorIs(t, err, types.ErrUnknownSubnet)
}

func TestDissolutionIsRefused(t *testing.T) {
	a := newArena(t, carols)
	ctx := a.Ctx().WithBlockHeight(int64(a.now()))
	for _, c := range []struct {
		name      string
		authority string
		subnet    uint64
		want      error
		says      []string
	}{
		{"the first by governance", a.governance, 1, types.ErrUnauthorized, []string{"subnet 1", "never dissolved"}},
		{"the first by a stranger", a.of(a.carol), 1, types.ErrUnauthorized, []string{"subnet 1", a.of(a.carol)}},
		{"the first by nobody", "", 1, types.ErrUnauthorized, []string{"subnet 1"}},
		{"another's", a.of(a.dave), 2, types.ErrUnauthorized, []string{a.of(a.dave), a.of(a.carol), "subnet 2", a.governance}},
		{"by its owner in capitals", strings.ToUpper(a.of(a.carol)), 2, types.ErrUnauthorized, []string{strings.ToUpper(a.of(a.carol)), a.of(a.carol)}},
		{"none", a.governance, 3, types.ErrUnknownSubnet, []string{"subnet 3", "taod q subnet subnets"}},
		{"none by a stranger", a.of(a.dave), 0, types.ErrUnknownSubnet, []string{"subnet 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.refusedAt(t, ctx, &types.MsgDissolveSubnet{Authority: c.authority, Subnet: c.subnet}, c.want, c.says...)
		})
	}
}
