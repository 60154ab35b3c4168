// Package overview is what a coldkey has and what its neurons earn, read from the chain.
package overview

import (
	"context"
	"time"

	"github.com/taonet/taonet/neuron/chain"
)

// Overview of a coldkey. Amounts are in rao, shares in 1/65535.
type Overview struct {
	Coldkey string `json:"coldkey"`
	// Height of the chain when it was asked.
	Height  uint64 `json:"height"`
	Balance uint64 `json:"balance"`
	// Staked is what all its positions are worth, Unbonding what is on its way back.
	Staked    uint64 `json:"staked"`
	Unbonding uint64 `json:"unbonding"`
	// PerDay is what its own hotkeys earn in a day at the pace of the last epoch; absent
	// when the pace of blocks is not known.
	PerDay  *uint64  `json:"per_day,omitempty"`
	Hotkeys []Hotkey `json:"hotkeys"`
}

// Hotkey is one that the coldkey owns, in one subnet; Subnet 0 is one without a place.
type Hotkey struct {
	Hotkey string `json:"hotkey"`
	// Pool is all that is staked at it, Stake the coldkey's part, Owed what it earned and
	// is not settled yet.
	Pool      uint64 `json:"pool"`
	Stake     uint64 `json:"stake"`
	Owed      uint64 `json:"owed"`
	Subnet    uint64 `json:"subnet"`
	UID       uint32 `json:"uid"`
	Trust     uint16 `json:"trust"`
	Incentive uint16 `json:"incentive"`
	Dividends uint16 `json:"dividends"`
	Permit    bool   `json:"permit"`
	// PerDay as in Overview, of this place alone.
	PerDay *uint64 `json:"per_day,omitempty"`
	// Row is the height of its last row, 0 for none; RowAge is blocks since.
	Row    uint64 `json:"row"`
	RowAge uint64 `json:"row_age"`
	// Axon is host:port, empty when it serves nobody.
	Axon string `json:"axon,omitempty"`
}

// Look asks the chain about a coldkey. perDay is the number of blocks in a day, 0 when
// it is not known.
func Look(ctx context.Context, c *chain.Client, coldkey string, perDay uint64) (*Overview, error) {
	l := &look{client: c, perDay: perDay, graphs: map[uint64]chain.Metagraph{}, stakes: map[string]uint64{}}
	l.o.Coldkey, l.o.Hotkeys = coldkey, []Hotkey{}
	if err := l.coldkey(ctx); err != nil {
		return nil, err
	}
	hotkeys, err := c.Hotkeys(ctx, coldkey)
	if err != nil {
		return nil, err
	}
	for _, h := range hotkeys {
		if err := l.hotkey(ctx, h.Address); err != nil {
			return nil, err
		}
	}
	if perDay > 0 {
		var sum uint64
		for _, h := range l.o.Hotkeys {
			if h.PerDay != nil {
				sum += *h.PerDay
			}
		}
		l.o.PerDay = &sum
	}
	return &l.o, nil
}

// look is one reading.
type look struct {
	client *chain.Client
	perDay uint64
	graphs map[uint64]chain.Metagraph
	stakes map[string]uint64 // of the coldkey, by hotkey
	o      Overview
}

// coldkey reads what the coldkey has.
func (l *look) coldkey(ctx context.Context) error {
	status, err := l.client.Status(ctx)
	if err != nil {
		return err
	}
	l.o.Height = status.Height
	if l.o.Balance, err = l.client.Balance(ctx, l.o.Coldkey); err != nil {
		return err
	}
	stakes, err := l.client.Stakes(ctx, l.o.Coldkey)
	if err != nil {
		return err
	}
	for _, s := range stakes {
		l.stakes[s.Hotkey] = s.Rao
		l.o.Staked += s.Rao
	}
	unbondings, err := l.client.Unbondings(ctx, l.o.Coldkey)
	for _, u := range unbondings {
		l.o.Unbonding += u.Rao
	}
	return err
}

// hotkey adds a hotkey with all its places.
func (l *look) hotkey(ctx context.Context, address string) error {
	h, err := l.client.Hotkey(ctx, address)
	if err != nil {
		return err
	}
	row := Hotkey{Hotkey: address, Pool: h.Pool, Stake: l.stakes[address]}
	if len(h.Places) == 0 {
		l.o.Hotkeys = append(l.o.Hotkeys, row)
	}
	for _, p := range h.Places {
		m, ok := l.graphs[p.Subnet]
		if !ok {
			if m, err = l.client.Metagraph(ctx, p.Subnet); err != nil {
				return err
			}
			l.graphs[p.Subnet] = m
		}
		l.o.Hotkeys = append(l.o.Hotkeys, l.place(row, p, m))
	}
	return nil
}

// place fills in what a metagraph says of a hotkey.
func (l *look) place(row Hotkey, p chain.Place, m chain.Metagraph) Hotkey {
	row.Subnet, row.UID, row.Owed = p.Subnet, p.UID, p.Owed
	if p.Axon != nil {
		row.Axon = p.Axon.Address()
	}
	n, ok := m.Of(row.Hotkey)
	if !ok {
		return row // it was replaced between two answers
	}
	row.Trust, row.Incentive, row.Dividends, row.Permit, row.Row = n.Trust, n.Incentive, n.Dividends, n.Permit, n.LastUpdate
	if row.Row > 0 && m.Height > row.Row {
		row.RowAge = m.Height - row.Row
	}
	if l.perDay > 0 {
		pay := chain.Pay{Last: n.ServerEmission + n.ValidatorEmission, Epoch: m.Epoch, Previous: m.Previous}
		perDay := pay.PerDay(l.perDay)
		row.PerDay = &perDay
	}
	return row
}

const day = 24 * time.Hour

// BlocksPerDay measures the pace of blocks by the times of two of them, for patience at
// most; 0 when there were none.
func BlocksPerDay(ctx context.Context, c *chain.Client, patience time.Duration) uint64 {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	blocks, _ := c.Blocks(ctx)
	var first chain.Block
	var perDay uint64
	for b := range blocks {
		if first.Height == 0 {
			first = b
			continue
		}
		if perDay == 0 && b.Time.After(first.Time) {
			perDay = PerDay(b.Time.Sub(first.Time) / time.Duration(b.Height-first.Height))
			cancel() // and read until the channel is closed
		}
	}
	return perDay
}

// PerDay is how many blocks of a length a day has; 0 of no length.
func PerDay(block time.Duration) uint64 {
	if block <= 0 {
		return 0
	}
	return uint64(day / block)
}
