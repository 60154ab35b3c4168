package overview

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/chain"
)

func TestPerDay(t *testing.T) {
	require.EqualValues(t, 86400, PerDay(time.Second))
	require.EqualValues(t, 7200, PerDay(12*time.Second))
	require.Zero(t, PerDay(0))
	require.Zero(t, PerDay(-time.Second))
}

// What a place earns in a day is what its last epoch paid, by the blocks that it covers.
func TestPlace(t *testing.T) {
	m := chain.Metagraph{Subnet: 3, Height: 120, Epoch: 110, Previous: 100, Neurons: []chain.Neuron{{
		UID: 5, Hotkey: "hot", ServerEmission: 70, ValidatorEmission: 30, Trust: 1, Incentive: 2, Dividends: 3, Permit: true, LastUpdate: 90,
	}}}
	l := &look{perDay: 1000}
	place := chain.Place{Subnet: 3, UID: 5, Owed: 9, Axon: &chain.Axon{Host: "203.0.113.7", Port: 9000}}
	day := uint64(10_000)
	require.Equal(t, Hotkey{
		Hotkey: "hot", Pool: 8, Stake: 7, Owed: 9, Subnet: 3, UID: 5, Trust: 1, Incentive: 2, Dividends: 3, Permit: true,
		PerDay: &day, Row: 90, RowAge: 30, Axon: "203.0.113.7:9000",
	}, l.place(Hotkey{Hotkey: "hot", Pool: 8, Stake: 7}, place, m))

	l.perDay = 0
	require.Nil(t, l.place(Hotkey{Hotkey: "hot"}, place, m).PerDay, "the pace is not known")
	gone := l.place(Hotkey{Hotkey: "other"}, chain.Place{Subnet: 3, UID: 5}, m)
	require.Zero(t, gone.Trust, "another has the uid now")
	require.Empty(t, gone.Axon)
}

func TestNoNode(t *testing.T) {
	c, err := chain.Dial(chain.Config{Nodes: []string{"127.0.0.1:1"}})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.Zero(t, BlocksPerDay(context.Background(), c, 100*time.Millisecond))
	_, err = Look(context.Background(), c, "tao1", 0)
	require.ErrorIs(t, err, chain.ErrUnreachable)
}
