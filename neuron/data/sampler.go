package data

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Sampler is the randomness of batches. Its whole state is saved and restored, so
// that training goes on after a restart with the batches that would have come.
// The sequence is part of this package's promise: PCG-DXSM below, bounded numbers
// by Lemire's multiplication ("Fast Random Integer Generation in an Interval",
// 2019), written out here so that no release of Go changes it.
//
// The zero value is a sampler too. A Sampler is used by one goroutine at a time.
type Sampler struct {
	pcg rand.PCG
}

// NewSampler starts a sequence; different streams of one seed are independent.
func NewSampler(seed, stream uint64) *Sampler {
	s := &Sampler{}
	s.pcg.Seed(seed, stream)
	return s
}

// MarshalBinary is the state, 20 bytes.
func (s *Sampler) MarshalBinary() ([]byte, error) { return s.pcg.MarshalBinary() }

// AppendBinary appends the state to b.
func (s *Sampler) AppendBinary(b []byte) ([]byte, error) { return s.pcg.AppendBinary(b) }

// UnmarshalBinary takes the state back; on an error the sampler is unchanged.
func (s *Sampler) UnmarshalBinary(state []byte) error {
	var pcg rand.PCG
	if err := pcg.UnmarshalBinary(state); err != nil {
		return fmt.Errorf("sampler state of %d bytes, must be 20 as MarshalBinary gave them: %w", len(state), err)
	}
	s.pcg = pcg
	return nil
}

// below is uniform over 0 … n-1, for n > 0.
func (s *Sampler) below(n int) int {
	m := uint64(n)
	hi, lo := bits.Mul64(s.pcg.Uint64(), m)
	if lo < m {
		for least := -m % m; lo < least; {
			hi, lo = bits.Mul64(s.pcg.Uint64(), m)
		}
	}
	return int(hi)
}

// share is a fraction of all draws as the bound that 53 random bits are compared
// with.
type share uint64

func shareOf(fraction float64) share { return share(fraction * (1 << 53)) }

func (s *Sampler) within(f share) bool { return s.pcg.Uint64()>>11 < uint64(f) }
