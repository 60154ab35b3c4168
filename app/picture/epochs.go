package picture

import (
	"fmt"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/taonet/taonet/x/weights/yuma"
)

// maxLines is how many uids a panel shows, the lowest that are not zero throughout.
const maxLines = 12

// Epochs draws a scenario as PNG: incentive, dividends and bonds per epoch, one
// line for each uid; bonds are the sum of what a uid holds in others.
func Epochs(w io.Writer, results []yuma.Result) error {
	if len(results) == 0 {
		return fmt.Errorf("there is no epoch to draw")
	}
	panels := []struct {
		title string
		value func(r *yuma.Result, uid int) float64
	}{
		{"Incentive (share)", func(r *yuma.Result, uid int) float64 { return float64(r.Incentive[uid]) / 65535 }},
		{"Dividends (share)", func(r *yuma.Result, uid int) float64 { return float64(r.Dividends[uid]) / 65535 }},
		{"Bonds held (sum, in wholes)", bondsHeld},
	}
	plots := make([][]*plot.Plot, len(panels))
	for i, panel := range panels {
		p, err := linesOf(panel.title, results, panel.value)
		if err != nil {
			return err
		}
		plots[i] = []*plot.Plot{p}
	}
	image := vgimg.New(18*vg.Centimeter, 27*vg.Centimeter)
	tiles := draw.Tiles{Rows: len(panels), Cols: 1, PadY: vg.Points(12)}
	for i, canvases := range plot.Align(plots, tiles, draw.New(image)) {
		plots[i][0].Draw(canvases[0])
	}
	_, err := vgimg.PngCanvas{Canvas: image}.WriteTo(w)
	return err
}

func bondsHeld(r *yuma.Result, uid int) float64 {
	var sum float64
	for _, bond := range r.Bonds[uid] {
		sum += float64(bond[1]) / 65535
	}
	return sum
}

func linesOf(title string, results []yuma.Result, value func(*yuma.Result, int) float64) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, "epoch"
	p.Y.Min = 0
	p.Legend.Top = true
	shown := 0
	for uid := 0; shown < maxLines && uid < len(results[len(results)-1].Incentive); uid++ {
		var points plotter.XYs
		any := false
		for epoch := range results {
			if uid >= len(results[epoch].Incentive) {
				continue // the number of uids changed
			}
			y := value(&results[epoch], uid)
			any = any || y > 0
			points = append(points, plotter.XY{X: float64(epoch), Y: y})
		}
		if !any {
			continue
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Dashes = plotutil.Color(shown), plotutil.Dashes(shown/7)
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("uid %d", uid), line)
		shown++
	}
	return p, nil
}
