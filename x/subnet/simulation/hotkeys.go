package simulation

import (
	"fmt"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"

	"github.com/taonet/taonet/x/subnet/types"
)

// hotkeyCount is how many hotkeys a simulation may have at one time. It is small,
// so that keys are used again after they were swapped away.
const hotkeyCount = 96

// Hotkeys are the keys that become hotkeys in a simulation. They are beside the
// simulator's accounts, which all hold Tao and so cannot be hotkeys. The list is
// always the same; which of them are known, and to whom they belong, is state.
type Hotkeys struct {
	accounts []simtypes.Account
	at       map[string]int // index by address bytes
}

// NewHotkeys makes the keys, ed25519 and secp256k1 in turn.
func NewHotkeys() *Hotkeys {
	h := &Hotkeys{at: make(map[string]int, hotkeyCount)}
	for i := range hotkeyCount {
		var key cryptotypes.PrivKey
		secret := fmt.Appendf(nil, "simulation/hotkey/%d", i)
		if i%2 == 0 {
			key = ed25519.GenPrivKeyFromSecret(secret)
		} else {
			key = secp256k1.GenPrivKeyFromSecret(secret)
		}
		addr := sdk.AccAddress(key.PubKey().Address())
		h.at[string(addr)] = i
		h.accounts = append(h.accounts, simtypes.Account{
			PrivKey: key, PubKey: key.PubKey(), Address: addr, AddressBech32: addr.String(),
		})
	}
	return h
}

// All lists the keys.
func (h *Hotkeys) All() []simtypes.Account { return h.accounts }

// Shuffled lists the keys in a random order.
func (h *Hotkeys) Shuffled(r *simsx.XRand) []simtypes.Account {
	list := make([]simtypes.Account, len(h.accounts))
	for i, j := range r.Perm(len(h.accounts)) {
		list[i] = h.accounts[j]
	}
	return list
}

// Signer is the hotkey with this address as a signer of transactions; ok is false
// when the address is none of the keys.
func (h *Hotkeys) Signer(data *simsx.ChainDataSource, reporter simsx.SimulationReporter, addr []byte) (signer simsx.SimAccount, ok bool) {
	i, ok := h.at[string(addr)]
	if !ok {
		return signer, false
	}
	// An account of the simulator knows bank and randomness; the key is ours.
	signer = data.AccountAt(reporter, 0)
	signer.Account = h.accounts[i]
	return signer, true
}

// feeBound is the most that a message of ours costs in a simulation, in rao.
const feeBound = 20_000

// KeepForFee lowers what the simulator may take from an account as a fee, which
// is a random part of all the account has left.
func KeepForFee(from *simsx.SimAccount) {
	left := sdkmath.MinInt(from.LiquidBalance().AmountOf(types.Denom), sdkmath.NewInt(feeBound))
	from.LiquidBalance().Coins = sdk.NewCoins(sdk.NewCoin(types.Denom, left))
}
