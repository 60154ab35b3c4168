package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Journal keeps what a sender of rows must not lose. Save returns when the bytes are
// durable; Load returns the last ones that were saved, nil when there are none.
type Journal interface {
	Load() ([]byte, error)
	Save([]byte) error
}

// FileJournal is a Journal in one file, replaced as a whole: whoever reads it finds the
// old bytes or the new ones.
type FileJournal struct{ Path string }

var _ Journal = FileJournal{}

// Load implements Journal.
func (f FileJournal) Load() ([]byte, error) {
	text, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// Save implements Journal.
func (f FileJournal) Save(text []byte) error {
	dir := filepath.Dir(f.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temporary := f.Path + ".partial"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, f.Path); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// rowState is what a Journal holds, as JSON.
type rowState struct {
	// ChainID, Hotkey and Subnet say whose rows these are.
	ChainID string `json:"chain_id"`
	Hotkey  string `json:"hotkey"`
	Subnet  uint64 `json:"subnet"`
	// Row that the chain took last, or took hidden, and the height of that.
	Row       []Weight `json:"row,omitempty"`
	RowHeight uint64   `json:"row_height,omitempty"`
	// Pending was signed and may have been sent: nothing else is sent before it is in a
	// block or void.
	Pending *pendingTx `json:"pending,omitempty"`
	// Hidden rows that wait to be revealed, the oldest first.
	Hidden []hiddenRow `json:"hidden,omitempty"`
}

// pendingTx is a transaction whose end is not known.
type pendingTx struct {
	Kind Kind   `json:"kind"`
	Raw  []byte `json:"tx"`
	// Timeout is also the nonce.
	Timeout time.Time `json:"timeout"`
	// Height at which it was signed.
	Height uint64 `json:"height"`
	// Row of KindRow.
	Row []Weight `json:"row,omitempty"`
	// Hidden is what KindCommit hides or KindReveal shows.
	Hidden *hiddenRow `json:"hidden,omitempty"`

	taken  bool   // a node of this run has it
	sentAt uint64 // the height at which this run sent it last
	fresh  bool   // this run signed it, and no node was asked yet
}

// hiddenRow is all that a reveal needs.
type hiddenRow struct {
	Row     []Weight `json:"row"`
	Salt    []byte   `json:"salt"`
	Version uint64   `json:"version"`
	Hash    []byte   `json:"hash"`
	// Height of the commit, and from when until when it may be revealed; 0: not asked yet.
	Height uint64 `json:"height,omitempty"`
	From   uint64 `json:"from,omitempty"`
	Until  uint64 `json:"until,omitempty"`
}

// load reads the journal. One of another chain, hotkey or subnet is refused: what is in
// it could still be in a mempool there.
func (r *Rows) load() error {
	text, err := r.cfg.Journal.Load()
	if err != nil {
		return fmt.Errorf("the journal of rows: %w", err)
	}
	if text == nil {
		return nil
	}
	var s rowState
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("the journal of rows is damaged: %w; move it away, and no commit in it can be revealed", err)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("the journal of rows is damaged: %w; move it away, and no commit in it can be revealed", err)
	}
	if s.Hotkey != r.cfg.Hotkey.Address() || s.Subnet != r.cfg.Subnet {
		return fmt.Errorf("the journal of rows is of hotkey %s in subnet %d, this is %s in %d: every hotkey and subnet needs its own", s.Hotkey, s.Subnet, r.cfg.Hotkey.Address(), r.cfg.Subnet)
	}
	r.state = s
	return nil
}

// check finds what could not have been saved.
func (s rowState) check() error {
	p := s.Pending
	if p == nil {
		return nil
	}
	hides := p.Kind == KindCommit || p.Kind == KindReveal
	if p.Kind != KindRow && !hides || hides != (p.Hidden != nil) || len(p.Raw) == 0 {
		return fmt.Errorf("what is pending is %.20q with %d bytes, and hides a row: %t", p.Kind, len(p.Raw), p.Hidden != nil)
	}
	return nil
}

// save makes the state durable.
func (r *Rows) save() error {
	text, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	if err := r.cfg.Journal.Save(text); err != nil {
		return fmt.Errorf("the journal of rows cannot be written, and without it no row is sent: %w", err)
	}
	return nil
}
