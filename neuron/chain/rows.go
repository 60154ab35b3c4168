package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/wallet"
)

// Weight is one entry of a row: what a peer is worth, relative to the others.
type Weight = score.Weight

// Kind is what a sender of rows sends.
type Kind string

// The kinds.
const (
	// KindRow is a row in the open.
	KindRow Kind = "row"
	// KindCommit hides a row.
	KindCommit Kind = "commit"
	// KindReveal puts a hidden row in force.
	KindReveal Kind = "reveal"
)

// Outcome is what became of something that was sent, or why nothing is.
type Outcome struct {
	Kind Kind
	// Height of the block and Hash of the transaction when it was accepted; Err is nil then.
	Height uint64
	Hash   string
	// Err says in one sentence why it was not.
	Err error
	// Waiting says that this is no failure: the row goes out when its time comes.
	Waiting bool
}

// String is one sentence.
func (o Outcome) String() string {
	switch {
	case o.Err == nil:
		return fmt.Sprintf("%s accepted in block %d", o.Kind, o.Height)
	case o.Waiting:
		return fmt.Sprintf("%s waits: %v", o.Kind, o.Err)
	}
	return fmt.Sprintf("%s failed: %v", o.Kind, o.Err)
}

// RowsConfig says whose rows go where.
type RowsConfig struct {
	Hotkey *wallet.Hotkey
	Subnet uint64
	// Version of the software that made the rows, at least the subnet's weights_version.
	Version uint64
	// Journal of this hotkey and subnet.
	Journal Journal
	// Report hears every Outcome, from the goroutine of Run; it must return soon.
	Report func(Outcome)
}

// Rows sends the rows of one hotkey in one subnet.
//
// It keeps the last row that Set was given and brings it into a block when it differs
// from what the chain has, or when half of activity_cutoff has passed since: an older row
// would leave the neuron inactive. One is sent per weights_rate_limit; where the subnet
// hides rows, one per tempo at most and not more than fit among the open commits, and
// each is revealed in its window.
//
//	too soon, no place in the mempool    again at the height that the chain names, or the next
//	no permit, too little stake          again when permits are renewed; said once, no failure
//	open or hidden rows                  the hyperparameters are asked anew
//	a row that does not fit              not sent again before it changes or some time has passed
//	not registered any more              Run ends with ErrNotRegistered
//	a node that is away or started anew  the same bytes again, until they are in a block or void
type Rows struct {
	c   *Client
	cfg RowsConfig

	mu     sync.Mutex
	latest []Weight

	// What follows belongs to the goroutine of Run.
	state   rowState
	account *uint64 // number of the hotkey's account
	params  *Hyperparameters
	asked   uint64   // height at which params were asked for
	after   uint64   // no attempt before a block of this height could take it
	bad     []Weight // the last row that did not fit
	badTill uint64
	fails   int      // one after the other
	waiting *Refusal // why we wait, when it was said
}

// Rows prepares a sender; Run makes it work. It fails when the journal is damaged or of
// another hotkey or subnet.
func (c *Client) Rows(cfg RowsConfig) (*Rows, error) {
	if cfg.Hotkey == nil || cfg.Journal == nil {
		return nil, errors.New("rows need a hotkey and a journal")
	}
	if cfg.Report == nil {
		cfg.Report = func(Outcome) {}
	}
	r := &Rows{c: c, cfg: cfg}
	if err := r.load(); err != nil {
		return nil, err
	}
	r.state.Hotkey, r.state.Subnet = cfg.Hotkey.Address(), cfg.Subnet
	c.nodes.expect(r.state.RowHeight) // a node that is not there yet would answer wrongly
	return r, nil
}

// Set replaces the row to be sent; it may be called from any goroutine and returns at
// once. Entries of weight 0 are left out, which means the same, and a row without any
// other is not sent. It fails when a peer comes twice.
func (r *Rows) Set(row []Weight) error {
	kept := make([]Weight, 0, len(row))
	for _, w := range row {
		if w.Value > 0 {
			kept = append(kept, w)
		}
	}
	slices.SortFunc(kept, func(a, b Weight) int { return cmp.Compare(a.UID, b.UID) })
	for i := 1; i < len(kept); i++ {
		if kept[i].UID == kept[i-1].UID {
			return fmt.Errorf("uid %d comes twice in the row", kept[i].UID)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest = kept
	return nil
}

// wanted is the row to be sent, nil for none.
func (r *Rows) wanted() []Weight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.latest) == 0 {
		return nil
	}
	return r.latest
}

// Run sends until ctx ends, and returns why it ended: ctx.Err(), ErrNotRegistered,
// ErrNoSubnet, ErrWrongChain, or an error of the journal. What is pending then stays in
// the journal. It may be called once.
func (r *Rows) Run(ctx context.Context) error {
	blocks, why := r.c.Blocks(ctx)
	for b := range blocks {
		if err := r.block(ctx, b); err != nil {
			return err
		}
	}
	return why()
}

// block does what there is to do at a new height. It fails when there is nothing more to
// be done ever.
func (r *Rows) block(ctx context.Context, b Block) error {
	if r.state.ChainID == "" {
		r.state.ChainID = r.c.ChainID()
	}
	if r.state.ChainID != r.c.ChainID() {
		return fmt.Errorf("%w: the journal of rows is of chain %q, this is %q; move the journal away", ErrWrongChain, r.state.ChainID, r.c.ChainID())
	}
	err := r.step(ctx, b)
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.Is(err, errFatal), errors.Is(err, ErrWrongChain):
		return err
	case isNodes(err):
		return nil // Blocks says so; the next block finds it again
	}
	r.failed(b, KindRow, err)
	return nil
}

// errFatal marks what ends Run.
var errFatal = errors.New("rows end")

// fatal is an error that ends Run and reads as the one that it holds.
type fatal struct{ error }

func (f fatal) Is(target error) bool { return target == errFatal }
func (f fatal) Unwrap() error        { return f.error }

func (r *Rows) step(ctx context.Context, b Block) error {
	if err := r.settle(ctx, b); err != nil || r.state.Pending != nil {
		return err
	}
	if err := r.refresh(ctx, b); err != nil {
		return err
	}
	if err := r.windows(ctx, b); err != nil {
		return err
	}
	if b.Height+1 < r.after {
		return nil
	}
	p, err := r.next(b)
	if err != nil || p == nil {
		return err
	}
	return r.send(ctx, b, p)
}

// refresh asks for account and hyperparameters when they are not known or old.
func (r *Rows) refresh(ctx context.Context, b Block) error {
	if r.account == nil {
		account, err := r.c.Account(ctx, r.cfg.Hotkey.Address())
		if errors.Is(err, ErrNotFound) { // registration makes the account
			return r.gone(ctx, err)
		}
		if err != nil {
			return err
		}
		r.account = &account.Number
	}
	if r.params != nil && b.Height < r.asked+r.params.Tempo {
		return nil
	}
	params, err := r.c.Hyperparameters(ctx, r.cfg.Subnet)
	if errors.Is(err, ErrNoSubnet) {
		return fatal{err}
	}
	if err != nil {
		return err
	}
	r.params, r.asked = &params, b.Height
	return nil
}

// gone ends Run when the hotkey is really not registered: a node that was a moment
// behind must not end it.
func (r *Rows) gone(ctx context.Context, said error) error {
	_, err := r.c.Neuron(ctx, r.cfg.Subnet, r.cfg.Hotkey.Address())
	if errors.Is(err, ErrNotRegistered) {
		return fatal{err}
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("a node said what is not so any more: %w", said)
}
