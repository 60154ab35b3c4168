package chain

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRefusalsAreSentences(t *testing.T) {
	for _, c := range []struct {
		codespace string
		code      uint32
		log       string
		height    uint64
		reason    error
		from      uint64
		text      string
	}{
		{"weights", 11, "next row at height 9: the last was at 8 and the subnet takes one every 1 blocks: too soon", 0, ErrRateLimited, 9,
			"too soon: next row at height 9: the last was at 8 and the subnet takes one every 1 blocks"},
		{"weights", 12, "no permit yet: stake 1tao, have 0tao: no permit", 0, ErrNoPermit, 0, "no permit: no permit yet: stake 1tao, have 0tao"},
		{"weights", 22, "at height 5, reveal it from 25 to 45: too early to reveal", 0, errEarly, 25, "too early to reveal: at height 5, reveal it from 25 to 45"},
		{"neuron", 15, "failed to execute message; message index: 0: subnet 1 has 256 neurons; a slot frees at height 77: the subnet is full and everybody is immune", 70, ErrFull, 77,
			"the subnet is full: subnet 1 has 256 neurons; a slot frees at height 77 (it failed in block 70)"},
		{"neuron", 15, "a slot frees at height 99999999999999999999999: the subnet is full and everybody is immune", 0, ErrFull, 0,
			"the subnet is full: a slot frees at height 99999999999999999999999"},
		{"wasm", 3, "whatever", 0, ErrRefused, 0, "the chain refuses it: whatever (wasm 3)"},
		{"", 1, "", 0, ErrRefused, 0, "the chain refuses it"},
	} {
		r := refusal(c.codespace, c.code, c.log, c.height)
		require.ErrorIs(t, r, c.reason)
		require.Equal(t, c.from, r.From, c.log)
		require.Equal(t, c.text, r.Error())
		require.Same(t, r, refused(errors.Join(errors.New("before"), r)))
	}
	require.Nil(t, refused(errors.New("none")))
}

func TestRefusalsOfSimulations(t *testing.T) {
	r := refusalIn("failed to execute message; message index: 0: it burns 10 rao now, max_price is 5: a registration costs more [cosmos/cosmos-sdk@v0.55.0/baseapp/baseapp.go:1] with gas used: '41'")
	require.ErrorIs(t, r, ErrTooExpensive)
	require.Equal(t, "it costs more: it burns 10 rao now, max_price is 5", r.Error())
	r = refusalIn("account sequence mismatch, expected 12, got 4: incorrect account sequence with gas used: '9'")
	require.ErrorIs(t, r, errSequence)
	require.Equal(t, uint64(12), numberIn(expectedSequence, r.Log))
	require.Equal(t, uint64(700), numberIn(requiredFee, "insufficient fees; got: 5rao required: 700rao"))
	require.ErrorIs(t, refusalIn("something else"), ErrRefused)
}

func TestFeeIsRoundedUp(t *testing.T) {
	for gas, want := range map[uint64]uint64{0: 0, 1: 1, 1000: 1, 1001: 2, 123_456: 124} {
		fee, err := feeOf(gas)
		require.NoError(t, err)
		require.Equal(t, want, fee)
	}
}

// FuzzRefusal: a node may send any text.
func FuzzRefusal(f *testing.F) {
	f.Add("weights", uint32(11), "next row at height 9: too soon")
	f.Add("sdk", uint32(13), "insufficient fees; got: 1rao required: 2rao: insufficient fee")
	f.Add("", uint32(0), "")
	f.Fuzz(func(t *testing.T, codespace string, code uint32, log string) {
		for _, r := range []*Refusal{refusal(codespace, code, log, 0), refusalIn(log)} {
			require.True(t, strings.HasPrefix(r.Error(), r.Reason.Error()))
			require.ErrorIs(t, r, r.Reason)
		}
	})
}
