package axon

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

// Deps is what an axon works with. Expert, Signer, Verifier and Registry are needed.
type Deps struct {
	// Expert is the model that answers now; it may be another one at each call, of the
	// same modality and shape. nil says that there is none at the moment. One with a
	// method Step() uint64 tells callers which step of training it is from.
	Expert func() model.Expert
	// Signer signs answers; its address is the receiver that requests must name.
	Signer synapse.Signer
	// Verifier checks requests.
	Verifier synapse.Verifier
	// Registry knows the neurons of the subnet.
	Registry Registry
	// Payments takes vouchers; nil takes none.
	Payments Payments
	// Learner takes gradients; nil takes none.
	Learner Learner
	// Clock is the time that heads are compared with; nil is the system's.
	Clock func() time.Time
	// Log is for the operator; nil is silence.
	Log *slog.Logger
	// Meter counts; nil does not.
	Meter Meter
}

// Caller is what the chain knows about a hotkey.
type Caller struct {
	UID uint16
	// Stake in rao.
	Stake      uint64
	Registered bool
}

// Registry is the subnet's neurons. It is safe for concurrent use and answers from
// memory.
type Registry interface {
	// Caller is the neuron with a hotkey's address; false when there is none.
	Caller(address string) (Caller, bool)
}

// Cost is what a call asks for, in the units of Config.Prices.
type Cost struct {
	// Method is the full name.
	Method string
	// Rows to compute.
	Rows int
	// Bytes of the request.
	Bytes int
}

// Payments takes what callers pay. It is safe for concurrent use.
type Payments interface {
	// Verify takes the voucher that came with a request and returns what it adds, in
	// rao. It fails when that does not pay for the call.
	Verify(ctx context.Context, head *synapse.Head, voucher []byte, cost Cost) (uint64, error)
}

// Learner applies gradients that callers send. It is safe for concurrent use.
type Learner interface {
	// Learn takes the gradient of a caller's loss toward the logits of an input, rows x
	// classes, its L2 norm at most Config.GradientNorm. It says whether it was applied.
	Learn(ctx context.Context, in model.Input, gradient []float32) (bool, error)
}

// Meter counts what happens. It is safe for concurrent use and does not block.
type Meter interface {
	// Called: a call of Forward, Follow, ... or "unknown" ended with a code.
	Called(method string, code codes.Code, took time.Duration)
	// Queued: so many jobs wait now.
	Queued(jobs int)
	// Ran: a batch of so many requests and rows was computed.
	Ran(requests, rows int, took time.Duration)
	// Connected: so many connections are open now.
	Connected(connections int)
}

// silent is no Meter.
type silent struct{}

func (silent) Called(string, codes.Code, time.Duration) {}
func (silent) Queued(int)                               {}
func (silent) Ran(int, int, time.Duration)              {}
func (silent) Connected(int)                            {}
