package demo

import (
	"fmt"
	"path/filepath"

	"github.com/taonet/taonet/neuron/experiment"
)

// plotFile is the picture of a demo in its home.
const plotFile = "losses.png"

// remember adds the held-out losses of the honest to their lines.
func (s *show) remember(t Table) {
	if s.history == nil {
		for _, row := range t.Rows {
			s.history = append(s.history, experiment.Line{Name: row.Name + " alone"}, experiment.Line{Name: row.Name + " with network"})
		}
	}
	for i, row := range t.Rows {
		if !s.arena.Seats[i].Role.IsHonest() || row.Alone == 0 {
			continue
		}
		for j, loss := range []float64{row.Alone, row.Network} {
			line := &s.history[2*i+j]
			if n := len(line.Y); n == 0 || line.Y[n-1] != loss {
				line.X, line.Y = append(line.X, float64(row.Step)), append(line.Y, loss)
			}
		}
	}
}

// draw makes the plot of what was remembered.
func (s *show) draw() error {
	plot := experiment.Plot{Title: "Held-out loss while four neurons learn", X: "step", Y: "nats per byte"}
	for _, line := range s.history {
		if len(line.X) > 0 {
			plot.Lines = append(plot.Lines, line)
		}
	}
	path := filepath.Join(s.cfg.Home, plotFile)
	if err := plot.WriteFile(path); err != nil {
		return fmt.Errorf("the plot: %w", err)
	}
	s.cfg.Say("the losses are drawn in %s", path)
	return nil
}
