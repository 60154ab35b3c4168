package dendrite

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/synapse"
)

// MaxSamples is how many hashes one Seen may ask about.
const MaxSamples = 256

// Receipt is what a peer signed about samples. Whoever has it can verify it: the
// messages are here as they lay on the wire.
type Receipt struct {
	// Hotkey of the peer.
	Hotkey string
	// Seen has an entry for each sample.
	Seen []bool
	// Request and RequestBody are what it was asked, Response and ResponseBody what it
	// answered.
	Request      synapse.Signed
	RequestBody  []byte
	Response     synapse.Signed
	ResponseBody []byte
}

// Seen asks which samples the peer was asked in the last ten minutes: 1 to MaxSamples
// hashes as the protocol defines them.
func (p *Peer) Seen(ctx context.Context, samples [][32]byte) (*Receipt, error) {
	if len(samples) < 1 || len(samples) > MaxSamples {
		return nil, p.refuse(seen, fmt.Errorf("%d samples, the range is 1 to %d: ask several times", len(samples), MaxSamples))
	}
	request := &synapse.SeenRequest{}
	for i := range samples {
		request.Samples = append(request.Samples, samples[i][:])
	}
	var list []bool
	x, err := p.unary(ctx, seen, request, MaxSamples+slack, func(answer []byte) (err error) {
		list, err = readSeen(answer, len(samples))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Receipt{
		Hotkey: p.endpoint.Hotkey, Seen: list,
		Request: x.request, RequestBody: x.body, Response: x.response, ResponseBody: x.answer,
	}, nil
}

func readSeen(answer []byte, samples int) ([]bool, error) {
	r := &synapse.SeenResponse{}
	if err := proto.Unmarshal(answer, r); err != nil {
		return nil, wrong("%w", err)
	}
	if len(r.Seen) != samples {
		return nil, wrong("%d entries for %d samples", len(r.Seen), samples)
	}
	return r.Seen, nil
}

// Verify checks a receipt that came from anywhere and returns the samples that it is
// about. It fails unless the request was for Hotkey's Seen on that chain and both
// signatures are right, and when Seen is not what was signed.
func (r *Receipt) Verify(v synapse.Verifier, chainID string) (samples [][32]byte, err error) {
	h, err := synapse.ReadHead(r.Request)
	if err != nil {
		return nil, err
	}
	if h.Receiver != r.Hotkey || h.Method != seen.full() || h.ChainId != chainID {
		return nil, fmt.Errorf("%w: the receipt is for %s of %s on chain %s, not for Seen of %s on %s", synapse.ErrOther, h.Method, h.Receiver, h.ChainId, r.Hotkey, chainID)
	}
	if err := synapse.VerifyRequest(v, r.Request, h, r.RequestBody); err != nil {
		return nil, err
	}
	if err := synapse.VerifyResponse(v, r.Response, r.Hotkey, r.Request.Head, r.ResponseBody); err != nil {
		return nil, err
	}
	request := &synapse.SeenRequest{}
	if err := proto.Unmarshal(r.RequestBody, request); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	list, err := readSeen(r.ResponseBody, len(request.Samples))
	if err != nil {
		return nil, err
	}
	if len(list) != len(r.Seen) {
		return nil, fmt.Errorf("%w: %d entries were signed, the receipt has %d", ErrAnswer, len(list), len(r.Seen))
	}
	for i, s := range request.Samples {
		if len(s) != 32 || list[i] != r.Seen[i] {
			return nil, fmt.Errorf("%w: sample %d has %d bytes and was signed as %t, the receipt says %t", ErrAnswer, i, len(s), list[i], r.Seen[i])
		}
		samples = append(samples, [32]byte(s))
	}
	return samples, nil
}
