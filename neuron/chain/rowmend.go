package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// refusedRow does what mends a refusal. The transaction is in no block as a success, and
// in no mempool: it was refused at once, or it failed in a block.
func (r *Rows) refusedRow(ctx context.Context, b Block, p *pendingTx, no *Refusal) error {
	r.state.Pending = nil
	if err := r.save(); err != nil {
		return fatal{err}
	}
	next := b.Height + 2 // the block after the next
	switch reason := no.Reason; {
	case errors.Is(reason, ErrBusy):
		r.after = next
	case errors.Is(reason, ErrRateLimited), errors.Is(reason, errEarly):
		r.after = max(no.From, next)
	case errors.Is(reason, errCommits):
		r.after = next + r.tempo()
	case errors.Is(reason, ErrNoPermit):
		r.wait(b, p.Kind, no)
	case errors.Is(reason, ErrNotRegistered):
		return r.gone(ctx, no)
	case errors.Is(reason, ErrNoSubnet):
		return fatal{no}
	case errors.Is(reason, errMode):
		r.params, r.after = nil, next
	case errors.Is(reason, errSignature):
		r.account = nil
		r.failed(b, p.Kind, no)
	case errors.Is(reason, errRevealGone):
		return r.drop(b, func(h hiddenRow) bool { return slices.Equal(h.Hash, p.Hidden.Hash) })
	case errors.Is(reason, ErrRow):
		return r.misfit(b, p, no)
	default:
		r.failed(b, p.Kind, no)
	}
	return nil
}

// misfit keeps a row that the subnet does not take from being sent again: until it is
// another, or for some time, because hyperparameters change.
func (r *Rows) misfit(b Block, p *pendingTx, no *Refusal) error {
	r.bad, r.badTill = p.Row, b.Height+longestPause
	if p.Hidden != nil {
		r.bad = p.Hidden.Row
		r.state.Hidden = slices.DeleteFunc(r.state.Hidden, func(h hiddenRow) bool { return slices.Equal(h.Hash, p.Hidden.Hash) })
		if err := r.save(); err != nil {
			return fatal{err}
		}
	}
	r.cfg.Report(Outcome{Kind: p.Kind, Err: no})
	return nil
}

// fits finds what the subnet would refuse about a row, so that none is hidden for
// nothing. A lone weight is the chain's to judge: for oneself it has no bounds.
func fits(row []Weight, h Hyperparameters) *Refusal {
	var sum, most uint64
	for _, w := range row {
		sum, most = sum+uint64(w.Value), max(most, uint64(w.Value))
	}
	var detail string
	switch {
	case len(row) > int(h.MaxRow):
		detail = fmt.Sprintf("it has %d entries, the bound is %d (max_row)", len(row), h.MaxRow)
	case len(row) == 1:
	case len(row) < int(h.MinAllowedWeights):
		detail = fmt.Sprintf("it has %d weights above 0, the least is %d (min_allowed_weights)", len(row), h.MinAllowedWeights)
	case most*65535 > uint64(h.MaxWeight)*sum:
		detail = fmt.Sprintf("one peer holds %d of %d, the bound is %d/65535 of the row (max_weight)", most, sum, h.MaxWeight)
	}
	if detail == "" {
		return nil
	}
	return &Refusal{Reason: ErrRow, detail: detail}
}

// wait is for a permit: until the height at which they are renewed, which is over when a
// row can be sent, or for an epoch when none is named. It is said once.
func (r *Rows) wait(b Block, kind Kind, no *Refusal) {
	r.after = b.Height + 1 + r.tempo()
	if no.From > b.Height {
		r.after = no.From + 1
	}
	if r.waiting == nil || r.waiting.Code != no.Code {
		r.cfg.Report(Outcome{Kind: kind, Err: no, Waiting: true})
	}
	r.waiting = no
}

// tempo of the subnet, or its default while it is not known.
func (r *Rows) tempo() uint64 {
	if r.params == nil {
		return usualTempo
	}
	return r.params.Tempo
}

// failed reports a failure and pauses, longer each time.
func (r *Rows) failed(b Block, kind Kind, err error) {
	r.after = b.Height + 1 + uint64(min(1<<min(r.fails, 10), longestPause))
	r.fails++
	r.cfg.Report(Outcome{Kind: kind, Err: err})
}
