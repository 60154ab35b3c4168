package axon

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/taonet/taonet/neuron/synapse"
)

// till takes the voucher "good" for one rao a row.
type till struct{ cost Cost }

func (p *till) Verify(_ context.Context, _ *synapse.Head, voucher []byte, cost Cost) (uint64, error) {
	if string(voucher) != "good" {
		return 0, errors.New("not enough")
	}
	p.cost = cost
	return uint64(cost.Rows), nil
}

func TestAStrangerWhoPaysIsServed(t *testing.T) {
	p := &till{}
	s := serve(t, textOracle(), func(_ *Config, d *Deps) { d.Payments = p })
	c := s.dial("127.0.0.1")
	body := marshal(t, text(t, 2, 20))
	pay := func(vouchers ...string) error {
		ctx, _ := c.signed(within(t), c.head("Forward"), body)
		for _, v := range vouchers {
			ctx = metadata.AppendToOutgoingContext(ctx, voucherKey, v)
		}
		return c.Invoke(ctx, prefix+"Forward", &body, new(synapse.Raw))
	}
	requireCode(t, codes.PermissionDenied, pay(), "pay with a voucher")
	requireCode(t, codes.PermissionDenied, pay("bad"), "not enough")
	requireCode(t, codes.InvalidArgument, pay("good", "good"), "2 vouchers")
	requireCode(t, codes.InvalidArgument, pay(string(make([]byte, 1025))), "1025 bytes")
	require.NoError(t, pay("good"))
	require.Equal(t, Cost{Method: prefix + "Forward", Rows: 40, Bytes: len(body)}, p.cost)
}
