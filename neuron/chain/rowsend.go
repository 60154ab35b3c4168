package chain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/neuron/wallet"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	// saltBytes of a commit.
	saltBytes = 32
	// openCommits is how many rows we let wait at most; the chain takes 64.
	openCommits = 32
	// usualTempo in blocks, where the subnet has not been asked yet.
	usualTempo = 10
	// longestPause in blocks between attempts that keep failing.
	longestPause = 64
)

// next is what to send now, nil for nothing. Reveals come first: they have a window.
func (r *Rows) next(b Block) (*pendingTx, error) {
	for _, h := range slices.Backward(r.state.Hidden) { // the newest drops all older ones
		if h.From > 0 && b.Height+1 >= h.From {
			return &pendingTx{Kind: KindReveal, Hidden: &h}, nil
		}
	}
	row := r.wanted()
	if row == nil || !r.due(b, row) {
		return nil, nil
	}
	open := &pendingTx{Kind: KindRow, Row: row}
	if no := fits(row, *r.params); no != nil {
		return nil, r.misfit(b, open, no)
	}
	if !r.params.CommitReveal {
		return open, nil
	}
	h := &hiddenRow{Row: row, Salt: make([]byte, saltBytes), Version: r.cfg.Version}
	_, _ = rand.Read(h.Salt) // never fails
	hotkey, err := wallet.ParseAddress(r.cfg.Hotkey.Address())
	if err != nil {
		return nil, err
	}
	uids, weights := columns(row)
	h.Hash = weightstypes.CommitHash(r.state.ChainID, hotkey, r.cfg.Subnet, uids, weights, h.Salt, h.Version)
	return &pendingTx{Kind: KindCommit, Hidden: h}, nil
}

// due says whether a row is to be sent at this height.
func (r *Rows) due(b Block, row []Weight) bool {
	next, last := b.Height+1, r.state.RowHeight
	if slices.Equal(row, r.bad) && next < r.badTill {
		return false
	}
	if last == 0 {
		return true
	}
	if slices.Equal(row, r.state.Row) && next < last+max(r.params.ActivityCutoff/2, 1) {
		return false
	}
	if !r.params.CommitReveal {
		return next >= last+r.params.WeightsRateLimit
	}
	if len(r.state.Hidden) >= openCommits {
		return false
	}
	return next >= last+max(r.params.WeightsRateLimit, r.params.Tempo, r.params.RevealAfter/openCommits+1)
}

// message of a pending transaction.
func (r *Rows) message(p *pendingTx) (msg sdk.Msg, weights int) {
	hotkey := r.cfg.Hotkey.Address()
	switch p.Kind {
	case KindCommit:
		return &weightstypes.MsgCommitWeights{Hotkey: hotkey, Subnet: r.cfg.Subnet, Hash: p.Hidden.Hash}, 0
	case KindReveal:
		uids, values := columns(p.Hidden.Row)
		return &weightstypes.MsgRevealWeights{
			Hotkey: hotkey, Subnet: r.cfg.Subnet, Uids: uids, Weights: values, Salt: p.Hidden.Salt, Version: p.Hidden.Version,
		}, len(uids)
	}
	uids, values := columns(p.Row)
	return &weightstypes.MsgSetWeights{Hotkey: hotkey, Subnet: r.cfg.Subnet, Uids: uids, Weights: values, Version: r.cfg.Version}, len(uids)
}

func columns(row []Weight) (uids, weights []uint32) {
	for _, w := range row {
		uids, weights = append(uids, w.UID), append(weights, uint32(w.Value))
	}
	return uids, weights
}

// send signs, makes durable, and sends, in this order.
func (r *Rows) send(ctx context.Context, b Block, p *pendingTx) (err error) {
	msg, weights := r.message(p)
	d := r.c.free(*r.account, b.Time, weights, msg)
	if p.Raw, err = r.c.sign(ctx, r.cfg.Hotkey, d); err != nil {
		return err
	}
	p.Timeout, p.Height, p.fresh = d.timeout, b.Height, true
	r.state.Pending = p
	if err := r.save(); err != nil {
		r.state.Pending = nil // it was not sent
		return fatal{err}
	}
	return r.transmit(ctx, b)
}

// transmit hands the pending transaction to a node. Only a no to the very first attempt
// is final: after it the transaction is nowhere.
func (r *Rows) transmit(ctx context.Context, b Block) error {
	p := r.state.Pending
	first := p.fresh
	p.fresh, p.sentAt = false, b.Height
	err := r.c.broadcast(ctx, p.Raw)
	if err == nil || errors.Is(err, errKnown) {
		p.taken = true
		return nil
	}
	no := refused(err)
	if no == nil || !first {
		return nil // it may be somewhere: settle finds out
	}
	return r.refusedRow(ctx, b, p, no)
}

// settle finds out what became of the pending transaction.
func (r *Rows) settle(ctx context.Context, b Block) error {
	p := r.state.Pending
	if p == nil {
		return nil
	}
	hash := hashOf(p.Raw)
	res, err := r.c.find(ctx, hash)
	switch {
	case err == nil:
		if no := refused(failure(res)); no != nil {
			return r.refusedRow(ctx, b, p, no)
		}
		return r.accepted(p, uint64(res.Height), hash)
	case errors.Is(err, ErrNoIndex), errors.Is(err, ErrNotFound):
		return r.missing(ctx, b, p, errors.Is(err, ErrNoIndex))
	}
	return err
}

// missing is for a transaction of which the node's index knows nothing, or that has none.
// What is void is given up, and what may be lost is sent again. Before a salt is given
// up, and without an index, the state says whether it arrived.
func (r *Rows) missing(ctx context.Context, b Block, p *pendingTx, noIndex bool) error {
	void := b.Time.Add(-settling * time.Second).After(p.Timeout)
	if void || noIndex {
		height, err := r.arrived(ctx, p)
		if err != nil {
			return err
		}
		if height > 0 {
			return r.accepted(p, height, hashOf(p.Raw))
		}
	}
	if void {
		r.state.Pending = nil
		if err := r.save(); err != nil {
			return fatal{err}
		}
		r.failed(b, p.Kind, fmt.Errorf("%w after height %d; it is sent anew", ErrExpired, p.Height))
		r.after = 0
		return nil
	}
	if p.taken && b.Height < p.sentAt+again {
		return nil
	}
	return r.transmit(ctx, b)
}

// arrived asks the state for what a transaction did: the height, 0 when it did nothing.
func (r *Rows) arrived(ctx context.Context, p *pendingTx) (uint64, error) {
	n, err := r.c.Neuron(ctx, r.cfg.Subnet, r.cfg.Hotkey.Address())
	if errors.Is(err, ErrNotRegistered) {
		return 0, fatal{err}
	}
	if err != nil {
		return 0, err
	}
	if p.Kind != KindCommit {
		if n.LastUpdate > p.Height {
			return n.LastUpdate, nil
		}
		return 0, nil
	}
	commits, err := r.c.commits(ctx, r.cfg.Subnet, n.UID)
	if err != nil {
		return 0, err
	}
	for _, c := range commits {
		if slices.Equal(c.Hash, p.Hidden.Hash) {
			return c.Height, nil
		}
	}
	return 0, nil
}

// accepted books what a block took.
func (r *Rows) accepted(p *pendingTx, height uint64, hash string) error {
	s := &r.state
	s.Pending = nil
	switch p.Kind {
	case KindRow:
		s.Row, s.RowHeight = p.Row, height
	case KindCommit:
		h := *p.Hidden
		h.Height = height
		s.Row, s.RowHeight, s.Hidden = h.Row, height, append(s.Hidden, h)
	case KindReveal: // older ones are dropped by the chain, too
		s.Hidden = slices.DeleteFunc(s.Hidden, func(h hiddenRow) bool { return h.Height <= p.Hidden.Height })
	}
	if err := r.save(); err != nil {
		return fatal{err}
	}
	r.fails, r.waiting, r.bad, r.after = 0, nil, nil, 0
	r.cfg.Report(Outcome{Kind: p.Kind, Height: height, Hash: hash})
	return nil
}

// windows asks from when until when hidden rows may be revealed, and drops those that
// the chain does not have or whose time is over.
func (r *Rows) windows(ctx context.Context, b Block) error {
	unknown := slices.ContainsFunc(r.state.Hidden, func(h hiddenRow) bool { return h.From == 0 })
	over := slices.ContainsFunc(r.state.Hidden, func(h hiddenRow) bool { return h.From > 0 && b.Height+1 > h.Until })
	if !unknown && !over {
		return nil
	}
	var open []weightstypes.Commit
	if unknown {
		n, err := r.c.Neuron(ctx, r.cfg.Subnet, r.cfg.Hotkey.Address())
		if errors.Is(err, ErrNotRegistered) {
			return fatal{err}
		}
		if err != nil {
			return err
		}
		if open, err = r.c.commits(ctx, r.cfg.Subnet, n.UID); err != nil {
			return err
		}
	}
	for i := range r.state.Hidden {
		h := &r.state.Hidden[i]
		for _, c := range open {
			if slices.Equal(c.Hash, h.Hash) {
				h.Height, h.From, h.Until = c.Height, c.RevealFrom, c.RevealUntil
			}
		}
	}
	return r.drop(b, func(h hiddenRow) bool { return h.From == 0 || b.Height+1 > h.Until })
}

// drop forgets hidden rows that cannot be revealed any more, so that what is wanted is
// hidden anew.
func (r *Rows) drop(b Block, lost func(hiddenRow) bool) error {
	var gone []hiddenRow
	r.state.Hidden = slices.DeleteFunc(r.state.Hidden, func(h hiddenRow) bool {
		if lost(h) {
			gone = append(gone, h)
		}
		return lost(h)
	})
	if len(gone) > 0 {
		r.state.Row = nil
	}
	if err := r.save(); err != nil {
		return fatal{err}
	}
	for _, h := range gone {
		r.failed(b, KindReveal, fmt.Errorf("%w: it was hidden at height %d and could be shown from %d to %d; a row is hidden anew", errRevealGone, h.Height, h.From, h.Until))
	}
	return nil
}

// commits of a neuron that the chain holds.
func (c *Client) commits(ctx context.Context, subnet uint64, uid uint32) ([]weightstypes.Commit, error) {
	res, err := c.weights().Commits(ctx, &weightstypes.QueryCommitsRequest{Subnet: subnet, Uid: uid})
	if err != nil {
		return nil, asked(fmt.Sprintf("commits of uid %d", uid), err)
	}
	return res.Commits, nil
}
