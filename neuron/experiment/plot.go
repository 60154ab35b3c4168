package experiment

import (
	"errors"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

const (
	plotWidth  = 16 * vg.Centimeter
	plotHeight = 11 * vg.Centimeter
)

// points of a line with their errors.
type points struct {
	plotter.XYs
	plotter.YErrors
}

// WriteFile draws the plot as PNG.
func (p Plot) WriteFile(path string) error {
	canvas := plot.New()
	canvas.Title.Text, canvas.X.Label.Text, canvas.Y.Label.Text = p.Title, p.X, p.Y
	canvas.Add(plotter.NewGrid())
	for i, l := range p.Lines {
		data := points{XYs: make(plotter.XYs, len(l.X)), YErrors: make(plotter.YErrors, len(l.X))}
		for j := range l.X {
			data.XYs[j].X, data.XYs[j].Y = l.X[j], l.Y[j]
			if l.Error != nil {
				data.YErrors[j].Low, data.YErrors[j].High = l.Error[j], l.Error[j]
			}
		}
		line, dots, err := plotter.NewLinePoints(data)
		if err != nil {
			return err
		}
		line.Color, dots.Color = plotutil.Color(i), plotutil.Color(i)
		dots.Shape = plotutil.Shape(i)
		canvas.Add(line, dots)
		canvas.Legend.Add(l.Name, line, dots)
		if l.Error != nil {
			bars, err := plotter.NewYErrorBars(data)
			if err != nil {
				return err
			}
			bars.Color = plotutil.Color(i)
			canvas.Add(bars)
		}
	}
	canvas.Legend.Top = true
	w, err := canvas.WriterTo(plotWidth, plotHeight, "png")
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = w.WriteTo(f)
	return errors.Join(err, f.Close())
}
