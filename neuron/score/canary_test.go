package score

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTwoReceiptsConvict(t *testing.T) {
	var c Canaries
	one, two := Hash{1}, Hash{2}
	require.True(t, c.Send(one, 7, 1000))
	require.False(t, c.Send(one, 8, 1000), "a sample goes to one suspect")
	require.True(t, c.Send(two, 9, 1000))

	require.True(t, c.Receipt(one, 7, 1001))
	require.True(t, c.Receipt(one, 7, 1002))
	require.Empty(t, c.Convicted(nil), "its own receipt, twice, says nothing")
	require.True(t, c.Receipt(two, 3, 1002))
	require.Empty(t, c.Convicted(nil), "one receipt may be a lie")

	require.True(t, c.Receipt(one, 3, 1003))
	require.Equal(t, []uint32{7}, c.Convicted(nil), "the other has it from the suspect")
	require.True(t, c.Receipt(two, 4, 1003))
	require.Equal(t, []uint32{1, 7, 9}, c.Convicted([]uint32{1}), "and so have two others")

	require.False(t, c.Receipt(Hash{99}, 3, 1003), "never sent")
}

func TestLiarsConvictNobody(t *testing.T) {
	var c Canaries
	require.True(t, c.Send(Hash{1}, 7, 0))
	require.True(t, c.Decoy(Hash{2}, 0))
	c.Receipt(Hash{1}, 7, 1)
	c.Receipt(Hash{1}, 3, 1)
	require.Equal(t, []uint32{7}, c.Convicted(nil))
	c.Receipt(Hash{2}, 3, 1) // it has seen what nobody was sent
	require.Equal(t, []uint32{3}, c.Liars(nil))
	require.Empty(t, c.Convicted(nil))
	c.Receipt(Hash{1}, 4, 1)
	require.Equal(t, []uint32{7}, c.Convicted(nil), "two honest receipts")
	c.Receipt(Hash{2}, 7, 1)
	require.Equal(t, []uint32{7}, c.Convicted(nil), "a lie does not save the suspect from its own receipt")
}

func TestCanariesExpire(t *testing.T) {
	var c Canaries
	c.Send(Hash{1}, 7, 1000)
	c.Send(Hash{2}, 8, 1500)
	require.False(t, c.Receipt(Hash{1}, 7, 1601))
	c.Expire(1601)
	require.Len(t, c.Open, 1)

	blob, err := json.Marshal(c)
	require.NoError(t, err)
	var back Canaries
	require.NoError(t, json.Unmarshal(blob, &back))
	require.Equal(t, c, back)
}
