package keeper_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"

	"github.com/taonet/taonet/x/subnet/types"
)

// FuzzSetHyperparameter hands any name and value to MsgSetHyperparameter, from
// governance or from the owner, upon any change that is pending already. Then
//
//   - nothing panics;
//   - an error is one of the module, with a text, and nothing is written;
//   - after a success the state is valid, before and after the epoch that applies it.
func FuzzSetHyperparameter(f *testing.F) {
	for i, p := range types.HyperparameterTable() {
		for _, value := range []string{p.Text(p.Min), p.Text(p.Max), strconv.FormatInt(p.Max+1, 10), "0.5tao", "true", "-1", "x", ""} {
			f.Add(uint8(i), p.Name, value, i%2 == 0)
		}
	}
	f.Add(uint8(0), "Tempo", "10", true)
	f.Add(uint8(1), "", "\xff", false)
	f.Add(uint8(3), "burn_ceiling", "1000000.000000000tao", true)

	var once sync.Once
	var a *arena
	f.Fuzz(func(t *testing.T, first uint8, name, value string, owner bool) {
		once.Do(func() { a = newArena(t, carols) })
		a.T = t
		ctx, _ := a.Ctx().WithBlockHeight(1000).CacheContext()
		table := types.HyperparameterTable()
		pending := table[int(first)%len(table)]
		if _, err := a.Deliver(ctx, a.set(a.governance, pending.Name, pending.Text(pending.Max))); err != nil {
			require.ErrorIs(t, err, types.ErrInvalidHyperparameter) // beside the defaults
		}
		before := a.export(t, ctx)
		authority := a.governance
		if owner {
			authority = a.of(a.carol)
		}
		msg := a.set(authority, name, value)
		_, err := a.MsgServiceRouter().Handler(msg)(ctx, msg)
		if err != nil {
			codespace, code, text := errorsmod.ABCIInfo(err, false)
			require.Equal(t, types.ModuleName, codespace, text)
			require.Contains(t, []uint32{types.ErrInvalidHyperparameter.ABCICode(), types.ErrUnauthorized.ABCICode()}, code, text)
			require.Equal(t, before, a.export(t, ctx))
			return
		}
		p, err := types.FindHyperparameter(name)
		require.NoError(t, err)
		v, err := p.Parse(value)
		require.NoError(t, err)
		require.True(t, !owner || p.Owner && v >= p.OwnerMin)
		require.NoError(t, a.SubnetKeeper.Invariant(ctx))
		require.NoError(t, a.SubnetKeeper.EpochDone(ctx, 2, false))
		require.NoError(t, a.SubnetKeeper.Invariant(ctx))
		h, err := a.SubnetKeeper.Hyperparameters(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, p.Text(v), p.Value(h))
	})
}
