package telemetry

import (
	"fmt"
	"log/slog"
	"os"
)

// newLogger makes the log in its form.
func newLogger(cfg Config) (*slog.Logger, error) {
	var level slog.Level
	if cfg.Level != "" {
		if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
			return nil, fmt.Errorf("the log's level is %q, must be debug, info, warn or error: set telemetry.level to one of them", cfg.Level)
		}
	}
	out := cfg.Output
	if out == nil {
		out = os.Stderr
	}
	options := &slog.HandlerOptions{Level: level}
	switch cfg.Log {
	case "", "text":
		return slog.New(slog.NewTextHandler(out, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	}
	return nil, fmt.Errorf("the log's form is %q, must be text or json: set telemetry.log to one of them", cfg.Log)
}
