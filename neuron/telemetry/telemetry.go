package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// DefaultListen is of this machine alone; 9464 is the port that is usual for exporters
// of Prometheus' form.
const DefaultListen = "127.0.0.1:9464"

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = time.Minute
	stopPatience  = 3 * time.Second
	maxHeader     = 16 << 10
)

// Config of telemetry.
type Config struct {
	// Listen is the host:port of /metrics and /healthz; empty serves neither.
	Listen string
	// Pprof serves /debug/pprof too. Profiles show what is in memory: Listen should be
	// of this machine alone.
	Pprof bool
	// Log is the form of the log, text or json.
	Log string
	// Level is the least that is logged: debug, info, warn or error.
	Level string
	// Output is where the log goes; nil for standard error.
	Output io.Writer
	// Traces is the URL of an OTLP collector, http://127.0.0.1:4318; empty for none.
	Traces string
	// Version of the program, told with every scrape.
	Version string
}

// Telemetry of one neuron.
type Telemetry struct {
	// Meters to record with.
	Meters *Meters
	// Health of the neuron's parts.
	Health *Health
	// Log to write to.
	Log *slog.Logger
	// Traces gives tracers; they do nothing without a collector.
	Traces trace.TracerProvider

	listener net.Listener // nil when nothing is served
	server   *http.Server
	flush    func(context.Context) error
}

// New prepares telemetry and takes its address. The error says what to do when the
// address is taken or is none. Whoever does not call Serve calls Close.
func New(cfg Config) (*Telemetry, error) {
	logger, err := newLogger(cfg)
	if err != nil {
		return nil, err
	}
	provider, flush, err := newTraces(cfg)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	t := &Telemetry{Meters: newMeters(registry, cfg.Version), Health: newHealth(time.Now), Log: logger, Traces: provider, flush: flush}
	if cfg.Listen == "" {
		return t, nil
	}
	if t.listener, err = listen(cfg.Listen); err != nil {
		return nil, err
	}
	t.server = &http.Server{
		Handler:           t.handler(registry, cfg.Pprof),
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	return t, nil
}

// listen takes an address, or says in a sentence why it cannot.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("telemetry cannot listen at %s, which is taken: stop the program that has it, or set telemetry.listen to another port or to nothing", address)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("telemetry may not listen at %s: set telemetry.listen to a port above 1023", address)
	}
	return nil, fmt.Errorf("telemetry cannot listen at %s, which is no address of this machine: set telemetry.listen to one such as %s (%w)", address, DefaultListen, err)
}

// handler serves what is to be seen, and nothing that changes anything.
func (t *Telemetry) handler(registry *prometheus.Registry, profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.Handle("GET /healthz", t.Health)
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// Addr is where it listens, empty when it does not.
func (t *Telemetry) Addr() string {
	if t.listener == nil {
		return ""
	}
	return t.listener.Addr().String()
}

// Serve answers until ctx ends, and sends the traces that are left. It returns nil then.
func (t *Telemetry) Serve(ctx context.Context) error {
	if t.server == nil {
		<-ctx.Done()
		return t.Close()
	}
	failed := make(chan error, 1)
	go func() { failed <- t.server.Serve(t.listener) }()
	select {
	case <-ctx.Done():
		return t.Close()
	case err := <-failed:
		return errors.Join(fmt.Errorf("telemetry stopped: %w", err), t.Close())
	}
}

// Close gives the address back and sends the traces that are left.
func (t *Telemetry) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	var err error
	if t.server != nil {
		if err = t.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = t.server.Close() // a profile that takes longer
		}
		if closed := t.listener.Close(); err == nil && !errors.Is(closed, net.ErrClosed) {
			err = closed // it never served
		}
	}
	if flushed := t.flush(ctx); flushed != nil {
		t.Log.Warn("traces that were left are lost", "error", flushed)
	}
	return err
}
