package model

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

const (
	// MaxGenerate is the most bytes that Generate makes in one call.
	MaxGenerate = 1 << 16
	// MaxTemperature of Generate.
	MaxTemperature = 2
)

// Generate continues a text by what a follower of one sequence, which has read
// nothing, foretells: it draws each byte from p^(1/temperature), normalised, and takes
// the likeliest one at 0. The same prompt, seed and parameters give the same text. An
// empty prompt is a line break; of a long one the last lookback bytes count. emit gets
// the bytes one by one and must not keep the slice; an error of its own ends the text.
func Generate(
	ctx context.Context, f Follower, lookback int, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error,
) error {
	if err := CheckGenerate(most, temperature); err != nil {
		return err
	}
	if len(prompt) == 0 {
		prompt = []byte{'\n'}
	}
	prompt = prompt[max(0, len(prompt)-max(1, lookback)):]
	row := make([]float32, Vocabulary)
	for i := range prompt {
		if err := f.Next(ctx, prompt[i:i+1], row); err != nil {
			return err
		}
	}
	random, next := rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d)), make([]byte, 1)
	for i := range most {
		if i > 0 {
			if err := f.Next(ctx, next, row); err != nil {
				return err
			}
		}
		next[0] = byte(draw(row, temperature, random))
		if err := emit(next); err != nil {
			return err
		}
	}
	return nil
}

// CheckGenerate says whether so much may be generated, and at that temperature.
func CheckGenerate(most int, temperature float32) error {
	if most < 1 || most > MaxGenerate {
		return fmt.Errorf("%d bytes to generate, 1 to %d are possible", most, MaxGenerate)
	}
	if !(temperature >= 0 && temperature <= MaxTemperature) {
		return fmt.Errorf("temperature %v, possible is 0 to %v", temperature, MaxTemperature)
	}
	return nil
}

// draw takes a class from p^(1/temperature), normalised, with one random number.
func draw(p []float32, temperature float32, random *rand.Rand) int {
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	if temperature == 0 {
		return best
	}
	// Shares of the likeliest: it is 1, and no power overflows.
	share := func(v float32) float64 { return math.Pow(float64(v)/float64(p[best]), 1/float64(temperature)) }
	total := 0.0
	for _, v := range p {
		total += share(v)
	}
	left := random.Float64() * total
	for i, v := range p {
		if left -= share(v); left < 0 {
			return i
		}
	}
	return best // rounding
}
