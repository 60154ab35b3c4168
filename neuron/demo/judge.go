package demo

import (
	"context"
	"fmt"
)

const (
	// tolerance of a loss: two trainings differ by about so much in nothing but chance.
	tolerance = 0.005
	// dishonestShare is the most of an honest neuron's incentive that a dishonest one may earn.
	dishonestShare = 0.1
)

// judge trains a twin of every honest neuron alone and checks what was promised.
func (s *show) judge(ctx context.Context) error {
	s.cfg.Say("training a twin of each honest neuron alone, with the same settings")
	least := ^uint64(0)
	for i, seat := range s.arena.Seats {
		o := &s.result.Neurons[i]
		if !seat.Role.IsHonest() {
			continue
		}
		var err error
		if o.Alone, err = seat.Neuron.Twin(ctx, s.domains, s.names); err != nil {
			return fmt.Errorf("the twin of %s: %w", seat.Name, err)
		}
		least = min(least, o.Incentive)
		for what, loss := range map[string]float64{"with the network": o.On, "after distillation": o.Off} {
			if loss > o.Alone*(1+tolerance) {
				s.problem("%s %s ends with %.4f, its twin alone with %.4f", o.Name, what, loss, o.Alone)
			}
		}
	}
	for i, seat := range s.arena.Seats {
		o := s.result.Neurons[i]
		if !seat.Role.IsHonest() && float64(o.Incentive) > dishonestShare*float64(least) {
			s.problem("%s earned %d rao of incentive, more than %g of the %d of the least of the honest", o.Name, o.Incentive, dishonestShare, least)
		}
	}
	if s.cfg.Blocks > 0 && least == 0 {
		s.problem("an honest neuron earned nothing in the last two thirds of %d blocks", s.cfg.Blocks)
	}
	return nil
}

func (s *show) problem(format string, args ...any) {
	s.result.Problems = append(s.result.Problems, fmt.Sprintf(format, args...))
}
