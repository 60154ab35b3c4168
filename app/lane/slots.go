package lane

import (
	"math"
	"sync"

	errorsmod "cosmossdk.io/errors"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// Limits bound what is pending on this node.
type Limits struct {
	// PaidTxs is how many transactions that pay a fee may be pending.
	PaidTxs int
	// PaidBytes is how large they may be together, in bytes.
	PaidBytes int
	// PaidGas is how much gas they may ask for together. The mempool hands a block
	// what came first, up to the block's gas: whatever is above this bound is room
	// that no fee can take from the rows.
	PaidGas uint64
}

// Slots knows what is pending in the mempool of this node: one transaction for
// each place in the free lane, and how much that pays a fee.
//
// It forgets everything when the height changes; the mempool's recheck then
// reports what is still there, before anything new is let in. It is safe for
// concurrent use.
type Slots struct {
	limits Limits

	mu        sync.Mutex
	height    int64
	held      map[Key]struct{}
	paidTxs   int
	paidBytes int
	paidGas   uint64
}

// NewSlots returns an empty record with the given bounds.
func NewSlots(limits Limits) *Slots {
	return &Slots{limits: limits, height: -1, held: make(map[Key]struct{})}
}

// Taken returns the first of keys whose slot is held at height.
func (s *Slots) Taken(height int64, keys []Key) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(height)
	for _, key := range keys {
		if _, ok := s.held[key]; ok {
			return key, true
		}
	}
	return Key{}, false
}

// Claim takes the slots of keys at height: all of them or, when one is held, none.
func (s *Slots) Claim(height int64, keys []Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(height)
	for _, key := range keys {
		if _, ok := s.held[key]; ok {
			return errSlotTaken(key)
		}
	}
	for _, key := range keys {
		s.held[key] = struct{}{}
	}
	return nil
}

// Admit counts a transaction of size bytes that pays a fee and asks for gas. A
// recheck is always admitted: its transaction is in the mempool already.
func (s *Slots) Admit(height int64, size int, gas uint64, recheck bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(height)
	if !recheck {
		if s.paidTxs >= s.limits.PaidTxs {
			return errorsmod.Wrapf(sdkerrors.ErrMempoolIsFull,
				"%d transactions that pay a fee are pending on this node, the bound is %d; send it again after the next block",
				s.paidTxs, s.limits.PaidTxs)
		}
		if s.paidBytes+size > s.limits.PaidBytes {
			return errorsmod.Wrapf(sdkerrors.ErrMempoolIsFull,
				"%d bytes that pay a fee are pending on this node, with these %d above the bound of %d; send it again after the next block",
				s.paidBytes, size, s.limits.PaidBytes)
		}
		// Written so that a gas limit near 2^64 cannot wrap around.
		if gas > s.limits.PaidGas || s.paidGas > s.limits.PaidGas-gas {
			return errorsmod.Wrapf(sdkerrors.ErrMempoolIsFull,
				"%d gas that pays a fee is pending on this node, with these %d above the bound of %d; set a lower gas limit or send it again after the next block",
				s.paidGas, gas, s.limits.PaidGas)
		}
	}
	s.paidTxs++
	s.paidBytes += size
	s.paidGas += min(gas, math.MaxUint64-s.paidGas)
	return nil
}

// turn releases everything when a new height begins.
func (s *Slots) turn(height int64) {
	if s.height == height {
		return
	}
	s.height = height
	clear(s.held)
	s.paidTxs, s.paidBytes, s.paidGas = 0, 0, 0
}

func errSlotTaken(key Key) error {
	return errorsmod.Wrapf(sdkerrors.ErrMempoolIsFull,
		"hotkey %s has a free transaction for subnet %d pending already, the bound is 1; send the next one when it is in a block",
		key.Hotkey, key.Subnet)
}
