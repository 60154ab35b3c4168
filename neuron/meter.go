package neuron

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/telemetry"
)

// meter records what the axon does.
type meter struct {
	*telemetry.Meters
	served *atomic.Uint64
}

// Called implements axon.Meter.
func (m meter) Called(method string, code codes.Code, took time.Duration) {
	m.Served(method, code, took)
	if code == codes.OK {
		m.served.Add(1)
	}
}

// Queued implements axon.Meter.
func (m meter) Queued(jobs int) { m.Queue(jobs) }

// Ran implements axon.Meter.
func (m meter) Ran(_, rows int, _ time.Duration) { m.Batch(rows) }

// Connected implements axon.Meter.
func (m meter) Connected(int) {}
