package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/apptest"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
	"github.com/taonet/taonet/x/subnet/types"
)

// Stake that moves ahead of the count is counted again; however often that
// happens, the weight keeps its bound and the block goes on.
func TestAnEndlessCountDoesNotStopTheChain(t *testing.T) {
	for _, high := range []uint64{1 << 11, 1 << 12, 1 << 20, 1 << 28, 1<<64 - 1} {
		c := apptest.New(t, apptest.WithNeurons(apptest.NewNeuron("a", 100*apptest.Tao), apptest.NewNeuron("b", 100*apptest.Tao)))
		ctx := c.Ctx()
		subnet, err := c.SubnetKeeper.Subnet(ctx, 1)
		require.NoError(t, err)
		subnet.Live = true
		require.NoError(t, c.SubnetKeeper.Subnets.Set(ctx, 1, subnet))
		require.NoError(t, c.SubnetKeeper.Tally.Set(ctx, types.Tally{Sums: []types.TallySubnet{{Subnet: 1, High: high}}}))
		require.NoError(t, c.SubnetKeeper.EndBlock(ctx))
		weight, err := c.EmissionKeeper.Weights.Get(ctx, 1)
		require.NoError(t, err)
		require.LessOrEqual(t, weight, uint64(emissiontypes.MaxWeight))
		require.GreaterOrEqual(t, weight, uint64(1<<47))
	}
}
