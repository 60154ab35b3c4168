package experiment

import (
	"fmt"
	"math"
)

// harm is what a choice may cost before it is called worse, as a part of the loss.
const harm = 0.002

func ablateResult(env *Env, c circle, runs []ablateRun) *Result {
	r := &Result{Raw: runs, Setup: []string{
		fmt.Sprintf("Byte MLP of 355,104 parameters, %d steps; a subject and one specialist of each other of %d domains, 300 KB of the own domain and samples of 5 KB each.", c.steps, len(env.Texts)),
		"Loss is the mean over all domains on test parts that nobody trained on, in nats per byte; changes are against the default of the same seed, above 0 is worse. Off has – where the choice is one of measuring alone. Alone has the same work as the default.",
		"With k, the k peers with the largest weight and one more in turn are asked in training; in measuring all are asked and the best k weigh at each position.",
		fmt.Sprintf("Learned gates walk %d blocks, half of them of the own domain, with an update every %d positions. A projection learns on the subject's training text, for a third as many steps. Codecs hold for all answers, in training and in measuring.", gateWalks, gateUpdate),
	}}
	if env.Quick {
		r.Setup = append(r.Setup, "Quick: short trainings; of the choices that need a training of their own only beta 0.")
	}
	alone := over(runs, func(r ablateRun) float64 { return r.Alone.Mix })
	table := Table{Title: "Choices", Head: []string{"factor", "value", "on", "on against default", "on, own domain", "off", "off against default"}}
	table.Rows = append(table.Rows, []string{"alone", "the same work", alone.String(), ablateChange(runs, func(r ablateRun) float64 { return r.Alone.Mix / r.Choices[0].On.Mix }), "", "–", ablateChange(runs, func(r ablateRun) float64 { return r.Alone.Mix / r.Choices[0].Off.Mix })})
	for i := range runs[0].Choices {
		table.Rows = append(table.Rows, ablateRow(runs, i))
		if i > 0 {
			r.Findings = append(r.Findings, ablateFinding(runs, i))
		}
	}
	r.Tables = []Table{table}
	r.Plots = []Plot{ablatePlot(runs)}
	return r
}

func ablateChange(runs []ablateRun, ratio func(ablateRun) float64) string {
	return over(runs, func(r ablateRun) float64 { return ratio(r) - 1 }).percent()
}

func ablateRow(runs []ablateRun, i int) []string {
	c := runs[0].Choices[i]
	row := []string{
		c.Factor, c.Value, over(runs, func(r ablateRun) float64 { return r.Choices[i].On.Mix }).String(),
		ablateChange(runs, func(r ablateRun) float64 { return r.Choices[i].On.Mix / r.Choices[0].On.Mix }),
		ablateChange(runs, func(r ablateRun) float64 { return r.Choices[i].On.Own / r.Choices[0].On.Own }), "–", "–",
	}
	if c.Off != nil {
		row[5] = over(runs, func(r ablateRun) float64 { return r.Choices[i].Off.Mix }).String()
		row[6] = ablateChange(runs, func(r ablateRun) float64 { return r.Choices[i].Off.Mix / r.Choices[0].Off.Mix })
	}
	return row
}

// ablateFinding says whether the default earns its place against one choice. What is
// within the interval or within harm is called alike.
func ablateFinding(runs []ablateRun, i int) string {
	c := runs[0].Choices[i]
	text := fmt.Sprintf("%s, %s: on %s", c.Factor, c.Value, compared(over(runs, func(r ablateRun) float64 { return r.Choices[i].On.Mix/r.Choices[0].On.Mix - 1 })))
	if c.Off != nil {
		text += fmt.Sprintf(", off %s", compared(over(runs, func(r ablateRun) float64 { return r.Choices[i].Off.Mix/r.Choices[0].Off.Mix - 1 })))
	}
	return text + "."
}

func compared(change Sample) string {
	word := "is not to be told from the default"
	switch {
	case math.IsInf(change.Half, 1):
		word = "is of one seed alone"
	case change.Mean > max(harm, change.Half):
		word = "is worse than the default"
	case -change.Mean > max(harm, change.Half):
		word = "is better than the default"
	}
	return word + " (" + change.percent() + ")"
}

func ablatePlot(runs []ablateRun) Plot {
	p := Plot{File: "ablate", Title: "Change of the loss against the default, by row of the table", X: "row", Y: "change, %"}
	on, off := Line{Name: "on"}, Line{Name: "off"}
	for i := range runs[0].Choices {
		on.add(float64(i), over(runs, func(r ablateRun) float64 { return 100 * (r.Choices[i].On.Mix/r.Choices[0].On.Mix - 1) }))
		if runs[0].Choices[i].Off != nil {
			off.add(float64(i), over(runs, func(r ablateRun) float64 { return 100 * (r.Choices[i].Off.Mix/r.Choices[0].Off.Mix - 1) }))
		}
	}
	p.Lines = []Line{on, off}
	return p
}
