package picture

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"

	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	canvas     = 900.0 // pixels, both ways
	ring       = 340.0 // radius of the circle the neurons stand on
	maxEdges   = 4000  // the heaviest are drawn, so that a large subnet stays readable
	textLimit  = 64    // above so many neurons only uids with incentive are labelled
	smallestPx = 4.0
	largestPx  = 34.0
)

// Network draws a metagraph as SVG: a neuron is the darker the more incentive it
// earned and the larger the more stake it has (area); an edge is as strong as its
// weight within its row. Rings are neurons with a permit.
func Network(w io.Writer, graph *weightstypes.QueryMetagraphResponse, rows []weightstypes.Row) error {
	p := &page{}
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif">`, canvas, canvas+40)
	p.printf(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	p.printf(`<text x="20" y="30" font-size="18" fill="#222">Subnet %d at height %d, epoch %d: %d neurons</text>`,
		graph.Epoch.Subnet, graph.Height, graph.Epoch.Count, len(graph.Neurons))
	places := layout(graph.Neurons)
	edges(p, rows, places)
	nodes(p, graph.Neurons, places)
	p.printf(`<text x="20" y="%g" font-size="13" fill="#555">darker: more incentive · larger: more stake · line: weight · dashed ring: validator permit</text>`, canvas+22)
	p.printf(`</svg>`)
	_, err := io.WriteString(w, p.String())
	return err
}

type page struct{ strings.Builder }

func (p *page) printf(format string, args ...any) {
	fmt.Fprintf(&p.Builder, format+"\n", args...)
}

type place struct{ x, y, r float64 }

// layout puts neurons on a circle by uid; the area of a disc grows with its stake.
func layout(neurons []weightstypes.NeuronState) map[uint32]place {
	most := uint64(1)
	for _, n := range neurons {
		most = max(most, n.Stake)
	}
	largest := math.Min(largestPx, math.Pi*ring/float64(max(len(neurons), 1)))
	places := make(map[uint32]place, len(neurons))
	for i, n := range neurons {
		angle := 2*math.Pi*float64(i)/float64(len(neurons)) - math.Pi/2
		r := math.Max(math.Min(smallestPx, largest), largest*math.Sqrt(float64(n.Stake)/float64(most)))
		places[n.Uid] = place{x: canvas/2 + ring*math.Cos(angle), y: canvas/2 + 20 + ring*math.Sin(angle), r: r}
	}
	return places
}

// edges draws weights as curves bent toward the middle; above maxEdges only those
// that are at least as heavy as a threshold.
func edges(p *page, rows []weightstypes.Row, places map[uint32]place) {
	threshold := heaviest(rows)
	for _, row := range rows {
		var sum float64
		for _, e := range row.Entries {
			sum += float64(e.Value)
		}
		from, ok := places[row.Uid]
		if !ok {
			continue
		}
		for _, e := range row.Entries {
			to, ok := places[e.Uid]
			if share := float64(e.Value) / sum; ok && e.Uid != row.Uid && e.Value >= threshold {
				p.printf(`<path d="M%.1f %.1fQ%.1f %.1f %.1f %.1f" fill="none" stroke="#3366aa" stroke-width="%.2f" stroke-opacity="%.2f"><title>%d weighs %d: %.1f %%</title></path>`,
					from.x, from.y, (from.x+to.x+canvas)/4, (from.y+to.y+canvas+40)/4, to.x, to.y,
					0.4+4*share, 0.15+0.6*share, row.Uid, e.Uid, 100*share)
			}
		}
	}
}

// heaviest is the smallest weight of which at most maxEdges are drawn.
func heaviest(rows []weightstypes.Row) uint32 {
	var histogram [1 << 16]int
	for _, row := range rows {
		for _, e := range row.Entries {
			histogram[e.Value&weightstypes.U16Max]++
		}
	}
	total := 0
	for value := len(histogram) - 1; value > 0; value-- {
		if total += histogram[value]; total > maxEdges {
			return uint32(value + 1)
		}
	}
	return 0
}

func nodes(p *page, neurons []weightstypes.NeuronState, places map[uint32]place) {
	most := uint32(1)
	for _, n := range neurons {
		most = max(most, n.Incentive)
	}
	for _, n := range neurons {
		at, dark := places[n.Uid], float64(n.Incentive)/float64(most)
		stroke, dash := "#888", ""
		if n.Permit {
			stroke, dash = "#222", ` stroke-dasharray="4 2"`
		}
		p.printf(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="%s" stroke-width="1.5"%s><title>uid %d %s&#10;stake %d rao&#10;incentive %.2f %%  dividends %.2f %%  trust %.2f %%</title></circle>`,
			at.x, at.y, at.r, shade(dark), stroke, dash, n.Uid, escape(n.Hotkey), n.Stake,
			percent(n.Incentive), percent(n.Dividends), percent(n.Trust))
		if len(neurons) <= textLimit || n.Incentive > 0 && len(neurons) <= 8*textLimit {
			ink := "#111"
			if dark > 0.5 {
				ink = "#fff"
			}
			p.printf(`<text x="%.1f" y="%.1f" font-size="12" text-anchor="middle" dominant-baseline="central" fill="%s">%d</text>`, at.x, at.y, ink, n.Uid)
		}
	}
}

// shade goes from nearly white (0) to dark blue (1).
func shade(dark float64) string {
	mix := func(light, full float64) int { return int(light + (full-light)*dark) }
	return fmt.Sprintf("#%02x%02x%02x", mix(0xf2, 0x0b), mix(0xf5, 0x2a), mix(0xfa, 0x5c))
}

func percent(u16 uint32) float64 { return 100 * float64(u16) / weightstypes.U16Max }

func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
