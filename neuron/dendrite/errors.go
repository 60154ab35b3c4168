package dendrite

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Reason says why a call was not answered.
type Reason uint8

// The reasons. Those from ReasonAddress on are failures of the peer: they are counted,
// and a pause follows.
const (
	ReasonNone        Reason = iota // it was answered
	ReasonLocal                     // this side: an input that does not fit, a signer that fails
	ReasonAbandoned                 // whoever asked stopped waiting
	ReasonWaiting                   // not asked: a pause or an open circuit
	ReasonGone                      // the record changed or the dendrite was closed
	ReasonBusy                      // it said for how long it has no time
	ReasonAddress                   // its name was not found, or its endpoint is refused
	ReasonFingerprint               // the TLS key is not the one on chain
	ReasonConnection                // no connection, or it broke
	ReasonTimeout                   // no answer in time
	ReasonSignature                 // unsigned, or not by its hotkey for this request
	ReasonAnswer                    // no frame, another shape, no distribution
	ReasonSize                      // more than the answer can be
	ReasonRejected                  // it answered with an error
	reasons
)

// String is the reason's name, as in metrics.
func (r Reason) String() string {
	names := [...]string{
		"none", "local", "abandoned", "waiting", "gone", "busy", "address", "fingerprint",
		"connection", "timeout", "signature", "answer", "size", "rejected",
	}
	if int(r) < len(names) {
		return names[r]
	}
	return strconv.Itoa(int(r))
}

// Failure says whether the reason counts against the peer.
func (r Reason) Failure() bool { return r >= ReasonAddress && r < reasons }

// What errors.Is finds in an Error besides what other packages say.
var (
	// ErrTimeout: no answer in time.
	ErrTimeout = errors.New("no answer in time")
	// ErrAnswer: an answer that is not what was asked for.
	ErrAnswer = errors.New("wrong answer")
	// ErrEnough: others had answered, and this one was no longer waited for.
	ErrEnough = errors.New("enough others have answered")
	// ErrGone: the peer's record changed, or the dendrite was closed.
	ErrGone = errors.New("its record is no longer on chain, or the dendrite was closed")
)

// Error says which peer did not answer, why, and what follows.
type Error struct {
	UID uint32
	// Host is host:port of its record.
	Host string
	// Method is Forward, Follow and so on.
	Method string
	Reason Reason
	// Next is how long it is not asked now.
	Next time.Duration
	Err  error
}

// Error is a sentence. Part of it may be what the peer wrote: it is short and printable.
func (e *Error) Error() string {
	return fmt.Sprintf("peer %d (%s), %s: %s; %s", e.UID, e.Host, e.Method, printable(shortened(e.Err.Error())), e.follows())
}

// Unwrap gives what happened.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) follows() string {
	switch e.Reason {
	case ReasonLocal, ReasonAbandoned:
		return "this does not count against it"
	case ReasonGone:
		return "look the peer up again"
	case ReasonFingerprint:
		return "it is not asked again until its record changes"
	}
	if errors.Is(e.Err, ErrEndpoint) {
		return "it is not asked until its record changes"
	}
	if e.Next <= 0 {
		return "it may be asked again now"
	}
	return "next try in " + seconds(e.Next)
}

// ReasonOf is the reason of an Error anywhere in err, ReasonNone when there is none.
func ReasonOf(err error) Reason {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Reason
	}
	return ReasonNone
}

// seconds writes a duration as 8 s or 0.5 s, rounded up.
func seconds(d time.Duration) string {
	s := d.Seconds()
	if s < 10 {
		return strconv.FormatFloat(math.Ceil(s*10)/10, 'f', -1, 64) + " s"
	}
	return strconv.FormatFloat(math.Ceil(s), 'f', 0, 64) + " s"
}

// fault is an error whose reason is known where it arises.
type fault struct {
	reason Reason
	err    error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func local(format string, args ...any) error {
	return &fault{ReasonLocal, fmt.Errorf(format, args...)}
}

// wrong is an answer that is not what was asked for.
func wrong(format string, args ...any) error {
	return &fault{ReasonAnswer, fmt.Errorf("%w: %w", ErrAnswer, fmt.Errorf(format, args...))}
}

// printable is s with a dot for what would move a cursor or begin a line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}

// shortened bounds text that a peer wrote.
func shortened(s string) string {
	const most = 400
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
