package lane

import (
	"time"

	errorsmod "cosmossdk.io/errors"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// MaxTimeout is how far in the future a free unordered transaction may time out.
// Every pending nonce is state; the SDK's 10 minutes would keep millions.
const MaxTimeout = 30 * time.Second

// MinLife is how long after the last block a pending free transaction must still
// live, so that none fails in a block for being late, which would cost nothing.
const MinLife = 2 * time.Second

// Gas of a free transaction: GasBase for each message and GasEntry for each weight
// at most, LeastBase and LeastEntry at least. It may use the most whatever it asks
// for, so that none fails in a block for want of gas, which would cost nothing; what
// it asks for is what it counts in a block. A row of n weights uses about 27,000 and
// 200 for each.
const (
	GasBase    = 250_000
	GasEntry   = 400
	LeastBase  = 10_000
	LeastEntry = 150
)

// Size of a free transaction in bytes: SizeBase for each message and SizeEntry for
// each weight (a varint uid and a varint weight).
const (
	SizeBase  = 1024
	SizeEntry = 8
)

// Checker runs the checks of a message server without changing anything. It
// returns the error that the message would meet.
type Checker interface {
	CheckFree(ctx sdk.Context, msg sdk.Msg) error
}

type classKey struct{}

// IsFree says whether the transaction of ctx travels in the free lane. It is
// known behind the CheckDecorator.
func IsFree(ctx sdk.Context) bool {
	class, ok := ctx.Value(classKey{}).(Class)
	return ok && class.Free
}

// CheckDecorator classifies transactions and checks free ones before anything
// expensive is done for them. It stands before the fee and the signature.
type CheckDecorator struct {
	checker Checker
	slots   *Slots
}

// NewCheckDecorator returns the decorator that opens the free lane.
func NewCheckDecorator(checker Checker, slots *Slots) CheckDecorator {
	return CheckDecorator{checker: checker, slots: slots}
}

// AnteHandle implements sdk.AnteDecorator.
func (d CheckDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	class, _ := Classify(tx)
	ctx = ctx.WithValue(classKey{}, class)
	if !class.Free {
		return next(ctx, tx, simulate)
	}
	if err := withinBounds(ctx, tx, class, simulate); err != nil {
		return ctx, err
	}
	if !simulate {
		ctx = ctx.WithGasMeter(grant(ctx.GasMeter(), mostGas(tx, class), class.Gas))
	}
	for _, msg := range tx.GetMsgs() {
		if v, ok := msg.(sdk.HasValidateBasic); ok {
			if err := v.ValidateBasic(); err != nil {
				return ctx, err
			}
		}
		// In a block the message itself runs the same checks, right behind this.
		if ctx.ExecMode() == sdk.ExecModeFinalize {
			continue
		}
		// The free check reads on a meter of its own: gas belongs to the message.
		if err := d.checker.CheckFree(unmetered(ctx), msg); err != nil {
			return ctx, err
		}
	}
	if ctx.IsCheckTx() && !simulate {
		if key, taken := d.slots.Taken(ctx.BlockHeight(), class.Keys); taken {
			return ctx, errSlotTaken(key)
		}
	}
	return next(ctx.WithPriority(1), tx, simulate)
}

// withinBounds checks gas, size and time-out of a free transaction.
func withinBounds(ctx sdk.Context, tx sdk.Tx, class Class, simulate bool) error {
	n := len(tx.GetMsgs())
	least, most := uint64(n)*LeastBase+uint64(class.Entries)*LeastEntry, mostGas(tx, class)
	if (class.Gas < least || class.Gas > most) && !simulate {
		return errorsmod.Wrapf(sdkerrors.ErrInvalidGasLimit,
			"a free transaction of %d messages and %d weights may ask for %d to %d gas, this asks for %d; set another gas limit or offer a fee",
			n, class.Entries, least, most, class.Gas)
	}
	if most := n*SizeBase + class.Entries*SizeEntry; len(ctx.TxBytes()) > most {
		return errorsmod.Wrapf(sdkerrors.ErrTxTooLarge,
			"a free transaction of %d messages and %d weights may have %d bytes, this has %d; offer a fee",
			n, class.Entries, most, len(ctx.TxBytes()))
	}
	unordered, ok := tx.(sdk.TxWithUnordered)
	if !ok || !unordered.GetUnordered() {
		return nil
	}
	if latest := ctx.BlockTime().Add(MaxTimeout); unordered.GetTimeoutTimeStamp().After(latest) {
		return errorsmod.Wrapf(sdkerrors.ErrInvalidRequest,
			"a free unordered transaction may time out at %s (%s after the last block), this one at %s; set an earlier time-out",
			latest.UTC().Format(time.RFC3339), MaxTimeout, unordered.GetTimeoutTimeStamp().UTC().Format(time.RFC3339))
	}
	if earliest := ctx.BlockTime().Add(MinLife); ctx.IsCheckTx() && unordered.GetTimeoutTimeStamp().Before(earliest) {
		return errorsmod.Wrapf(sdkerrors.ErrInvalidRequest,
			"a free unordered transaction may time out from %s on (%s after the last block), this one at %s; set a later time-out",
			earliest.UTC().Format(time.RFC3339), MinLife, unordered.GetTimeoutTimeStamp().UTC().Format(time.RFC3339))
	}
	return nil
}

func mostGas(tx sdk.Tx, class Class) uint64 {
	return uint64(len(tx.GetMsgs()))*GasBase + uint64(class.Entries)*GasEntry
}

// grantedMeter lets a transaction use more gas than it asks for.
type grantedMeter struct {
	storetypes.GasMeter
	asked uint64
}

// Limit is what the transaction asks for.
func (m grantedMeter) Limit() storetypes.Gas { return m.asked }

// grant goes on from a meter with another bound.
func grant(used storetypes.GasMeter, most, asked uint64) storetypes.GasMeter {
	meter := storetypes.NewGasMeter(most)
	meter.ConsumeGas(used.GasConsumed(), "before the free lane")
	return grantedMeter{meter, asked}
}

// FeeDecorator takes the fee of every transaction that is not free.
type FeeDecorator struct {
	inner sdk.AnteDecorator
}

// NewFeeDecorator puts the free lane before a decorator that takes fees.
func NewFeeDecorator(inner sdk.AnteDecorator) FeeDecorator {
	return FeeDecorator{inner: inner}
}

// AnteHandle implements sdk.AnteDecorator.
func (d FeeDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if IsFree(ctx) {
		return next(ctx, tx, simulate)
	}
	return d.inner.AnteHandle(ctx, tx, simulate, next)
}

// ClaimDecorator claims the slots of a free transaction and counts one that pays.
// It stands behind the verification of signatures.
type ClaimDecorator struct {
	slots *Slots
}

// NewClaimDecorator returns the decorator that closes the free lane.
func NewClaimDecorator(slots *Slots) ClaimDecorator {
	return ClaimDecorator{slots: slots}
}

// AnteHandle implements sdk.AnteDecorator.
func (d ClaimDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	newCtx, err := next(ctx, tx, simulate)
	if err != nil || simulate || !ctx.IsCheckTx() {
		return newCtx, err
	}
	class, _ := ctx.Value(classKey{}).(Class)
	if class.Free {
		return newCtx, d.slots.Claim(ctx.BlockHeight(), class.Keys)
	}
	return newCtx, d.slots.Admit(ctx.BlockHeight(), len(ctx.TxBytes()), class.Gas, ctx.IsReCheckTx())
}
