package telemetry

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// MaxPeers is how many peers have a label of their own. Of a subnet with more, those
// beyond are counted together under the uid "other".
const MaxPeers = 256

// other is the label of what has none of its own.
const other = "other"

// peers are the meters that have a uid.
type peers struct {
	mu     sync.Mutex
	labels map[uint32]string // of the peers with a label of their own

	asked, answered *prometheus.CounterVec
	score           *prometheus.GaugeVec
	latency         prometheus.Histogram
}

func newPeers(f factory) *peers {
	return &peers{
		labels:   map[uint32]string{},
		asked:    f.counters("peer_asked_total", "Calls to a peer, by uid.", "uid"),
		answered: f.counters("peer_answered_total", "Calls that a peer answered in time, by uid.", "uid"),
		score:    f.gauges("peer_score", "Share of the weight row that a peer gets, by uid.", "uid"),
		latency:  f.histogram("peer_seconds", "Time of the peers' answers.", prometheus.ExponentialBuckets(0.0005, 2, 16)),
	}
}

// label of a peer. The caller holds the lock until it has used it: a label that is
// forgotten meanwhile would come back.
func (p *peers) label(uid uint32) string {
	label, ok := p.labels[uid]
	if !ok {
		if len(p.labels) >= MaxPeers {
			return other
		}
		label = strconv.FormatUint(uint64(uid), 10)
		p.labels[uid] = label
	}
	return label
}

func (p *peers) ask(uid uint32, answered bool, took time.Duration) {
	p.mu.Lock()
	label := p.label(uid)
	p.asked.WithLabelValues(label).Inc()
	count := p.answered.WithLabelValues(label) // 0 is an answer too
	if answered {
		count.Inc()
	}
	p.mu.Unlock()
	if answered {
		p.latency.Observe(took.Seconds())
	}
}

// rate records a score; the scores of peers without a label have no sum that would mean
// anything and are left out.
func (p *peers) rate(uid uint32, share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if label := p.label(uid); label != other {
		p.score.WithLabelValues(label).Set(share)
	}
}

func (p *peers) forget(uid uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	label, ok := p.labels[uid]
	if !ok {
		return
	}
	delete(p.labels, uid)
	p.asked.DeleteLabelValues(label)
	p.answered.DeleteLabelValues(label)
	p.score.DeleteLabelValues(label)
}

// pace is a moving mean of how long a step takes.
type pace struct {
	mu   sync.Mutex
	mean float64 // seconds; 0 before the first
}

// add takes a time above 0 and returns steps per second.
func (p *pace) add(took time.Duration) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mean == 0 {
		p.mean = took.Seconds()
	}
	p.mean += smooth * (took.Seconds() - p.mean)
	return 1 / p.mean
}
