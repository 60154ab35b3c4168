package chain

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	errorsmod "cosmossdk.io/errors"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// What can be wrong with nodes.
var (
	// ErrUnreachable: no node answers.
	ErrUnreachable = errors.New("no node answers")
	// ErrLagging: every node that answers is behind what was seen before, is catching up,
	// or makes no blocks.
	ErrLagging = errors.New("the node lags behind")
	// ErrWrongChain: every node is of another chain.
	ErrWrongChain = errors.New("the node is of another chain")
	// ErrNotFound: the chain knows nothing of that name.
	ErrNotFound = errors.New("the chain does not know it")
	// ErrNoIndex: the node cannot say what became of a transaction.
	ErrNoIndex = errors.New("the node keeps no index of transactions: set tx_index.indexer in its config.toml to kv")
	// ErrExpired: a transaction got into no block in time, and never will.
	ErrExpired = errors.New("it got into no block in time")
)

// Why the chain refuses a transaction: the Reason of a [Refusal].
var (
	// ErrNoFunds: the balance is too small.
	ErrNoFunds = errors.New("not enough Tao")
	// ErrNotRegistered: the hotkey has no uid in the subnet.
	ErrNotRegistered = errors.New("not registered")
	// ErrNoPermit: rows of this neuron are not taken yet; Refusal.From says from when.
	ErrNoPermit = errors.New("no permit")
	// ErrRateLimited: too soon after the last; Refusal.From says from when.
	ErrRateLimited = errors.New("too soon")
	// ErrTooExpensive: a registration costs more than the most that was offered.
	ErrTooExpensive = errors.New("it costs more")
	// ErrFull: everybody in the subnet is immune; Refusal.From says from when a slot frees.
	ErrFull = errors.New("the subnet is full")
	// ErrClosed: the subnet takes no registrations.
	ErrClosed = errors.New("registration is closed")
	// ErrRegistered: the hotkey has a uid there already.
	ErrRegistered = errors.New("registered already")
	// ErrNotOwner: the hotkey belongs to another coldkey.
	ErrNotOwner = errors.New("the hotkey is another coldkey's")
	// ErrUnsuitable: the key cannot be used for this.
	ErrUnsuitable = errors.New("the key cannot be used for this")
	// ErrConsent: the hotkey's consent is not valid, or not any more.
	ErrConsent = errors.New("the consent does not count")
	// ErrStake: less is staked there, or the amount is too small.
	ErrStake = errors.New("the stake does not allow it")
	// ErrVersion: the subnet wants rows of newer software.
	ErrVersion = errors.New("the version is too old")
	// ErrRow: the subnet does not take rows that look so.
	ErrRow = errors.New("the row does not fit the subnet")
	// ErrNoSubnet: the subnet does not exist, or not any more.
	ErrNoSubnet = errors.New("no such subnet")
	// ErrBusy: the mempool has no place; the next block makes one.
	ErrBusy = errors.New("the node has no place for it")
	// ErrRefused: anything else; the sentence is the chain's.
	ErrRefused = errors.New("the chain refuses it")
)

// Reasons that are mended here and seen outside only when that fails.
var (
	errSequence   = errors.New("the sequence of the account has moved on")
	errFee        = errors.New("the node asks for a higher fee")
	errKnown      = errors.New("the node has it already")
	errSignature  = errors.New("the signature is for another account or chain")
	errMode       = errors.New("the subnet has changed between open and hidden rows")
	errCommits    = errors.New("too many rows are hidden")
	errEarly      = errors.New("too early to reveal")
	errRevealGone = errors.New("the commit cannot be revealed any more")
)

// Refusal is what the chain said to a transaction. errors.Is finds its Reason.
type Refusal struct {
	// Reason is one of the errors of this package.
	Reason error
	// From is the height that the chain named: the first at which it may be tried again,
	// 0 when it named none.
	From uint64
	// Height of the block in which the transaction failed, 0 when it got into none.
	Height uint64
	// Codespace, Code and Log as the node sent them.
	Codespace string
	Code      uint32
	Log       string

	detail string
}

// Error is one sentence.
func (r *Refusal) Error() string {
	text := r.Reason.Error()
	if r.detail != "" {
		text += ": " + r.detail
	}
	if r.Height > 0 {
		text += fmt.Sprintf(" (it failed in block %d)", r.Height)
	}
	return text
}

// Unwrap is the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// meaning says what a registered error of the chain is here, and where in its text the
// height stands that it names.
type meaning struct {
	code   *errorsmod.Error
	reason error
	from   *regexp.Regexp
}

// Where the chain's sentences have a height.
var (
	atHeight   = regexp.MustCompile(`at height (\d+)`)
	revealFrom = regexp.MustCompile(`reveal it from (\d+)`)
)

// meanings of all codes that a transaction of this package can meet.
var meanings = []meaning{
	{sdkerrors.ErrInsufficientFunds, ErrNoFunds, nil},
	{sdkerrors.ErrInsufficientFee, errFee, nil},
	{sdkerrors.ErrWrongSequence, errSequence, nil},
	{sdkerrors.ErrTxInMempoolCache, errKnown, nil},
	{sdkerrors.ErrMempoolIsFull, ErrBusy, nil},
	{sdkerrors.ErrUnauthorized, errSignature, nil},
	{sdkerrors.ErrTxTimeoutHeight, ErrExpired, nil},

	{subnettypes.ErrUnknownSubnet, ErrNoSubnet, nil},

	{neurontypes.ErrInvalidConsent, ErrConsent, nil},
	{neurontypes.ErrConsentExpired, ErrConsent, nil},
	{neurontypes.ErrClosed, ErrClosed, nil},
	{neurontypes.ErrSubnetDissolving, ErrClosed, nil},
	{neurontypes.ErrRegistered, ErrRegistered, nil},
	{neurontypes.ErrNotRegistered, ErrNotRegistered, nil},
	{neurontypes.ErrUnknownHotkey, ErrNotRegistered, nil},
	{neurontypes.ErrNotOwner, ErrNotOwner, nil},
	{neurontypes.ErrUnsuitableKey, ErrUnsuitable, nil},
	{neurontypes.ErrTooExpensive, ErrTooExpensive, nil},
	{neurontypes.ErrAllImmune, ErrFull, atHeight},
	{neurontypes.ErrTooSmall, ErrStake, nil},
	{neurontypes.ErrNotEnoughStake, ErrStake, nil},
	{neurontypes.ErrTooManyUnbondings, ErrStake, atHeight},
	{neurontypes.ErrTooSoon, ErrRateLimited, atHeight},

	{weightstypes.ErrNotRegistered, ErrNotRegistered, nil},
	{weightstypes.ErrNotEnoughStake, ErrNoPermit, nil},
	{weightstypes.ErrNoPermit, ErrNoPermit, atHeight},
	{weightstypes.ErrTooSoon, ErrRateLimited, atHeight},
	{weightstypes.ErrVersion, ErrVersion, nil},
	{weightstypes.ErrLengths, ErrRow, nil},
	{weightstypes.ErrTooLong, ErrRow, nil},
	{weightstypes.ErrDuplicate, ErrRow, nil},
	{weightstypes.ErrUnknownUID, ErrRow, nil},
	{weightstypes.ErrTooFew, ErrRow, nil},
	{weightstypes.ErrMaxWeight, ErrRow, nil},
	{weightstypes.ErrInvalidWeight, ErrRow, nil},
	{weightstypes.ErrCommitRequired, errMode, nil},
	{weightstypes.ErrCommitOff, errMode, nil},
	{weightstypes.ErrTooManyCommits, errCommits, nil},
	{weightstypes.ErrUnknownCommit, errRevealGone, nil},
	{weightstypes.ErrRevealTooEarly, errEarly, revealFrom},
	{weightstypes.ErrRevealTooLate, errRevealGone, nil},
	{weightstypes.ErrSubnetDissolving, ErrNoSubnet, nil},
}

// refusal makes one of what a node sent; height is 0 outside a block.
func refusal(codespace string, code uint32, log string, height uint64) *Refusal {
	r := &Refusal{Reason: ErrRefused, Height: height, Codespace: codespace, Code: code, Log: log}
	for _, m := range meanings {
		if m.code.Codespace() == codespace && m.code.ABCICode() == code {
			r.mean(m)
			return r
		}
	}
	r.detail = plain(log, "")
	if codespace != "" {
		r.detail += fmt.Sprintf(" (%s %d)", codespace, code)
	}
	return r
}

// refusalIn finds the error in the text of a simulation, which has no code.
func refusalIn(text string) *Refusal {
	text = gasUsed.ReplaceAllString(text, "")
	r := &Refusal{Reason: ErrRefused, Log: text}
	for _, m := range meanings {
		if strings.HasSuffix(text, m.code.Error()) {
			r.Codespace, r.Code = m.code.Codespace(), m.code.ABCICode()
			r.mean(m)
			return r
		}
	}
	r.detail = plain(text, "")
	return r
}

func (r *Refusal) mean(m meaning) {
	r.Reason, r.detail = m.reason, plain(r.Log, m.code.Error())
	if m.from != nil {
		r.From = numberIn(m.from, r.Log)
	}
}

// What a log has around the sentence of a module.
var (
	messageIndex = regexp.MustCompile(`^failed to execute message; message index: \d+: `)
	gasUsed      = regexp.MustCompile(`( \[[^\]]*\])? with gas used: '\d+'$`)
)

// plain is the sentence in a log: description is the registered text at its end.
func plain(log, description string) string {
	log = messageIndex.ReplaceAllString(log, "")
	return strings.TrimSuffix(log, ": "+description)
}

// refused is the Refusal in an error, nil when there is none.
func refused(err error) *Refusal {
	var r *Refusal
	errors.As(err, &r)
	return r
}
