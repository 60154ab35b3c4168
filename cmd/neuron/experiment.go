package main

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/experiment"
)

// experimentFlags are what an experiment is told.
type experimentFlags struct {
	data, digits, out, kept, taod string
	seeds                         []uint
	steps, workers                int
	quick                         bool
}

// experimentCmd runs one reproducible experiment.
func experimentCmd(p *program) *cobra.Command {
	var f experimentFlags
	cmd := &cobra.Command{
		Use:   "experiment [name]",
		Short: "Run a reproducible experiment, or list them",
		Long: `Run an experiment by its name; without one they are listed. The result is printed as
Markdown, and NAME.md, NAME.json and the plots go into --out. What was trained is kept,
so that a run that was cut off goes on where it stopped.`,
		Example: "neuron experiment\nneuron experiment together --seeds 1,2,3 --quick --out results",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.listExperiments()
			}
			return p.experiment(cmd, args[0], f)
		},
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, e := range experiment.All() {
			names = append(names, e.Name+"\t"+e.Title)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "Folder with a *.txt for each domain (default: text that comes with Go)")
	flags.StringVar(&f.digits, "digits", "", "Folder with MNIST's files, for experiments with images")
	flags.UintSliceVar(&f.seeds, "seeds", []uint{1, 2, 3, 4, 5}, "One run for each")
	flags.IntVar(&f.steps, "steps", 0, "Steps of a training; 0 is the experiment's own number")
	flags.StringVar(&f.out, "out", "results", "Folder for the result")
	flags.StringVar(&f.kept, "kept", "", "Folder for what was trained (default OUT/kept)")
	flags.BoolVar(&f.quick, "quick", false, "Leave out the expensive parts; the result says so")
	flags.StringVar(&f.taod, "taod", "", "The chain's program, for experiments with a chain (default: beside this one, or on the PATH)")
	flags.IntVar(&f.workers, "workers", 1, "Trainings side by side")
	return cmd
}

func (p *program) listExperiments() error {
	if p.isJSON() {
		type entry struct {
			Name     string `json:"name"`
			Title    string `json:"title"`
			Question string `json:"question"`
		}
		list := []entry{}
		for _, e := range experiment.All() {
			list = append(list, entry{e.Name, e.Title, e.Question})
		}
		return p.print(list)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, e := range experiment.All() {
		fmt.Fprintf(w, "%s\t%s\n", e.Name, e.Title)
	}
	return w.Flush()
}

func (p *program) experiment(cmd *cobra.Command, name string, f experimentFlags) error {
	e, err := experiment.Find(name)
	if err != nil {
		return err
	}
	env, err := p.experimentEnv(f)
	if err != nil {
		return err
	}
	r, err := e.Do(cmd.Context(), env)
	if err != nil {
		return err
	}
	if p.isJSON() {
		return p.print(r)
	}
	return r.Markdown(p.out)
}

// experimentEnv is what flags say about a run.
func (p *program) experimentEnv(f experimentFlags) (*experiment.Env, error) {
	switch {
	case len(f.seeds) == 0:
		return nil, fmt.Errorf("--seeds is empty: give at least one, such as --seeds 1,2,3")
	case f.steps < 0:
		return nil, fmt.Errorf("--steps %d is below 0: give 0 for the experiment's own number", f.steps)
	case f.workers < 1:
		return nil, fmt.Errorf("--workers %d is below 1", f.workers)
	}
	texts, err := experiment.LoadTexts(f.data, goroot())
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	env := &experiment.Env{
		Texts: texts, Digits: f.digits, Out: f.out, Kept: f.kept, Workers: f.workers, Steps: f.steps, Quick: f.quick,
		Say: p.tell, Now: time.Now,
	}
	for _, s := range f.seeds {
		env.Seeds = append(env.Seeds, uint64(s))
	}
	if env.Kept == "" {
		env.Kept = filepath.Join(f.out, "kept")
	}
	if env.Taod, err = arena.FindTaod(f.taod); err != nil && f.taod != "" {
		return nil, fmt.Errorf("--taod: %w", err)
	}
	return env, nil
}
