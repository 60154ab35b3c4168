package axon

import (
	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/synapse"
)

// seen answers Seen.
func (s *Server) seen(c *call) error {
	var m synapse.SeenRequest
	err := c.admit(func(body []byte) (int, error) {
		if err := parse(body, &m); err != nil {
			return 0, err
		}
		if n := len(m.Samples); n < 1 || n > maxSamples {
			return 0, refuse(codes.InvalidArgument, "%d hashes, 1 to %d are looked up: ask several times", n, maxSamples)
		}
		for i, h := range m.Samples {
			if len(h) != 32 {
				return 0, refuse(codes.InvalidArgument, "hash %d has %d bytes: send SHA-256, 32 bytes", i, len(h))
			}
		}
		return len(m.Samples), nil
	})
	if err != nil {
		return err
	}
	answer, now := &synapse.SeenResponse{Seen: make([]bool, len(m.Samples))}, s.now()
	for i, h := range m.Samples {
		answer.Seen[i] = s.samples.has(key(h[:len(key{})]), now)
	}
	return c.reply(answer)
}
