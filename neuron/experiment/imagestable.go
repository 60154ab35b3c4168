package experiment

import "fmt"

func imagesResult(env *Env, e exhibition, runs []imagesRun) *Result {
	tests := 0
	for _, rows := range e.tests {
		tests += len(rows)
	}
	r := &Result{Raw: runs, Setup: []string{
		fmt.Sprintf("%d images of %d classes; %d neurons, each with all training images of its own classes and %d images of the others together, all different. image-mlp of 128 hidden units, %d steps of %d images, as many of each class; one that holds all has three times the steps.", len(e.album.y), e.album.classes, imageNeurons, foreign, e.steps, imageBatch),
		fmt.Sprintf("Accuracy is the mean over all classes, on %d images that nobody holds, and then over the neurons. A neuron in the network keeps %d or %d images of each class for its gate; alone it trains on these too.", tests, smallGate, largeGate),
		"Best alone is the best of as many steps with balanced classes, every image alike, less dropout, four times the weight decay, half the steps, both of these, three times the steps, four times the width, and an ensemble of as many own models as the network has, chosen in hindsight on the test images.",
		fmt.Sprintf("Off is a new model that learns from the classes of its own images and from the mixture; with more images also from the mixture about %d images, as many of each class, whose class it is not told. Alone, it has its ensemble as the teacher about the same.", unlabelled),
		"Confidence weighs an expert by e^(-λ H), H the entropy of its answer, λ the best on the gate slice. h, learned is the gate of the product: a linear function of self's hidden state, trained on the gate slice.",
	}}
	if env.Quick {
		r.Setup = append(r.Setup, "Quick: one of the four neurons is the subject, one size of the gate slice, short trainings, alone is tuned less.")
	}
	r.Tables = []Table{imagesTable(runs), gatesTable(runs)}
	r.Findings = imagesFindings(runs)
	p := Plot{File: "images", Title: "Accuracy over all classes, by seed", X: "seed", Y: "accuracy"}
	for _, m := range imageMeasures() {
		l := Line{Name: m.name}
		for i, run := range runs {
			l.X, l.Y = append(l.X, float64(i+1)), append(l.Y, run.mean(m.of))
		}
		p.Lines = append(p.Lines, l)
	}
	r.Plots = []Plot{p}
	return r
}

// mean over a seed's neurons.
func (r imagesRun) mean(of func(imageNeuron) float64) float64 {
	sum := 0.0
	for _, n := range r.Neurons {
		sum += of(n)
	}
	return sum / float64(len(r.Neurons))
}

// imageMeasure is one row of the table: its accuracy and what it is compared with.
type imageMeasure struct {
	name        string
	of, against func(imageNeuron) float64
}

func imageMeasures() []imageMeasure {
	alone := func(n imageNeuron) float64 { return n.alone().Accuracy }
	return []imageMeasure{
		{"best alone", alone, alone},
		{"network on", func(n imageNeuron) float64 { return n.on().Accuracy }, alone},
		{"off, own images", func(n imageNeuron) float64 { return n.Off.Accuracy }, alone},
		{"best alone with more images", imageNeuron.moreAlone, alone},
		{"off, with more images", func(n imageNeuron) float64 { return n.OffMore.Accuracy }, imageNeuron.moreAlone},
	}
}

// inPoints is a difference of accuracies in points.
func inPoints(s Sample) string { return Sample{100 * s.Mean, 100 * s.Half}.text("%+.1f") }

func imagesTable(runs []imagesRun) Table {
	t := Table{Title: "Accuracy over all classes", Head: []string{"", "accuracy", "points above alone with the same images", "part of one that holds all"}}
	for _, m := range imageMeasures() {
		t.Rows = append(t.Rows, []string{
			m.name, over(runs, func(r imagesRun) float64 { return r.mean(m.of) }).String(),
			inPoints(over(runs, func(r imagesRun) float64 { return r.mean(m.of) - r.mean(m.against) })),
			over(runs, func(r imagesRun) float64 { return r.mean(m.of) / r.All.Accuracy }).text("%.3f"),
		})
	}
	t.Rows = append(t.Rows, []string{"one that holds all", over(runs, func(r imagesRun) float64 { return r.All.Accuracy }).String(), "", "1"})
	return t
}

func gatesTable(runs []imagesRun) Table {
	t := Table{Title: "Gates", Head: []string{"gate", "images of each class for it", "accuracy", "points above the best alone", "loss, nats"}}
	for i, g := range runs[0].Neurons[0].Gates {
		accuracy := func(n imageNeuron) float64 { return n.Gates[i].Told.Accuracy }
		t.Rows = append(t.Rows, []string{
			g.Gate, fmt.Sprint(g.Each), over(runs, func(r imagesRun) float64 { return r.mean(accuracy) }).String(),
			inPoints(over(runs, func(r imagesRun) float64 {
				return r.mean(accuracy) - r.mean(func(n imageNeuron) float64 { return n.alone().Accuracy })
			})),
			over(runs, func(r imagesRun) float64 {
				return r.mean(func(n imageNeuron) float64 { return n.Gates[i].Told.Loss })
			}).text("%.3f"),
		})
	}
	return t
}

func imagesFindings(runs []imagesRun) []string {
	of := func(m imageMeasure) Sample {
		return over(runs, func(r imagesRun) float64 { return 100 * (r.mean(m.of) - r.mean(m.against)) })
	}
	m := imageMeasures()
	gain := of(m[1])
	part := over(runs, func(r imagesRun) float64 { return r.mean(m[1].of) / r.All.Accuracy })
	findings := []string{
		verdict(fmt.Sprintf("the network on is at least %.0f points of accuracy above the best alone", imageGain), gain.Mean, imageGain, "%.1f points"),
		verdict(fmt.Sprintf("it has at least %.2f of the accuracy of one neuron that holds all images", imagePart), part.Mean, imagePart, "%.3f"),
		fmt.Sprintf("It is above the best alone in %s seeds.", count(runs, func(r imagesRun) bool { return r.mean(m[1].of) > r.mean(m[1].against) })),
		fmt.Sprintf("Off after learning from the mixture about its own images, a neuron is %s points against the best alone; about unlabelled images besides, %s points against the best alone that has those images too.", inPoints(Sample{of(m[2]).Mean / 100, of(m[2]).Half / 100}), inPoints(Sample{of(m[4]).Mean / 100, of(m[4]).Half / 100})),
	}
	return append(findings, gateFinding(runs))
}

// gateFinding compares the gates by their accuracy.
func gateFinding(runs []imagesRun) string {
	best, least := 0, 0
	accuracy := func(i int) float64 {
		return over(runs, func(r imagesRun) float64 {
			return r.mean(func(n imageNeuron) float64 { return n.Gates[i].Told.Accuracy })
		}).Mean
	}
	for i := range runs[0].Neurons[0].Gates {
		if accuracy(i) > accuracy(best) {
			best = i
		}
		if accuracy(i) < accuracy(least) {
			least = i
		}
	}
	name := func(i int) string {
		g := runs[0].Neurons[0].Gates[i]
		return fmt.Sprintf("%q with %d images of each class (%.4f)", g.Gate, g.Each, accuracy(i))
	}
	return fmt.Sprintf("Of the gates the best is %s, the worst %s.", name(best), name(least))
}
