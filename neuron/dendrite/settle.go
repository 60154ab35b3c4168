package dendrite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/synapse"
)

// settle books how an exchange ended and returns nil or its Error. ctx is the one of
// whoever asked.
func (p *Peer) settle(ctx context.Context, m method, a *attempt, err error) error {
	now := p.d.deps.Now()
	elapsed := now.Sub(a.began)
	reason, pause, err := p.judge(ctx, a, elapsed, err)
	p.mu.Lock()
	before := p.circuit.state(now, p.d.cfg.OpenAfter)
	p.book(m, a, reason, now, elapsed, pause)
	after, next := p.circuit.state(now, p.d.cfg.OpenAfter), p.circuit.until.Sub(now)
	failures := p.circuit.failures
	if err != nil {
		err = p.problem(m, reason, max(next, 0), err)
	}
	if reason.Failure() || reason == ReasonBusy {
		p.counts.lastError = err.Error()
	}
	p.mu.Unlock()
	p.d.deps.Observe(Event{UID: p.endpoint.UID, Method: m.String(), Reason: reason, Latency: elapsed})
	switch {
	case before == Closed && after == Open:
		p.d.deps.Log.Warn("a peer's circuit is open", "uid", p.endpoint.UID, "failures", failures, "error", err)
	case before != Closed && after == Closed:
		p.d.deps.Log.Info("a peer answers again", "uid", p.endpoint.UID, "host", p.endpoint.String())
	case reason.Failure():
		p.d.deps.Log.Debug("a peer did not answer", "error", err)
	}
	return err
}

// book changes circuit, counts and latencies.
func (p *Peer) book(m method, a *attempt, reason Reason, now time.Time, elapsed, pause time.Duration) {
	switch {
	case reason == ReasonNone:
		p.circuit.succeed()
		p.counts.answered++
		p.counts.lastAnswer = now
		if a.latency > 0 {
			elapsed = a.latency
		}
		p.latencies[m].add(elapsed)
	case reason == ReasonBusy:
		p.circuit.wait(now, a.probe, pause)
		p.counts.busy++
	case reason.Failure():
		p.circuit.fail(a.began, now, a.probe, p.d.pause)
		p.counts.failures[reason]++
		if reason == ReasonTimeout {
			p.latencies[m].add(elapsed)
		}
	default:
		p.circuit.abandon(a.probe)
		p.counts.abandoned++
	}
}

// judge says whose fault an error is. The pause is the one that a busy peer asks for.
func (p *Peer) judge(ctx context.Context, a *attempt, elapsed time.Duration, err error) (Reason, time.Duration, error) {
	if err == nil {
		return ReasonNone, 0, nil
	}
	p.mu.Lock()
	blocked := p.blocked
	p.mu.Unlock()
	switch f := (*fault)(nil); {
	case p.ctx.Err() != nil:
		return ReasonGone, 0, ErrGone
	case errors.As(blocked, &f):
		return f.reason, 0, f.err
	case errors.As(err, &f):
		return f.reason, 0, f.err
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded) && elapsed >= p.d.cfg.TimeoutFloor:
		return ReasonTimeout, 0, fmt.Errorf("%w: %s, all that whoever asked had", ErrTimeout, seconds(elapsed))
	case ctx.Err() != nil:
		return ReasonAbandoned, 0, fmt.Errorf("no longer waited for after %s: %w", seconds(elapsed), context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded:
		return ReasonTimeout, 0, fmt.Errorf("%w: it had %s", ErrTimeout, seconds(a.limit))
	}
	return p.judgeStatus(err)
}

// judgeStatus reads what gRPC or the server says. A server that says when to come again
// is taken at its word, whatever the code: its queue is full, it is changing its model,
// or it has just started and knows no nonces yet.
func (p *Peer) judgeStatus(err error) (Reason, time.Duration, error) {
	text := statusText(err)
	if d, ok := retryAfter(err); ok {
		d = min(max(d, p.d.cfg.BackoffBase), p.d.cfg.BackoffCeiling)
		return ReasonBusy, d, fmt.Errorf("it is busy: %q", text)
	}
	switch code := status.Code(err); code {
	case codes.Unavailable, codes.Canceled:
		return ReasonConnection, 0, fmt.Errorf("no connection: %q", text)
	case codes.Unknown:
		if _, ok := status.FromError(err); !ok { // not from gRPC
			return ReasonConnection, 0, err
		}
		return ReasonRejected, 0, fmt.Errorf("it answered with %s: %q", code, text)
	case codes.ResourceExhausted:
		if strings.HasPrefix(text, "grpc: received message") {
			return ReasonSize, 0, fmt.Errorf("it sent more than the answer can be: %q", text)
		}
		return ReasonRejected, 0, fmt.Errorf("it is exhausted and does not say for how long: %q", text)
	default:
		return ReasonRejected, 0, fmt.Errorf("it answered with %s: %q", code, text)
	}
}

// retryAfter is the pause that a status asks for.
func retryAfter(err error) (time.Duration, bool) {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.RetryDelay.IsValid() {
			return info.RetryDelay.AsDuration(), true
		}
	}
	return 0, false
}

// checked verifies the signature of an answer to this peer's request.
func (p *Peer) checked(s synapse.Signed, request, body []byte) error {
	if err := synapse.VerifyResponse(p.d.deps.Verifier, s, p.endpoint.Hotkey, request, body); err != nil {
		return &fault{ReasonSignature, err}
	}
	return nil
}
