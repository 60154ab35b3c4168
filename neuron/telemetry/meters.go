package telemetry

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// smooth is what a step's time weighs in the mean that steps per second come from.
const smooth = 0.1

// rao of a tao.
const rao = 1e9

// Meters record what a neuron does. They are safe for concurrent use.
type Meters struct {
	steps, checkpoints                       prometheus.Counter
	step, perSecond, peers, queue            prometheus.Gauge
	height, earned, checkpointed, checkpoint prometheus.Gauge
	loss                                     *prometheus.GaugeVec
	requests, rows                           *prometheus.CounterVec
	latency                                  *prometheus.HistogramVec
	batch                                    prometheus.Histogram

	pace pace
	peer *peers
}

// newMeters makes all meters, so that each is there from the first scrape.
func newMeters(registry prometheus.Registerer, version string) *Meters {
	f := factory{registry}
	m := &Meters{
		steps:        f.counter("steps_total", "Steps of training since the start."),
		step:         f.gauge("step", "Step of training, those before the start included."),
		perSecond:    f.gauge("steps_per_second", "Steps of training per second, a moving mean."),
		loss:         f.gauges("loss_nats", "Loss of the last step in nats per byte or example: alone, and of the mixture with the network.", "of"),
		peers:        f.gauge("peers_up", "Peers that answer."),
		requests:     f.counters("requests_total", "Requests served, by method and gRPC code.", "method", "code"),
		latency:      f.histograms("request_seconds", "Time from a request's arrival to its answer, by method.", prometheus.ExponentialBuckets(0.0005, 2, 16), "method"),
		queue:        f.gauge("queue_depth", "Requests that wait."),
		batch:        f.histogram("batch_rows", "Rows that ran through the model together.", prometheus.ExponentialBuckets(1, 2, 15)),
		rows:         f.counters("weight_rows_total", "Weight rows sent to the chain: accepted or failed.", "result"),
		height:       f.gauge("height", "Height of the chain."),
		earned:       f.gauge("earned_tao", "Tao earned since the neuron was registered."),
		checkpoints:  f.counter("checkpoints_total", "Checkpoints written."),
		checkpoint:   f.gauge("checkpoint_seconds", "How long the last checkpoint took."),
		checkpointed: f.gauge("checkpoint_timestamp_seconds", "Unix time of the last checkpoint."),
		peer:         newPeers(f),
	}
	f.gauges("build_info", "The program; always 1.", "version").WithLabelValues(version).Set(1)
	for _, of := range []string{"alone", "network"} {
		m.loss.WithLabelValues(of)
	}
	for _, result := range []string{"accepted", "failed"} {
		m.rows.WithLabelValues(result)
	}
	return m
}

// Step records a step of training: its number, the losses of self alone and of the
// mixture in nats (equal when nobody was asked), and how long it took.
func (m *Meters) Step(step uint64, alone, network float64, took time.Duration) {
	m.steps.Inc()
	m.step.Set(float64(step))
	m.loss.WithLabelValues("alone").Set(alone)
	m.loss.WithLabelValues("network").Set(network)
	if took > 0 {
		m.perSecond.Set(m.pace.add(took))
	}
}

// PeersUp records how many peers answer.
func (m *Meters) PeersUp(n int) { m.peers.Set(float64(n)) }

// methods of tao.synapse.v1; any other counts as one.
func methods() []string {
	return []string{"Describe", "Forward", "Follow", "Backward", "Seen", "Generate"}
}

// Served records a request: its method without the service's name, how it ended, and
// the time from its arrival.
func (m *Meters) Served(method string, code codes.Code, took time.Duration) {
	if !slices.Contains(methods(), method) {
		method = other
	}
	if code > codes.Unauthenticated {
		code = codes.Unknown
	}
	m.requests.WithLabelValues(method, code.String()).Inc()
	m.latency.WithLabelValues(method).Observe(took.Seconds())
}

// Queue records how many requests wait.
func (m *Meters) Queue(depth int) { m.queue.Set(float64(depth)) }

// Batch records that so many rows ran together.
func (m *Meters) Batch(rows int) { m.batch.Observe(float64(rows)) }

// Asked records a call to a peer, and the time of its answer if there was one.
func (m *Meters) Asked(uid uint32, answered bool, took time.Duration) {
	m.peer.ask(uid, answered, took)
}

// Score records what a peer is worth, the share of the weight row that it gets, 0..1.
func (m *Meters) Score(uid uint32, share float64) { m.peer.rate(uid, share) }

// Forget drops what was recorded of a peer that is gone, or whose uid another has now.
func (m *Meters) Forget(uid uint32) { m.peer.forget(uid) }

// Row records that a weight row was accepted by the chain, or failed.
func (m *Meters) Row(accepted bool) {
	if accepted {
		m.rows.WithLabelValues("accepted").Inc()
	} else {
		m.rows.WithLabelValues("failed").Inc()
	}
}

// Height records the height of the chain.
func (m *Meters) Height(height int64) { m.height.Set(float64(height)) }

// Earned records all that the neuron earned so far, in rao.
func (m *Meters) Earned(amount uint64) { m.earned.Set(float64(amount) / rao) }

// Checkpoint records a checkpoint that was written, when, and how long it took.
func (m *Meters) Checkpoint(at time.Time, took time.Duration) {
	m.checkpoints.Inc()
	m.checkpoint.Set(took.Seconds())
	m.checkpointed.Set(float64(at.UnixMilli()) / 1000)
}

// factory makes meters with the neuron's prefix and registers them.
type factory struct{ registry prometheus.Registerer }

const namespace = "neuron"

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	f.registry.MustRegister(c)
	return c
}

func (f factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.registry.MustRegister(c)
	return c
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	f.registry.MustRegister(g)
	return g
}

func (f factory) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.registry.MustRegister(g)
	return g
}

func (f factory) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
	f.registry.MustRegister(h)
	return h
}

func (f factory) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	f.registry.MustRegister(h)
	return h
}
