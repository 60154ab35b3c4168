package axon

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/synapse"
)

const (
	// voucherKey is the metadata that a payment comes in.
	voucherKey = "tao-voucher-bin"
	// maxVoucher is the longest voucher in bytes.
	maxVoucher = 1024
)

// admit brings a signed call through all gates up to its budget. read looks at the
// message, as cheaply as it can, and says how many rows it asks for.
func (c *call) admit(read func(body []byte) (rows int, err error)) error {
	if err := c.readHead(); err != nil {
		return err
	}
	if err := c.receive(); err != nil {
		return err
	}
	rows, err := read(c.body)
	if err != nil {
		return err
	}
	if err := synapse.VerifyRequest(c.deps.Verifier, c.signed, c.head, c.body); err != nil {
		return refuse(codes.Unauthenticated, "%v: sign the bytes that you send with the key of %q", err, c.head.Sender)
	}
	rows = max(rows, callRows)
	if err := c.identify(rows); err != nil {
		return err
	}
	if err := c.once(); err != nil {
		return err
	}
	return c.charge(rows, 0)
}

// readHead checks all that the head says about itself.
func (c *call) readHead() (err error) {
	if c.signed, err = synapse.FromMetadata(c.metadata()); err != nil {
		return refuse(codes.Unauthenticated, "%v: sign the request with your hotkey", err)
	}
	h, err := synapse.ReadHead(c.signed)
	if err != nil {
		return refuse(codes.Unauthenticated, "%v: sign the request as tao.synapse.v1 says", err)
	}
	switch {
	case h.ChainId != c.config.ChainID:
		return refuse(codes.Unauthenticated, "signed for chain %q, this neuron is on %q: ask a neuron of your chain", h.ChainId, c.config.ChainID)
	case h.Method != c.method:
		return refuse(codes.Unauthenticated, "signed for %q, sent to %q: sign for the method that you call", h.Method, c.method)
	case h.Receiver != c.receiver:
		return refuse(codes.Unauthenticated, "signed for %q, this neuron is %q: read the axon records anew", h.Receiver, c.receiver)
	}
	c.head = h
	return c.checkTime()
}

// checkTime keeps to the window, and to what was forgotten in a restart.
func (c *call) checkTime() error {
	now, dated := c.now(), time.UnixMilli(c.head.Time)
	if off := dated.Sub(now); off.Abs() > c.config.Window {
		return refuse(codes.Unauthenticated, "dated %s, that is %s off this neuron's clock, at most %s is taken: set your clock by NTP", dated.UTC(), off, c.config.Window)
	}
	if from := c.started.Add(c.config.Restart); c.config.Restart > 0 && dated.Before(from) {
		return later(codes.Unauthenticated, from.Sub(now), "dated %s; this neuron started at %s, does not know which requests it saw before, and takes what is dated from %s on: sign anew then",
			dated.UTC(), c.started.UTC(), from.UTC())
	}
	return nil
}

// identify lets neurons in, those who pay, and on an open axon everyone. It decides
// whose budget the call uses.
func (c *call) identify(rows int) error {
	known := false
	c.caller, known = c.deps.Registry.Caller(c.head.Sender)
	known = known && c.caller.Registered
	if !known {
		c.caller = Caller{}
	}
	if err := c.collect(rows); err != nil {
		return err
	}
	if !known && c.paid == 0 && !c.config.Open {
		return refuse(codes.PermissionDenied, "%q is no neuron of this subnet and pays nothing: register it, or pay with a voucher where Describe names prices", c.head.Sender)
	}
	c.budget = c.head.Sender
	if !known && c.paid == 0 {
		c.budget = "address " + c.host // keys cost nothing
	}
	return nil
}

// collect takes a voucher if there is one.
func (c *call) collect(rows int) error {
	vouchers := c.metadata().Get(voucherKey)
	if c.deps.Payments == nil || len(vouchers) == 0 {
		return nil
	}
	if len(vouchers) > 1 || len(vouchers[0]) > maxVoucher {
		return refuse(codes.InvalidArgument, "%d vouchers, the first of %d bytes: send one of at most %d bytes", len(vouchers), len(vouchers[0]), maxVoucher)
	}
	paid, err := c.deps.Payments.Verify(c.ctx, c.head, []byte(vouchers[0]), Cost{Method: c.method, Rows: rows, Bytes: len(c.body)})
	if err != nil {
		if _, said := status.FromError(err); said {
			return err
		}
		return refuse(codes.PermissionDenied, "the voucher is not taken: %v", err)
	}
	c.paid = paid
	return nil
}

// once refuses what was seen before.
func (c *call) once() error {
	fresh, full := c.nonces.claim(keyOf([]byte(c.head.Sender), []byte{0}, c.head.Nonce), c.now())
	switch {
	case !fresh:
		return refuse(codes.AlreadyExists, "nonce %x was used before: sign every request anew, with 16 random bytes", c.head.Nonce)
	case full > 0:
		return exhausted(full, "this neuron remembers %d nonces and has no room for more: ask again in %s", c.config.Nonces, full)
	}
	return nil
}

// charge takes rows from the caller's budget; it waits for them up to soon.
func (c *call) charge(rows int, soon time.Duration) error {
	wait, ok := c.callers.take(c.budget, rows, c.now(), soon)
	if !ok {
		return exhausted(wait, "%d rows are more than your budget has now, it grows by %d rows per second up to %d: ask again in %s", rows, c.config.RowsPerSecond, c.config.RowBurst, wait)
	}
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return hungUp(c.ctx)
	case <-c.stopping:
		return errStopping()
	}
}

// rank is the call's place in the queue.
func (c *call) rank() rank { return rank{paid: c.paid, stake: c.caller.Stake} }
