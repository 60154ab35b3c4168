package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
)

// yumaInput is one epoch as taod yuma run reads it; what it lacks has the default there.
type yumaInput struct {
	Stake       []uint64   `json:"stake"`
	Weights     [][][2]int `json:"weights"`
	Bonds       any        `json:"bonds"` // null: none from the epoch before
	LastUpdate  []uint64   `json:"last_update"`
	Registered  []uint64   `json:"block_at_registration"`
	Permit      []bool     `json:"validator_permit"`
	Height      uint64     `json:"current_block"`
	Kappa       uint16     `json:"kappa"`
	Permits     int        `json:"max_allowed_validators"`
	BondsMemory uint64     `json:"bonds_moving_average"`
	Yuma3       bool       `json:"yuma3"`
}

// newYumaInput has the chain's defaults; rows were written after everybody had come.
func newYumaInput(n int, kappa uint16) yumaInput {
	in := yumaInput{
		Stake: make([]uint64, n), Weights: make([][][2]int, n), Registered: make([]uint64, n), Permit: make([]bool, n),
		LastUpdate: slices.Repeat([]uint64{10}, n), Height: 20, Kappa: kappa, Permits: usualPermits, BondsMemory: 975_000, Yuma3: true,
	}
	for i := range in.Weights {
		in.Weights[i] = [][2]int{}
	}
	return in
}

// yumaRow scales scores by uid to weights, the largest 65535.
func yumaRow(scores map[int]float64) [][2]int {
	most := 0.0
	for _, s := range scores {
		most = max(most, s)
	}
	row := make([][2]int, 0, len(scores))
	for uid, s := range scores {
		row = append(row, [2]int{uid, int(math.Round(65535 * s / most))})
	}
	slices.SortFunc(row, func(a, b [2]int) int { return a[0] - b[0] })
	return row
}

// yumaResult is what an epoch paid, in rao.
type yumaResult struct {
	Server    []uint64 `json:"server_emission"`
	Validator []uint64 `json:"validator_emission"`
	Remainder uint64   `json:"remainder"`
	Recycled  uint64   `json:"recycled"`
}

// runYuma has the chain's program compute epochs, each by itself.
func runYuma(ctx context.Context, taod string, inputs []yumaInput) ([]yumaResult, error) {
	if taod == "" {
		return nil, errors.New("this needs the chain's program: run make build, or name it with --taod")
	}
	scenario, err := json.Marshal(map[string]any{"epochs": inputs})
	if err != nil {
		return nil, err
	}
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, taod, "yuma", "run", "-", "-o", "json")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(scenario), &out, &problem
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s yuma run: %w: %s", taod, err, strings.TrimSpace(problem.String()))
	}
	var result struct {
		Epochs []yumaResult `json:"epochs"`
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return nil, fmt.Errorf("%s yuma run: %w", taod, err)
	}
	if len(result.Epochs) != len(inputs) {
		return nil, fmt.Errorf("%s yuma run: %d epochs for %d", taod, len(result.Epochs), len(inputs))
	}
	return result.Epochs, nil
}
