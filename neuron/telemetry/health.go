package telemetry

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// State of a part of the neuron.
type State uint8

// The states, from good to bad: the neuron is as its worst part.
const (
	// OK works.
	OK State = iota
	// Starting has not worked yet, and nothing says that it will not.
	Starting
	// Failing does not work. The part may still mend itself.
	Failing
)

// String is ok, starting or failing.
func (s State) String() string {
	switch s {
	case OK:
		return "ok"
	case Starting:
		return "starting"
	}
	return "failing"
}

// MarshalText writes a state as String does.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const (
	// maxParts bounds the parts that are remembered; a neuron has a dozen.
	maxParts = 64
	// maxSentence is the longest sentence in bytes; errors may quote what came from
	// elsewhere.
	maxSentence = 500
)

// Part is how one part of the neuron is.
type Part struct {
	// Part is its name: chain, axon, data.
	Part  string `json:"part"`
	State State  `json:"state"`
	// Says is one sentence: what it does, or what is wrong and what to do.
	Says string `json:"says"`
	// Since when it is in this state.
	Since time.Time `json:"since"`
}

// Health is how the parts of a neuron are. It is safe for concurrent use.
type Health struct {
	mu    sync.Mutex
	parts map[string]Part
	now   func() time.Time
}

func newHealth(now func() time.Time) *Health {
	return &Health{parts: map[string]Part{}, now: now}
}

// Set says how a part is. A sentence that changes while the state stays does not count
// as a change of state.
func (h *Health) Set(part string, state State, format string, args ...any) {
	says := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	if len(says) > maxSentence {
		says = says[:maxSentence] + "…"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before, known := h.parts[part]
	if !known && len(h.parts) >= maxParts {
		return
	}
	since := before.Since
	if !known || before.State != state {
		since = h.now()
	}
	h.parts[part] = Part{Part: part, State: state, Says: strings.ToValidUTF8(says, "?"), Since: since.UTC()}
}

// Parts lists all, the worst first, then by name; worst is the worst state, OK of none.
func (h *Health) Parts() (worst State, parts []Part) {
	h.mu.Lock()
	defer h.mu.Unlock()
	parts = slices.SortedFunc(maps.Values(h.parts), func(a, b Part) int {
		if a.State != b.State {
			return int(b.State) - int(a.State)
		}
		return strings.Compare(a.Part, b.Part)
	})
	if len(parts) > 0 {
		worst = parts[0].State
	}
	return worst, parts
}

// ServeHTTP answers /healthz: 503 when a part fails, else 200, with all parts as JSON.
func (h *Health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	worst, parts := h.Parts()
	if parts == nil {
		parts = []Part{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if worst == Failing {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct { // a client that hung up
		State State  `json:"state"`
		Parts []Part `json:"parts"`
	}{worst, parts})
}
