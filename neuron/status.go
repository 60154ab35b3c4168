package neuron

import (
	"sync"
	"time"
)

// Status is how a neuron is, for the line on a terminal, for tables and for pages.
type Status struct {
	Name   string `json:"name"`
	Hotkey string `json:"hotkey,omitempty"`
	// Model is the architecture of what it answers with.
	Model string `json:"model"`
	// Step of training, and steps per second of the last ones; RowsPerSecond are the bytes
	// or examples that it learned from.
	Step           uint64  `json:"step"`
	StepsPerSecond float64 `json:"steps_per_second"`
	RowsPerSecond  float64 `json:"rows_per_second"`
	// Loss of the last batch; Alone and Network are of held-out data, in nats, of a
	// regression half the squared error in units of the values' deviation; 0 before they
	// were measured. Best is the lowest loss alone.
	Loss    float64 `json:"loss"`
	Alone   float64 `json:"alone"`
	Network float64 `json:"network"`
	Best    float64 `json:"best"`
	// Asking says that peers are asked in training; Resting that nothing more is to be
	// learned from the data.
	Asking  bool `json:"asking"`
	Resting bool `json:"resting"`
	// Peers that answer, and calls that were Served since the start.
	Peers  int    `json:"peers"`
	Served uint64 `json:"served"`
	// Chain: UID, -1 when it is not registered.
	Height    uint64 `json:"height"`
	UID       int64  `json:"uid"`
	Stake     uint64 `json:"stake"`
	Incentive uint16 `json:"incentive"`
	Dividends uint16 `json:"dividends"`
	Permit    bool   `json:"permit"`
	// Earned since the start, in rao.
	EarnedIncentive uint64 `json:"earned_incentive"`
	EarnedDividends uint64 `json:"earned_dividends"`
	// Row is the height of the last accepted row; Says is the last sentence that the
	// neuron had to say, about a row or whatever keeps it from working.
	Row  uint64 `json:"row"`
	Says string `json:"says,omitempty"`
	// Rounds of measuring, and Scores in nats by uid.
	Rounds uint64             `json:"rounds"`
	UsedUp bool               `json:"used_up"`
	Scores map[uint32]float64 `json:"scores,omitempty"`
	Time   time.Time          `json:"time"`
}

// board holds the status of a running neuron.
type board struct {
	mu     sync.Mutex
	status Status
}

func (b *board) change(edit func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	edit(&b.status)
}

func (b *board) read() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.status
	s.Scores = make(map[uint32]float64, len(b.status.Scores))
	for uid, score := range b.status.Scores {
		s.Scores[uid] = score
	}
	return s
}
