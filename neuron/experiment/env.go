package experiment

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/taonet/taonet/neuron/data"
)

// Env is what experiments are run with.
type Env struct {
	// Seeds, one run each.
	Seeds []uint64
	// Texts has a domain each; Digits is a folder with MNIST's test files, or empty.
	Texts  []*data.Text
	Digits string
	// Out is the folder for results.
	Out string
	// Kept is a folder for what was trained, so that a run that was cut off goes on; empty
	// keeps nothing.
	Kept string
	// Workers is how many trainings run side by side.
	Workers int
	// Steps of a training; 0 is the experiment's own number.
	Steps int
	// Quick leaves out the expensive parts; the result says so.
	Quick bool
	// Taod is the chain's program, for experiments that run one.
	Taod string
	// Say tells what is going on.
	Say func(format string, args ...any)
	Now func() time.Time
}

// Experiment is one question and how it is answered.
type Experiment struct {
	Name, Title, Question string
	Run                   func(ctx context.Context, env *Env) (*Result, error)
}

// All experiments by name.
func All() []Experiment {
	all := []Experiment{together(), cabal(), kappa(), wire(), roles(), size(), faults(), ablate(), images()}
	slices.SortFunc(all, func(a, b Experiment) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Find an experiment by name.
func Find(name string) (Experiment, error) {
	var names []string
	for _, e := range All() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Experiment{}, fmt.Errorf("no experiment is called %q; there are %s", name, strings.Join(names, ", "))
}

// Do runs an experiment and writes its result.
func (e Experiment) Do(ctx context.Context, env *Env) (*Result, error) {
	r, err := e.Run(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("experiment %s: %w", e.Name, err)
	}
	r.Name, r.Title, r.Question, r.Seeds = e.Name, e.Title, e.Question, env.Seeds
	r.Hardware, r.Date = Hardware(), env.Now()
	return r, r.Write(env.Out)
}

// LoadTexts makes one domain of each text file in a folder, and one of the Go source
// below goroot when there is one. With no folder they are the default domains.
func LoadTexts(dir, goroot string) ([]*data.Text, error) {
	if dir == "" {
		return data.DefaultDomains(goroot)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no *.txt in %s", dir)
	}
	var texts []*data.Text
	for _, file := range files {
		t, err := data.LoadText(strings.TrimSuffix(filepath.Base(file), ".txt"), file)
		if err != nil {
			return nil, err
		}
		texts = append(texts, t)
	}
	if goroot == "" {
		return texts, nil
	}
	more, err := data.DefaultDomains(goroot)
	if err != nil {
		return nil, err
	}
	return append(texts, more[0]), nil
}

// Hardware is the processor, the number of CPUs that Go uses and Go's version.
func Hardware() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d CPUs, %s", name, runtime.GOMAXPROCS(0), runtime.Version())
}
