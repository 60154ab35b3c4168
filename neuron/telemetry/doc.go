// Package telemetry is what a neuron tells whoever looks after it: meters at /metrics
// in Prometheus' form, health at /healthz, profiles at /debug/pprof when asked for, a
// log, and traces for an OTLP collector.
//
// New takes the address at once, so that a port that is taken is found before anything
// else has begun; Serve answers until its context ends. Every meter is a method with
// arguments of the right types (Meters), so that no caller chooses names or labels. A
// label never has more values than a bound: methods and codes are those of the
// protocol, and of peers the first MaxPeers have a label of their own.
//
// The parts of a neuron say how they are by Health.Set, each in one sentence. /healthz
// is 200 while none of them fails and 503 otherwise, for a supervisor as for a reader:
//
//	{"state":"failing","parts":[{"part":"chain","state":"failing","says":"no node answers","since":"…"}]}
package telemetry
