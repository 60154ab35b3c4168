package telemetry

import (
	"context"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// newTraces sends traces to a collector, or nowhere. flush sends what is left. No
// connection is made before the first trace.
func newTraces(cfg Config) (provider trace.TracerProvider, flush func(context.Context) error, err error) {
	if cfg.Traces == "" {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	u, err := url.Parse(cfg.Traces)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, fmt.Errorf("the collector of traces is %q, must be a URL: set telemetry.traces to one such as http://127.0.0.1:4318, or to nothing", cfg.Traces)
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(u.Host)}
	if u.Scheme == "http" {
		options = append(options, otlptracehttp.WithInsecure())
	}
	if u.Path != "" && u.Path != "/" {
		options = append(options, otlptracehttp.WithURLPath(u.Path))
	}
	exporter, err := otlptracehttp.New(context.Background(), options...)
	if err != nil {
		return nil, nil, fmt.Errorf("traces cannot be sent to %s: %w: set telemetry.traces to a collector, or to nothing", cfg.Traces, err)
	}
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "neuron"), attribute.String("service.version", cfg.Version),
		)),
	)
	return sdk, sdk.Shutdown, nil
}
