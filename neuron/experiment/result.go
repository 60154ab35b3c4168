package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is what an experiment found.
type Result struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Question string    `json:"question"`
	Hardware string    `json:"hardware"`
	Date     time.Time `json:"date"`
	Seeds    []uint64  `json:"seeds"`
	// Setup says what was run, a sentence each; Findings what came out, misses included.
	Setup    []string `json:"setup"`
	Findings []string `json:"findings"`
	Tables   []Table  `json:"tables"`
	// Raw is what the tables were made of.
	Raw   any    `json:"raw,omitempty"`
	Plots []Plot `json:"plots,omitempty"`
}

// Table has a head and rows of text.
type Table struct {
	Title string     `json:"title"`
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
}

// Plot is one picture of lines.
type Plot struct {
	// File is the name without its ending.
	File  string `json:"file"`
	Title string `json:"title"`
	X     string `json:"x"`
	Y     string `json:"y"`
	Lines []Line `json:"lines"`
}

// Line is one series; Error is the half width of the interval of each point, or nil.
type Line struct {
	Name  string    `json:"name"`
	X     []float64 `json:"x"`
	Y     []float64 `json:"y"`
	Error []float64 `json:"error,omitempty"`
}

// Write puts NAME.md, NAME.json and the plots into a folder.
func (r *Result) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the folder for results: %w", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, r.Name+".json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	for _, p := range r.Plots {
		if err := p.WriteFile(filepath.Join(dir, p.File+".png")); err != nil {
			return fmt.Errorf("plot %s: %w", p.File, err)
		}
	}
	f, err := os.Create(filepath.Join(dir, r.Name+".md"))
	if err != nil {
		return err
	}
	return errors.Join(r.Markdown(f), f.Close())
}

// Markdown writes the result as text for people.
func (r *Result) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", r.Title, r.Question)
	fmt.Fprintf(&b, "%s, %s, seeds %v.\n\n", r.Date.UTC().Format("2006-01-02"), r.Hardware, r.Seeds)
	list(&b, "Setup", r.Setup)
	list(&b, "Findings", r.Findings)
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "## %s\n\n|%s|\n|%s\n", t.Title, strings.Join(t.Head, "|"), strings.Repeat("---|", len(t.Head)))
		for _, row := range t.Rows {
			fmt.Fprintf(&b, "|%s|\n", strings.Join(row, "|"))
		}
		b.WriteByte('\n')
	}
	for _, p := range r.Plots {
		fmt.Fprintf(&b, "![%s](%s.png)\n\n", p.Title, p.File)
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func list(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", line)
	}
	b.WriteByte('\n')
}
