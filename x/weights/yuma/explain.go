package yuma

import "fmt"

// Explanation says what made the pay of one neuron. Shares are Q32.32 integers,
// amounts rao.
type Explanation struct {
	UID       int    `json:"uid"`
	Stake     int64  `json:"stake"`
	Active    int64  `json:"active_stake"`
	Status    string `json:"status"`
	Consensus int64  `json:"consensus"`
	Prerank   int64  `json:"prerank"`
	Rank      int64  `json:"rank"`
	Trust     int64  `json:"trust"`
	Incentive int64  `json:"incentive"`
	Dividends int64  `json:"dividends"`
	Server    uint64 `json:"server_emission"`
	Validator uint64 `json:"validator_emission"`
	// Rows are the rows that weigh it, by uid.
	Rows []RowEffect `json:"rows"`
	// Bonds are what it holds in others, by uid.
	Bonds []BondEffect `json:"bonds"`
}

// RowEffect is what one row did for a neuron's incentive.
type RowEffect struct {
	UID     int   `json:"uid"`
	Stake   int64 `json:"active_stake"`
	Weight  int64 `json:"weight"`
	Clipped int64 `json:"clipped"`
	// Added is what it added to the rank, and Lost what clipping took.
	Added int64 `json:"added_rank"`
	Lost  int64 `json:"lost_rank"`
	// Pay is its part of the server emission.
	Pay uint64 `json:"pay"`
}

// BondEffect is what one bond did for a neuron's dividends.
type BondEffect struct {
	UID       int    `json:"uid"`
	Bond      int64  `json:"bond"`  // E in Q32.32; in Yuma 2 it is the share
	Share     int64  `json:"share"` // of the column
	Incentive int64  `json:"incentive"`
	Added     int64  `json:"added_dividends"`
	Pay       uint64 `json:"pay"`
}

// Explain runs the epoch and takes apart the pay of one uid. It reads what the
// epoch computed and has no formulas of its own.
func (e *Engine) Explain(in *Input, uid int) (*Explanation, error) {
	if uid < 0 || uid >= len(in.Stake) {
		return nil, fmt.Errorf("uid %d is unknown, there are %d", uid, len(in.Stake))
	}
	var out Output
	if err := e.Epoch(in, &out); err != nil {
		return nil, err
	}
	col := &e.cols[uid]
	x := &Explanation{
		UID: uid, Stake: e.stake[uid], Active: e.active[uid], Status: e.status(in, uid),
		Consensus: col.consensus, Prerank: col.prerank, Rank: col.rank, Trust: ratio(col.rank, col.prerank),
		Incentive: e.incentive[uid], Dividends: e.dividends[uid],
		Server: out.Server[uid], Validator: out.Validator[uid],
		Rows: []RowEffect{}, Bonds: []BondEffect{},
	}
	e.explainRows(x)
	e.explainBonds(in, x)
	return x, nil
}

// status says in a sentence whether the neuron's own row counts.
func (e *Engine) status(in *Input, uid int) string {
	switch {
	case !counts(in, uid):
		return fmt.Sprintf("its stake of %d rao is below the minimum of %d: its row does not count", in.Stake[uid], in.MinStake)
	case !e.permit[uid]:
		return fmt.Sprintf("it has no permit in this epoch: it was not among the %d with the most stake in the one before", in.MaxValidators)
	case e.inactive[uid]:
		return fmt.Sprintf("its row of height %d is older than %d blocks: it does not count", in.LastUpdate[uid], in.ActivityCutoff)
	case len(e.row(uid)) == 0:
		return "it has no row that counts"
	case e.active[uid] == 0:
		return "it has no stake: its row does not count"
	}
	return "its row counts"
}

func (e *Engine) explainRows(x *Explanation) {
	for i := range e.n {
		for _, c := range e.row(i) {
			if int(c.uid()) != x.UID {
				continue
			}
			a, w := e.active[i], c.share()
			wc := min(w, x.Consensus)
			added := mul(a, wc)
			x.Rows = append(x.Rows, RowEffect{
				UID: i, Stake: a, Weight: w, Clipped: wc, Added: added, Lost: mul(a, w) - added,
				Pay: part(div(added, x.Rank), x.Server),
			})
		}
	}
}

func (e *Engine) explainBonds(in *Input, x *Explanation) {
	var total int64
	for _, c := range e.bondRow(x.UID) {
		col, share := &e.cols[c.uid()], c.share() // Yuma 2 normalised it already
		if in.Yuma3 {
			share = ratio(share, col.sum)
		}
		added := mul(share, col.incentive)
		total += added
		x.Bonds = append(x.Bonds, BondEffect{
			UID: int(c.uid()), Bond: c.share(), Share: share, Incentive: col.incentive, Added: added,
		})
	}
	for k := range x.Bonds {
		x.Bonds[k].Pay = part(div(x.Bonds[k].Added, total), x.Validator)
	}
}
