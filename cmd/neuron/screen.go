package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/taonet/taonet/app/amount"
)

// screen redraws a few lines in place.
type screen struct {
	out   io.Writer
	lines int // that stand there
}

// draw replaces what was drawn before.
func (s *screen) draw(text string) {
	var b strings.Builder
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.lines)
	}
	text = strings.TrimSuffix(text, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.lines = strings.Count(text, "\n") + 1
	_, _ = io.WriteString(s.out, b.String()) // a terminal that is gone is no failure of what runs
}

// leave lets what was drawn stand.
func (s *screen) leave() { s.lines = 0 }

// percent of a share in 1/65535.
func percent(share uint16) string { return fmt.Sprintf("%.2f %%", float64(share)*100/65535) }

// tao is an amount of rao with three decimals, for tables.
func tao(rao uint64) string { return fmt.Sprintf("%.3f", float64(rao)/1e9) }

// exact is an amount of rao in tao without rounding.
func exact(rao uint64) string { return amount.FormatRao(rao) }

// measured is a loss, or a dash before it was measured.
func measured(loss float64) string {
	if loss == 0 {
		return "-"
	}
	return fmt.Sprintf("%.4f", loss)
}

// uid of a neuron, or a dash for one that is not registered.
func uid(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
