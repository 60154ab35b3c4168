package yuma

import (
	"errors"
	"fmt"
)

var errFound = errors.New("found")

// Explain runs a scenario up to an epoch, counted from 0, and takes apart the pay
// of one uid in it.
func (s *Scenario) Explain(upstream bool, epoch, uid int) (*Explanation, error) {
	if epoch < 0 || epoch >= len(s.epochs) {
		return nil, fmt.Errorf("epoch %d is not there, the scenario has 0..%d", epoch, len(s.epochs)-1)
	}
	var x *Explanation
	_, err := s.Run(upstream, func(i int, in *Input, _ *Output) (err error) {
		if i != epoch {
			return nil
		}
		var engine Engine
		if x, err = engine.Explain(in, uid); err != nil {
			return fmt.Errorf("epoch %d: %w", epoch, err)
		}
		return errFound
	})
	if !errors.Is(err, errFound) {
		return nil, err
	}
	return x, nil
}
